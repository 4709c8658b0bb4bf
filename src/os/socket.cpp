// SPDX-License-Identifier: MIT
#include "os/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include "os/descriptor.hpp"

namespace kintrace::os {
namespace {

// What stands at `at`, whatever its alignment. Nothing if that is not all there.
template <class T>
std::optional<T> value_at(std::string_view bytes, std::size_t at) {
  T value;
  if (at > bytes.size() || bytes.size() - at < sizeof value) return {};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Bytes unix_words(std::string_view sockaddr) {
  const std::string_view name = sockaddr.substr(offsetof(sockaddr_un, sun_path));
  if (name.empty()) return {};
  if (name[0] == '\0') return Bytes{"unix @"}.append(name.substr(1));
  return Bytes{name[0] == '@' ? "unix ./" : "unix "}.append(name.substr(0, name.find('\0')));
}

std::string inet_words(const in_addr& host, in_port_t port) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &host, text.data(), text.size());
  return fmt::format("{}:{}", text.data(), ntohs(port));
}

std::string inet6_words(const in6_addr& host, std::uint32_t scope, in_port_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &host, text.data(), text.size());
  return fmt::format("[{}{}]:{}", text.data(), scope == 0 ? "" : fmt::format("%{}", scope), ntohs(port));
}

using Asks = int (*)(int, sockaddr*, socklen_t*);

// getsockname(2) or getpeername(2). Nothing: it has none.
std::optional<Bytes> name_of(const Fd& socket, Asks asks) {
  std::array<char, sizeof(sockaddr_storage)> bytes{};
  socklen_t size = bytes.size();
  if (asks(socket.get(), reinterpret_cast<sockaddr*>(bytes.data()), &size) != 0) return {};
  Bytes words = address_words({bytes.data(), std::min<std::size_t>(size, bytes.size())});
  const bool unbound = words == "0.0.0.0:0" || words == "[::]:0";
  return unbound ? Bytes{} : std::move(words);
}

template <class T>
std::optional<T> option(const Fd& socket, int name) {
  T value{};
  socklen_t size = sizeof value;
  if (::getsockopt(socket.get(), SOL_SOCKET, name, &value, &size) != 0) return {};
  return value;
}

int number(const Fd& socket, int name) { return option<int>(socket, name).value_or(0); }

// How the kernel calls its protocols in what it says of a socket's file.
constexpr struct {
  std::string_view name;
  int domain, type;
} protocols[] = {
    {"UNIX", AF_UNIX, 0},  // before Linux 5.15 that of all types
    {"UNIX-STREAM", AF_UNIX, SOCK_STREAM},
    {"TCP", AF_INET, SOCK_STREAM},
    {"MPTCP", AF_INET, SOCK_STREAM},
    {"UDP", AF_INET, SOCK_DGRAM},
    {"PING", AF_INET, SOCK_DGRAM},
    {"RAW", AF_INET, SOCK_RAW},
    {"TCPv6", AF_INET6, SOCK_STREAM},
    {"MPTCPv6", AF_INET6, SOCK_STREAM},
    {"UDPv6", AF_INET6, SOCK_DGRAM},
    {"PINGv6", AF_INET6, SOCK_DGRAM},
    {"RAWv6", AF_INET6, SOCK_RAW},
    {"NETLINK", AF_NETLINK, 0},
    {"PACKET", AF_PACKET, 0},
};

std::optional<SocketInfo> told_by_its_file(Tid tid, int fd) {
  const auto file = open_file(tid, fd);
  if (!file || file->type != FileType::socket) return {};
  std::array<char, 64> text{};
  const ssize_t size = ::getxattr(fmt::format("/proc/{}/fd/{}", tid.value, fd).c_str(), "system.sockprotoname",
                                  text.data(), text.size() - 1);
  if (size < 0) return {};
  const std::string_view name = text.data();
  for (const auto& one : protocols) {
    if (one.name != name) continue;
    SocketInfo info;
    info.domain = one.domain;
    info.type = one.type;
    return info;
  }
  return {};
}

struct Attribute {
  rtattr header;
  std::string_view value;
};

// The netlink attribute at `at`, if it is all there.
std::optional<Attribute> attribute_at(std::string_view bytes, std::size_t at) {
  const auto header = value_at<rtattr>(bytes, at);
  if (!header || header->rta_len < sizeof *header || header->rta_len > bytes.size() - at) return {};
  return Attribute{*header, bytes.substr(at + sizeof *header, header->rta_len - sizeof *header)};
}

std::optional<std::uint64_t> peer_in(std::string_view reply) {
  for (std::size_t at = NLMSG_LENGTH(sizeof(unix_diag_msg));;) {
    const auto attribute = attribute_at(reply, at);
    if (!attribute) return {};
    if (attribute->header.rta_type == UNIX_DIAG_PEER) {
      const auto inode = value_at<std::uint32_t>(attribute->value, 0);
      return inode && *inode != 0 ? std::optional<std::uint64_t>{*inode} : std::nullopt;
    }
    at += RTA_ALIGN(attribute->header.rta_len);
  }
}

// cmsghdr, but for the array at its end.
struct ControlHeader {
  std::size_t length;  // with the header
  int level, type;
};

// Calls `each` with the type and the data of all messages of level SOL_SOCKET.
template <class Each>
void each_control_message(std::string_view control, const Each& each) {
  for (std::size_t at = 0;;) {
    const auto header = value_at<ControlHeader>(control, at);
    if (!header || header->length < sizeof *header || header->length > control.size() - at) return;
    if (header->level == SOL_SOCKET)
      each(header->type, control.substr(at + sizeof *header, header->length - sizeof *header));
    at += CMSG_ALIGN(header->length);
  }
}

}  // namespace

std::optional<Nanoseconds> socket_timeout(Tgid pid, int fd, Direction direction) {
  const Fd socket = borrow(leader_of(pid), fd);
  if (!socket) return {};
  const auto time = option<timeval>(socket, direction == Direction::receive ? SO_RCVTIMEO : SO_SNDTIMEO);
  if (!time) return {};
  const Nanoseconds limit = Nanoseconds{time->tv_sec} * 1'000'000'000 + Nanoseconds{time->tv_usec} * 1'000;
  return limit > 0 ? std::optional{limit} : std::nullopt;
}

std::optional<SocketInfo> socket_info(Tid tid, int fd) {
  const Fd socket = borrow(tid, fd);
  if (!socket) return told_by_its_file(tid, fd);
  const auto domain = option<int>(socket, SO_DOMAIN);
  if (!domain) return {};
  SocketInfo info{*domain, number(socket, SO_TYPE), number(socket, SO_PROTOCOL), {}, {}, false, false, {}};
  info.listening = number(socket, SO_ACCEPTCONN) != 0;
  info.local = name_of(socket, ::getsockname).value_or("");
  const auto peer = name_of(socket, ::getpeername);
  info.connected = peer.has_value();
  info.peer = peer.value_or("");
  if (info.domain == AF_UNIX && info.connected) {
    const auto who = option<ucred>(socket, SO_PEERCRED);
    if (who && who->pid > 0) info.peer_pid = Tgid{who->pid};
  }
  return info;
}

Bytes address_words(std::string_view sockaddr) {
  const auto family = value_at<sa_family_t>(sockaddr, 0);
  if (!family) return {};
  if (*family == AF_UNIX) return unix_words(sockaddr);
  const auto port = value_at<in_port_t>(sockaddr, offsetof(sockaddr_in, sin_port));  // AF_INET6's is at the same place
  const auto host = value_at<in_addr>(sockaddr, offsetof(sockaddr_in, sin_addr));
  const auto host6 = value_at<in6_addr>(sockaddr, offsetof(sockaddr_in6, sin6_addr));
  const auto scope = value_at<std::uint32_t>(sockaddr, offsetof(sockaddr_in6, sin6_scope_id));
  const auto netlink = value_at<std::uint32_t>(sockaddr, offsetof(sockaddr_nl, nl_pid));
  if (*family == AF_INET && host) return inet_words(*host, *port);
  if (*family == AF_INET6 && host6) return inet6_words(*host6, scope.value_or(0), *port);
  if (*family == AF_NETLINK && netlink) return fmt::format("netlink {}", *netlink);
  return fmt::format("family {}", *family);
}

std::optional<std::uint64_t> SocketDiag::unix_peer(std::uint64_t inode) {
  if (inode > std::numeric_limits<std::uint32_t>::max()) return {};
  if (!socket_) {
    socket_ = Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    // Connected to the kernel, it takes no message from anybody else.
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0) socket_.reset();
  }
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = ++asked_;
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_ino = static_cast<std::uint32_t>(inode);
  question.request.udiag_show = UDIAG_SHOW_PEER;
  std::fill(std::begin(question.request.udiag_cookie), std::end(question.request.udiag_cookie), ~0U);  // any
  if (::send(socket_.get(), &question, sizeof question, MSG_DONTWAIT) < 0) return {};
  // The kernel has answered by now.
  std::array<char, 1024> reply;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv(2) fills it
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), reply.data(), reply.size(), MSG_DONTWAIT);
    if (got <= 0) return {};
    const std::string_view message{reply.data(), static_cast<std::size_t>(got)};
    const auto header = value_at<nlmsghdr>(message, 0);
    if (!header || header->nlmsg_seq != asked_) continue;
    return header->nlmsg_type == SOCK_DIAG_BY_FAMILY ? peer_in(message) : std::nullopt;
  }
}

std::vector<int> passed_descriptors(std::string_view control) {
  std::vector<int> numbers;
  each_control_message(control, [&](int type, std::string_view data) {
    if (type != SCM_RIGHTS) return;
    for (std::size_t at = 0; const auto number = value_at<int>(data, at); at += sizeof(int)) numbers.push_back(*number);
  });
  return numbers;
}

std::optional<Tgid> credentials(std::string_view control) {
  std::optional<Tgid> sender;
  each_control_message(control, [&](int type, std::string_view data) {
    const auto who = type == SCM_CREDENTIALS ? value_at<ucred>(data, 0) : std::nullopt;
    if (who && !sender) sender = Tgid{who->pid};
  });
  return sender;
}

}  // namespace kintrace::os
