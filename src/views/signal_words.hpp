// SPDX-License-Identifier: MIT
// Facts about signals in words: sent, delivered, decided upon. What src/views/words.cpp is for the others.
#pragma once

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

Sentence words_of(const SignalSent& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const SignalDelivered& fact, const Event& event, const World& world, const Manner& manner,
                  const Before& before);
Sentence words_of(const DispositionSet& fact);
Sentence words_of(const MaskSet& fact);
Sentence words_of(const TimerSet& fact);

}  // namespace kintrace::views
