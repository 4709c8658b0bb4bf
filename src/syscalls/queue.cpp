// SPDX-License-Identifier: MIT
// Message queues of both kinds: msgget(2), msgsnd(2), msgrcv(2), msgctl(2); mq_open(2), mq_send(3), mq_receive(3).
#include "syscalls/queue.hpp"

#include <linux/limits.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/syscall.h>

#include <span>

namespace kintrace::syscalls {
namespace {

constexpr std::uint64_t low = 0xffffffff;

void queue_got(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.got(call, ObjectKind::sysv_msg, static_cast<int>(*call.result), call.integer(0), 0);
}

// A message is its type, a long, and its text; only the text is counted (msgop(2)).
Keeper::Transfer message(const Call& call) {
  Keeper::Transfer transfer;
  const auto* bytes = std::get_if<Bytes>(&call.captured[1]);
  long type = 0;
  if (bytes == nullptr || bytes->size() < sizeof type) return transfer;
  std::memcpy(&type, bytes->data(), sizeof type);
  transfer.rank = type;
  transfer.data.assign(*bytes, sizeof type);
  return transfer;
}

void sent(const Call& call, Keeper& keeper) {
  auto transfer = message(call);
  if (succeeded(call)) transfer.bytes = call.size;
  keeper.sent(call, std::move(transfer));
}

void received(const Call& call, Keeper& keeper) {
  constexpr std::size_t flags = 4;
  auto transfer = message(call);
  if (succeeded(call)) transfer.bytes = *call.result;
#ifdef MSG_COPY
  transfer.peeked = (call.args[flags] & MSG_COPY) != 0;
#endif
  keeper.received(call, std::move(transfer));
}

void controlled(const Call& call, Keeper& keeper) {
  ObjectRemoved fact;
  fact.syscall = call.row->name;
  if (call.failed()) fact.err = call.error();
  if (call.result) keeper.tell_of_object(call, 0, std::move(fact));
}

void queue_opened(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (!call.result) return;
  const auto attributes = call.structure<mq_attr>(3);
  const bool sized = attributes && call.args[3] != 0;
  keeper.made(call, static_cast<int>(*call.result), sized ? std::optional{attributes->mq_maxmsg} : std::nullopt);
}

void posted(const Call& call, Keeper& keeper) {
  Keeper::Transfer transfer;
  transfer.data = call.text(1);
  transfer.rank = static_cast<std::uint32_t>(call.args[3]);
  if (succeeded(call)) transfer.bytes = call.size;
  keeper.sent(call, std::move(transfer));
}

// The priority is written only for who asks for it.
void taken(const Call& call, Keeper& keeper) {
  Keeper::Transfer transfer;
  transfer.data = call.text(1);
  if (const auto priority = call.structure<std::uint32_t>(3)) transfer.rank = *priority;
  if (succeeded(call)) transfer.bytes = *call.result;
  keeper.received(call, std::move(transfer));
}

constexpr Only removes[] = {{1, Only::Is::equal, IPC_RMID, low}};

constexpr Row rows[] = {
    {SYS_msgget, "msgget", Class::msg, Exit::always, {{{"key", Arg::number}, {"msgflg", Arg::number}}}, queue_got},
    {SYS_msgsnd,
     "msgsnd",
     Class::msg,
     Exit::always,
     {{{"msqid", Arg::msg_id}, {"msgp", Arg::in_message_to}, {"msgsz", Arg::number}, {"msgflg", Arg::number}}},
     sent,
     Blocks::on_output},
    {SYS_msgrcv,
     "msgrcv",
     Class::msg,
     Exit::always,
     {{{"msqid", Arg::msg_id},
       {"msgp", Arg::out_message_of},
       {"msgsz", Arg::number},
       {"msgtyp", Arg::number},
       {"msgflg", Arg::number}}},
     received,
     Blocks::on_input},
    {SYS_msgctl,
     "msgctl",
     Class::msg,
     Exit::always,
     {{{"msqid", Arg::msg_id}, {"cmd", Arg::number}, {"buf", Arg::address}}},
     controlled,
     Blocks::no,
     Observed::standard,
     removes},
    {SYS_mq_open,
     "mq_open",
     Class::queue,
     Exit::always,
     {{{"name", Arg::in_string, NAME_MAX},
       {"oflag", Arg::number},
       {"mode", Arg::number},
       {"attr", Arg::in_memory, sizeof(mq_attr)}}},
     queue_opened},
    {SYS_mq_timedsend,
     "mq_timedsend",
     Class::queue,
     Exit::always,
     {{{"mqdes", Arg::descriptor},
       {"msg_ptr", Arg::in_bytes},
       {"msg_len", Arg::number},
       {"msg_prio", Arg::number},
       {"abs_timeout", Arg::address}}},
     posted,
     Blocks::on_output},
    {SYS_mq_timedreceive,
     "mq_timedreceive",
     Class::queue,
     Exit::always,
     {{{"mqdes", Arg::descriptor},
       {"msg_ptr", Arg::out_bytes},
       {"msg_len", Arg::number},
       {"msg_prio", Arg::out_memory, sizeof(std::uint32_t)},
       {"abs_timeout", Arg::address}}},
     taken,
     Blocks::on_input},
};

}  // namespace

extern const std::span<const Row> queue_rows{rows};

std::optional<Posting> posting_of(const Call& call) {
  if (call.row->nr == SYS_mq_timedsend) return Posting{static_cast<std::uint32_t>(call.args[3]), call.text(1)};
  if (call.row->nr != SYS_msgsnd) return {};
  auto transfer = message(call);
  return Posting{transfer.rank.value_or(0), std::move(transfer.data)};
}

}  // namespace kintrace::syscalls
