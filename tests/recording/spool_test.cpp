// SPDX-License-Identifier: MIT
#include "recording/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "support/run.hpp"

using kintrace::recording::Spool;

namespace {

std::string rest_of(Spool& spool, std::size_t at_once) {
  std::string all, part(at_once, '\0');
  for (;;) {
    const auto got = spool.read(part.data(), part.size());
    REQUIRE(got);
    if (*got == 0) return all;
    all.append(part, 0, *got);
  }
}

// TMPDIR for as long as it lives.
class Tmpdir {
 public:
  explicit Tmpdir(const std::string& path) {
    if (const char* was = std::getenv("TMPDIR")) was_ = was;
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~Tmpdir() { was_ ? ::setenv("TMPDIR", was_->c_str(), 1) : ::unsetenv("TMPDIR"); }
  Tmpdir(const Tmpdir&) = delete;
  Tmpdir& operator=(const Tmpdir&) = delete;

 private:
  std::optional<std::string> was_;
};

}  // namespace

TEST_CASE("spool: what was appended is read once, in order, while more is appended") {
  auto spool = Spool::make();
  REQUIRE(spool);
  CHECK(rest_of(*spool, 10).empty());
  REQUIRE(spool->append("one\n"));
  REQUIRE(spool->append("two\n"));
  std::string part(5, '\0');
  REQUIRE(*spool->read(part.data(), part.size()) == 5);
  CHECK(part == "one\nt");
  REQUIRE(spool->append("three\n"));
  CHECK(rest_of(*spool, 3) == "wo\nthree\n");
  REQUIRE(spool->append("four\n"));
  CHECK(rest_of(*spool, 100) == "four\n");
}

TEST_CASE("spool: a file without a name in TMPDIR, for nobody else, that gives back the space of what was read") {
  const kintrace::test::Scratch scratch;
  const Tmpdir here(scratch.directory());
  const auto open_files = [&] {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const std::string target = std::filesystem::read_symlink(entry.path(), gone);
      if (target.starts_with(scratch.directory())) found.push_back(entry.path());
    }
    return found;
  };
  {
    auto spool = Spool::make();
    REQUIRE(spool);
    CHECK(spool->directory() == scratch.directory());
    CHECK(std::filesystem::is_empty(scratch.directory()));
    REQUIRE(open_files().size() == 1);
    struct stat file {};
    REQUIRE(::stat(open_files()[0].c_str(), &file) == 0);
    CHECK(file.st_nlink == 0);
    CHECK((file.st_mode & 07777U) == 0600);
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 16; ++i) REQUIRE(spool->append(megabyte));
    REQUIRE(::stat(open_files()[0].c_str(), &file) == 0);
    const auto blocks = file.st_blocks;
    std::string part(megabyte.size(), '\0');
    for (int i = 0; i < 12; ++i) {
      REQUIRE(*spool->read(part.data(), part.size()) == part.size());
      CHECK((part == megabyte));
    }
    REQUIRE(::stat(open_files()[0].c_str(), &file) == 0);
    CHECK(file.st_blocks < blocks / 2);
    CHECK(rest_of(*spool, 1 << 20).size() == 4U << 20U);
  }
  CHECK(open_files().empty());
}

TEST_CASE("spool: another directory where TMPDIR is none") {
  const Tmpdir nowhere("/nonexistent/tmp");
  CHECK(kintrace::recording::spool_directory() == "/nonexistent/tmp");
  const auto spool = Spool::make();
  REQUIRE(spool);
  CHECK(spool->directory() == "/var/tmp");
}

TEST_CASE("spool: what cannot be appended whole is not appended at all") {
  Spool full(kintrace::os::Fd{::open("/dev/full", O_RDWR | O_CLOEXEC)}, "/dev");
  const auto appended = full.append("x\n");
  REQUIRE_FALSE(appended);
  CHECK(appended.error().error().value == ENOSPC);
}
