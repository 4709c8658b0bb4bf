// SPDX-License-Identifier: MIT
// Real sockets, our own; and bytes as a hostile program could leave them, each time in memory of their size, so that
// the sanitizers see a read past them.
#include "os/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "os/descriptor.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using namespace std::string_literals;
using os::Fd;

namespace {

Tid self() { return Tid{static_cast<std::int32_t>(::gettid())}; }
Tgid own() { return Tgid{static_cast<std::int32_t>(::getpid())}; }

template <class T>
std::string bytes_of(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string unix_address(const std::string& name) { return bytes_of(sa_family_t{AF_UNIX}) + name; }

std::string inet_address(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host, &address.sin_addr);
  return bytes_of(address);
}

std::string inet6_address(const char* host, std::uint16_t port, std::uint32_t scope = 0) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_scope_id = scope;
  ::inet_pton(AF_INET6, host, &address.sin6_addr);
  return bytes_of(address);
}

std::string netlink_address(std::uint32_t number) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_pid = number;
  return bytes_of(address);
}

using Names = int (*)(int, const sockaddr*, socklen_t);
bool give(Names call, const Fd& socket, const std::string& address) {
  return call(socket.get(), reinterpret_cast<const sockaddr*>(address.data()),
              static_cast<socklen_t>(address.size())) == 0;
}

Fd make(int domain, int type) { return Fd{::socket(domain, type | SOCK_CLOEXEC, 0)}; }

Fd accepted(const Fd& listener) { return Fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)}; }

std::array<Fd, 2> pair_of(int type) {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {Fd{ends[0]}, Fd{ends[1]}};
}

os::SocketInfo info_of(const Fd& socket) {
  const auto info = os::socket_info(self(), socket.get());
  REQUIRE(info);
  return *info;
}

std::uint64_t inode_of(const Fd& socket) {
  const auto file = os::open_file(self(), socket.get());
  REQUIRE(file);
  return file->inode;
}

// An abstract name of which nobody else has thought, with what may be in one.
std::string abstract_name() { return "\0kintrace\n\0\x1b[2J\xff"s + std::to_string(::getpid()) + "\0"s; }

// A copy that has nothing behind it.
class Exactly {
 public:
  explicit Exactly(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// One control message, padded as the kernel pads it.
std::string control_message(int level, int type, const std::string& data) {
  std::string message = bytes_of(CMSG_LEN(data.size())) + bytes_of(level) + bytes_of(type) + data;
  message.resize(CMSG_ALIGN(message.size()));
  return message;
}

std::string rights(const std::vector<int>& numbers) {
  std::string data;
  for (const int number : numbers) data += bytes_of(number);
  return control_message(SOL_SOCKET, SCM_RIGHTS, data);
}

}  // namespace

TEST_CASE("socket: a pair is connected, without names") {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    const auto [one, two] = pair_of(type);
    const os::SocketInfo info = info_of(one);
    CHECK(info.domain == AF_UNIX);
    CHECK(info.type == type);
    CHECK(info.protocol == 0);
    CHECK(info.local.empty());
    CHECK(info.peer.empty());
    CHECK(info.connected);
    CHECK_FALSE(info.listening);
    CHECK(info.peer_pid == own());
    os::SocketDiag diag;
    CHECK(diag.unix_peer(inode_of(one)) == inode_of(two));
    CHECK(diag.unix_peer(inode_of(two)) == inode_of(one));
  }
}

TEST_CASE("socket: names of AF_UNIX, with any bytes in them") {
  const test::Scratch scratch;
  const std::string path = scratch.path("a b\n\x1b");
  const struct {
    std::string address, words;
  } table[] = {{unix_address(abstract_name()), "unix @" + abstract_name().substr(1)},
               {unix_address(path), "unix " + path}};
  for (const auto& row : table) {
    const Fd listener = make(AF_UNIX, SOCK_STREAM), client = make(AF_UNIX, SOCK_STREAM);
    CHECK(info_of(listener).local.empty());
    CHECK_FALSE(info_of(client).connected);
    REQUIRE(give(::bind, listener, row.address));
    CHECK_FALSE(info_of(listener).listening);
    REQUIRE(::listen(listener.get(), 5) == 0);
    CHECK(info_of(listener).local == row.words);
    CHECK(info_of(listener).listening);
    CHECK_FALSE(info_of(listener).connected);
    CHECK_FALSE(info_of(listener).peer_pid);
    CHECK(os::address_words(row.address) == row.words);
    REQUIRE(give(::connect, client, row.address));
    CHECK(info_of(client).peer == row.words);
    CHECK(info_of(client).local.empty());
    CHECK(info_of(client).peer_pid == own());
    os::SocketDiag diag;
    CHECK_FALSE(diag.unix_peer(inode_of(client)));  // not accepted
    const Fd server = accepted(listener);
    CHECK(info_of(server).local == row.words);
    CHECK(info_of(server).peer.empty());
    CHECK(info_of(server).connected);
    CHECK(diag.unix_peer(inode_of(client)) == inode_of(server));
    CHECK(diag.unix_peer(inode_of(server)) == inode_of(client));
    CHECK_FALSE(diag.unix_peer(inode_of(listener)));
  }
}

TEST_CASE("socket: who made the other end") {
  const Fd listener = make(AF_UNIX, SOCK_STREAM);
  const std::string address = unix_address(abstract_name());
  REQUIRE(give(::bind, listener, address));
  REQUIRE(::listen(listener.get(), 5) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Fd client = make(AF_UNIX, SOCK_STREAM);
    char byte = 0;
    if (!give(::connect, client, address) || ::read(client.get(), &byte, 1) != 1) ::_exit(1);
    ::_exit(0);
  }
  const Fd server = accepted(listener);
  CHECK(info_of(server).peer_pid == Tgid{child});
  REQUIRE(::write(server.get(), "x", 1) == 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("socket: addresses and their connections") {
  for (const auto& [domain, address, host] : {std::tuple{AF_INET, inet_address("127.0.0.1", 0), "127.0.0.1:"s},
                                              std::tuple{AF_INET6, inet6_address("::1", 0), "[::1]:"s}}) {
    const Fd listener = make(domain, SOCK_STREAM), client = make(domain, SOCK_STREAM);
    if (domain == AF_INET6 && !give(::bind, listener, address)) continue;  // a machine may be without
    CHECK(info_of(client).local.empty());
    CHECK(info_of(client).peer.empty());
    if (domain == AF_INET) REQUIRE(give(::bind, listener, address));
    REQUIRE(::listen(listener.get(), 5) == 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
    const std::string at = bytes_of(bound).substr(0, size);
    REQUIRE(give(::connect, client, at));
    const Fd server = accepted(listener);
    const os::SocketInfo there = info_of(server), here = info_of(client), listening = info_of(listener);
    CHECK(listening.listening);
    CHECK(listening.domain == domain);
    CHECK(listening.type == SOCK_STREAM);
    CHECK(listening.protocol == IPPROTO_TCP);
    CHECK(listening.local == os::address_words(at));
    CHECK(listening.local.starts_with(host));
    CHECK(here.peer == listening.local);
    CHECK(there.local == here.peer);
    CHECK(there.peer == here.local);
    CHECK(there.peer.starts_with(host));
    CHECK(there.connected);
    CHECK_FALSE(there.peer_pid);
  }
}

TEST_CASE("socket: without connections") {
  const Fd udp = make(AF_INET, SOCK_DGRAM), netlink = make(AF_NETLINK, SOCK_RAW);
  const os::SocketInfo info = info_of(udp);
  CHECK(info.domain == AF_INET);
  CHECK(info.type == SOCK_DGRAM);
  CHECK(info.local.empty());
  CHECK_FALSE(info.connected);
  CHECK_FALSE(info.listening);
  REQUIRE(give(::bind, udp, inet_address("127.0.0.1", 0)));
  CHECK_THAT(info_of(udp).local, test::contains("127.0.0.1:"));
  REQUIRE(give(::bind, netlink, netlink_address(4'000'000'001)));
  CHECK(info_of(netlink).domain == AF_NETLINK);
  CHECK(info_of(netlink).local == "netlink 4000000001");
}

TEST_CASE("socket: nothing that is no socket, and nothing is kept open") {
  const auto before = os::open_fds(self());
  {
    const test::Scratch scratch;
    test::write_file(scratch.path("file"), "x");
    const auto file = os::open(scratch.path("file"), O_RDWR);
    std::array<int, 2> ends{-1, -1};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Fd reader{ends[0]}, writer{ends[1]};
    const auto [one, two] = pair_of(SOCK_STREAM);
    CHECK_FALSE(os::socket_info(self(), reader.get()));
    CHECK_FALSE(os::socket_info(self(), file->get()));
    CHECK_FALSE(os::socket_info(self(), 1 << 30));
    CHECK_FALSE(os::socket_info(self(), -1));
    CHECK_FALSE(os::socket_info(Tid{0}, one.get()));
    CHECK_FALSE(os::socket_info(Tid{2147483647}, one.get()));
    CHECK(os::socket_info(self(), one.get()));
  }
  CHECK(os::open_fds(self()) == before);
}

TEST_CASE("socket: where its descriptor is not given to us, its file tells what it is") {
  const struct {
    int domain, type, told;
  } table[] = {{AF_UNIX, SOCK_STREAM, SOCK_STREAM},  {AF_UNIX, SOCK_DGRAM, 0},
               {AF_INET, SOCK_STREAM, SOCK_STREAM},  {AF_INET, SOCK_DGRAM, SOCK_DGRAM},
               {AF_INET6, SOCK_STREAM, SOCK_STREAM}, {AF_NETLINK, SOCK_RAW, 0}};
  for (const auto& row : table) {
    const Fd socket = make(row.domain, row.type);
    if (!socket && row.domain == AF_INET6) continue;
    INFO(row.domain << " " << row.type);
    const pid_t child = ::fork();
    if (child == 0) {
      const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
      if (::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(pidfd_getfd), 0) != 0) ::_exit(2);
      if (::seccomp_load(filter) != 0) ::_exit(3);
      const auto info = os::socket_info(self(), socket.get());
      if (!info) ::_exit(4);
      if (info->domain != row.domain) ::_exit(5);
      if (info->type != row.told && info->type != 0) ::_exit(6);  // before Linux 5.15 AF_UNIX has no types
      if (!info->local.empty() || info->connected || info->listening) ::_exit(7);
      ::_exit(os::socket_info(self(), 1 << 30) ? 8 : 0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(WIFEXITED(status));
  }
}

TEST_CASE("socket: timeouts") {
  const auto [one, two] = pair_of(SOCK_STREAM);
  CHECK_FALSE(os::socket_timeout(own(), one.get(), os::Direction::receive));
  const timeval time{2, 500'000};
  REQUIRE(::setsockopt(one.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
  CHECK(os::socket_timeout(own(), one.get(), os::Direction::receive) == 2'500'000'000);
  CHECK_FALSE(os::socket_timeout(own(), one.get(), os::Direction::send));
  CHECK_FALSE(os::socket_timeout(own(), 1 << 30, os::Direction::send));
}

TEST_CASE("socket: a peer that is not to be found") {
  os::SocketDiag diag;
  const Fd alone = make(AF_UNIX, SOCK_DGRAM), inet = make(AF_INET, SOCK_STREAM);
  CHECK_FALSE(diag.unix_peer(inode_of(alone)));
  CHECK_FALSE(diag.unix_peer(inode_of(inet)));
  CHECK_FALSE(diag.unix_peer(0));
  CHECK_FALSE(diag.unix_peer(std::numeric_limits<std::uint64_t>::max()));
  auto [one, two] = pair_of(SOCK_STREAM);
  const std::uint64_t inode = inode_of(one);
  CHECK_FALSE(diag.unix_peer(inode | std::uint64_t{1} << 32));
  CHECK(diag.unix_peer(inode) == inode_of(two));
  two.reset();
  CHECK_FALSE(diag.unix_peer(inode));
  one.reset();
  CHECK_FALSE(diag.unix_peer(inode));
}

TEST_CASE("socket: the words of an address") {
  const struct {
    std::string bytes, words;
  } table[] = {
      {"", ""},
      {"\x01", ""},
      {unix_address(""), ""},
      {unix_address("/run/x"), "unix /run/x"},
      {unix_address("/run/x\0"s), "unix /run/x"},
      {unix_address("/run/x\0garbage\0"s), "unix /run/x"},
      {unix_address("relative"), "unix relative"},
      {unix_address("@relative"), "unix ./@relative"},
      {unix_address("/" + std::string(107, 'x')), "unix /" + std::string(107, 'x')},
      {unix_address("\0"s), "unix @"},
      {unix_address("\0name"s), "unix @name"},
      {unix_address("\0a\0\x1b\n\0"s), "unix @a\0\x1b\n\0"s},
      {inet_address("127.0.0.1", 80), "127.0.0.1:80"},
      {inet_address("255.255.255.255", 65535), "255.255.255.255:65535"},
      {inet_address("0.0.0.0", 0), "0.0.0.0:0"},
      {inet_address("10.0.0.1", 80).substr(0, 8), "10.0.0.1:80"},
      {inet_address("10.0.0.1", 80).substr(0, 7), "family 2"},
      {inet6_address("::1", 80), "[::1]:80"},
      {inet6_address("fe80::1", 80, 3), "[fe80::1%3]:80"},
      {inet6_address("::ffff:1.2.3.4", 80), "[::ffff:1.2.3.4]:80"},
      {inet6_address("fe80::1", 80, 3).substr(0, 24), "[fe80::1]:80"},  // RFC 2133
      {inet6_address("fe80::1", 80, 3).substr(0, 23), "family 10"},
      {netlink_address(123), "netlink 123"},
      {netlink_address(123).substr(0, 7), "family 16"},
      {bytes_of(sa_family_t{17}) + "whatever", "family 17"},
      {bytes_of(sa_family_t{AF_UNSPEC}), "family 0"},
      {bytes_of(sa_family_t{65535}) + std::string(4096, '\xff'), "family 65535"},
  };
  for (const auto& row : table) {
    INFO(row.words);
    CHECK(os::address_words(Exactly{row.bytes}.view()) == row.words);
  }
}

TEST_CASE("socket: an address of any bytes and any length") {
  std::minstd_rand random{1};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 140, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
    if (bytes.size() >= 2) bytes.replace(0, 2, bytes_of(static_cast<sa_family_t>(random() % 20)));
    const Exactly exactly{bytes};
    const std::string words = os::address_words(exactly.view());
    REQUIRE(words.size() <= bytes.size() + 64);
    REQUIRE(words.empty() == (bytes.size() < 2 || (bytes.size() == 2 && bytes == unix_address(""))));
  }
}

TEST_CASE("socket: what a message brought, as the kernel tells it") {
  const auto [one, two] = pair_of(SOCK_STREAM);
  const int yes = 1;
  REQUIRE(::setsockopt(two.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0);
  std::string sent = rights({0, one.get(), two.get()});
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  for (const std::size_t room : {std::size_t{256}, CMSG_SPACE(sizeof(ucred)) + CMSG_LEN(2 * sizeof(int))}) {
    message.msg_control = sent.data();
    message.msg_controllen = sent.size();
    REQUIRE(::sendmsg(one.get(), &message, 0) == 1);
    std::string control(room, '\xff');
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    REQUIRE(::recvmsg(two.get(), &message, MSG_CMSG_CLOEXEC) == 1);
    const auto numbers =
        os::passed_descriptors(Exactly{std::string_view{control}.substr(0, message.msg_controllen)}.view());
    CHECK(os::credentials(control) == own());
    CHECK(numbers.size() == (room == 256 ? 3 : 2));
    CHECK(((message.msg_flags & MSG_CTRUNC) != 0) == (room != 256));
    for (const int number : numbers) {
      CHECK(os::open_file(self(), number));
      ::close(number);
    }
  }
}

TEST_CASE("socket: control messages with lengths that lie") {
  const ucred who{4711, 1, 2};
  const std::string other = control_message(IPPROTO_IP, SCM_RIGHTS, bytes_of(99));
  const std::string creds = control_message(SOL_SOCKET, SCM_CREDENTIALS, bytes_of(who));
  const std::string whole = other + rights({3, 4, 5}) + creds + rights({6});
  CHECK(os::passed_descriptors(whole) == std::vector{3, 4, 5, 6});
  CHECK(os::credentials(whole) == Tgid{4711});
  CHECK_FALSE(os::credentials(rights({4711})));
  CHECK_FALSE(os::credentials(""));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Exactly cut{std::string_view{whole}.substr(0, size)};
    const auto numbers = os::passed_descriptors(cut.view());
    const bool first = size >= other.size() + CMSG_LEN(3 * sizeof(int));
    const bool second = size >= whole.size() - CMSG_SPACE(sizeof(int)) + CMSG_LEN(sizeof(int));
    REQUIRE(numbers.size() == (second ? 4 : first ? 3 : 0));
    REQUIRE(os::credentials(cut.view()).has_value() ==
            (size >= other.size() + rights({3, 4, 5}).size() + CMSG_LEN(sizeof who)));
  }
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, CMSG_LEN(0) - 1, whole.size() + 1, most, most - 7, most / 2}) {
    std::string lying = whole;
    lying.replace(0, sizeof length, bytes_of(length));
    const Exactly exactly{lying};
    CHECK(os::passed_descriptors(exactly.view()).empty());
    CHECK_FALSE(os::credentials(exactly.view()));
  }
  CHECK(os::passed_descriptors(control_message(SOL_SOCKET, SCM_RIGHTS, bytes_of(7) + "abc")) == std::vector{7});
  CHECK_FALSE(os::credentials(control_message(SOL_SOCKET, SCM_CREDENTIALS, bytes_of(7))));
  std::minstd_rand random{1};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole.substr(0, random() % (whole.size() + 1));
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips)
      bytes[random() % bytes.size()] = static_cast<char>(random() >> 8);
    const Exactly exactly{bytes};
    REQUIRE(os::passed_descriptors(exactly.view()).size() <= bytes.size() / sizeof(int));
    os::credentials(exactly.view());
  }
}
