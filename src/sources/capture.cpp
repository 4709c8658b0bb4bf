// SPDX-License-Identifier: MIT
#include "sources/capture.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

namespace kintrace::sources {
namespace {

// What one call can move (MAX_RW_COUNT), and a recording's number hold.
constexpr std::uint64_t largest = 0x7ffff000;

std::int64_t number_of(const Bytes& decimal) {
  std::int64_t number = 0;
  std::from_chars(decimal.data(), decimal.data() + decimal.size(), number);
  return std::clamp<std::int64_t>(number, 0, largest);
}

// A program may ask for more than it means.
std::size_t array_bytes(std::uint64_t count, std::size_t size) {
  constexpr std::uint64_t most = 1024;
  return static_cast<std::size_t>(std::min(count, most)) * size;
}

template <class T>
syscalls::Captured or_nothing(Result<T> result) {
  if (!result) return {};
  return std::move(*result);
}

Result<Bytes> read_bytes(const os::Stop& stop, std::uint64_t address, std::size_t size) {
  Bytes bytes(size, '\0');
  const auto got = stop.read(address, std::as_writable_bytes(std::span{bytes}));
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

template <class T>
std::vector<T> read_array(const os::Stop& stop, std::uint64_t address, std::uint64_t count) {
  constexpr std::uint64_t most = 1024;  // UIO_MAXIOV
  std::vector<T> items(std::min(count, most));
  const auto got = stop.read(address, std::as_writable_bytes(std::span{items}));
  items.resize(got ? *got / sizeof(T) : 0);
  return items;
}

// The first bytes of what is in pieces, and how many there are in all.
struct Gathered {
  Bytes bytes;
  std::uint64_t size = 0;
};
Gathered gather(const os::Stop& stop, std::span<const iovec> pieces, std::uint64_t most) {
  Gathered all;
  for (const iovec& piece : pieces) {
    all.size += piece.iov_len;
    const std::uint64_t more = std::min<std::uint64_t>(piece.iov_len, most - all.bytes.size());
    if (more == 0) continue;
    all.bytes += read_bytes(stop, reinterpret_cast<std::uintptr_t>(piece.iov_base), more).value_or(Bytes{});
  }
  return all;
}
Gathered gather(const os::Stop& stop, std::uint64_t address, std::uint64_t count, std::uint64_t most) {
  return gather(stop, read_array<iovec>(stop, address, count), most);
}

// A message's bytes and what goes beside them. At an exit no more than `size` bytes are its own.
void capture_message(const os::Stop& stop, const msghdr& header, std::optional<std::uint64_t> size, std::uint64_t most,
                     std::vector<Bytes>& into) {
  constexpr std::uint64_t most_control = 4096;  // more than SCM_MAX_FD descriptors take
  const auto pieces = read_array<iovec>(stop, reinterpret_cast<std::uintptr_t>(header.msg_iov), header.msg_iovlen);
  const Gathered data = gather(stop, pieces, std::min(most, size.value_or(most)));
  into.push_back(data.bytes);
  Bytes control;
  if (header.msg_control != nullptr && header.msg_controllen > 0) {
    control = read_bytes(stop, reinterpret_cast<std::uintptr_t>(header.msg_control),
                         std::min<std::uint64_t>(header.msg_controllen, most_control))
                  .value_or(Bytes{});
  }
  into.push_back(std::move(control));
  into.push_back(std::to_string(size.value_or(data.size)));
  Bytes name;
  if (header.msg_name != nullptr && header.msg_namelen > 0) {
    name = read_bytes(stop, reinterpret_cast<std::uintptr_t>(header.msg_name),
                      std::min<std::size_t>(header.msg_namelen, sizeof(sockaddr_storage)))
               .value_or(Bytes{});
  }
  into.push_back(std::move(name));
}

syscalls::Captured capture_message(const os::Stop& stop, std::uint64_t address, std::optional<std::uint64_t> size,
                                   std::uint64_t most) {
  std::vector<Bytes> strings;
  for (const msghdr& header : read_array<msghdr>(stop, address, 1)) capture_message(stop, header, size, most, strings);
  return strings;
}

syscalls::Captured capture_messages(const os::Stop& stop, std::uint64_t address, std::uint64_t count,
                                    std::uint64_t most) {
  std::vector<Bytes> strings;
  for (const mmsghdr& one : read_array<mmsghdr>(stop, address, count))
    capture_message(stop, one.msg_hdr, one.msg_len, most, strings);
  return strings;
}

}  // namespace

void capture_in(const os::Stop& stop, const os::Procfs& proc, syscalls::Call& call, std::size_t most) {
  os::PageReader memory{stop};
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const syscalls::ArgSpec& arg = call.row->args.at(i);
    const std::uint64_t value = call.args.at(i);
    auto& captured = call.captured.at(i);
    switch (arg.kind) {
      case syscalls::Arg::in_string: captured = or_nothing(memory.string(value, arg.size)); break;
      case syscalls::Arg::in_strings: captured = or_nothing(memory.strings(value, arg.size)); break;
      case syscalls::Arg::in_memory: captured = or_nothing(read_bytes(stop, value, arg.size)); break;
      case syscalls::Arg::in_sized:
        captured = or_nothing(read_bytes(stop, value, std::min<std::uint64_t>(call.args.at(i + 1), arg.size)));
        break;
      case syscalls::Arg::in_descriptor: captured = or_nothing(proc.fd(call.tid, call.integer(i))); break;
      case syscalls::Arg::in_bytes:
        call.size = static_cast<std::int64_t>(std::min(call.args.at(i + 1), largest));
        captured = or_nothing(read_bytes(stop, value, std::min<std::uint64_t>(call.args.at(i + 1), most)));
        break;
      case syscalls::Arg::in_vector: {
        auto all = gather(stop, value, call.args.at(i + 1), most);
        call.size = static_cast<std::int64_t>(std::min(all.size, largest));
        captured = std::move(all.bytes);
        break;
      }
      case syscalls::Arg::in_message: {
        captured = capture_message(stop, value, {}, most);
        const auto& strings = std::get<std::vector<Bytes>>(captured);
        if (strings.size() == syscalls::Message::strings) call.size = number_of(strings[2]);
        break;
      }
      case syscalls::Arg::out_bytes:
        call.size = static_cast<std::int64_t>(std::min(call.args.at(i + 1), largest));
        break;
      case syscalls::Arg::out_vector:
      case syscalls::Arg::out_message: call.size = 1; break;  // some room, most likely
      case syscalls::Arg::in_array:
      case syscalls::Arg::out_array_of_next:
        captured = or_nothing(read_bytes(stop, value, array_bytes(call.args.at(i + 1), arg.size)));
        break;
      case syscalls::Arg::in_message_to:
        call.size = static_cast<std::int64_t>(std::min(call.args.at(i + 1), largest));
        captured =
            or_nothing(read_bytes(stop, value, sizeof(long) + std::min<std::uint64_t>(call.args.at(i + 1), most)));
        break;
      case syscalls::Arg::in_pidfd:
        if (const auto pid = proc.pidfd(call.tid, call.integer(i))) captured = std::to_string(pid->value);
        break;
      default: break;
    }
  }
}

void capture_out(const os::Stop& stop, syscalls::Call& call, std::int64_t result, std::size_t most) {
  const auto moved = static_cast<std::uint64_t>(std::max<std::int64_t>(0, result));
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const syscalls::ArgSpec& arg = call.row->args.at(i);
    const std::uint64_t value = call.args.at(i);
    auto& captured = call.captured.at(i);
    switch (arg.kind) {
      case syscalls::Arg::out_memory:
        if (value != 0) captured = or_nothing(read_bytes(stop, value, arg.size));
        break;
      case syscalls::Arg::out_array:
        if (result > 0) captured = or_nothing(read_bytes(stop, value, array_bytes(moved, arg.size)));
        break;
      case syscalls::Arg::out_array_of_next:
        if (result > 0) captured = or_nothing(read_bytes(stop, value, array_bytes(call.args.at(i + 1), arg.size)));
        break;
      case syscalls::Arg::out_message_of:
        if (result >= 0)
          captured = or_nothing(read_bytes(stop, value, sizeof(long) + std::min<std::uint64_t>(moved, most)));
        break;
      case syscalls::Arg::out_bytes:
        if (moved != 0) captured = or_nothing(read_bytes(stop, value, std::min<std::uint64_t>(moved, most)));
        break;
      case syscalls::Arg::out_vector:
        if (moved != 0) captured = gather(stop, value, call.args.at(i + 1), std::min<std::uint64_t>(moved, most)).bytes;
        break;
      case syscalls::Arg::out_message:
        if (result >= 0) captured = capture_message(stop, value, moved, most);
        break;
      case syscalls::Arg::out_messages:
        if (result > 0) captured = capture_messages(stop, value, moved, most);
        break;
      default: break;
    }
  }
}

}  // namespace kintrace::sources
