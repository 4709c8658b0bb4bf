// SPDX-License-Identifier: MIT
#include "os/sysv.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "os/fd.hpp"

namespace kintrace::os {
namespace {

// semctl(2): the caller is to define it.
union SemArgument {
  int value;
  semid_ds* status;
  unsigned short* values;
  seminfo* info;
};

std::optional<Tgid> process(std::int64_t pid) {
  return pid > 0 ? std::optional{Tgid{static_cast<std::int32_t>(pid)}} : std::nullopt;
}

std::optional<SysVStatus> asked_sem(int id) {
  semid_ds found{};
  if (::semctl(id, 0, IPC_STAT, SemArgument{.status = &found}) < 0) return {};
  SysVStatus status;
  status.key = found.sem_perm.__key;
  status.size = static_cast<std::int64_t>(found.sem_nsems);
  return status;
}

std::optional<SysVStatus> asked_shm(int id) {
  shmid_ds found{};
  if (::shmctl(id, IPC_STAT, &found) < 0) return {};
  SysVStatus status;
  status.key = found.shm_perm.__key;
  status.size = static_cast<std::int64_t>(found.shm_segsz);
  status.creator = process(found.shm_cpid);
  status.attached = static_cast<std::int64_t>(found.shm_nattch);
  status.removed = (found.shm_perm.mode & SHM_DEST) != 0;
  return status;
}

std::optional<SysVStatus> asked_msg(int id) {
  msqid_ds found{};
  if (::msgctl(id, IPC_STAT, &found) < 0) return {};
  SysVStatus status;
  status.key = found.msg_perm.__key;
  status.size = static_cast<std::int64_t>(found.msg_qnum);
  return status;
}

std::optional<SysVStatus> asked(SysV kind, int id) {
  switch (kind) {
    case SysV::sem: return asked_sem(id);
    case SysV::shm: return asked_shm(id);
    default: return asked_msg(id);
  }
}

// The first columns of a line of /proc/sysvipc: key, id, mode, then by kind. Nothing: it is the line of their names.
using Columns = std::array<std::int64_t, 7>;
constexpr std::size_t column_of_mode = 2, columns_of_all = 5;

std::optional<Columns> columns_of(std::string_view line) {
  Columns columns{};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty() && i >= columns_of_all) break;
    const auto parsed =
        std::from_chars(line.data(), line.data() + line.size(), columns.at(i), i == column_of_mode ? 8 : 10);
    if (parsed.ec != std::errc{}) return {};
    line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()));
  }
  return columns;
}

std::string_view list_of(SysV kind) {
  switch (kind) {
    case SysV::sem: return "/proc/sysvipc/sem";
    case SysV::shm: return "/proc/sysvipc/shm";
    default: return "/proc/sysvipc/msg";
  }
}

SysVStatus status_of(SysV kind, const Columns& columns) {
  SysVStatus status;
  status.key = columns[0];
  status.size = kind == SysV::msg ? columns[4] : columns[3];
  if (kind != SysV::shm) return status;
  status.creator = process(columns[4]);
  status.attached = columns[6];
  status.removed = (columns[column_of_mode] & SHM_DEST) != 0;
  return status;
}

std::optional<SysVStatus> listed(SysV kind, int id) {
  const auto fd = open(std::string{list_of(kind)}, O_RDONLY);
  if (!fd) return {};
  const auto text = read_all(fd->get());
  if (!text) return {};
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto columns = columns_of(line);
    if (columns && (*columns)[1] == id) return status_of(kind, *columns);
  }
  return {};
}

// Of a set that is made from now on (SEMMSL); a semaphore's number has 16 bits in semop(2), so more are of no use.
std::size_t most_semaphores() {
  constexpr int limit = 1 << 16;
  seminfo info{};
  const bool known = ::semctl(0, 0, IPC_INFO, SemArgument{.info = &info}) >= 0;
  return static_cast<std::size_t>(known ? std::clamp(info.semmsl, 0, limit) : limit);
}

}  // namespace

std::optional<SysVStatus> sysv_status(SysV kind, int id) {
  if (auto status = asked(kind, id)) return status;
  return errno == EACCES || errno == EPERM ? listed(kind, id) : std::nullopt;
}

bool sysv_key_exists(SysV kind, std::int32_t key) {
  if (key == IPC_PRIVATE) return false;  // it would make a new one
  const auto found = [&] {
    switch (kind) {
      case SysV::sem: return ::semget(key, 0, 0);
      case SysV::shm: return ::shmget(key, 0, 0);
      default: return ::msgget(key, 0);
    }
  };
  return found() >= 0 || errno == EACCES;
}

std::optional<int> semaphore_value(int id, int index) {
  const int value = ::semctl(id, index, GETVAL);
  return value >= 0 ? std::optional{value} : std::nullopt;
}

std::vector<int> semaphore_values(int id) {
  const auto status = asked_sem(id);
  if (!status) return {};
  // The kernel is not told how much room there is; and the set may be removed meanwhile, and its id given to a larger.
  const auto count = static_cast<std::size_t>(status->size);
  const auto values = std::make_unique_for_overwrite<unsigned short[]>(std::max(count, most_semaphores()));
  if (::semctl(id, 0, GETALL, SemArgument{.values = values.get()}) < 0) return {};
  return {values.get(), values.get() + count};
}

std::uint64_t ipc_namespace(Tid tid) {
  struct stat found {};
  return ::stat(fmt::format("/proc/{}/ns/ipc", tid.value).c_str(), &found) == 0 ? found.st_ino : 0;
}

bool queue_exists(const std::string& name) {
  const mqd_t queue = ::mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (queue == static_cast<mqd_t>(-1)) return errno == EACCES;
  ::mq_close(queue);
  return true;
}

}  // namespace kintrace::os
