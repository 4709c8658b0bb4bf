// SPDX-License-Identifier: MIT
// Facts about objects in words: descriptors made, copied and closed, what went through them, sockets that find each
// other. What src/views/words.cpp is for the others.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

Sentence words_of(const FdOpened& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const FdDuplicated& fact, const World& world, const Manner& manner);
Sentence words_of(const FdClosed& fact, const World& world, const Manner& manner);
Sentence words_of(const Sent& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const Received& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const Bound& fact, const World& world, const Manner& manner);
Sentence words_of(const Listening& fact, const World& world, const Manner& manner);
Sentence words_of(const Connected& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const Accepted& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const ShutDown& fact, const World& world, const Manner& manner);
// A wait at an object.
Sentence words_of(const Blocked& fact, const Event& event, const World& world, const Manner& manner);

// What it means for others that an end is held no longer: "last writer of pipe#1 gone: its readers get EOF". Empty:
// nothing.
std::string words_of_last(const FdClosed& fact, const World& world, const Manner& manner);

enum class Way { write, read, peek, change, lock, unlock, wait, wake, wait_for_any };
// What one task did to one object by the dozen, told together: messages through it in one direction, changes of a
// semaphore, locks of a file, waits.
struct Traffic {
  ObjectId obj = {};  // of waits for any of several things none
  Way way = Way::write;
  std::uint64_t messages = 0;
  std::int64_t bytes = 0;
  std::optional<std::int64_t> each = {};  // bytes, where they all had as many
  Nanoseconds longest = 0;                // that one of them waited
  std::string call = {};                  // the syscall by which it waited for any, where it was always the same
  std::set<std::string> from = {};        // the writers' names, or what was ready, and the first bytes: as far as
  Bytes data = {};                        // add_content has added
  bool cut = false;                       // there are more bytes than these
};
// What one more of them brought.
void add_content(Traffic& traffic, const Event& event, const World& world, const Manner& manner);
// "… 4,998 more writes to pipe#1, 64 B each", "… 93 more waits at futex#1, up to 2.1 ms".
Sentence words_of_more(const Traffic& traffic, const World& world, const Manner& manner);
// "read 320 kB of pipe#1, from ls 4102", "poll: pipe#1 ready": where how many they were is chance.
Sentence words_of_all(const Traffic& traffic, const World& world, const Manner& manner);

}  // namespace kintrace::views
