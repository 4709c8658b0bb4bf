// SPDX-License-Identifier: MIT
#include "views/sync_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "text/escape.hpp"
#include "text/names.hpp"
#include "text/units.hpp"
#include "views/phrases.hpp"

namespace kintrace::views {
namespace {

template <std::size_t Size>
bool is_one_of(std::string_view call, const std::array<std::string_view, Size>& calls) {
  return std::find(calls.begin(), calls.end(), call) != calls.end();
}

// What a program calls to get one: the C library opens a file for it (shm_overview(7), sem_overview(7)).
std::string opening_call(const Opened& fact) {
  if (fact.syscall.starts_with("open") && fact.obj.kind == ObjectKind::posix_shm) return "shm_open";
  if (fact.obj.kind == ObjectKind::posix_sem) return "sem_open";
  return verb_of(fact.syscall);
}

// "(IPC_PRIVATE)", "(0x4b1d)"; nothing where it is part of the name.
std::string key_words(const Object* object, const Naming& naming) {
  if (object == nullptr || !object->key) return {};
  if (*object->key == 0) return "(IPC_PRIVATE)";
  return naming.stable() ? "" : fmt::format("(0x{:x})", static_cast<std::uint32_t>(*object->key));
}

std::string size_words(ObjectKind kind, std::int64_t size) {
  switch (kind) {
    case ObjectKind::sysv_sem: return text::counted(static_cast<std::uint64_t>(size), "semaphore");
    case ObjectKind::posix_mq: return "room for " + text::counted(static_cast<std::uint64_t>(size), "message");
    case ObjectKind::eventfd:
    case ObjectKind::posix_sem: return fmt::format("value {}", size);
    default: return text::size(size);
  }
}

// "4.0 kB, rw", "4.0 kB, rw at 0x7f0000000000".
std::string memory_words(std::int64_t bytes, std::string_view prot) {
  return fmt::format("{}, {}", text::size(bytes), prot.empty() ? "no access" : prot);
}
std::string address_words(Address address, const Manner& manner) {
  return manner.verbose && !manner.naming.stable() ? fmt::format(" at 0x{:x}", address.value) : "";
}

// "shmdt sysv_shm#1", "mmap file#1 /tmp/x"; an attempt may have been at none.
std::string of_object(std::string_view call, ObjectId obj, const World& world, const Manner& manner) {
  if (!obj) return std::string{call};
  const bool of_file = obj.kind == ObjectKind::file;
  return fmt::format("{} {}", call, of_file ? with_path(obj, world, manner) : manner.naming.object(obj, world));
}

// Libraries map their caches so, and sem_open(3) its semaphore.
bool is_routine(ObjectId obj) { return obj.kind == ObjectKind::file || obj.kind == ObjectKind::posix_sem; }

std::string_view mode_words(LockMode mode) { return mode == LockMode::read ? "read lock" : "write lock"; }

// "fcntl file#1 /tmp/x: OFD read lock on 0-99".
template <class Lock>
std::string lock_words(const Lock& fact, const World& world, const Manner& manner) {
  std::string out = fmt::format("{} {}: {}{}", verb_of(fact.syscall), with_path(fact.obj, world, manner),
                                fact.kind == LockKind::ofd ? "OFD " : "", mode_words(fact.mode));
  if (!fact.range.empty()) out += " on " + fact.range;
  return out;
}

std::string holder_words(Tgid holder, const Event& event, const World& world, const Manner& manner) {
  return holder == event.pid ? "itself" : named(holder, world, manner);
}

// "posix_sem#1 /x", "futex#1", "futex#1 (mapping#1+16)".
std::string futex_name(ObjectId obj, const World& world, const Manner& manner) {
  std::string name = with_path(obj, world, manner);
  const Object* object = manner.verbose && !manner.naming.stable() ? world.find(obj) : nullptr;
  if (object == nullptr || obj.kind != ObjectKind::futex) return name;
  if (object->in && object->offset)
    return fmt::format("{} ({}+{})", name, manner.naming.object(*object->in, world), *object->offset);
  return object->addr ? fmt::format("{} (0x{:x})", name, object->addr->value) : name;
}

std::string thread_words(Tid tid, const World& world, const Manner& manner) {
  const Task* task = world.find(tid);
  return task != nullptr ? manner.naming.thread(*task) : manner.naming.stable() ? "?" : std::to_string(tid.value);
}

std::string timed_out(const Event& event, const Manner& manner) {
  return manner.naming.stable() || event.dur < real_wait ? "timed out" : "timed out after " + chosen(event.dur);
}

Sentence join_words(const FutexWaited& fact, const Event& event, const World& world, const Manner& manner) {
  if (manner.naming.stable()) return {};  // whether the thread still lives when it is joined is chance
  const std::string thread = thread_words(*fact.joins, world, manner);
  const int error = fact.err ? fact.err->value : 0;
  if (event.unfinished) return {fmt::format("join of thread {} never returned", thread), Tone::quiet};
  if (error == EINTR)
    return {fmt::format("join of thread {} interrupted", thread) + waited(event, manner), Tone::quiet};
  if (error == ETIMEDOUT) return {fmt::format("join of thread {} {}", thread, timed_out(event, manner))};
  const std::string out = "joins thread " + thread;
  if (error != 0 && error != EAGAIN) return {out + failure(fact.err), Tone::quiet};
  return {out + waited(event, manner)};
}

// "pipe#1 ready", "timed out after 10 ms".
std::string outcome_words(const Waited& fact, const World& world, const Manner& manner) {
  if (!fact.ready.empty()) return listed(fact.ready, " and ", world, manner) + " ready";
  if (fact.result.value_or(0) > 0) return fmt::format("{} ready", *fact.result);
  if (fact.timeout_ns == 0) return "nothing ready";
  if (manner.naming.stable() || !fact.timeout_ns) return "timed out";
  return "timed out after " + chosen(*fact.timeout_ns);
}

// Where what is left behind is found.
std::string place_words(const LeftBehind& fact, const Object* object, const Manner& manner) {
  const bool is_named = manner.naming.stable() && is_found_by_path(fact.obj.kind);
  if (!fact.path.empty()) return is_named ? "" : " " + text::shell_word(fact.path);
  return manner.naming.stable() || object == nullptr || !object->ipcid ? "" : fmt::format(", id {}", *object->ipcid);
}

}  // namespace

bool is_told_when_opened(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::posix_sem:
    case ObjectKind::posix_shm:
    case ObjectKind::posix_mq:
    case ObjectKind::memfd: return true;
    default: return class_of(kind) == "event";
  }
}

bool waits_for_any(std::string_view call) {
  static constexpr std::array<std::string_view, 7> calls{"poll",       "ppoll",       "select",      "pselect6",
                                                         "epoll_wait", "epoll_pwait", "epoll_pwait2"};
  return is_one_of(call, calls);
}

bool sleeps(std::string_view call) { return call == "nanosleep" || call == "clock_nanosleep"; }

std::string waiting_call(const std::string& syscall) {
  if (syscall == "rt_sigsuspend") return "sigsuspend";
  if (syscall == "pselect6") return "pselect";
  if (syscall == "semtimedop") return "semop";
  return verb_of(syscall);
}

bool is_brief(const Waited& fact, const Event& event, const Naming& naming) {
  const bool for_signal = fact.signal || fact.syscall == "pause" || fact.syscall == "rt_sigsuspend";
  if (event.unfinished || for_signal || (fact.err && !would_block(fact.err))) return false;
  if (!naming.stable()) return event.dur < real_wait;
  // How long it was is chance; how long it might be is not.
  if (sleeps(fact.syscall)) return fact.timeout_ns.value_or(0) < real_wait;
  return fact.timeout_ns == 0;
}

Sentence words_of(const Opened& fact, const World& world, const Manner& manner) {
  const Object* object = world.find(fact.obj);
  const std::string name = with_path(fact.obj, world, manner);
  const std::string call = opening_call(fact) + key_words(object, manner.naming);
  const bool keeps_fd = fact.fd >= 0 && fact.obj.kind != ObjectKind::posix_sem;  // which is mapped, and closed
  if (!fact.made) {
    return {fmt::format("{} → {}{}", call, name, keeps_fd ? fmt::format(": fd {}", fact.fd) : "")};
  }
  std::vector<std::string> words;
  // What only is a descriptor is made by the one call that there is for it.
  const bool is_descriptor = fact.fd >= 0 && !is_found_by_path(fact.obj.kind);
  if (!is_descriptor) words.push_back(call);
  if (keeps_fd) words.push_back(fmt::format("fd {}", fact.fd));
  if (fact.size) words.push_back(size_words(fact.obj.kind, *fact.size));
  if (object != nullptr && object->ipcid && !manner.naming.stable())
    words.push_back(fmt::format("id {}", *object->ipcid));
  return {fmt::format("{} made: {}", name, listed(words, ", ")),
          is_descriptor && !fact.size ? Tone::quiet : Tone::plain};
}

Sentence words_of(const SemChanged& fact, const Event& event, const World& world, const Manner& manner) {
  std::string semaphore = manner.naming.object(fact.obj, world);
  if (fact.index >= 0) semaphore += fmt::format("[{}]", fact.index);  // otherwise all of them: SETALL
  // Others may have changed it since: with --stable it is told only where it is what was asked for.
  std::string now;
  if (fact.value && !manner.naming.stable()) now = fmt::format(" → {}", *fact.value);
  if (fact.undone) return {fmt::format("SEM_UNDO: {} {:+}{}", semaphore, fact.delta.value_or(0), now)};
  const std::string call = fmt::format("{} {}", verb_of(fact.syscall), semaphore);
  if (!fact.delta) {
    const std::string to = fact.value ? fmt::format(" = {}", *fact.value) : "";
    return {call + to + failure(fact.err), fact.err ? Tone::notable : Tone::plain};
  }
  const bool ended = !event.unfinished && !fact.err;
  std::string out = call;
  if (*fact.delta == 0) {
    out += ended ? " is 0" : " wait for 0";
  } else {
    out += fmt::format(" {:+}{}{}", *fact.delta, ended ? now : "", fact.undo ? " (SEM_UNDO)" : "");
  }
  if (event.unfinished) return {out + " never returned", Tone::quiet};
  if (fact.err) {
    out += failure(fact.err);
    return {out + waited(event, manner), would_block(fact.err) ? Tone::quiet : Tone::notable};
  }
  return {out + waited_words(event, world, manner)};
}

Sentence words_of(const ShmAttached& fact, const World& world, const Manner& manner) {
  const std::string out = of_object("shmat", fact.obj, world, manner);
  if (fact.err) return {out + failure(fact.err), Tone::notable};
  return {fmt::format("{}: {}{}", out, memory_words(fact.bytes, fact.prot), address_words(fact.addr, manner))};
}

Sentence words_of(const ShmDetached& fact, const World& world, const Manner& manner) {
  const std::string out = of_object("shmdt", fact.obj, world, manner);
  return {out + failure(fact.err), fact.err ? Tone::notable : Tone::plain};
}

Sentence words_of(const Mapped& fact, const World& world, const Manner& manner) {
  std::string out = of_object(verb_of(fact.syscall), fact.obj, world, manner);
  if (fact.err) return {out + failure(fact.err), Tone::notable};
  out += fmt::format(" {}, MAP_SHARED", memory_words(fact.bytes, fact.prot));
  if (fact.offset > 0) out += fmt::format(", from {} on", text::size(fact.offset));
  const bool written = fact.prot.find('w') != std::string::npos;
  const bool detail = fact.obj.kind == ObjectKind::posix_sem || (fact.obj.kind == ObjectKind::file && !written);
  return {out + address_words(fact.addr, manner), detail ? Tone::quiet : Tone::plain, detail};
}

Sentence words_of(const Unmapped& fact, const World& world, const Manner& manner) {
  return {fmt::format("{} {}{}", of_object(verb_of(fact.syscall), fact.obj, world, manner), text::size(fact.bytes),
                      address_words(fact.addr, manner)),
          Tone::quiet, is_routine(fact.obj)};
}

Sentence words_of(const ObjectRemoved& fact, const World& world, const Manner& manner) {
  const std::string name = with_path(fact.obj, world, manner), call = verb_of(fact.syscall);
  if (fact.err) return {fmt::format("{} removing {}{}", call, name, failure(fact.err)), Tone::notable};
  std::string out = fmt::format("{} removes {}", call, name);
  // Who still has it is chance.
  const auto users = manner.naming.stable() ? 0 : world.mapped_by(fact.obj).size();
  if (users != 0) {
    const std::string_view how = fact.obj.kind == ObjectKind::sysv_shm ? "attached" : "mapped";
    out += fmt::format(", still {} by {}", how, text::counted(users, "process"));
  }
  return {std::move(out)};
}

Sentence words_of(const LockTaken& fact, const Event& event, const World& world, const Manner& manner) {
  std::string out = lock_words(fact, world, manner);
  if (event.unfinished) return {out + " never taken", Tone::quiet};
  out += " taken";
  if (!fact.holder || manner.naming.stable()) return {out + waited_words(event, world, manner)};
  const std::string holder = holder_words(*fact.holder, event, world, manner);
  const std::string wait = waited(event, manner, fmt::format(" for {} who had it", holder));
  return {out + (wait.empty() ? fmt::format(", after {} had it", holder) : wait)};
}

Sentence words_of(const LockReleased& fact, const World& world, const Manner& manner) {
  const std::string name = manner.naming.object(fact.obj, world);
  const std::string_view call = fact.syscall;
  switch (fact.how) {
    case ReleasedHow::exit:
      return {fmt::format("lock on {}{}{} dropped", fact.range, fact.range.empty() ? "" : " of ", name), Tone::quiet};
    case ReleasedHow::close: {
      const std::string_view verb = call.starts_with("exec")  ? "exec closes"
                                    : call.starts_with("dup") ? "replaces"
                                                              : "close";
      const std::string fd = fact.fd < 0 ? "" : fmt::format("fd {} of ", fact.fd);
      const std::string_view lost = fact.kind == LockKind::posix ? "its POSIX locks are gone" : "its lock is gone";
      return {fmt::format("{} {}{}: {}", verb, fd, name, lost)};
    }
    default: break;
  }
  const std::string range = fact.range.empty() ? "" : fmt::format(": {}", fact.range);
  return {fmt::format("{} {}{} unlocked{}", verb_of(fact.syscall), name, range,
                      fact.kind == LockKind::ofd ? " (OFD)" : "")};
}

Sentence words_of(const LockRefused& fact, const Event& event, const World& world, const Manner& manner) {
  const std::string out = lock_words(fact, world, manner);
  if (event.unfinished) return {out + " never taken", Tone::quiet};
  if (fact.err.value == EINTR)
    return {fmt::format("{} not taken: {}{}", out, error_words(fact.err), waited(event, manner)), Tone::quiet};
  const std::string holder =
      fact.holder && !manner.naming.stable() ? ": held by " + holder_words(*fact.holder, event, world, manner) : "";
  return {fmt::format("{} refused: {}{}", out, error_words(fact.err), holder), Tone::notable};
}

Sentence words_of(const FutexWaited& fact, const Event& event, const World& world, const Manner& manner) {
  Sentence sentence;
  sentence.countless = true;                                  // whether one must wait is chance
  if (event.unfinished && manner.naming.stable()) return {};  // whether it had to wait by then is chance
  if (fact.joins) return join_words(fact, event, world, manner);
  const bool semaphore = fact.obj.kind == ObjectKind::posix_sem;
  std::string& out = sentence.words;
  out = fmt::format("{} {}", semaphore ? "sem_wait" : "futex", futex_name(fact.obj, world, manner));
  if (event.unfinished || fact.err) {
    const int error = event.unfinished ? 0 : fact.err->value;
    out += event.unfinished     ? " never returned"
           : error == EAGAIN    ? " has changed: no wait (EAGAIN)"
           : error == ETIMEDOUT ? " " + timed_out(event, manner)
                                : failure(fact.err) + waited(event, manner);
    const bool expected = error == 0 || error == EAGAIN || error == EINTR;
    sentence.tone = expected ? Tone::quiet : error == ETIMEDOUT ? Tone::plain : Tone::notable;
    sentence.detail = error == EAGAIN;
    return sentence;
  }
  if (semaphore) {
    out += waited_words(event, world, manner);
    return sentence;
  }
  out += " waited";
  if (manner.naming.stable()) return sentence;
  if (event.dur >= real_wait) out += " " + text::duration(event.dur);
  if (fact.owner) out += fmt::format(" for its owner {}", named(*fact.owner, world, manner));
  if (const auto waker = waker_of(event, world, manner); waker && event.waker != fact.owner)
    out += ", woken by " + *waker;
  return sentence;
}

Sentence words_of(const FutexWoke& fact, const World& world, const Manner& manner) {
  const bool semaphore = fact.obj.kind == ObjectKind::posix_sem;
  std::string out = fmt::format("{} {}", semaphore ? "sem_post" : "futex", futex_name(fact.obj, world, manner));
  if (fact.err) return {out + failure(fact.err), Tone::notable};
  // How many wait at that moment is chance.
  const bool counts = !manner.naming.stable();
  if (!semaphore) out += counts ? fmt::format(" wakes {}", fact.woken) : " wakes";
  if (fact.requeued_to) out += fmt::format(", moves others to {}", manner.naming.object(*fact.requeued_to, world));
  const bool nobody = fact.woken == 0 && !fact.requeued_to;
  return {std::move(out), nobody ? Tone::quiet : Tone::plain, nobody, true};
}

Sentence words_of(const Waited& fact, const Event& event, const World& world, const Manner& manner) {
  const bool for_signal = fact.syscall == "rt_sigtimedwait";
  const std::string call = !for_signal ? waiting_call(fact.syscall) : fact.timeout_ns ? "sigtimedwait" : "sigwaitinfo";
  const bool stable = manner.naming.stable(), brief = is_brief(fact, event, manner.naming);
  // Whether a task has come so far when another's doing ends its wait, or itself, is chance.
  if (stable && (event.unfinished || fact.err == Errno{EINTR})) return {};
  if (event.unfinished) return {call + " never returned", Tone::quiet};
  if (fact.signal) {
    const bool by_read = !fact.objs.empty();  // of a signalfd
    const std::string where = by_read ? " " + manner.naming.object(fact.objs.front(), world) + ":" : " accepts";
    std::string out = fmt::format("{}{} {}", call, where, text::signal_name(*fact.signal));
    if (fact.from)
      out += " from " + (*fact.from == event.pid ? std::string{"itself"} : named(*fact.from, world, manner));
    return {out + waited(event, manner)};
  }
  const Tone tone = brief ? Tone::quiet : Tone::plain;
  if (fact.err) {
    if (!would_block(fact.err)) return {call + failure(fact.err), Tone::notable};
    if (fact.err->value == EAGAIN) return {fmt::format("{}: {}", call, timed_out(event, manner)), tone, brief};
    return {fmt::format("{} ended: {}{}", call, text::errno_name(*fact.err), waited(event, manner)), Tone::quiet,
            brief};
  }
  if (sleeps(fact.syscall)) {
    if (!brief) return {stable ? "slept" : "slept " + chosen(event.dur)};
    const std::string asked = fact.timeout_ns && !stable ? " " + chosen(*fact.timeout_ns) : "";
    return {call + asked, tone, true};
  }
  const bool came = !fact.ready.empty() || fact.result.value_or(0) > 0;
  std::string out = call;
  if (!stable) {
    if (came && !brief) out += " waited " + text::duration(event.dur);
    if (!fact.objs.empty()) out += (came && !brief ? " for " : " ") + listed(fact.objs, " or ", world, manner);
  }
  out += ": " + outcome_words(fact, world, manner);
  if (const auto waker = waker_of(event, world, manner)) out += ", let go on by " + *waker;
  return {std::move(out), tone, brief, true};
}

Sentence words_of(const LeftBehind& fact, const World& world, const Manner& manner) {
  std::string out = "still there: " + manner.naming.object(fact.obj, world);
  out += place_words(fact, world.find(fact.obj), manner);
  if (fact.inside > 0) {
    const auto inside = static_cast<std::uint64_t>(fact.inside);
    out += fmt::format(", {} in it", text::counted(inside, "message"));
  }
  return {std::move(out), Tone::notable};
}

std::string detached_words(const Process& process, const World& world, const Manner& manner) {
  std::vector<ObjectId> segments, others;
  for (const ObjectId obj : World::detached_by_end(process)) {
    if (is_routine(obj) && !manner.verbose) continue;
    (obj.kind == ObjectKind::sysv_shm ? segments : others).push_back(obj);
  }
  std::string out;
  if (!segments.empty()) out = "detaches " + listed(segments, " and ", world, manner);
  if (others.empty()) return out;
  return out + (out.empty() ? "unmaps " : "; unmaps ") + listed(others, " and ", world, manner);
}

}  // namespace kintrace::views
