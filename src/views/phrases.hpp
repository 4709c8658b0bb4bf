// SPDX-License-Identifier: MIT
// Parts of sentences that facts about objects have in common: who, how long, why not. Not here: whole sentences
// (ipc_words.hpp, sync_words.hpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

// A wait shorter than this may be kintrace's own delay.
constexpr Nanoseconds real_wait = 1'000'000;
// Of several: the others are counted.
constexpr std::size_t most_named = 3;

// "ls 4102", "a 4101/4105".
std::string named(Tid tid, const World& world, const Manner& manner);
std::string named(Tgid pid, const World& world, const Manner& manner);
// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& words, std::string_view before_last = " and ");
// "pipe#1, pipe#2, pipe#3 and 2 more".
std::string listed(const std::vector<ObjectId>& objects, std::string_view before_last, const World& world,
                   const Manner& manner);

// The object with its path, where it has one: "file#1 /tmp/x".
std::string with_path(ObjectId obj, const World& world, const Manner& manner);

std::string verb_of(const std::string& call);
// " failed: ENOENT (No such file or directory)"; empty: it did not.
std::string failure(const std::optional<Errno>& err);
// It failed only as it would have waited, or as a signal came.
bool would_block(const std::optional<Errno>& err);

// ", waited 2.1 ms", and what for; empty where it was too short to tell, and with --stable.
std::string waited(const Event& event, const Manner& manner, std::string_view for_what = {});
// Who let the event's call go on: "sh 4102". Nothing where that is not known, and with --stable.
std::optional<std::string> waker_of(const Event& event, const World& world, const Manner& manner);
// Both: ", waited 2.1 ms, let go on by sh 4102".
std::string waited_words(const Event& event, const World& world, const Manner& manner, std::string_view for_what = {});

// A length of time that a program chose: no more digits than it needs.
std::string chosen(Nanoseconds length);

}  // namespace kintrace::views
