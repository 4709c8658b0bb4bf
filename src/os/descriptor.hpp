// SPDX-License-Identifier: MIT
// What the descriptors of a stopped tracee refer to, as proc(5) and pidfd_getfd(2) tell. Nothing is opened to find out:
// to open a FIFO or pipe would add a reader or writer. Nor is any file system asked that is served by a process, as
// that may be the tracee itself. What a socket is connected to: socket.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kintrace/error.hpp"
#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"
#include "os/fd.hpp"

namespace kintrace::os {

// `other_terminal`: a console or serial line. `mqueue`: mq_open(3), of our own IPC namespace. `other` is also what no
// bytes pass through: a descriptor with O_PATH.
enum class FileType {
  pipe,
  fifo,
  socket,
  pty_master,
  pty_slave,
  other_terminal,
  eventfd,
  signalfd,
  timerfd,
  pidfd,
  epoll,
  mqueue,
  other
};

struct OpenFile {
  FileType type = FileType::other;
  End end = End::both;      // by its access mode; not looked at for `other`
  std::uint64_t dev = 0;    // of the file system
  std::uint64_t inode = 0;  // of a pty's master: that of /dev/ptmx, which all masters have; of an eventfd, signalfd,
                            // timerfd, epoll, and before Linux 6.9 a pidfd: one that all of them have
  // Of a device; of a pty's master its slave's, so that the two are known to be one. Of an eventfd its number, which
  // another gets when it has gone (eventfd-id of /proc/TID/fdinfo/FD; 0 before Linux 5.2). Of a pidfd its process, or
  // thread, as we see it; 0 if that has been reaped, or we see none.
  std::uint64_t rdev = 0;
  friend bool operator==(const OpenFile&, const OpenFile&) = default;
};

// Nothing: the descriptor is closed, the task is gone, or we may not ask.
std::optional<OpenFile> open_file(Tid tid, int fd);
// What a path leads to that a tracee is about to open, `directory` being openat(2)'s: only as the kernel has it in its
// cache of names, as a look further may wait for a tracee that serves a file system. EAGAIN: it is not there. The path
// may lead elsewhere by the time it is opened.
Result<OpenFile> file_at(Tid tid, int directory, const std::string& path);
// Where it was opened, without the " (deleted)" of a file that has been removed. Empty if that cannot be read.
Bytes path(Tid tid, int fd);
// Of a file: bytes.
std::optional<std::int64_t> size_of(Tid tid, int fd);
// Its open descriptors, in order. Threads that share its table may change it meanwhile.
std::vector<int> open_fds(Tid tid);

// A descriptor of ours for the same pipe, FIFO or socket; none for any other file, as a close of ours may block there
// (FUSE's FLUSH). While it is open, that end does not go: it must be closed before its task is resumed.
Fd borrow(Tid tid, int fd);
// The bytes in a pipe, FIFO or stream that are still to be read from it; of a datagram socket, those of the next
// message. An end is borrowed for it, so that a reader or writer elsewhere may hear of its last close a moment later:
// for reports, not for every call.
std::optional<std::int64_t> bytes_inside(Tid tid, int fd);

}  // namespace kintrace::os
