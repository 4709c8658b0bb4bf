// SPDX-License-Identifier: MIT
// Real descriptors: our own, those of a child, and those of a thread that has a table of its own.
#include "os/descriptor.hpp"

#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;
using os::Fd, os::FileType;

namespace {

Tid self() { return Tid{static_cast<std::int32_t>(::gettid())}; }

struct Pipe {
  Fd reader, writer;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  return {Fd{ends[0]}, Fd{ends[1]}};
}

// A process that does something, and then nothing until it is killed.
class Child {
 public:
  explicit Child(const std::function<void()>& does) : pid_(::fork()) {
    if (pid_ != 0) return;
    does();
    for (;;) ::pause();
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Tid tid() const { return Tid{pid_}; }

 private:
  pid_t pid_;
};

Tid told_through(const Pipe& pipe) {
  Tid tid;
  REQUIRE(::read(pipe.reader.get(), &tid, sizeof tid) == sizeof tid);
  return tid;
}

void tell(const Pipe& pipe, Tid tid) {
  if (::write(pipe.writer.get(), &tid, sizeof tid) != sizeof tid) ::_exit(1);
}

void put(const Fd& fd, const std::string& text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// Of a test that writes to what nobody reads.
class WithoutSigpipe {
 public:
  WithoutSigpipe() : before_(::signal(SIGPIPE, SIG_IGN)) {}
  ~WithoutSigpipe() { ::signal(SIGPIPE, before_); }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  void (*before_)(int);
};

// Since Linux 6.9 (PIDFD_THREAD).
bool threads_have_pidfds() {
  return static_cast<bool>(Fd{static_cast<int>(::syscall(SYS_pidfd_open, ::gettid(), O_EXCL))});
}

FileType type(const Fd& fd) {
  const auto file = os::open_file(self(), fd.get());
  REQUIRE(file);
  return file->type;
}

}  // namespace

TEST_CASE("descriptor: the ends of a pipe, in a child too") {
  const Pipe pipe = make_pipe(), other = make_pipe();
  const auto reader = os::open_file(self(), pipe.reader.get()), writer = os::open_file(self(), pipe.writer.get());
  REQUIRE(reader);
  REQUIRE(writer);
  CHECK(reader->type == FileType::pipe);
  CHECK(writer->type == FileType::pipe);
  CHECK(reader->end == End::read);
  CHECK(writer->end == End::write);
  CHECK(reader->inode == writer->inode);
  CHECK(reader->dev == writer->dev);
  CHECK(os::path(self(), pipe.reader.get()) == "pipe:[" + std::to_string(reader->inode) + "]");
  CHECK(os::open_file(self(), other.reader.get())->inode != reader->inode);
  const Child child([] {});
  CHECK(os::open_file(child.tid(), pipe.reader.get()) == reader);
  CHECK(os::open_file(child.tid(), pipe.writer.get()) == writer);
  const auto both = os::open("/proc/self/fd/" + std::to_string(pipe.reader.get()), O_RDWR);
  REQUIRE(both);
  auto expected = *reader;
  expected.end = End::both;
  CHECK(os::open_file(self(), both->get()) == expected);
}

TEST_CASE("descriptor: a FIFO, which gets no reader by being asked about") {
  const WithoutSigpipe without;
  const test::Scratch scratch;
  for (const std::string name : {"fifo", "a\nb (deleted)"}) {
    const std::string at = scratch.path(name);
    REQUIRE(::mkfifo(at.c_str(), 0600) == 0);
    auto reader = os::open(at, O_RDONLY | O_NONBLOCK);
    const auto writer = os::open(at, O_WRONLY | O_NONBLOCK);
    REQUIRE(reader);
    REQUIRE(writer);
    struct stat file {};
    REQUIRE(::stat(at.c_str(), &file) == 0);
    const auto found = os::open_file(self(), writer->get());
    REQUIRE(found);
    CHECK(found->type == FileType::fifo);
    CHECK(found->end == End::write);
    CHECK(found->dev == file.st_dev);
    CHECK(found->inode == file.st_ino);
    CHECK(os::open_file(self(), reader->get())->end == End::read);
    CHECK(os::path(self(), writer->get()) == at);
    reader->reset();
    REQUIRE(os::open_file(self(), writer->get()));
    CHECK(os::bytes_inside(self(), writer->get()) == 0);
    CHECK(::write(writer->get(), "x", 1) == -1);
    CHECK(errno == EPIPE);
    REQUIRE(::unlink(at.c_str()) == 0);
    CHECK(os::open_file(self(), writer->get()) == found);
    CHECK(os::path(self(), writer->get()) == at);
  }
}

TEST_CASE("descriptor: a pty's two sides are known to be one") {
  const auto opened = [] { return Fd{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)}; };
  const Fd master = opened(), other = opened();
  REQUIRE(master);
  REQUIRE(other);
  REQUIRE(::unlockpt(master.get()) == 0);
  const std::string name = ::ptsname(master.get());
  const auto slave = os::open(name, O_RDWR | O_NOCTTY), listener = os::open(name, O_RDONLY | O_NOCTTY);
  REQUIRE(slave);
  REQUIRE(listener);
  CHECK(type(master) == FileType::pty_master);
  CHECK(type(*slave) == FileType::pty_slave);
  CHECK(os::open_file(self(), master.get())->rdev == os::open_file(self(), slave->get())->rdev);
  CHECK(os::open_file(self(), other.get())->rdev != os::open_file(self(), slave->get())->rdev);
  CHECK(os::open_file(self(), slave->get())->end == End::both);
  CHECK(os::open_file(self(), listener->get())->end == End::read);
  CHECK(os::path(self(), slave->get()) == name);
  const Child child([] {});
  CHECK(os::open_file(child.tid(), master.get()) == os::open_file(self(), master.get()));
}

TEST_CASE("descriptor: what ties nobody to anybody") {
  const test::Scratch scratch;
  const std::string fifo = scratch.path("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto by = [](const std::string& path, int flags) {
    auto fd = os::open(path, flags, 0600);
    REQUIRE(fd);
    return std::move(*fd);
  };
  CHECK(type(by(scratch.path("file"), O_CREAT | O_WRONLY)) == FileType::other);
  CHECK(type(by(scratch.directory(), O_RDONLY)) == FileType::other);
  CHECK(type(by("/dev/null", O_RDWR)) == FileType::other);
  CHECK(type(by(fifo, O_PATH)) == FileType::other);
  CHECK(type(Fd{::inotify_init1(IN_CLOEXEC)}) == FileType::other);
  CHECK(type(Fd{::memfd_create("x", MFD_CLOEXEC)}) == FileType::other);
  CHECK(type(Fd{::memfd_create("anon_inode:[eventfd]", MFD_CLOEXEC)}) == FileType::other);
  CHECK(type(by(scratch.path("anon_inode:[eventfd]"), O_CREAT | O_WRONLY)) == FileType::other);
  const Fd event{::eventfd(0, EFD_CLOEXEC)};
  CHECK(type(by("/proc/self/fd/" + std::to_string(event.get()), O_PATH)) == FileType::other);
}

TEST_CASE("descriptor: eventfds are known by their numbers") {
  const Fd one{::eventfd(5, EFD_CLOEXEC)}, other{::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)};
  const Fd again{::fcntl(one.get(), F_DUPFD_CLOEXEC, 0)};
  const auto found = os::open_file(self(), one.get());
  REQUIRE(found);
  CHECK(found->type == FileType::eventfd);
  CHECK(found->end == End::both);
  CHECK(os::open_file(self(), again.get()) == found);
  const Child child([] {});
  CHECK(os::open_file(child.tid(), one.get()) == found);
  CHECK(type(other) == FileType::eventfd);
  const std::string told = test::read_file("/proc/self/fdinfo/" + std::to_string(one.get()));
  if (told.find("eventfd-id:") == std::string::npos) return;
  CHECK(os::open_file(self(), other.get())->rdev != found->rdev);
  CHECK_THAT(told, test::contains("eventfd-id: " + std::to_string(found->rdev) + "\n"));
}

TEST_CASE("descriptor: what has neither a name nor bytes") {
  sigset_t none{};
  ::sigemptyset(&none);
  const std::pair<Fd, FileType> cases[] = {{Fd{::epoll_create1(EPOLL_CLOEXEC)}, FileType::epoll},
                                           {Fd{::signalfd(-1, &none, SFD_CLOEXEC)}, FileType::signalfd},
                                           {Fd{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)}, FileType::timerfd}};
  for (const auto& [fd, expected] : cases) {
    const auto found = os::open_file(self(), fd.get());
    REQUIRE(found);
    CHECK(found->type == expected);
    CHECK(found->end == End::both);
    CHECK(found->rdev == 0);
    CHECK_FALSE(os::borrow(self(), fd.get()));
    CHECK_FALSE(os::bytes_inside(self(), fd.get()));
  }
}

TEST_CASE("descriptor: a pidfd leads to its process until that is reaped") {
  std::optional<Child> child(std::in_place, [] {});
  const Tid tid = child->tid();
  const Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, tid.value, 0))};
  REQUIRE(pidfd);
  auto found = os::open_file(self(), pidfd.get());
  REQUIRE(found);
  CHECK(found->type == FileType::pidfd);
  CHECK(found->end == End::both);
  CHECK(found->rdev == static_cast<std::uint64_t>(tid.value));
  child.reset();
  found = os::open_file(self(), pidfd.get());
  REQUIRE(found);
  CHECK(found->type == FileType::pidfd);
  CHECK(found->rdev == 0);
}

TEST_CASE("descriptor: message queues, by name and without, and nothing is left of learning what they are") {
  const std::string name = "/kintrace-test-" + std::to_string(::getpid());
  const auto open_queue = [&](int flags) { return Fd{::mq_open(name.c_str(), flags, 0600, nullptr)}; };
  const Fd both = open_queue(O_RDWR | O_CREAT | O_EXCL), reader = open_queue(O_RDONLY), writer = open_queue(O_WRONLY);
  ::mq_unlink(name.c_str());
  if (!both) return;  // a kernel without them
  const auto found = os::open_file(self(), both.get());
  REQUIRE(found);
  CHECK(found->type == FileType::mqueue);
  CHECK(found->end == End::both);
  CHECK(found->rdev == 0);
  CHECK(os::open_file(self(), reader.get())->end == End::read);
  CHECK(os::open_file(self(), writer.get())->end == End::write);
  CHECK(os::open_file(self(), reader.get())->inode == found->inode);
  CHECK(os::path(self(), both.get()) == name);
  CHECK_FALSE(os::borrow(self(), both.get()));
  const Fd other = open_queue(O_RDWR | O_CREAT | O_EXCL);
  ::mq_unlink(name.c_str());
  REQUIRE(other);
  CHECK(os::open_file(self(), other.get())->inode != found->inode);
  const auto before = os::open_fds(self());
  CHECK(type(other) == FileType::mqueue);
  CHECK(os::open_fds(self()) == before);
}

TEST_CASE("descriptor: sockets") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Fd one{ends[0]}, two{ends[1]};
  const Fd inet{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  for (const Fd* socket : {&one, &two, &inet}) {
    const auto found = os::open_file(self(), socket->get());
    REQUIRE(found);
    CHECK(found->type == FileType::socket);
    CHECK(found->end == End::both);
    CHECK(os::path(self(), socket->get()) == "socket:[" + std::to_string(found->inode) + "]");
  }
}

TEST_CASE("descriptor: closed, or of nobody") {
  Pipe pipe = make_pipe();
  const int number = pipe.reader.get();
  pipe.reader.reset();
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT) == 0);
  const auto nothing_of = [](Tid tid, int fd) {
    INFO("tid " << tid.value << " fd " << fd);
    CHECK_FALSE(os::open_file(tid, fd));
    CHECK(os::path(tid, fd).empty());
    CHECK_FALSE(os::borrow(tid, fd));
    CHECK_FALSE(os::bytes_inside(tid, fd));
  };
  for (const int fd : {number, -1, AT_FDCWD, 1 << 30, -2147483647 - 1}) nothing_of(self(), fd);
  for (const Tid tid : {Tid{0}, Tid{-1}, Tid{-2147483647 - 1}, Tid{2147483647}, Tid{ended}}) {
    nothing_of(tid, pipe.writer.get());
    CHECK(os::open_fds(tid).empty());
  }
  REQUIRE(::waitpid(ended, nullptr, 0) == ended);
  nothing_of(Tid{ended}, pipe.writer.get());
}

TEST_CASE("descriptor: all that are open, in order") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_cur > 900);
  std::vector<int> expected{10, 11, 12};
  for (int number = 100; number < 700; ++number) expected.push_back(number);
  expected.push_back(900);
  const Pipe told = make_pipe();
  const Child child([&] {
    for (const int number : expected) ::dup2(told.writer.get(), number);
    ::close_range(0, 9, 0);
    ::close_range(13, 99, 0);
    ::close_range(700, 899, 0);
    ::close_range(901, ~0U, 0);
    if (::write(10, "x", 1) != 1) ::_exit(1);
  });
  char ready = 0;
  REQUIRE(::read(told.reader.get(), &ready, 1) == 1);
  CHECK(os::open_fds(child.tid()) == expected);
}

TEST_CASE("descriptor: the bytes that nobody has read yet, and nothing is kept open") {
  const auto before = os::open_fds(self());
  {
    const Pipe pipe = make_pipe();
    const Child child([] {});
    CHECK(os::bytes_inside(child.tid(), pipe.reader.get()) == 0);
    put(pipe.writer, "hello");
    CHECK(os::bytes_inside(child.tid(), pipe.reader.get()) == 5);
    CHECK(os::bytes_inside(child.tid(), pipe.writer.get()) == 5);
    std::array<char, 2> two{};
    REQUIRE(::read(pipe.reader.get(), two.data(), two.size()) == 2);
    CHECK(os::bytes_inside(self(), pipe.reader.get()) == 3);
    REQUIRE(::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK) == 0);
    while (::write(pipe.writer.get(), std::string(4096, 'x').data(), 4096) > 0) {
    }
    CHECK(os::bytes_inside(child.tid(), pipe.reader.get()) > 4096);
  }
  auto pair = os::socket_pair();
  REQUIRE(pair);
  put(pair->theirs, "abc");
  CHECK(os::bytes_inside(self(), pair->ours.get()) == 3);
  CHECK(os::bytes_inside(self(), pair->theirs.get()) == 0);
  pair->ours.reset();
  pair->theirs.reset();
  CHECK(os::open_fds(self()) == before);
}

TEST_CASE("descriptor: only pipes, FIFOs and sockets are borrowed") {
  const test::Scratch scratch;
  const auto file = os::open(scratch.path("file"), O_CREAT | O_RDWR, 0600);
  REQUIRE(file);
  put(*file, "hello");
  REQUIRE(::lseek(file->get(), 0, SEEK_SET) == 0);
  const Fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  for (const Fd* fd : {&*file, &master}) {
    REQUIRE(os::open_file(self(), fd->get()));
    CHECK_FALSE(os::borrow(self(), fd->get()));
    CHECK_FALSE(os::bytes_inside(self(), fd->get()));
  }
}

TEST_CASE("descriptor: of a thread whose table is its own") {
  const Pipe told = make_pipe(), of_all = make_pipe(), of_thread = make_pipe();
  put(of_all.writer, "all");
  put(of_thread.writer, "thread");
  const auto expected = os::open_file(self(), of_thread.reader.get());
  const Child child([&] {
    std::thread([&] {
      if (::unshare(CLONE_FILES) != 0 || ::dup2(of_thread.reader.get(), of_all.reader.get()) < 0) ::_exit(1);
      tell(told, self());
      for (;;) ::pause();
    }).detach();
  });
  const Tid thread = told_through(told);
  const int number = of_all.reader.get();
  CHECK(os::open_file(thread, number) == expected);
  CHECK(os::open_file(child.tid(), number) == os::open_file(self(), number));
  CHECK(os::bytes_inside(child.tid(), number) == 3);
  CHECK(os::bytes_inside(thread, number) == (threads_have_pidfds() ? std::optional<std::int64_t>{6} : std::nullopt));
}

TEST_CASE("descriptor: of a thread whose leader has ended") {
  const Pipe told = make_pipe();
  const Child child([&] {
    std::thread([&] {
      tell(told, self());
      for (;;) ::pause();
    }).detach();
    ::syscall(SYS_exit, 0);
  });
  const Tid thread = told_through(told);
  while (os::open_file(child.tid(), told.reader.get())) std::this_thread::yield();
  CHECK(os::open_file(thread, told.reader.get()) == os::open_file(self(), told.reader.get()));
  const auto open = os::open_fds(thread);
  CHECK(std::count(open.begin(), open.end(), told.reader.get()) == 1);
  CHECK(os::open_fds(child.tid()).empty());
  CHECK(os::bytes_inside(thread, told.reader.get()).has_value() == threads_have_pidfds());
}
