// SPDX-License-Identifier: MIT
#include "views/phrases.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cerrno>

#include "text/units.hpp"

namespace kintrace::views {

std::string named(Tid tid, const World& world, const Manner& manner) {
  const Task* task = world.find(tid);
  if (task == nullptr) return manner.naming.stable() ? "an outsider" : std::to_string(tid.value);
  std::string name = manner.naming.task(*task, world);
  if (manner.naming.stable() || task->comm.empty()) return name;
  return fmt::format(FMT_COMPILE("{} {}"), text::printable(task->comm), name);
}

std::string named(Tgid pid, const World& world, const Manner& manner) { return named(leader_of(pid), world, manner); }

std::string listed(const std::vector<std::string>& words, std::string_view before_last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? before_last : ", ";
    out += words[i];
  }
  return out;
}

std::string listed(const std::vector<ObjectId>& objects, std::string_view before_last, const World& world,
                   const Manner& manner) {
  std::vector<std::string> words;
  for (const ObjectId obj : objects) {
    if (words.size() == most_named) {
      words.push_back(fmt::format("{} more", objects.size() - most_named));
      break;
    }
    words.push_back(manner.naming.object(obj, world));
  }
  return listed(words, before_last);
}

std::string with_path(ObjectId obj, const World& world, const Manner& manner) {
  std::string name = manner.naming.object(obj, world);
  const Object* object = world.find(obj);
  // There it is part of the name, or chance.
  if (manner.naming.stable() || object == nullptr || object->path.empty()) return name;
  name += ' ';
  return name += text::shell_word(path_of(*object), manner.limits.word);
}

std::string verb_of(const std::string& call) { return call.empty() ? "?" : text::printable(call); }

std::string failure(const std::optional<Errno>& err) { return err ? " failed: " + error_words(*err) : ""; }

bool would_block(const std::optional<Errno>& err) { return err && (err->value == EAGAIN || err->value == EINTR); }

std::string waited(const Event& event, const Manner& manner, std::string_view for_what) {
  if (manner.naming.stable() || event.dur < real_wait) return {};
  return fmt::format(", waited {}{}", text::duration(event.dur), for_what);
}

std::optional<std::string> waker_of(const Event& event, const World& world, const Manner& manner) {
  if (manner.naming.stable() || !event.waker) return {};
  return event.waker == event.tid ? "itself" : named(event.waker, world, manner);
}

std::string waited_words(const Event& event, const World& world, const Manner& manner, std::string_view for_what) {
  std::string out = waited(event, manner, for_what);
  if (const auto waker = waker_of(event, world, manner)) out += ", let go on by " + *waker;
  return out;
}

std::string chosen(Nanoseconds length) {
  std::string words = text::duration(length);
  if (const auto zero = words.find(".0 "); zero != std::string::npos) words.erase(zero, 2);
  return words;
}

}  // namespace kintrace::views
