// SPDX-License-Identifier: MIT
#include "views/ipc_words.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "text/units.hpp"

namespace kintrace::views {
namespace {

// A wait shorter than this may be kintrace's own delay.
constexpr Nanoseconds real_wait = 1'000'000;
constexpr std::size_t most_named = 3;

bool is_pipe(ObjectId id) { return id.kind == ObjectKind::pipe || id.kind == ObjectKind::fifo; }

std::string_view end_words(End end) {
  switch (end) {
    case End::read: return " read end";
    case End::write: return " write end";
    default: return "";
  }
}

std::string named(Tid tid, const World& world, const Manner& manner) {
  const Task* task = world.find(tid);
  if (task == nullptr) return manner.naming.stable() ? "an outsider" : std::to_string(tid.value);
  const std::string name = manner.naming.task(*task, world);
  if (manner.naming.stable() || task->comm.empty()) return name;
  return fmt::format(FMT_COMPILE("{} {}"), text::printable(task->comm), name);
}

std::string named(Tgid pid, const World& world, const Manner& manner) { return named(leader_of(pid), world, manner); }

std::string waited(const Event& event, const Manner& manner, std::string_view for_what) {
  if (manner.naming.stable() || event.dur < real_wait) return {};
  return fmt::format(", waited {}{}", text::duration(event.dur), for_what);
}

// The bytes themselves, as far as they were recorded.
std::string data_words(const Bytes& data, bool cut, const Manner& manner) {
  if (data.empty()) return {};
  const bool shortened = data.size() > manner.limits.word;
  std::string out = " \"";
  for (const char byte : text::printable(shortened ? data.substr(0, manner.limits.word) : data)) {
    if (byte == '"') out += '\\';
    out += byte;
  }
  return out + (cut || shortened ? "\"…" : "\"");
}

bool would_block(const std::optional<Errno>& err) { return err && (err->value == EAGAIN || err->value == EINTR); }

std::string verb_of(const std::string& call) { return call.empty() ? "?" : text::printable(call); }

std::string senders(const Received& fact, const World& world, const Manner& manner) {
  struct Share {
    Tid tid;
    std::int64_t bytes;
  };
  std::vector<Share> shares;
  for (const Part& part : fact.from) {
    const auto known =
        std::find_if(shares.begin(), shares.end(), [&](const Share& share) { return share.tid == part.tid; });
    if (known != shares.end()) {
      known->bytes += part.bytes;
    } else {
      shares.push_back({part.tid, part.bytes});
    }
  }
  if (shares.empty()) return {};
  std::string out = ", from ";
  if (shares.size() > most_named) {
    out += fmt::format("{} writers", shares.size());
  } else {
    std::string_view before;
    for (const Share& share : shares) {
      out += std::exchange(before, " and ");
      if (shares.size() > 1 && !manner.naming.stable()) out += text::size(share.bytes) + " of ";
      out += named(share.tid, world, manner);
    }
  }
  if (fact.order_unknown && !manner.naming.stable()) out += ", in unknown order";
  return out;
}

std::string peer_words(const std::optional<ObjectId>& peer, const World& world, const Manner& manner) {
  return peer ? fmt::format(" ({})", manner.naming.object(*peer, world)) : "";
}

std::string address_words(const Bytes& address) { return address.empty() ? "?" : text::printable(address); }

std::string failure(const std::optional<Errno>& err) { return err ? " failed: " + error_words(*err) : ""; }

}  // namespace

Sentence words_of(const FdOpened& fact, const Event& event, const World& world, const Manner& manner) {
  const std::string name = manner.naming.object(fact.obj, world);
  const Object* object = world.find(fact.obj);
  const Task* task = world.find(event.tid);
  switch (fact.how) {
    case OpenedHow::pipe: {
      if (fact.end != End::write || task == nullptr) return {};  // the other end says it
      const auto read = world.number_of(*task, fact.obj, End::read);
      return {fmt::format("{} made: read fd {}, write fd {}", name, read.value_or(-1), fact.fd)};
    }
    case OpenedHow::socketpair: {
      if (object == nullptr || !object->peer || task == nullptr) return {};  // the second says it
      const auto other = world.number_of(*task, *object->peer, End::both);
      return {fmt::format("{} and {} made: a pair, fd {} and fd {}", manner.naming.object(*object->peer, world), name,
                          other.value_or(-1), fact.fd)};
    }
    case OpenedHow::socket: return {fmt::format("{} made: fd {}", name, fact.fd), Tone::quiet};
    case OpenedHow::accept: return {};  // its connection says it
    case OpenedHow::open: {
      const std::string_view purpose = fact.end == End::read    ? " for reading"
                                       : fact.end == End::write ? " for writing"
                                                                : " for both";
      const std::string path = object != nullptr ? text::shell_word(object->path, manner.limits.word) : "?";
      return {fmt::format("open {} {}{}: fd {}{}", name, path, purpose, fact.fd,
                          waited(event, manner, fact.end == End::read ? " for a writer" : " for a reader"))};
    }
    case OpenedHow::received: return {fmt::format("receives {}{}: fd {}", name, end_words(fact.end), fact.fd)};
    case OpenedHow::pidfd_getfd: return {fmt::format("takes {}{}: fd {}", name, end_words(fact.end), fact.fd)};
    case OpenedHow::inherited: break;
  }
  return {fmt::format("has {}{} from before: fd {}", name, end_words(fact.end), fact.fd), Tone::quiet, true};
}

Sentence words_of(const FdDuplicated& fact, const World& world, const Manner& manner) {
  constexpr int last_standard = 2;
  return {fmt::format("fd {} ← {}{} ({} {}→{})", fact.to, manner.naming.object(fact.obj, world), end_words(fact.end),
                      verb_of(fact.syscall), fact.fd, fact.to),
          Tone::plain, fact.to > last_standard};
}

std::string words_of_last(const FdClosed& fact, const World& world, const Manner& manner) {
  if (!fact.last) return {};
  const std::string name = manner.naming.object(fact.obj, world);
  std::string out;
  if (is_pipe(fact.obj)) {
    const End other = fact.end == End::read ? End::write : End::read;
    if (fact.end != End::both && !world.holders(fact.obj, other).empty()) {
      out = fact.end == End::write ? fmt::format("last writer of {} gone: its readers get EOF", name)
                                   : fmt::format("last reader of {} gone: its writers get SIGPIPE", name);
    }
  } else {
    const Object* object = world.find(fact.obj);
    const bool heard = object != nullptr && object->peer && !world.holders(*object->peer, End::both).empty();
    if (heard) out = fmt::format("{} gone: {} gets EOF", name, manner.naming.object(*object->peer, world));
  }
  if (fact.left > 0) {
    if (out.empty()) out = name + " gone";
    out += fmt::format(", {} in it never read", text::size(fact.left));
  }
  return out;
}

Sentence words_of(const FdClosed& fact, const World& world, const Manner& manner) {
  if (fact.how == ClosedHow::exit) return {};  // the end itself says it
  const bool stable = manner.naming.stable();  // who is the last is chance
  const std::string last = stable ? "" : words_of_last(fact, world, manner);
  std::string out;
  switch (fact.how) {
    case ClosedHow::replaced: out = fmt::format("fd {} is another's now", fact.fd); break;
    case ClosedHow::exec: out = fmt::format("fd {} closed by exec", fact.fd); break;
    default: out = fmt::format("close fd {}", fact.fd); break;
  }
  out += ": " + (last.empty() ? manner.naming.object(fact.obj, world) + std::string{end_words(fact.end)} : last);
  return {std::move(out), last.empty() ? Tone::quiet : Tone::plain, last.empty()};
}

Sentence words_of(const Sent& fact, const Event& event, const World& world, const Manner& manner) {
  std::string out = fmt::format(FMT_COMPILE("{} {}"), verb_of(fact.syscall), manner.naming.object(fact.obj, world));
  if (event.unfinished) return {out + " never returned", Tone::quiet};
  if (fact.err) {
    out += failure(fact.err);
    if (fact.broken_by && !manner.naming.stable())
      out += fmt::format(": {} was the last reader", named(*fact.broken_by, world, manner));
    const bool again = would_block(fact.err);
    return {std::move(out), again ? Tone::quiet : Tone::notable, again};
  }
  out += ' ';
  out += text::size(fact.bytes);
  out += data_words(fact.data, fact.cut, manner);
  return {out + waited(event, manner, is_pipe(fact.obj) ? " as it was full" : "")};
}

Sentence words_of(const Received& fact, const Event& event, const World& world, const Manner& manner) {
  std::string out = fmt::format(FMT_COMPILE("{} {}"), verb_of(fact.syscall), manner.naming.object(fact.obj, world));
  if (event.unfinished) return {out + " never returned", Tone::quiet};
  if (fact.err) {
    const bool again = would_block(fact.err);
    return {out + failure(fact.err), again ? Tone::quiet : Tone::notable, again};
  }
  if (fact.eof) {
    out += ": end of file";
    if (fact.eof_by && !manner.naming.stable())
      out += fmt::format(": {} was the last {}", named(*fact.eof_by, world, manner),
                         is_pipe(fact.obj) ? "writer" : "at the other end");
    return {out + waited(event, manner, "")};
  }
  out += ' ';
  out += text::size(fact.bytes);
  if (fact.peeked) out += " and leaves it there";
  const std::string from = senders(fact, world, manner);
  out += from.empty() ? data_words(fact.data, fact.cut, manner) : from;
  std::int64_t known = 0;
  for (const Part& part : fact.from) known += part.bytes;
  if (!from.empty() && known < fact.bytes) out += fmt::format(" ({} from before)", text::size(fact.bytes - known));
  return {out + waited(event, manner, "")};
}

Sentence words_of(const Bound& fact, const World& world, const Manner& manner) {
  return {fmt::format("bind {} to {}{}", manner.naming.object(fact.obj, world), address_words(fact.addr),
                      failure(fact.err)),
          fact.err ? Tone::notable : Tone::plain};
}

Sentence words_of(const Listening& fact, const World& world, const Manner& manner) {
  return {fmt::format("listen on {} at {}{}", manner.naming.object(fact.obj, world), address_words(fact.addr),
                      failure(fact.err)),
          fact.err ? Tone::notable : Tone::plain};
}

Sentence words_of(const Connected& fact, const Event& event, const World& world, const Manner& manner) {
  const bool goes_on = fact.err && fact.err->value == EINPROGRESS;
  return {fmt::format("connect {} → {}{}{}", manner.naming.object(fact.obj, world), address_words(fact.addr),
                      peer_words(fact.peer, world, manner), goes_on ? ", going on" : failure(fact.err)) +
              waited(event, manner, ""),
          fact.err && !goes_on ? Tone::quiet : Tone::plain};
}

Sentence words_of(const Accepted& fact, const Event& event, const World& world, const Manner& manner) {
  std::string out = fmt::format("accept {}: fd {}", manner.naming.object(fact.obj, world), fact.fd);
  if (fact.peer) {
    out += " ← " + manner.naming.object(*fact.peer, world);
    const auto holders = world.holders(*fact.peer, End::both);
    if (holders.size() == 1 && !manner.naming.stable())
      out += fmt::format(" of {}", named(world[holders.front()].pid, world, manner));
  } else if (!fact.addr.empty() && !manner.naming.stable()) {
    out += " ← " + text::printable(fact.addr);
  }
  return {out + waited(event, manner, "")};
}

Sentence words_of(const ShutDown& fact, const World& world, const Manner& manner) {
  const std::string_view what = fact.end == End::read    ? " for reading"
                                : fact.end == End::write ? " for writing: its peer gets EOF"
                                                         : ": its peer gets EOF";
  return {
      fmt::format("shut down {}{}{}", manner.naming.object(fact.obj, world), fact.err ? "" : what, failure(fact.err)),
      fact.err ? Tone::notable : Tone::plain};
}

Sentence words_of(const Blocked& fact, const Event& event, const World& world, const Manner& manner) {
  if (manner.naming.stable()) return {};  // whether others did something meanwhile is chance
  const std::string object = manner.naming.object(*fact.obj, world);
  // Told before what it has brought about already: whether it waits is not known.
  if (event.dur < real_wait) return {fmt::format("{} {} begins", verb_of(fact.syscall), object), Tone::quiet};
  std::string out = fmt::format("{} {} waits", verb_of(fact.syscall), object);
  if (fact.waits_for.size() > most_named) {
    out += fmt::format(" for any of {} tasks", fact.waits_for.size());
  } else {
    std::string_view before = " for ";
    for (const Tid tid : fact.waits_for) {
      out += std::exchange(before, " or ");
      out += named(tid, world, manner);
    }
  }
  return {std::move(out), Tone::quiet};
}

Sentence words_of_more(const Traffic& traffic, const World& world, const Manner& manner) {
  const std::string_view what = traffic.sent ? "write" : "read";
  const std::string amount = traffic.each ? text::size(*traffic.each) + (traffic.messages == 1 ? "" : " each")
                                          : text::size(traffic.bytes) + " in all";
  return {fmt::format("… {} more {}{} {} {}, {}", text::count(traffic.messages), what, traffic.messages == 1 ? "" : "s",
                      traffic.sent ? "to" : "of", manner.naming.object(traffic.obj, world), amount),
          Tone::quiet};
}

Sentence words_of_all(const Traffic& traffic, const World& world, const Manner& manner) {
  return {fmt::format("{} {} {}", traffic.sent ? "write" : "read", manner.naming.object(traffic.obj, world),
                      text::size(traffic.bytes))};
}

}  // namespace kintrace::views
