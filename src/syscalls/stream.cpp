// SPDX-License-Identifier: MIT
// The calls that move bytes through descriptors of any kind: read(2), write(2) and their like, and those between two
// descriptors: splice(2), tee(2), sendfile(2), copy_file_range(2). Those of sockets alone are in socket.cpp.

#include "syscalls/row.hpp"

#include <sys/syscall.h>

#include <span>

namespace kintrace::syscalls {
namespace {

Bytes data_of(const Call& call, std::size_t arg) {
  const auto* pieces = std::get_if<std::vector<Bytes>>(&call.captured.at(arg));
  if (pieces == nullptr) return call.text(arg);
  return pieces->empty() ? Bytes{} : pieces->front();
}

Keeper::Transfer transfer_of(const Call& call, std::size_t descriptor) {
  Keeper::Transfer transfer;
  transfer.arg = descriptor;
  transfer.bytes = call.result && !call.failed() ? *call.result : 0;
  return transfer;
}

// fd, data.
void wrote(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call, 0);
  transfer.data = data_of(call, 1);
  keeper.sent(call, std::move(transfer));
}
void have_read(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call, 0);
  transfer.data = data_of(call, 1);
  keeper.received(call, std::move(transfer));
}

// From one descriptor to another: what came out of the one is what went into the other.
template <std::size_t From, std::size_t To, bool Stays = false>
void moved(const Call& call, Keeper& keeper) {
  auto out = transfer_of(call, From);
  out.peeked = Stays;
  keeper.received(call, std::move(out));
  auto in = transfer_of(call, To);
  in.first = false;
  keeper.sent(call, std::move(in));
}

// Pages of the caller's memory into a pipe, or out of one: the pipe's access mode says which.
void spliced_memory(const Call& call, Keeper& keeper) {
  auto transfer = transfer_of(call, 0);
  transfer.data = data_of(call, 1);
  keeper.sent(call, std::move(transfer));
}

using Args = std::array<ArgSpec, 6>;
constexpr Args reads{{{"fd", Arg::descriptor}, {"buf", Arg::out_bytes}, {"count", Arg::number}}};
constexpr Args writes{{{"fd", Arg::descriptor}, {"buf", Arg::in_bytes}, {"count", Arg::number}}};
constexpr Args reads_pieces{{{"fd", Arg::descriptor}, {"iov", Arg::out_vector}, {"iovcnt", Arg::number}}};
constexpr Args writes_pieces{{{"fd", Arg::descriptor}, {"iov", Arg::in_vector}, {"iovcnt", Arg::number}}};

constexpr Args from_one_to_another{{{"fd_in", Arg::descriptor},
                                    {"off_in", Arg::address},
                                    {"fd_out", Arg::descriptor},
                                    {"off_out", Arg::address},
                                    {"len", Arg::number},
                                    {"flags", Arg::number}}};

constexpr Row rows[] = {
    {SYS_read, "read", Class::stream, Exit::on_object, reads, have_read, Blocks::on_input},
    {SYS_readv, "readv", Class::stream, Exit::on_object, reads_pieces, have_read, Blocks::on_input},
    {SYS_preadv2, "preadv2", Class::stream, Exit::on_object, reads_pieces, have_read, Blocks::on_input},
    {SYS_write, "write", Class::stream, Exit::on_object, writes, wrote, Blocks::on_output},
    {SYS_writev, "writev", Class::stream, Exit::on_object, writes_pieces, wrote, Blocks::on_output},
    {SYS_pwritev2, "pwritev2", Class::stream, Exit::on_object, writes_pieces, wrote, Blocks::on_output},
    {SYS_splice, "splice", Class::stream, Exit::on_object, from_one_to_another, moved<0, 2>, Blocks::on_input},
    {SYS_tee,
     "tee",
     Class::stream,
     Exit::on_object,
     {{{"fd_in", Arg::descriptor}, {"fd_out", Arg::descriptor}, {"len", Arg::number}, {"flags", Arg::number}}},
     moved<0, 1, true>,
     Blocks::on_input},
    {SYS_vmsplice,
     "vmsplice",
     Class::stream,
     Exit::on_object,
     {{{"fd", Arg::descriptor}, {"iov", Arg::in_vector}, {"nr_segs", Arg::number}, {"flags", Arg::number}}},
     spliced_memory,
     Blocks::on_output},
    {SYS_sendfile,
     "sendfile",
     Class::stream,
     Exit::on_object,
     {{{"out_fd", Arg::descriptor}, {"in_fd", Arg::descriptor}, {"offset", Arg::address}, {"count", Arg::number}}},
     moved<1, 0>,
     Blocks::on_output},
    {SYS_copy_file_range, "copy_file_range", Class::stream, Exit::on_object, from_one_to_another, moved<0, 2>},
};

}  // namespace

extern const std::span<const Row> stream_rows{rows};

}  // namespace kintrace::syscalls
