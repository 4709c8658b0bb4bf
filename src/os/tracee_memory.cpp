// SPDX-License-Identifier: MIT
// The memory of a stopped tracee: process_vm_readv(2), and /proc/PID/mem where that refuses a page (PROT_NONE).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "os/fd.hpp"
#include "os/ptrace.hpp"

namespace kintrace::os {
namespace {

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

// The smallest page of any Linux: reading up to its end never crosses into another.
std::string_view PageReader::at(std::uint64_t address) {
  constexpr std::uint64_t page = sizeof bytes_;
  if (address / page != number_ || size_ == 0) {
    number_ = address / page;
    const auto got = stop_.read(number_ * page, std::as_writable_bytes(std::span{bytes_}));
    size_ = got ? *got : 0;
  }
  const std::size_t offset = address % page;
  return offset < size_ ? std::string_view{bytes_.data() + offset, size_ - offset} : std::string_view{};
}

std::size_t PageReader::read(std::uint64_t address, std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::size_t more = at(address + done).copy(into.data() + done, into.size() - done);
    if (more == 0) break;
    done += more;
  }
  return done;
}

Result<std::string> PageReader::string(std::uint64_t address, std::size_t most) {
  std::string out;
  while (out.size() < most) {
    const std::string_view part = at(address).substr(0, most - out.size());
    if (part.empty()) {
      if (!out.empty()) return out;  // it runs into unmapped memory: what there was
      return Failure{Errno{EFAULT}};
    }
    const std::size_t end = part.find('\0');
    out += part.substr(0, end);
    if (end != std::string_view::npos) break;
    address += part.size();
  }
  return out;
}

Result<std::vector<std::string>> PageReader::strings(std::uint64_t address, std::size_t most) {
  std::vector<std::string> out;
  constexpr std::size_t width = sizeof(std::uint64_t);  // the native word: only native calls are decoded
  std::array<char, 64 * width> pointers{};
  for (std::size_t taken = 0; taken < most;) {
    const std::size_t whole = read(address, pointers) / width;
    if (whole == 0) return out.empty() ? Result<std::vector<std::string>>{Failure{Errno{EFAULT}}} : out;
    for (std::size_t i = 0; i < whole; ++i) {
      std::uint64_t pointer = 0;
      std::memcpy(&pointer, pointers.data() + i * width, width);
      if (pointer == 0 || taken >= most) return out;
      auto word = string(pointer, most - taken);
      if (!word) return out.empty() ? Result<std::vector<std::string>>{word.error()} : out;
      taken += word->size() + width;
      out.push_back(std::move(*word));
    }
    address += whole * width;
  }
  return out;
}

}  // namespace kintrace::os
