// SPDX-License-Identifier: MIT
// The memory of a stopped tracee: process_vm_readv(2), and /proc/PID/mem where that refuses a page (PROT_NONE).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

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

namespace {

// Reads whole pages and keeps the last: the strings of an argv lie one behind the other.
class PageReader {
 public:
  explicit PageReader(const Stop& stop) : stop_(stop), bytes_(page, '\0') {}
  // What is mapped from here to the end of its page; empty: nothing is.
  std::string_view at(std::uint64_t address);
  Result<std::string> string(std::uint64_t address, std::size_t most);

 private:
  const Stop& stop_;
  std::string bytes_;
  std::uint64_t number_ = 0;
  std::size_t size_ = 0;
};

std::string_view PageReader::at(std::uint64_t address) {
  if (address / page != number_ || size_ == 0) {
    number_ = address / page;
    const auto got = stop_.read(number_ * page, std::as_writable_bytes(std::span{bytes_}));
    size_ = got ? *got : 0;
  }
  const std::size_t offset = address % page;
  return offset < size_ ? std::string_view{bytes_}.substr(offset, size_ - offset) : std::string_view{};
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

}  // namespace

Result<std::string> Stop::read_string(std::uint64_t address, std::size_t most) const {
  return PageReader{*this}.string(address, most);
}

Result<std::vector<std::string>> Stop::read_strings(std::uint64_t address, std::size_t most) const {
  std::vector<std::string> out;
  PageReader reader(*this);
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
      auto word = reader.string(pointers.at(i), most - taken);
      if (!word) return out.empty() ? Result<std::vector<std::string>>{word.error()} : out;
      taken += word->size() + sizeof pointers[0];
      out.push_back(std::move(*word));
    }
    address += whole * sizeof pointers[0];
  }
  return out;
}

}  // namespace kintrace::os
