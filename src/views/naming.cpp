// SPDX-License-Identifier: MIT
#include "views/naming.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "text/escape.hpp"

namespace kintrace::views {

std::string Naming::process(const Process& process, const World& /*world*/) const {
  return name(process.pid, process.descent);
}

std::string Naming::creator(const Process& process) const {
  return name(process.creator_pid, process.descent.creator());
}

std::string Naming::name(Tgid pid, const Descent& descent) const {
  if (!stable_) return std::to_string(pid.value);
  std::string out;
  for (const auto& [ordinal, times] : descent.steps()) {
    for (std::uint32_t i = 0; i < times; ++i) fmt::format_to(std::back_inserter(out), ".{}", ordinal);
  }
  if (!out.empty()) out[0] = 'p';
  return out;
}

std::string Naming::task(const Task& task, const World& world) const { return this->task(world.who(task)); }

std::string Naming::task(const Who& who) const {
  const std::string group = name(who.pid, who.descent);
  if (stable_) return who.ordinal == 1 ? group : fmt::format("{}/t{}", group, who.ordinal);
  return who.tid == leader_of(who.pid) ? group : fmt::format(FMT_COMPILE("{}/{}"), group, who.tid.value);
}

std::string Naming::process(Tgid pid, const World& world) const {
  if (const Process* process = world.find(pid)) return this->process(*process, world);
  return stable_ ? "an outsider" : std::to_string(pid.value);
}

std::string Naming::thread(const Task& task) const {
  return stable_ ? fmt::format("t{}", task.ordinal) : std::to_string(task.tid.value);
}

std::string Naming::named(Tgid pid, const World& world) const {
  const Process* process = world.find(pid);
  if (process == nullptr || stable_ || process->comm.empty()) return this->process(pid, world);
  return fmt::format(FMT_COMPILE("{} {}"), pid.value, text::printable(process->comm));
}

std::string Naming::adopter(Tgid pid, const World& world) const {
  if (stable_) return process(pid, world);
  if (pid == Tgid{1}) return "init";
  const Process* process = world.find(pid);
  if (process == nullptr) return std::to_string(pid.value);
  return (process->ns_pid == Tgid{1} ? "init " : "subreaper ") + named(pid, world);  // of a pid namespace
}

std::string Naming::object(ObjectId id, const World& world) const {
  const Object* object = stable_ ? world.find(id) : nullptr;
  if (object == nullptr) return name_of(id);
  std::string found_at = place(*object, world);
  if (!found_at.empty() && object->in) return found_at;
  if (!found_at.empty())
    return fmt::format("{} {}", Names<ObjectKind>::value.at(static_cast<std::size_t>(id.kind)), found_at);
  // What the program finds depends on who starts it: that must not change the names of what it makes.
  return fmt::format("{}.{}{}", name({}, object->maker), object->inherited ? "outer." : "",
                     name_of({id.kind, object->ordinal}));
}

// Where several may find it, as who does so first may be chance. Empty: nowhere. What the run has made itself it may
// have given a name of chance, as one with a pid in it.
std::string Naming::place(const Object& object, const World& world) const {
  const bool made = !object.inherited && object.id.kind != ObjectKind::fifo && object.id.kind != ObjectKind::file;
  if (is_found_by_path(object.id.kind) && !made) return object.path.empty() ? "" : text::shell_word(path_of(object));
  if (object.key.value_or(0) != 0) return fmt::format("0x{:x}", static_cast<std::uint32_t>(*object.key));
  const bool shared = object.in && object.offset && object.in->kind != ObjectKind::futex;
  return shared ? fmt::format("{}+{}", this->object(*object.in, world), *object.offset) : "";
}

bool is_found_by_path(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::fifo:
    case ObjectKind::file:
    case ObjectKind::posix_shm:
    case ObjectKind::posix_sem:
    case ObjectKind::posix_mq: return true;
    default: return false;
  }
}

Bytes path_of(const Object& object) {
  static constexpr std::string_view semaphores = "/dev/shm/sem.", deleted = " (deleted)";
  const Bytes& path = object.path;
  if (object.id.kind == ObjectKind::posix_sem && path.starts_with(semaphores))
    return "/" + path.substr(semaphores.size());
  if (object.id.kind == ObjectKind::memfd && path.starts_with('/') && path.ends_with(deleted))
    return path.substr(1, path.size() - 1 - deleted.size());
  return path;
}

}  // namespace kintrace::views
