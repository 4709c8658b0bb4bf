// SPDX-License-Identifier: MIT
#include "recording/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <vector>

namespace kintrace::recording {
namespace {

constexpr std::int64_t give_back_at = 4 << 20;  // bytes that were read

std::vector<std::string> directories() {
  std::vector<std::string> all;
  const char* chosen = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (chosen != nullptr && *chosen != '\0') all.emplace_back(chosen);
  all.emplace_back("/var/tmp");  // before /tmp, which may be in memory
  all.emplace_back("/tmp");
  return all;
}

Result<os::Fd> without_name(const std::string& directory) {
  auto fd = os::open(directory, O_TMPFILE | O_RDWR | O_EXCL, 0600);
  if (fd) return fd;
  // Not every file system can (open(2)): NFS, and overlays of old kernels.
  std::string path = directory + "/kintrace-XXXXXX";
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named < 0) return Failure::last();
  ::unlink(path.c_str());
  return os::Fd{named};
}

}  // namespace

Result<Spool> Spool::make() {
  std::optional<Failure> first;
  for (const std::string& directory : directories()) {
    auto fd = without_name(directory);
    if (fd) return Spool{std::move(*fd), directory};
    if (!first) first = fd.error();
  }
  return *first;
}

Result<void> Spool::append(std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t more =
        ::pwrite(fd_.get(), bytes.data() + written, bytes.size() - written, end_ + static_cast<std::int64_t>(written));
    if (more > 0) {
      written += static_cast<std::size_t>(more);
    } else if (more == 0 || errno != EINTR) {
      const Failure failure = more == 0 ? Failure{Errno{ENOSPC}} : Failure::last();
      [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), end_);
      return failure;
    }
  }
  end_ += static_cast<std::int64_t>(written);
  return {};
}

Result<std::size_t> Spool::read(char* into, std::size_t most) {
  for (;;) {
    const ssize_t got = ::pread(fd_.get(), into, most, begin_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure::last();
    begin_ += got;
    if (begin_ - given_back_ >= give_back_at) give_back();
    return static_cast<std::size_t>(got);
  }
}

// Where the file system cannot, the space is free when the file is closed.
void Spool::give_back() {
  [[maybe_unused]] const int done =
      ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, given_back_, begin_ - given_back_);
  given_back_ = begin_;
}

std::string spool_directory() { return directories().front(); }

}  // namespace kintrace::recording
