// SPDX-License-Identifier: MIT
// Facts about what tasks wait for and share in words: semaphores, shared memory, locks, futexes, waits for any of
// several things. Not here: messages, and waits that have not ended (ipc_words.hpp).
#pragma once

#include <string>
#include <string_view>

#include "kintrace/event.hpp"
#include "kintrace/world.hpp"
#include "views/words.hpp"

namespace kintrace::views {

Sentence words_of(const Opened& fact, const World& world, const Manner& manner);
Sentence words_of(const SemChanged& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const ShmAttached& fact, const World& world, const Manner& manner);
Sentence words_of(const ShmDetached& fact, const World& world, const Manner& manner);
Sentence words_of(const Mapped& fact, const World& world, const Manner& manner);
Sentence words_of(const Unmapped& fact, const World& world, const Manner& manner);
Sentence words_of(const ObjectRemoved& fact, const World& world, const Manner& manner);
Sentence words_of(const LockTaken& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const LockReleased& fact, const World& world, const Manner& manner);
Sentence words_of(const LockRefused& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const FutexWaited& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const FutexWoke& fact, const World& world, const Manner& manner);
Sentence words_of(const Waited& fact, const Event& event, const World& world, const Manner& manner);
Sentence words_of(const LeftBehind& fact, const World& world, const Manner& manner);

// An `opened` tells of such an object, so that its descriptor needs no line.
bool is_told_when_opened(ObjectKind kind);
// poll(2), select(2), epoll_wait(2).
bool waits_for_any(std::string_view call);
// nanosleep(2).
bool sleeps(std::string_view call);
// The call as programs write it: sigsuspend, not rt_sigsuspend.
std::string waiting_call(const std::string& syscall);
// It only looked, or was too short to tell of.
bool is_brief(const Waited& fact, const Event& event, const Naming& naming);
// "detaches sysv_shm#1; unmaps posix_shm#1": what an end takes out of memory. Empty: nothing.
std::string detached_words(const Process& process, const World& world, const Manner& manner);

}  // namespace kintrace::views
