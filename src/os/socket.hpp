// SPDX-License-Identifier: MIT
// What a tracee's socket is, is called, is connected to and is set to: pidfd_getfd(2), getsockopt(2), sock_diag(7), and
// what a message brought besides its bytes (cmsg(3)). A descriptor of a tracee's is ours for the moment of the question
// only. Nothing here blocks. Addresses are text with the tracee's own bytes in it: "unix /run/x", "unix @abstract",
// "127.0.0.1:80", "[::1]:80".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"
#include "os/fd.hpp"

namespace kintrace::os {

enum class Direction { receive, send };
// SO_RCVTIMEO or SO_SNDTIMEO. Nothing: there is no limit, it is no socket, or we may not ask.
std::optional<Nanoseconds> socket_timeout(Tgid pid, int fd, Direction direction);

struct SocketInfo {
  int domain = 0, type = 0, protocol = 0;  // as of socket(2)
  Bytes local, peer;                       // empty where it has no name
  bool listening = false;
  bool connected = false;        // also to a socket without a name
  std::optional<Tgid> peer_pid;  // of an AF_UNIX connection: who made the other end, or listened for it
};
// Nothing: it is no socket, or that cannot be known. Where only the socket's file may be asked, and not the socket,
// there is a domain and a type, and the rest is empty.
std::optional<SocketInfo> socket_info(Tid tid, int fd);

// A sockaddr as a program gave it to bind(2) or connect(2), of any length. Empty for an AF_UNIX one without a name, and
// for less than a family. A relative path that begins with @ is told as ./@.
Bytes address_words(std::string_view sockaddr);

// Asks the kernel about sockets by their inodes, one at a time, in the network namespace that we were in at the first
// question. Sockets of other namespaces are not found.
class SocketDiag {
 public:
  // The inode of the socket that an AF_UNIX socket is connected to. Nothing: it is not, nobody has accepted that
  // connection yet, or it is not found.
  std::optional<std::uint64_t> unix_peer(std::uint64_t inode);

 private:
  Fd socket_;
  std::uint32_t asked_ = 0;
};

// The descriptors that a message takes along or brought (SCM_RIGHTS), by the numbers of whose buffer it is: that of
// sendmsg(2), or of recvmsg(2) when it has returned; msg_controllen long, in the layout of the native architecture.
std::vector<int> passed_descriptors(std::string_view control);
// Who sent it (SCM_CREDENTIALS), by its number in the pid namespace of the receiver.
std::optional<Tgid> credentials(std::string_view control);

}  // namespace kintrace::os
