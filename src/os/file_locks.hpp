// SPDX-License-Identifier: MIT
// The file locks of all processes, and who waits for one, as /proc/locks has them (proc(5); fs/locks.c). Not there:
// leases, which are passed over; locks that a process outside of our pid namespace has taken; and those that a server
// keeps for itself (NFS, FUSE). It is read in parts: a lock that comes or goes meanwhile may be there, or not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"

namespace kintrace::os {

struct FileLock {
  LockKind kind = LockKind::posix;
  LockMode mode = LockMode::read;
  // Who took it: with flock(2) it may have handed its descriptor on since, and have ended. Nothing: that of an open
  // file description (F_OFD_SETLK), which tells no pid, or of a process elsewhere.
  std::optional<Tgid> holder;
  // As makedev(3). It is the super block's, which on btrfs and overlayfs is not what stat(2) says.
  std::uint64_t dev = 0;
  std::uint64_t inode = 0;
  std::int64_t first = 0;            // byte
  std::optional<std::int64_t> last;  // byte; nothing: to the end of the file, however it grows
  bool waits = false;                // it is not held: its `holder` waits for it
  friend bool operator==(const FileLock&, const FileLock&) = default;
};

// Empty, too, if it cannot be read.
std::vector<FileLock> file_locks(const std::string& path = "/proc/locks");

// Whether it tells of a lock whose holder has ended and been reaped: not in a pid namespace below the first.
bool tells_of_the_dead();

// A lock that is held and keeps `self` from having this one: for the same file, of flock(2) as that is, or both of
// fcntl(2); in its range; and one of the two for writing. Files are told apart by their inodes, and by their devices
// where neither is one without a block device, as only those differ from stat(2)'s. Of several, one whose holder is
// known.
//
// What `self` holds itself is in the way only of a lock of the other kind of fcntl(2)'s. That a flock(2) of its own is
// in the way, by another open file description, cannot be told from /proc/locks.
std::optional<FileLock> standing_in_the_way(std::span<const FileLock> locks, const FileLock& wanted, Tgid self);

}  // namespace kintrace::os
