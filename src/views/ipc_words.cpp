// SPDX-License-Identifier: MIT
#include "views/ipc_words.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include "text/units.hpp"
#include "views/phrases.hpp"
#include "views/sync_words.hpp"

namespace kintrace::views {
namespace {

bool is_pipe(ObjectId id) { return id.kind == ObjectKind::pipe || id.kind == ObjectKind::fifo; }
bool is_queue(ObjectId id) { return id.kind == ObjectKind::sysv_msg || id.kind == ObjectKind::posix_mq; }
bool is_event(ObjectId id) { return class_of(id.kind) == "event"; }

std::string_view end_words(End end) {
  switch (end) {
    case End::read: return " read end";
    case End::write: return " write end";
    default: return "";
  }
}

// What a cut has left whole: no first bytes of a character at the end.
std::string_view without_torn_end(std::string_view bytes) {
  constexpr std::size_t longest = 4;  // RFC 3629
  for (std::size_t back = 1; back <= std::min(longest, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0U) == 0x80) continue;
    const bool torn = byte >= 0xC0 && text::utf8_sequence(bytes.substr(bytes.size() - back)) == 0;
    return torn ? bytes.substr(0, bytes.size() - back) : bytes;
  }
  return bytes;
}

// The bytes themselves, as far as they were recorded, as C writes them.
std::string data_words(std::string_view data, bool cut, const Manner& manner) {
  cut = cut || data.size() > manner.message_limit;
  if (cut) data = without_torn_end(data.substr(0, manner.message_limit));
  if (data.empty()) return {};
  std::string quoted;
  for (const char byte : data) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  return fmt::format(FMT_COMPILE(" \"{}\"{}"), text::printable(quoted), cut ? "…" : "");
}

// "ls 4102", "64 B of ls 4102 and 56 B of cat 4103".
std::string sender_words(const std::vector<Part>& parts, const World& world, const Manner& manner) {
  std::vector<Part> shares;  // by task
  for (const Part& part : parts) {
    const auto known = std::find_if(shares.begin(), shares.end(), [&](const Part& one) { return one.tid == part.tid; });
    if (known != shares.end()) {
      known->bytes = text::sum(known->bytes, part.bytes);
    } else {
      shares.push_back(part);
    }
  }
  if (shares.size() == 1) return named(shares.front().tid, world, manner);
  std::vector<std::string> words;
  for (const Part& share : shares) {
    if (words.size() == most_named) {
      words.push_back(fmt::format("{} more", shares.size() - most_named));
      break;
    }
    words.push_back(fmt::format("{} from {}", text::size(share.bytes), named(share.tid, world, manner)));
  }
  return listed(words);
}

// " 3 B \"two\", type 2"; what goes through an eventfd or timerfd is a number (eventfd(2), timerfd_create(2)).
template <class Message>
std::string content_words(const Message& fact, const Manner& manner) {
  constexpr bool sends = std::is_same_v<Message, Sent>;
  const ObjectKind kind = fact.obj.kind;
  std::uint64_t number = 0;
  if (fact.data.size() == sizeof number && (kind == ObjectKind::eventfd || kind == ObjectKind::timerfd)) {
    std::memcpy(&number, fact.data.data(), sizeof number);
    if (kind == ObjectKind::timerfd) return ": " + text::counted(number, "expiration");
    return fmt::format("{}{}", sends ? " +" : ": value ", number);
  }
  std::string out = " " + text::size(fact.bytes);
  bool shows_bytes = !is_event(fact.obj);
  if constexpr (!sends) {
    if (fact.peeked) out += ", which stay there";
    shows_bytes = shows_bytes && fact.from.empty();  // otherwise their sender has shown them
  }
  if (shows_bytes) out += data_words(fact.data, fact.cut, manner);
  if (fact.type) out += fmt::format(", type {}", *fact.type);
  if (fact.priority) out += fmt::format(", priority {}", *fact.priority);
  return out;
}

// ", waited 2.1 ms as it was full, until sort 4103 read": where somebody read meanwhile. Otherwise it may have been
// slow.
std::string send_wait(const Sent& fact, const Event& event, const World& world, const Manner& manner) {
  const bool fills = is_pipe(fact.obj) || is_queue(fact.obj);
  const auto waker = waker_of(event, world, manner);
  std::string out = waited(event, manner, fills && waker ? " as it was full" : "");
  if (waker && !out.empty()) out += fmt::format(", until {} {}", *waker, is_queue(fact.obj) ? "took one" : "read");
  return out;
}

std::int64_t bytes_of(const std::vector<Part>& parts) {
  std::int64_t sum = 0;
  for (const Part& part : parts) sum = text::sum(sum, part.bytes);
  return sum;
}

// What a call waits for, by its name: which of the others may end it.
enum class Side { readers, writers, peer, unknown };

bool is_one_of(std::string_view call, std::initializer_list<std::string_view> calls) {
  return std::find(calls.begin(), calls.end(), call) != calls.end();
}

Side side_of(std::string_view call, ObjectId obj) {
  const bool reads = is_one_of(call, {"read", "readv", "preadv2"}) || call.starts_with("recv");
  const bool writes = is_one_of(call, {"write", "writev", "pwritev2", "vmsplice"}) || call.starts_with("send");
  if (!reads && !(writes && call != "sendfile")) return Side::unknown;
  if (!is_pipe(obj)) return Side::peer;
  return reads ? Side::writers : Side::readers;
}

std::string wait_words(std::string_view call, ObjectId obj, const std::string& name) {
  if (call.starts_with("accept")) return "waits for a connection to " + name;
  if (call.starts_with("open")) return "waits for the other side of " + name;
  if (call == "connect") return "waits at " + name;
  if (call == "msgsnd" || call == "mq_timedsend") return fmt::format("waits: {} is full", name);
  if (call == "msgrcv" || call == "mq_timedreceive") return "waits for a message of " + name;
  if (call == "flock" || call == "fcntl") return "waits for a lock on " + name;
  if (class_of(obj.kind) == "sem" || is_event(obj) || waits_for_any(call)) return "waits for " + name;
  switch (side_of(call, obj)) {
    case Side::writers: return "waits for data or EOF on " + name;
    case Side::readers: return fmt::format("waits: {} is full", name);
    case Side::peer:
      return (call.starts_with("recv") || call.starts_with("read") ? "waits for data on " : "waits at ") + name;
    default: return "waits at " + name;
  }
}

// " (writers: ls 4102, itself by fd 4)".
std::string others_words(const Blocked& fact, Side side, const Event& event, const World& world, const Manner& manner) {
  const End end = side == Side::writers ? End::write : side == Side::readers ? End::read : End::both;
  const std::string_view role = side == Side::writers ? "writers" : side == Side::readers ? "readers" : "peer";
  std::optional<ObjectId> other = fact.obj;
  if (side == Side::peer) {
    const Object* object = world.find(*fact.obj);
    other = object != nullptr ? object->peer : std::nullopt;
  }
  if (side == Side::unknown || !other) return {};
  const std::vector<ProcessIndex> holders = world.holders(*other, end);
  std::vector<std::string> words;
  for (const ProcessIndex holder : holders) {
    if (words.size() == most_named) {
      words.push_back(fmt::format("{} more", holders.size() - most_named));
      break;
    }
    const Process& process = world[holder];
    const Task* task = process.pid == event.pid ? world.find(event.tid) : nullptr;
    const auto fd = task != nullptr ? world.number_of(*task, *other, end) : std::nullopt;
    words.push_back(fd ? fmt::format("itself by fd {}", *fd) : named(process.pid, world, manner));
  }
  return words.empty() ? "" : fmt::format(" ({}: {})", role, fmt::join(words, ", "));
}

// " held by sh 4102 or sh 4103": of what has an owner.
std::string owner_words(const Blocked& fact, const World& world, const Manner& manner) {
  const bool is_lock = fact.syscall == "flock" || fact.syscall == "fcntl";
  if (fact.waits_for.empty() || (!is_lock && fact.obj->kind != ObjectKind::futex)) return {};
  std::vector<std::string> words;
  for (const Tid tid : fact.waits_for) {
    if (words.size() == most_named) {
      words.push_back(fmt::format("{} more", fact.waits_for.size() - most_named));
      break;
    }
    words.push_back(named(tid, world, manner));
  }
  return " held by " + listed(words, " or ");
}

std::pair<std::string_view, std::string_view> words_for(Way way) {
  switch (way) {
    case Way::write: return {"write", "to"};
    case Way::read: return {"read", "of"};
    case Way::peek: return {"peek", "at"};
    case Way::change: return {"change", "of"};
    case Way::lock: return {"lock", "of"};
    case Way::unlock: return {"unlock", "of"};
    case Way::wait: return {"wait", "at"};
    case Way::wake: return {"wake", "of"};
    case Way::wait_for_any: return {"wait", "by"};
  }
  return {};
}

bool is_message(Way way) { return way == Way::write || way == Way::read || way == Way::peek; }

std::string peer_words(const std::optional<ObjectId>& peer, const World& world, const Manner& manner) {
  return peer ? fmt::format(" ({})", manner.naming.object(*peer, world)) : "";
}

std::string address_words(const Bytes& address) { return address.empty() ? "?" : text::printable(address); }

// ", with fd 4 (pipe#1 write end)": what a message takes along.
std::string along_words(const Sent& fact, const Event& event, const World& world, const Manner& manner) {
  if (fact.fds.empty()) return {};
  const Task* task = world.find(event.tid);
  std::vector<std::string> words;
  for (const int fd : fact.fds) {
    if (words.size() == most_named) {
      words.push_back(fmt::format("{} more", fact.fds.size() - most_named));
      break;
    }
    const auto* held = task != nullptr ? world.descriptor(*task, fd) : nullptr;
    words.push_back(held == nullptr ? fmt::format("fd {}", fd)
                                    : fmt::format("fd {} ({}{})", fd, manner.naming.object(held->obj, world),
                                                  end_words(held->end)));
  }
  return ", with " + listed(words);
}

}  // namespace

Sentence words_of(const FdOpened& fact, const Event& event, const World& world, const Manner& manner) {
  const std::string name = manner.naming.object(fact.obj, world);
  const Object* object = world.find(fact.obj);
  const Task* task = world.find(event.tid);
  switch (fact.how) {
    case OpenedHow::pipe: {
      if (fact.end != End::write || task == nullptr) return {};  // the other end says it
      const auto read = world.number_of(*task, fact.obj, End::read);
      if (!read) return {fmt::format("{} made: write fd {}", name, fact.fd)};
      return {fmt::format("{} made: read fd {}, write fd {}", name, *read, fact.fd)};
    }
    case OpenedHow::socketpair: {
      if (object == nullptr || !object->peer || task == nullptr) return {};  // the second says it
      const auto other = world.number_of(*task, *object->peer, End::both);
      if (!other) return {};
      return {fmt::format("{} and {} made: a pair, fd {} and fd {}", manner.naming.object(*object->peer, world), name,
                          *other, fact.fd)};
    }
    case OpenedHow::socket: return {fmt::format("{} made: fd {}", name, fact.fd), Tone::quiet};
    case OpenedHow::accept: return {};  // its connection says it
    case OpenedHow::open: {
      if (is_told_when_opened(fact.obj.kind)) return {};
      const std::string_view purpose = fact.obj.kind == ObjectKind::file ? ""  // nobody has looked
                                       : fact.end == End::read           ? " for reading"
                                       : fact.end == End::write          ? " for writing"
                                                                         : " for both";
      const std::string_view other_side = fact.end == End::read ? " for a writer" : " for a reader";
      const bool meeting = fact.obj.kind == ObjectKind::fifo;
      return {fmt::format("open {}{}: fd {}{}", with_path(fact.obj, world, manner), purpose, fact.fd,
                          waited(event, manner, meeting ? other_side : ""))};
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
    const bool heard =
        object != nullptr && object->peer && !object->datagrams && !world.holders(*object->peer, End::both).empty();
    const std::string_view what = fact.obj.kind == ObjectKind::pty ? "has nobody at its other side" : "gets EOF";
    if (heard) out = fmt::format("{} gone: {} {}", name, manner.naming.object(*object->peer, world), what);
  }
  if (fact.left > 0 && !is_event(fact.obj) && !is_queue(fact.obj)) {
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
    case ClosedHow::replaced: out = fmt::format("fd {} replaced", fact.fd); break;
    case ClosedHow::exec: out = fmt::format("exec closes fd {} (close-on-exec)", fact.fd); break;
    default: out = fmt::format("close fd {}", fact.fd); break;
  }
  out += ": " + (last.empty() ? manner.naming.object(fact.obj, world) + std::string{end_words(fact.end)} : last);
  return {std::move(out), last.empty() ? Tone::quiet : Tone::plain, last.empty()};
}

Sentence words_of(const Sent& fact, const Event& event, const World& world, const Manner& manner) {
  std::string out = fmt::format(FMT_COMPILE("{} {}"), verb_of(fact.syscall), manner.naming.object(fact.obj, world));
  if (!fact.addr.empty() && !manner.naming.stable()) {
    out += " → ";
    out += address_words(fact.addr);
  }
  if (event.unfinished) return {out + " never returned", Tone::quiet};
  if (fact.err) {
    out += failure(fact.err);
    if (fact.broken_by && !manner.naming.stable())
      out += fmt::format(": {} {}", named(*fact.broken_by, world, manner),
                         is_pipe(fact.obj) ? "was the last reader" : "reads no more");
    const bool again = would_block(fact.err);
    return {std::move(out), again ? Tone::quiet : Tone::notable, again};
  }
  out += content_words(fact, manner);
  out += along_words(fact, event, world, manner);
  return {out + send_wait(fact, event, world, manner)};
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
      out += fmt::format(": {} {}", named(*fact.eof_by, world, manner),
                         is_pipe(fact.obj) ? "was the last writer" : "sends no more");
    return {out + (fact.eof_by ? waited(event, manner) : waited_words(event, world, manner))};
  }
  out += content_words(fact, manner);
  if (fact.from.empty()) return {out + waited_words(event, world, manner)};
  const bool one = std::all_of(fact.from.begin(), fact.from.end(),
                               [&](const Part& part) { return part.tid == fact.from.front().tid; });
  out += one ? ", from " : ", ";
  out += sender_words(fact.from, world, manner);
  if (fact.order_unknown) out += ", in unknown order";
  const std::int64_t before = fact.bytes - bytes_of(fact.from);
  if (before > 0) out += fmt::format(" ({} from before)", text::size(before));
  return {out + waited(event, manner)};
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
              waited(event, manner),
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
  return {out + waited(event, manner)};
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
  const bool of_file = fact.obj->kind == ObjectKind::file || fact.obj->kind == ObjectKind::posix_sem;
  const std::string name = of_file ? with_path(*fact.obj, world, manner) : manner.naming.object(*fact.obj, world);
  const bool sem_wait = fact.obj->kind == ObjectKind::posix_sem && fact.syscall == "futex";
  const std::string call = sem_wait ? "sem_wait" : verb_of(fact.syscall);
  // Told before what it has brought about already: whether it waits is not known.
  if (event.dur < real_wait) return {fmt::format("{} {} begins", call, name), Tone::quiet};
  return {
      fmt::format("{} {}{}{}", call, wait_words(call, *fact.obj, name),
                  others_words(fact, side_of(call, *fact.obj), event, world, manner), owner_words(fact, world, manner)),
      Tone::quiet};
}

void add_content(Traffic& traffic, const Event& event, const World& world, const Manner& manner) {
  const auto add = [&](const Bytes& data, bool cut) {
    if (traffic.cut) return;
    const std::size_t room = manner.message_limit - std::min(manner.message_limit, traffic.data.size());
    traffic.data.append(data, 0, room);
    traffic.cut = cut || data.size() > room;
  };
  const auto has_room = [&] { return traffic.from.size() <= most_named; };
  if (const auto* sent = std::get_if<Sent>(&event.fact)) add(sent->data, sent->cut);
  if (const auto* waited = std::get_if<Waited>(&event.fact)) {
    for (const ObjectId ready : waited->ready) {
      if (has_room()) traffic.from.insert(manner.naming.object(ready, world));
    }
  }
  const auto* received = std::get_if<Received>(&event.fact);
  if (received == nullptr) return;
  add(received->data, received->cut);
  for (const Part& part : received->from) {
    if (has_room()) traffic.from.insert(named(part.tid, world, manner));
  }
}

Sentence words_of_more(const Traffic& traffic, const World& world, const Manner& manner) {
  const auto& [noun, preposition] = words_for(traffic.way);
  std::string out =
      fmt::format("… {} more {}{}", text::count(traffic.messages), noun, traffic.messages == 1 ? "" : "s");
  const bool any = traffic.way == Way::wait_for_any;
  if (!any || !traffic.call.empty())
    out +=
        fmt::format(" {} {}", preposition, any ? waiting_call(traffic.call) : manner.naming.object(traffic.obj, world));
  if (is_message(traffic.way)) {
    out += traffic.each ? fmt::format(", {} each", text::size(*traffic.each))
                        : fmt::format(", {} in all", text::size(traffic.bytes));
  }
  if (traffic.longest >= real_wait) {
    out += any || traffic.way == Way::wait ? ", up to " : ", waited up to ";
    out += text::duration(traffic.longest);
  }
  return {std::move(out), Tone::quiet};
}

Sentence words_of_all(const Traffic& traffic, const World& world, const Manner& manner) {
  const std::vector<std::string> from{traffic.from.begin(), traffic.from.end()};
  const bool several = from.size() > most_named;
  if (traffic.way == Way::wait_for_any) {
    const std::string call = traffic.call.empty() ? "waits" : waiting_call(traffic.call);
    return {fmt::format("{}: {}", call,
                        from.empty() ? "timed out"
                        : several    ? "several ready"
                                     : listed(from) + " ready")};
  }
  const auto& [verb, preposition] = words_for(traffic.way);
  const std::string name = manner.naming.object(traffic.obj, world);
  // How many events one read of these takes is chance.
  std::string out = is_event(traffic.obj)
                        ? fmt::format("{} {}", verb, name)
                        : fmt::format("{} {} {} {}", verb, text::size(traffic.bytes), preposition, name);
  if (from.empty()) return {is_event(traffic.obj) ? out : out + data_words(traffic.data, traffic.cut, manner)};
  if (several) return {out + ", from several"};
  return {fmt::format("{}, from {}", out, listed(from))};
}

}  // namespace kintrace::views
