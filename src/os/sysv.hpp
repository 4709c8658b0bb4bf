// SPDX-License-Identifier: MIT
// The System V semaphores, segments and queues of OUR IPC namespace, as semctl(2), shmctl(2) and msgctl(2) tell, and
// proc(5) where these refuse. An id or key of a task in another namespace (ipc_namespaces(7)) means nothing here, or
// something else: compare ipc_namespace() first. Nothing is made, changed or removed by asking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/ids.hpp"

namespace kintrace::os {

enum class SysV { sem, shm, msg };

struct SysVStatus {
  std::int64_t key = 0;         // 0: IPC_PRIVATE, or a segment that is removed
  std::int64_t size = 0;        // semaphores; bytes; messages inside
  std::optional<Tgid> creator;  // of a segment; nothing: it is of no process that our pid namespace has
  std::int64_t attached = 0;    // of a segment: how often (shm_nattch)
  bool removed = false;         // of a segment: it goes with its last user (SHM_DEST)
  friend bool operator==(const SysVStatus&, const SysVStatus&) = default;
};

// IPC_STAT. What we may not read is looked for in /proc/sysvipc, where all are listed for everybody. Nothing: there is
// none of that id.
std::optional<SysVStatus> sysv_status(SysV kind, int id);
// Whether one is found by this key, even if we may not use it. Never by IPC_PRIVATE.
bool sysv_key_exists(SysV kind, std::int32_t key);

// GETVAL: one call. Nothing: there is no such semaphore, or we may not read it.
std::optional<int> semaphore_value(int id, int index);
// GETALL: of one moment. Empty: there is no such set, or we may not read it.
std::vector<int> semaphore_values(int id);

// The inode of /proc/TID/ns/ipc. 0: the task is gone, or we may not ask.
std::uint64_t ipc_namespace(Tid tid);

// Whether there is a POSIX message queue of this name, as mq_open(3) has it: with a slash.
bool queue_exists(const std::string& name);

}  // namespace kintrace::os
