// SPDX-License-Identifier: MIT
// The end of a task in words: of a process, step by step as the kernel's do_exit goes, as far as it can be seen.
#pragma once

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

Sentence words_of(const Exited& fact, const Event& event, const World& world, const Manner& manner);

}  // namespace kintrace::views
