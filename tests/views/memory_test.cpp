// SPDX-License-Identifier: MIT
// Memory follows what lives and what will be shown, not how much has happened: ten times the events, the same peak.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/view.hpp"
#include "support/catch.hpp"
#include "views/registry.hpp"

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // NOLINT(*-reserved-identifier)
#endif

using namespace kintrace;

namespace {

std::size_t heap_in_use() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
#endif
}

class Nowhere final : public Writer {
 public:
  void write(std::string_view) override {}
};

// A world and one view of it, told events as they are made: none is kept.
class Told {
 public:
  Told(std::string_view view, bool stable) : before_(heap_in_use()) {
    ViewOptions options;
    options.stable = stable;
    view_ = views::find(view)->make(out_, options);
    view_->begin({});
  }
  void operator()(std::int32_t pid, Fact fact) { (*this)(pid, pid, std::move(fact)); }
  void operator()(std::int32_t pid, std::int32_t tid, Fact fact) {
    Event event;
    event.seq = Seq{++told_};
    event.t = static_cast<Nanoseconds>(told_) * 1000;
    event.pid = Tgid{pid};
    event.tid = Tid{tid};
    event.fact = std::move(fact);
    world_.apply(event);
    view_->event(event, world_);
    if (told_ % 128 == 0) peak_ = std::max(peak_, heap_in_use());
  }
  std::uint64_t told() const { return told_; }
  std::size_t peak() {
    view_->end({}, world_);
    return std::max(peak_, heap_in_use()) - before_;
  }

 private:
  std::size_t before_, peak_ = 0;
  std::uint64_t told_ = 0;
  Nowhere out_;
  World world_;
  std::unique_ptr<View> view_;
};

Forked born(std::int32_t tid, std::int32_t pid, BirthHow how) {
  Forked fact;
  fact.child = Tid{tid};
  fact.child_pid = Tgid{pid};
  fact.how = how;
  fact.flags = {"CLONE_CHILD_CLEARTID", "CLONE_CHILD_SETTID"};
  fact.syscall = "clone";
  return fact;
}
Exited ended(bool group) {
  Exited fact;
  fact.code = 0;
  fact.group = group;
  return fact;
}
Execed program(std::string name) {
  Execed fact;
  fact.path = "/bin/" + name;
  fact.argv = {name, std::string(200, 'x')};
  fact.comm = std::move(name);
  return fact;
}
SignalSent sent(std::int32_t signal) {
  SignalSent fact;
  fact.signal = Signal{signal};
  return fact;
}
SignalDelivered delivered(std::int32_t signal, std::int32_t from) {
  SignalDelivered fact;
  fact.signal = Signal{signal};
  fact.from = Tgid{from};
  return fact;
}
Reaped reaped(std::int32_t pid) {
  Reaped fact;
  fact.child = Tgid{pid};
  fact.code = 0;
  fact.syscall = "wait4";
  return fact;
}

Sent wrote(ObjectId obj, std::int64_t bytes) {
  Sent fact;
  fact.obj = obj;
  fact.fd = 4;
  fact.bytes = bytes;
  fact.data = "data";
  fact.syscall = "write";
  return fact;
}
Received got(ObjectId obj, std::int64_t bytes, std::int32_t from) {
  Received fact;
  fact.obj = obj;
  fact.fd = 3;
  fact.bytes = bytes;
  fact.from = {Part{Seq{1}, bytes, Tid{from}}};
  fact.syscall = "read";
  return fact;
}
FdClosed closed(ObjectId obj, int fd, End end) {
  FdClosed fact;
  fact.fd = fd;
  fact.obj = obj;
  fact.end = end;
  fact.last = true;
  return fact;
}

// Numbers are used again, as the kernel does.
std::int32_t number(std::uint64_t i) { return static_cast<std::int32_t>(100 + i % 30'000); }

using Run = std::function<void(Told&, std::uint64_t)>;

void shell_loop(Told& tell, std::uint64_t events) {
  for (std::uint64_t i = 0; tell.told() < events; ++i) {
    const auto pid = number(i);
    tell(10, born(pid, pid, BirthHow::fork));
    tell(pid, program("true"));
    tell(pid, ended(true));
    tell(10, reaped(pid));
    tell(10, delivered(17, pid));
  }
}

void never_reaping_children(Told& tell, std::uint64_t events) {
  for (std::uint64_t i = 0; tell.told() < events; i += 11) {
    const auto pid = number(i);
    tell(10, born(pid, pid, BirthHow::fork));
    for (std::uint64_t k = 1; k <= 10; ++k) {
      const auto child = number(i + k);
      tell(pid, born(child, child, BirthHow::fork));
      tell(child, ended(true));
    }
    tell(pid, ended(true));
    tell(10, reaped(pid));
  }
}

void daemons(Told& tell, std::uint64_t events) {
  std::int32_t last = 10;
  for (std::uint64_t i = 0; tell.told() < events; ++i) {
    const auto next = number(i);
    tell(last, born(next, next, BirthHow::fork));
    tell(last, ended(true));
    tell(next, Reparented{Tgid{last}, Tgid{1}});
    last = next;
  }
}

void threads(Told& tell, std::uint64_t events) {
  for (std::uint64_t i = 0; tell.told() < events; ++i) {
    const auto tid = number(i);
    tell(10, born(tid, 10, BirthHow::thread));
    tell(10, tid, ended(false));
  }
}

void signals(Told& tell, std::uint64_t events) {
  tell(10, born(11, 11, BirthHow::fork));
  while (tell.told() < events) {
    tell(10, sent(10));
    tell(11, delivered(10, 10));
  }
}

void failing_execs(Told& tell, std::uint64_t events) {
  for (std::uint64_t i = 0; tell.told() < events; ++i) {
    const auto pid = number(i);
    tell(10, born(pid, pid, BirthHow::fork));
    tell(pid, ExecFailed{"/bin/nosuch", {"nosuch"}, "execve", Errno{2}});
    tell(pid, ended(true));
    tell(10, reaped(pid));
  }
}

void messages(Told& tell, std::uint64_t events) {
  constexpr ObjectId pipe{ObjectKind::pipe, 1};
  tell(10, FdOpened{3, pipe, End::read, OpenedHow::pipe});
  tell(10, FdOpened{4, pipe, End::write, OpenedHow::pipe});
  tell(10, born(11, 11, BirthHow::fork));
  for (std::int64_t i = 0; tell.told() < events; ++i) {
    tell(10, wrote(pipe, i));
    tell(11, got(pipe, i, 10));
  }
}

void pipes(Told& tell, std::uint64_t events) {
  for (std::uint32_t i = 1; tell.told() < events; ++i) {
    const ObjectId pipe{ObjectKind::pipe, i};
    ObjectMet met;
    met.obj = pipe;
    tell(10, std::move(met));
    tell(10, FdOpened{3, pipe, End::read, OpenedHow::pipe});
    tell(10, FdOpened{4, pipe, End::write, OpenedHow::pipe});
    tell(10, wrote(pipe, 1));
    tell(10, got(pipe, 1, 10));
    tell(10, closed(pipe, 3, End::read));
    tell(10, closed(pipe, 4, End::write));
  }
}

std::size_t peak_of(std::string_view view, bool stable, const Run& run, std::uint64_t events) {
  Told tell(view, stable);
  tell(10, program("sh"));
  run(tell, events);
  return tell.peak();
}

}  // namespace

TEST_CASE("memory: ten times the events, the same peak") {
  struct Case {
    std::string_view name;
    Run run;
    std::vector<std::string_view> views;  // the tree not where it has a row for each
  };
  const Case all[] = {{"shell loop", shell_loop, {"tree", "summary", "timeline"}},
                      {"children that are never reaped", never_reaping_children, {"summary", "timeline"}},
                      {"daemons", daemons, {"summary", "timeline"}},
                      {"threads", threads, {"tree", "timeline"}},
                      {"signals", signals, {"summary", "timeline"}},
                      {"failing execs", failing_execs, {"findings"}},
                      {"messages", messages, {"summary", "timeline"}},
                      {"pipes", pipes, {"summary", "timeline"}}};
  constexpr std::uint64_t few = 12'000;  // more than the world remembers of the dead
  for (const Case& one : all) {
    for (const std::string_view view : one.views) {
      const bool stable = view != "timeline";  // whose stable kin keeps what it writes
      const std::size_t before = peak_of(view, stable, one.run, few);
      const std::size_t after = peak_of(view, stable, one.run, 10 * few);
      INFO(fmt::format("{}, {}: {} and {} bytes", one.name, view, before, after));
      CHECK(after < before + before / 8 + 100'000);
    }
  }
}

TEST_CASE("memory: of processes that are all shown the tree keeps little more than their rows") {
  const Run unlike = [](Told& tell, std::uint64_t events) {
    for (std::uint64_t i = 0; tell.told() < events; ++i) {
      const auto pid = number(i);
      tell(10, born(pid, pid, BirthHow::fork));
      tell(pid, program(fmt::format("cc{}", i)));
      tell(pid, ended(true));
      tell(10, reaped(pid));
    }
  };
  constexpr std::uint64_t few = 6'000;
  const std::size_t more = peak_of("tree", false, unlike, 10 * few) - peak_of("tree", false, unlike, few);
  CHECK(more / (9 * few / 4) < 400);
}
