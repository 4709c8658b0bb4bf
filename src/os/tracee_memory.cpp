// SPDX-License-Identifier: MIT
// The memory of a stopped tracee: process_vm_readv(2), and /proc/PID/mem where that refuses a page (PROT_NONE).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "os/fd.hpp"
#include "os/ptrace.hpp"

namespace kintrace::os {
namespace {

constexpr std::uint64_t page =
    4096;  // the smallest of any Linux: reading up to its end never crosses into another page

std::uint64_t to_page_end(std::uint64_t address) { return page - address % page; }

Result<std::size_t> read_proc_mem(Tid tid, std::uint64_t address, std::span<std::byte> into) {
  const auto mem = open(fmt::format("/proc/{}/mem", tid.value), O_RDONLY);
  if (!mem) return mem.error();
  const ssize_t got = ::pread(mem->get(), into.data(), into.size(), static_cast<off_t>(address));
  if (got < 0) return Failure::last();
  return static_cast<std::size_t>(got);
}

}  // namespace

Result<std::size_t> Stop::read(std::uint64_t address, std::span<std::byte> into) const {
  iovec local{into.data(), into.size()};
  iovec remote{reinterpret_cast<void*>(address), into.size()};  // NOLINT(performance-no-int-to-ptr)
  const ssize_t got = ::process_vm_readv(tid_.value, &local, 1, &remote, 1, 0);
  if (got >= 0) return static_cast<std::size_t>(got);
  if (errno == ESRCH) return Failure::last();
  return read_proc_mem(tid_, address, into);
}

Result<std::string> Stop::read_string(std::uint64_t address, std::size_t most) const {
  std::string out;
  std::array<char, page> part{};
  std::size_t want = 256;  // most strings are short; then a page at a time
  while (out.size() < most) {
    const std::size_t length = std::min({want, static_cast<std::size_t>(to_page_end(address)), most - out.size()});
    const auto got = read(address, std::as_writable_bytes(std::span{part.data(), length}));
    if (!got || *got == 0) {
      if (!out.empty()) return out;  // it runs into unmapped memory: what there was
      return got ? Failure{Errno{EFAULT}} : got.error();
    }
    const auto* end = static_cast<const char*>(std::memchr(part.data(), '\0', *got));
    out.append(part.data(), end != nullptr ? static_cast<std::size_t>(end - part.data()) : *got);
    if (end != nullptr) break;
    address += *got;
    want = page;
  }
  return out;
}

Result<std::vector<std::string>> Stop::read_strings(std::uint64_t address, std::size_t most) const {
  std::vector<std::string> out;
  std::array<std::uint64_t, 64> pointers{};  // of the native word size: only native calls are decoded
  for (std::size_t taken = 0; taken < most;) {
    // A pointer may straddle two pages.
    const std::size_t length = std::clamp<std::uint64_t>(to_page_end(address), sizeof pointers[0], sizeof pointers);
    const auto got = read(address, std::as_writable_bytes(std::span{pointers}).first(length));
    const std::size_t whole = got ? *got / sizeof pointers[0] : 0;
    if (whole == 0) {
      if (!out.empty()) return out;
      return got ? Failure{Errno{EFAULT}} : got.error();
    }
    for (std::size_t i = 0; i < whole; ++i) {
      if (pointers.at(i) == 0 || taken >= most) return out;
      auto word = read_string(pointers.at(i), most - taken);
      if (!word) return out.empty() ? Result<std::vector<std::string>>{word.error()} : out;
      taken += word->size() + sizeof pointers[0];
      out.push_back(std::move(*word));
    }
    address += whole * sizeof pointers[0];
  }
  return out;
}

}  // namespace kintrace::os
