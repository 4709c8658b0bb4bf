// SPDX-License-Identifier: MIT
// The calls of sockets alone: how they come to be, find each other, and carry messages. What read(2) and write(2) do
// with them is in stream.cpp.
#include "syscalls/socket.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <span>

#include "os/socket.hpp"

namespace kintrace::syscalls {
namespace {

std::optional<Errno> error_of(const Call& call) { return call.failed() ? std::optional{call.error()} : std::nullopt; }

void made(const Call& call, Keeper& keeper) {
  if (!call.result) return;
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  const std::array fd{static_cast<int>(*call.result)};
  keeper.opened(call, fd, OpenedHow::socket);
}

void made_pair(const Call& call, Keeper& keeper) {
  const auto fds = call.structure<std::array<int, 2>>(3);
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result && fds) keeper.opened(call, *fds, OpenedHow::socketpair);
}

void bound(const Call& call, Keeper& keeper) {
  Bound fact;
  fact.fd = call.integer(0);
  fact.addr = os::address_words(call.text(1));
  fact.err = error_of(call);
  keeper.tell_of_object(call, 0, std::move(fact));
}

void listening(const Call& call, Keeper& keeper) {
  Listening fact;
  fact.fd = call.integer(0);
  fact.err = error_of(call);
  keeper.tell_of_object(call, 0, std::move(fact));
}

void connected(const Call& call, Keeper& keeper) {
  Connected fact;
  fact.fd = call.integer(0);
  fact.addr = os::address_words(call.text(1));
  fact.err = error_of(call);
  keeper.tell_of_object(call, 0, std::move(fact));
}

void accepted(const Call& call, Keeper& keeper) {
  if (!call.result) return;
  const bool nobody = call.error().value == EAGAIN || call.error().value == EINTR;
  if (call.failed() && !nobody) keeper.tell_of_object(call, 0, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.failed()) return;
  Accepted fact;
  fact.fd = static_cast<int>(*call.result);
  keeper.tell_of_object(call, 0, std::move(fact));
}

void shut_down(const Call& call, Keeper& keeper) {
  constexpr std::array ends{End::read, End::write, End::both};  // SHUT_RD, SHUT_WR, SHUT_RDWR
  const auto how = static_cast<std::size_t>(call.integer(1));
  if (how >= ends.size()) return;
  ShutDown fact;
  fact.fd = call.integer(0);
  fact.end = ends.at(how);
  fact.err = error_of(call);
  keeper.tell_of_object(call, 0, fact);
}

Keeper::Transfer transfer_of(const Call& call) {
  Keeper::Transfer transfer;
  transfer.bytes = call.result && !call.failed() ? *call.result : 0;
  return transfer;
}

void sent(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call);
  transfer.data = call.text(1);
  transfer.to = destination(call);
  keeper.sent(call, std::move(transfer));
}

void received(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call);
  transfer.data = call.text(1);
  transfer.peeked = (call.integer(3) & MSG_PEEK) != 0;
  keeper.received(call, std::move(transfer));
}

std::optional<Message> message(const Call& call, std::size_t which) {
  const auto strings = call.strings(1);
  if (strings.size() < (which + 1) * Message::strings) return {};
  const std::size_t at = which * Message::strings;
  return Message{strings[at], strings[at + 1], strings[at + 2], strings[at + 3]};
}

void sent_message(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call);
  if (auto one = message(call, 0)) {
    transfer.data = std::move(one->data);
    transfer.fds = os::passed_descriptors(one->control);
    transfer.to = std::move(one->name);
  }
  keeper.sent(call, std::move(transfer));
}

void tell_passed(const Call& call, const Message& message, Keeper& keeper) {
  const auto fds = os::passed_descriptors(message.control);
  if (!fds.empty()) keeper.opened(call, fds, OpenedHow::received);
}

void received_message(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call);
  transfer.peeked = (call.integer(2) & MSG_PEEK) != 0;
  const auto one = message(call, 0);
  if (one) transfer.data = one->data;
  keeper.received(call, std::move(transfer));
  if (one && call.result && !call.failed()) tell_passed(call, *one, keeper);
}

// The call returns how many messages it moved, and writes each one's size.
template <void (Keeper::*Told)(const Call&, Keeper::Transfer), bool Receives>
void moved_messages(const Call& call, Keeper& keeper) {
  if (!call.result || call.failed()) return (keeper.*Told)(call, transfer_of(call));
  for (std::int64_t i = 0; i < *call.result; ++i) {
    const auto one = message(call, static_cast<std::size_t>(i));
    if (!one) return;
    Keeper::Transfer transfer;
    std::from_chars(one->size.data(), one->size.data() + one->size.size(), transfer.bytes);
    transfer.data = one->data;
    transfer.first = i == 0;
    transfer.peeked = Receives && (call.integer(3) & MSG_PEEK) != 0;
    if (!Receives) {
      transfer.fds = os::passed_descriptors(one->control);
      transfer.to = one->name;
    }
    (keeper.*Told)(call, std::move(transfer));
    if (Receives) tell_passed(call, *one, keeper);
  }
}

constexpr std::size_t address_size = sizeof(sockaddr_storage);
using Args = std::array<ArgSpec, 6>;
constexpr Args addressed{{{"fd", Arg::descriptor}, {"addr", Arg::in_sized, address_size}, {"addrlen", Arg::number}}};
constexpr Args accepts{
    {{"fd", Arg::descriptor}, {"addr", Arg::address}, {"addrlen", Arg::address}, {"flags", Arg::number}}};

constexpr Row rows[] = {
    {SYS_socket,
     "socket",
     Class::socket,
     Exit::always,
     {{{"domain", Arg::number}, {"type", Arg::number}, {"protocol", Arg::number}}},
     made},
    {SYS_socketpair,
     "socketpair",
     Class::socket,
     Exit::always,
     {{{"domain", Arg::number},
       {"type", Arg::number},
       {"protocol", Arg::number},
       {"sv", Arg::out_memory, 2 * sizeof(int)}}},
     made_pair},
    {SYS_bind, "bind", Class::socket, Exit::always, addressed, bound},
    {SYS_listen,
     "listen",
     Class::socket,
     Exit::always,
     {{{"fd", Arg::descriptor}, {"backlog", Arg::number}}},
     listening},
    {SYS_connect, "connect", Class::socket, Exit::always, addressed, connected, Blocks::on_output},
    {SYS_accept, "accept", Class::socket, Exit::always, accepts, accepted, Blocks::on_input},
    {SYS_accept4, "accept4", Class::socket, Exit::always, accepts, accepted, Blocks::on_input},
    {SYS_shutdown,
     "shutdown",
     Class::socket,
     Exit::always,
     {{{"fd", Arg::descriptor}, {"how", Arg::number}}},
     shut_down},
    {SYS_sendto,
     "sendto",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor},
       {"buf", Arg::in_bytes},
       {"len", Arg::number},
       {"flags", Arg::number},
       {"addr", Arg::in_sized, address_size},
       {"addrlen", Arg::number}}},
     sent,
     Blocks::on_output},
    {SYS_recvfrom,
     "recvfrom",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor},
       {"buf", Arg::out_bytes},
       {"len", Arg::number},
       {"flags", Arg::number},
       {"addr", Arg::address},
       {"addrlen", Arg::address}}},
     received,
     Blocks::on_input},
    {SYS_sendmsg,
     "sendmsg",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor}, {"msg", Arg::in_message}, {"flags", Arg::number}}},
     sent_message,
     Blocks::on_output},
    {SYS_recvmsg,
     "recvmsg",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor}, {"msg", Arg::out_message}, {"flags", Arg::number}}},
     received_message,
     Blocks::on_input},
    {SYS_sendmmsg,
     "sendmmsg",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor}, {"msgvec", Arg::out_messages}, {"vlen", Arg::number}, {"flags", Arg::number}}},
     moved_messages<&Keeper::sent, false>,
     Blocks::on_output},
    {SYS_recvmmsg,
     "recvmmsg",
     Class::socket,
     Exit::on_object,
     {{{"fd", Arg::descriptor}, {"msgvec", Arg::out_messages}, {"vlen", Arg::number}, {"flags", Arg::number}}},
     moved_messages<&Keeper::received, true>,
     Blocks::on_input},
};

}  // namespace

Bytes destination(const Call& call) {
  if (call.row->nr == SYS_sendto) return call.text(4);
  const auto message = call.row->nr == SYS_sendmsg ? call.strings(1) : std::vector<Bytes>{};
  return message.size() == Message::strings ? message.back() : Bytes{};
}

extern const std::span<const Row> socket_rows{rows};

}  // namespace kintrace::syscalls
