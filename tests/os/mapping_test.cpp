// SPDX-License-Identifier: MIT
// Real memory, our own and a child's, and files whose names are not kind.
#include "os/mapping.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>
#include <vector>

#include "os/fd.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using os::Fd, os::MemoryMap;

namespace {

Tid self() { return Tid{::getpid()}; }

class Memory {
 public:
  Memory(std::size_t bytes, int protection, int flags, int fd = -1, off_t offset = 0)
      : bytes_(bytes), at_(::mmap(nullptr, bytes, protection, flags, fd, offset)) {
    REQUIRE(at_ != MAP_FAILED);
  }
  ~Memory() { ::munmap(at_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(at_); }
  std::uint64_t end() const { return address() + bytes_; }

 private:
  std::size_t bytes_;
  void* at_;
};

std::size_t page() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

Fd file_of(const std::string& path, off_t bytes) {
  auto fd = os::open(path, O_CREAT | O_RDWR, 0600);
  REQUIRE(fd);
  REQUIRE(::ftruncate(fd->get(), bytes) == 0);
  return std::move(*fd);
}

MemoryMap map_of(const Memory& memory) {
  const auto found = os::map_at(self(), memory.address());
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("mapping: a file, from its second page on") {
  const test::Scratch scratch;
  const std::string path = scratch.path("file");
  const Fd file = file_of(path, static_cast<off_t>(4 * page()));
  struct stat status {};
  REQUIRE(::fstat(file.get(), &status) == 0);
  const Memory memory(2 * page(), PROT_READ, MAP_SHARED, file.get(), static_cast<off_t>(page()));
  const auto map = map_of(memory);
  CHECK(map.begin == memory.address());
  CHECK(map.end == memory.end());
  CHECK(map.offset == page());
  CHECK(map.inode == status.st_ino);
  CHECK(map.dev != 0);
  CHECK(map.shared);
  CHECK(map.prot == "r");
  CHECK(map.path == path);
  CHECK_FALSE(map.removed);
  CHECK(os::map_at(self(), memory.end() - 1) == map);
  const auto next = os::map_at(self(), memory.end());
  CHECK((!next || next->begin == memory.end()));
  REQUIRE(::unlink(path.c_str()) == 0);
  const auto removed = map_of(memory);
  CHECK(removed.removed);
  CHECK(removed.path == path);
  const Memory own(page(), PROT_READ, MAP_PRIVATE, file.get());
  CHECK_FALSE(map_of(own).shared);
}

TEST_CASE("mapping: what a task may do there") {
  const struct {
    int protection;
    std::string text;
  } cases[] = {{PROT_NONE, ""},
               {PROT_READ, "r"},
               {PROT_READ | PROT_WRITE, "rw"},
               {PROT_READ | PROT_EXEC, "rx"},
               {PROT_READ | PROT_WRITE | PROT_EXEC, "rwx"}};
  for (const auto& [protection, text] : cases) {
    const Memory memory(page(), protection, MAP_SHARED | MAP_ANONYMOUS);
    CHECK(map_of(memory).prot == text);
  }
}

TEST_CASE("mapping: names that are not kind") {
  const test::Scratch scratch;
  for (const std::string name : {" a  b ", "a\nb\n", "\n", "x 00:00 0", "a\\b", "7f-80 rw-s 0 0:0 0 [x]", "\xff\t\r"}) {
    const std::string path = scratch.path(name);
    const Fd file = file_of(path, static_cast<off_t>(page()));
    const Memory memory(page(), PROT_READ, MAP_SHARED, file.get());
    CHECK(map_of(memory).path == path);
    CHECK_FALSE(map_of(memory).removed);
    REQUIRE(::unlink(path.c_str()) == 0);
    CHECK(map_of(memory).path == path);
    CHECK(map_of(memory).removed);
  }
}

TEST_CASE("mapping: a name as long as there can be") {
  const test::Scratch scratch;
  std::string path = scratch.directory();
  while (path.size() + 202 < PATH_MAX - 20) {
    path += "/" + std::string(200, '\n');
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  }
  path += "/file";
  const Fd file = file_of(path, static_cast<off_t>(page()));
  const Memory memory(page(), PROT_READ, MAP_SHARED, file.get());
  CHECK(map_of(memory).path == path);
}

TEST_CASE("mapping: shared memory that is no file's") {
  const Memory nameless(2 * page(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
  const Fd memfd{::memfd_create("a name", MFD_CLOEXEC)};
  REQUIRE(::ftruncate(memfd.get(), static_cast<off_t>(page())) == 0);
  const Memory named(page(), PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get());
  const int id = ::shmget(IPC_PRIVATE, page(), 0600);
  REQUIRE(id >= 0);
  const void* const segment = ::shmat(id, nullptr, 0);
  ::shmctl(id, IPC_RMID, nullptr);
  REQUIRE(segment != reinterpret_cast<void*>(-1));
  const auto attached = os::map_at(self(), reinterpret_cast<std::uintptr_t>(segment));
  const auto all = os::shared_maps(self());
  ::shmdt(segment);
  REQUIRE(attached);
  CHECK(attached->path == "/SYSV00000000");
  CHECK(attached->inode == static_cast<std::uint64_t>(id));
  CHECK(attached->shared);
  CHECK(map_of(nameless).path == "/dev/zero");
  CHECK(map_of(nameless).removed);
  CHECK(map_of(nameless).inode != 0);
  CHECK(map_of(named).path == "/memfd:a name");
  for (const MemoryMap& one : {*attached, map_of(nameless), map_of(named)})
    CHECK(std::count(all.begin(), all.end(), one) == 1);
  CHECK(std::all_of(all.begin(), all.end(), [](const MemoryMap& one) { return one.shared; }));
  CHECK(std::is_sorted(all.begin(), all.end(), [](auto& one, auto& other) { return one.begin < other.begin; }));
}

TEST_CASE("mapping: very many, in a child too") {
  constexpr std::size_t count = 2000;
  const test::Scratch scratch;
  const Fd file = file_of(scratch.path(std::string(100, 'x')), static_cast<off_t>(page()));
  const Memory around(2 * count * page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
  const std::size_t before = os::shared_maps(self()).size();
  for (std::size_t i = 0; i < count; ++i) {
    auto* const at = reinterpret_cast<void*>(around.address() + 2 * i * page());
    REQUIRE(::mmap(at, page(), PROT_READ, MAP_SHARED | MAP_FIXED, file.get(), 0) == at);
  }
  CHECK(os::shared_maps(self()).size() == before + count);
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  const auto theirs = os::shared_maps(Tid{child});
  const auto last = os::map_at(Tid{child}, around.end() - 2 * page());
  const auto gap = os::map_at(Tid{child}, around.end() - 1);
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  CHECK(os::shared_maps(Tid{child}).empty());  // a zombie
  ::waitpid(child, nullptr, 0);
  CHECK(theirs.size() == before + count);
  REQUIRE(last);
  CHECK(last->shared);
  REQUIRE(gap);
  CHECK(gap->prot.empty());
  CHECK_FALSE(gap->shared);
  CHECK(gap->path.empty());
}

TEST_CASE("mapping: nothing there, or nobody") {
  CHECK_FALSE(os::map_at(self(), 0));
  CHECK_FALSE(os::map_at(self(), ~std::uint64_t{0}));
  for (const Tid tid : {Tid{0}, Tid{-1}, Tid{INT_MIN}, Tid{INT_MAX}}) {
    CHECK_FALSE(os::map_at(tid, 0x1000));
    CHECK(os::shared_maps(tid).empty());
  }
}
