// SPDX-License-Identifier: MIT
// The engine's part that knows by which names objects are found in file systems, and, when the run is over, which of
// those that it has made are still there.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <utility>

#include "os/descriptor.hpp"
#include "os/sysv.hpp"
#include "sources/engine.hpp"

namespace kintrace::sources {
namespace {

constexpr std::string_view shm_directory = "/dev/shm/";
constexpr std::string_view queue_directory = "/dev/mqueue/";
constexpr std::string_view temporary_semaphore = "/dev/shm/sem.";

std::size_t path_argument(const syscalls::Row& row) { return row.args[0].kind == syscalls::Arg::in_string ? 0 : 1; }

// What a path of ours leads to, no link followed.
std::optional<Identity> file_there(const Bytes& path) {
  struct stat found {};
  if (path.empty() || ::lstat(path.c_str(), &found) != 0) return {};
  return Identity{found.st_dev, found.st_ino};
}

Identity identity_of(const os::OpenFile& file) { return {file.dev, file.inode}; }

// glibc's mq_open(3) and mq_unlink(3) take the slash away.
Bytes queue_name(const Bytes& name) { return "/" + name; }

}  // namespace

// From the root, for whoever stands elsewhere. As the task sees it: with a root of its own it is none of ours.
Bytes Engine::whole_path(const Tracee& task, int directory, const Bytes& path) const {
  if (path.empty() || path[0] == '/') return path;
  const auto base = directory == AT_FDCWD ? proc_.cwd(task.tid) : proc_.fd(task.tid, directory);
  if (!base || base->empty() || (*base)[0] != '/') return {};
  return *base == "/" ? *base + path : fmt::format("{}/{}", *base, path);
}

// Whether the end of a call that names a file matters, and what it names.
bool Engine::find_named(const Tracee& task, syscalls::Call& call) {
  if (call.row->nr == SYS_mq_unlink) {
    if (const Object* queue = objects_.at_path(ObjectKind::posix_mq, queue_name(call.text(0))))
      call.objects[0] = queue->id;
    return static_cast<bool>(call.objects[0]);
  }
  if (names_.empty()) return false;
  const std::size_t at = path_argument(*call.row);
  const int directory = at == 1 ? call.integer(0) : AT_FDCWD;
  const auto file = os::file_at(task.tid, directory, call.text(at));
  const auto name = file ? names_.find(identity_of(*file)) : names_.end();
  if (name == names_.end()) return false;
  call.objects.at(at) = name->second;
  return true;
}

// open(2) of what may be shared memory: whether it makes it is known only before.
bool Engine::find_shared_file(const Tracee& task, syscalls::Call& call, const Bytes& path) {
  if (!path.starts_with(shm_directory) || !concerns_us(ObjectKind::posix_shm)) return false;
  const auto flags = call.args.at(call.row->args[0].kind == syscalls::Arg::in_string ? 1 : 2);
  call.fresh = (flags & O_CREAT) != 0 && !os::file_at(task.tid, AT_FDCWD, path);
  return true;
}

void Engine::opened_shared(const syscalls::Call& call, int fd) {
  const Tracee& task = *tracees_.find(call.tid);
  const auto file = os::open_file(task.tid, fd);
  if (!file || file->type != os::FileType::other) return;
  const Bytes path = os::path(task.tid, fd);
  if (!path.starts_with(shm_directory)) return;
  Object& object = meet_file(task, identity_of(*file), kind_at(path), path, call.fresh ? Made::yes : Made::no);
  names_[object.identity] = object.id;
  // sem_open(3) gives its name to what it made only when it is ready.
  const bool unready = call.fresh && object.id.kind == ObjectKind::posix_sem;
  if (unready) return;
  if (call.fresh) made_.push_back({object.id, path, object.identity, task.group->pid});
  Opened fact;
  fact.obj = object.id;
  fact.made = call.fresh;
  fact.fd = fd;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

// Before it is done, as with keys.
void Engine::look_for_queue(syscalls::Call& call) {
  const auto flags = call.args[1];
  call.fresh = (flags & O_CREAT) != 0 && ((flags & O_EXCL) != 0 || !os::queue_exists(queue_name(call.text(0))));
}

void Engine::made(const syscalls::Call& call, int fd, std::optional<std::int64_t> size) {
  Tracee& task = *tracees_.find(call.tid);
  const auto file = os::open_file(task.tid, fd);
  if (!file) return;
  ObjectId id;
  bool fresh = true;
  if (call.row->nr == SYS_memfd_create) {
    id = meet_file(task, identity_of(*file), ObjectKind::memfd, os::path(task.tid, fd), Made::yes).id;
  } else {
    fresh = call.row->nr != SYS_mq_open || call.fresh;
    const Bytes path = call.row->nr == SYS_mq_open ? queue_name(call.text(0)) : Bytes{};
    id = look_up(task, fd, OpenedHow::open, &call, path);
    Object* object = id ? objects_.find(id) : nullptr;
    if (object == nullptr) return;
    if (!path.empty() && fresh) made_.push_back({id, path, object->identity, task.group->pid});
  }
  Opened fact;
  fact.obj = id;
  fact.made = fresh;
  if (fresh) fact.size = size;
  fact.fd = fd;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

void Engine::linked(const syscalls::Call& call, const Bytes& /*from*/, const Bytes& to) {
  const Tracee& task = *tracees_.find(call.tid);
  const auto found = std::find_if(call.objects.begin(), call.objects.end(), [](ObjectId id) { return bool{id}; });
  Object* object = found != call.objects.end() ? objects_.find(*found) : nullptr;
  if (object == nullptr || object->id.kind != ObjectKind::posix_sem || !to.starts_with(temporary_semaphore)) return;
  object->path = to;
  made_.push_back({object->id, to, object->identity, task.group->pid});
  ObjectMet met;
  met.obj = object->id;
  met.kind = object->id.kind;
  met.inode = std::to_string(object->identity.inode);
  met.path = to;
  emit_now(task, std::move(met));
  Opened fact;
  fact.obj = object->id;
  fact.made = true;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

void Engine::unlinked(const syscalls::Call& call) {
  const auto at = static_cast<std::size_t>(
      std::find_if(call.objects.begin(), call.objects.end(), [](ObjectId id) { return bool{id}; }) -
      call.objects.begin());
  if (at == call.objects.size()) return;
  Object* object = objects_.find(call.objects.at(at));
  if (object == nullptr) return;
  const Tracee& task = *tracees_.find(call.tid);
  const bool is_path = call.row->nr != SYS_mq_unlink;
  const Bytes path = is_path ? whole_path(task, at == 1 ? call.integer(0) : AT_FDCWD, call.text(at)) : object->path;
  // The name of chance that sem_open(3) gave it first.
  if (object->id.kind == ObjectKind::posix_sem && path != object->path) return;
  ObjectRemoved fact;
  fact.obj = object->id;
  fact.syscall = call.row->name;
  if (call.failed()) {
    fact.err = call.error();
  } else {
    object->removed = true;  // its name is: whoever has it open keeps it
    names_.erase(object->identity);
    if (!is_path) objects_.remove(*object);
  }
  tell(call, std::move(fact));
}

void Engine::fifo_made(const syscalls::Call& call, std::size_t path) {
  const Tracee& task = *tracees_.find(call.tid);
  const int directory = path == 1 ? call.integer(0) : AT_FDCWD;
  const auto file = os::file_at(task.tid, directory, call.text(path));
  if (!file || file->type != os::FileType::fifo || !concerns_us(ObjectKind::fifo)) return;
  Object& object = met(task, ObjectKind::fifo, identity_of(*file), OpenedHow::open, call.text(path));
  names_[object.identity] = object.id;
  made_.push_back({object.id, whole_path(task, directory, call.text(path)), object.identity, task.group->pid});
  Opened fact;
  fact.obj = object.id;
  fact.made = true;
  fact.syscall = call.row->name;
  tell(call, std::move(fact));
}

// bind(2) makes a file of its address.
void Engine::socket_named(const Tracee& task, const Object& object, const Bytes& words) {
  constexpr std::string_view unix_path = "unix ";
  if (!words.starts_with(unix_path) || words.starts_with("unix @")) return;
  const Bytes path = whole_path(task, AT_FDCWD, words.substr(unix_path.size()));
  const auto file = file_there(path);
  if (!file) return;
  names_[*file] = object.id;
  made_.push_back({object.id, path, *file, task.group->pid});
}

// What the run has made, and is still there now that it is over.
void Engine::tell_left_behind() {
  for (const MadeHere& made : made_) {
    const Object* object = objects_.find(made.obj);
    LeftBehind fact;
    fact.obj = made.obj;
    fact.path = made.path;
    if (made.path.empty()) {
      const auto family = made.obj.kind == ObjectKind::sysv_sem   ? os::SysV::sem
                          : made.obj.kind == ObjectKind::sysv_shm ? os::SysV::shm
                                                                  : os::SysV::msg;
      const auto status = object != nullptr && !object->removed ? os::sysv_status(family, object->ipcid) : std::nullopt;
      if (!status || status->removed) continue;
      if (family == os::SysV::msg) fact.inside = status->size;
    } else if (made.obj.kind == ObjectKind::posix_mq) {
      if (!os::queue_exists(made.path) || (object != nullptr && object->removed)) continue;
      Bytes path = Bytes{queue_directory} + made.path.substr(1);
      if (file_there(path)) fact.path = std::move(path);  // where that is mounted
    } else if (file_there(made.path) != made.file) {
      continue;
    }
    emit(next_seq(), now_, now_, made.by, leader_of(made.by), std::move(fact));
  }
  made_.clear();
}

}  // namespace kintrace::sources
