// SPDX-License-Identifier: MIT
// Descriptors and what goes through them, on real programs: every message names the object that the program itself, or
// strace, says it went through.
#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "text/names.hpp"

using namespace kintrace;
using namespace kintrace::test;
using std::map;
using std::string;
using std::vector;

namespace {

vector<Event> traced_events(const vector<string>& argv, const Scratch& scratch, string* out = nullptr,
                            const vector<string>& more = {}) {
  Command command;
  command.argv = argv;
  command.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}, {"MAKEFLAGS", {}}, {"MAKELEVEL", {}}};
  command.directory = scratch.directory();
  vector<string> options{"-qq", "-o", scratch.path("run.jsonl")};
  options.insert(options.end(), more.begin(), more.end());
  const Outcome outcome = run(traced(command, options));
  INFO(outcome.told());
  REQUIRE_FALSE(outcome.timed_out);
  REQUIRE(outcome.status == 0);
  if (out != nullptr) *out = outcome.out;
  return events_of(scratch.path("run.jsonl"));
}

map<ObjectId, string> inodes_of(const vector<Event>& events) {
  map<ObjectId, string> inodes;
  for (const Event& event : only<ObjectMet>(events)) {
    const auto& met = std::get<ObjectMet>(event.fact);
    inodes[met.obj] = met.inode;
  }
  return inodes;
}

// What each task did with pipes that it made itself, as it would say it.
map<int, vector<string>> messages_of(const vector<Event>& events) {
  auto inodes = inodes_of(events);
  map<int, vector<string>> messages;
  const auto say = [&](const Event& event, const char* what, ObjectId obj, std::int64_t bytes) {
    messages[event.tid.value].push_back(string{what} + " " + inodes[obj] + " " + std::to_string(bytes));
  };
  for (const Event& event : events) {
    if (const auto* sent = std::get_if<Sent>(&event.fact)) say(event, "sent", sent->obj, sent->bytes);
    if (const auto* got = std::get_if<Received>(&event.fact)) say(event, "received", got->obj, got->bytes);
  }
  return messages;
}

// Bytes by pipe, as pairs of what went in and what came out: the inodes of two runs are not the same.
using Totals = vector<std::pair<std::int64_t, std::int64_t>>;

Totals sorted(const map<string, std::pair<std::int64_t, std::int64_t>>& totals) {
  Totals all;
  for (const auto& [inode, bytes] : totals) {
    if (bytes.first != 0 || bytes.second != 0) all.push_back(bytes);
  }
  std::sort(all.begin(), all.end());
  return all;
}

Totals totals_of(const vector<Event>& events) {
  map<string, std::pair<std::int64_t, std::int64_t>> totals;
  auto inodes = inodes_of(events);
  for (const Event& event : events) {
    if (const auto* sent = std::get_if<Sent>(&event.fact); sent != nullptr && sent->obj.kind == ObjectKind::pipe)
      totals[inodes[sent->obj]].first += sent->bytes;
    if (const auto* got = std::get_if<Received>(&event.fact); got != nullptr && got->obj.kind == ObjectKind::pipe)
      totals[inodes[got->obj]].second += got->bytes;
  }
  return sorted(totals);
}

// Of strace -f -y: `123 read(0<pipe:[456]>, "…", 4096) = 12`, in one line or in two.
Totals totals_in_strace(const string& log) {
  map<string, std::pair<std::int64_t, std::int64_t>> totals;
  static const std::regex whole(R"(^(\d+) +(read|write)\(\d+<pipe:\[(\d+)\]>.* = (\d+)$)");
  static const std::regex begun(R"(^(\d+) +(read|write)\(\d+<pipe:\[(\d+)\]>.*<unfinished \.\.\.>$)");
  static const std::regex resumed(R"(^(\d+) +<\.\.\. (read|write) resumed>.* = (\d+)$)");
  map<string, string> open;
  std::istringstream lines(log);
  for (string line; std::getline(lines, line);) {
    std::smatch found;
    string call, inode;
    std::int64_t bytes = 0;
    if (std::regex_match(line, found, whole)) {
      call = found[2];
      inode = found[3];
      bytes = std::stoll(found[4]);
    } else if (std::regex_match(line, found, begun)) {
      open[found[1]] = found[3];
      continue;
    } else if (std::regex_match(line, found, resumed) && open.contains(found[1])) {
      call = found[2];
      inode = open[found[1]];
      bytes = std::stoll(found[3]);
      open.erase(found[1]);
    } else {
      continue;
    }
    (call == "write" ? totals[inode].first : totals[inode].second) += bytes;
  }
  return sorted(totals);
}

string words(const Totals& totals) {
  std::ostringstream out;
  for (const auto& [in, from] : totals) out << in << " in, " << from << " out; ";
  return out.str();
}

}  // namespace

TEST_CASE("objects: threads that share descriptors, close and reuse them: each message names its pipe", "[live]") {
  if (!ptrace_allowed()) return;
  for (const int seed : {1, 2, 3}) {
    Scratch scratch;
    string said;
    const auto events = traced_events({fixture("shared_descriptors"), "3000", std::to_string(seed)}, scratch, &said);
    map<int, vector<string>> expected;
    std::istringstream lines(said);
    int tid = 0;
    string rest;
    while (lines >> tid && std::getline(lines, rest)) expected[tid].push_back(rest.substr(1));
    REQUIRE(expected.size() == 4);
    auto seen = messages_of(events);
    for (const auto& [task, messages] : expected) {
      INFO("seed " << seed << ", task " << task);
      REQUIRE(messages.size() > 1000);
      const auto& told = seen[task];
      const auto differ = std::mismatch(messages.begin(), messages.end(), told.begin(), told.end());
      INFO("message " << differ.first - messages.begin() << ": "
                      << (differ.first != messages.end() ? *differ.first : "none") << " told as "
                      << (differ.second != told.end() ? *differ.second : "none"));
      CHECK((differ.first == messages.end() && differ.second == told.end()));
    }
  }
}

TEST_CASE("objects: bytes by pipe are those that strace counts", "[live]") {
  if (!ptrace_allowed()) return;
  const vector<vector<string>> programs{
      {"/bin/sh", "-c", "seq 20000 | sort | wc >/dev/null"},
      {"/bin/sh", "-c", "cat <<X | tr a-z A-Z >/dev/null\nhere $(echo is)\nX"},
      {"/bin/bash", "-c", "cat <(echo one) <(seq 3000) | wc -l >/dev/null; read -r x < <(echo y)"},
      {"/bin/sh", "-c", "tar cf - -C /usr/share/doc/bash . | gzip | cat >/dev/null"},
      {"/bin/sh", "-c", "for i in 1 2 3; do echo $i | cat; done | wc -c >/dev/null"},
  };
  for (const auto& program : programs) {
    Scratch scratch;
    vector<string> argv{"strace", "-f", "-y", "-q", "-o", scratch.path("strace.log"), "-e", "trace=read,write"};
    argv.insert(argv.end(), program.begin(), program.end());
    Command alone;
    alone.argv = argv;
    alone.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
    const Outcome by_strace = run(alone);
    REQUIRE(by_strace.status == 0);
    const Totals expected = totals_in_strace(read_file(scratch.path("strace.log")));
    const auto events = traced_events(program, scratch);
    INFO(program.back());
    REQUIRE_FALSE(expected.empty());
    CHECK(words(totals_of(events)) == words(expected));
  }
}

TEST_CASE("objects: every byte that was read is known to be somebody's", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({"/bin/sh", "-c", "seq 50000 | sort -r | tail -n 3 | cat >/dev/null"}, scratch);
  map<Seq, std::int64_t> sent;
  for (const Event& event : only<Sent>(events)) sent[event.seq] = std::get<Sent>(event.fact).bytes;
  std::int64_t bytes = 0;
  for (const Event& event : only<Received>(events)) {
    const auto& got = std::get<Received>(event.fact);
    std::int64_t known = 0;
    for (const Part& part : got.from) {
      known += part.bytes;
      REQUIRE(sent.contains(part.seq));
      sent[part.seq] -= part.bytes;
      CHECK(sent[part.seq] >= 0);
    }
    CHECK(known == got.bytes);
    CHECK_FALSE(got.order_unknown);
    bytes += known;
  }
  CHECK(bytes > 200'000);
}

TEST_CASE("objects: a descriptor that came in a message is known by what it leads to", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("passes_descriptor")}, scratch);
  ObjectId passed;
  for (const Event& event : only<FdOpened>(events)) {
    const auto& opened = std::get<FdOpened>(event.fact);
    if (opened.how == OpenedHow::received) passed = opened.obj;
  }
  REQUIRE(passed);
  CHECK(passed.kind == ObjectKind::pipe);
  int bytes = 0, ends = 0;
  for (const Event& event : only<Received>(events)) {
    const auto& got = std::get<Received>(event.fact);
    if (got.obj != passed) continue;
    bytes += static_cast<int>(got.bytes);
    ends += got.eof ? 1 : 0;
    if (got.bytes > 0) CHECK(got.from.size() == 1);
  }
  CHECK(bytes == 5);
  CHECK(ends == 1);
  // While the message waits it holds the end: who closes his own is not the last.
  for (const Event& event : only<FdClosed>(events)) {
    const auto& closed = std::get<FdClosed>(event.fact);
    if (closed.obj == passed && closed.end == End::read) CHECK(closed.last == (closed.how == ClosedHow::exit));
  }
  vector<int> along;
  for (const Event& event : only<Sent>(events)) {
    const auto& fds = std::get<Sent>(event.fact).fds;
    along.insert(along.end(), fds.begin(), fds.end());
  }
  CHECK(along.size() == 1);
}

TEST_CASE("objects: both sides of a pseudoterminal that the program makes are told, and no terminal of others",
          "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events(
      {"/usr/bin/python3", "-c", "import pty, sys; sys.exit(pty.spawn(['/bin/sh', '-c', 'echo hello']))"}, scratch);
  vector<ObjectMet> sides;
  for (const Event& event : only<ObjectMet>(events)) {
    const auto& met = std::get<ObjectMet>(event.fact);
    if (met.kind == ObjectKind::pty) sides.push_back(met);
  }
  REQUIRE(sides.size() == 2);
  CHECK(sides[1].peer == sides[0].obj);
  CHECK(sides[1].path.starts_with("/dev/pts/"));
  bool said = false, heard = false;
  for (const Event& event : events) {
    const auto* sent = std::get_if<Sent>(&event.fact);
    said = said || (sent != nullptr && sent->obj == sides[1].obj && sent->data == "hello\n");
    const auto* got = std::get_if<Received>(&event.fact);
    heard = heard || (got != nullptr && got->obj == sides[0].obj && got->data.starts_with("hello"));
  }
  CHECK(said);
  CHECK(heard);
}

TEST_CASE("objects: what fails is told with the object", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const string program =
      "import os, errno\n"
      "os.mkfifo('f')\n"
      "try: os.open('f', os.O_WRONLY | os.O_NONBLOCK)\n"
      "except OSError as e: assert e.errno == errno.ENXIO\n"
      "try: os.dup2(77, 1)\n"
      "except OSError as e: assert e.errno == errno.EBADF\n";
  const auto events = traced_events({"/usr/bin/python3", "-c", program}, scratch);
  map<string, std::pair<string, ObjectKind>> failed;
  for (const Event& event : only<Failed>(events)) {
    const auto& fact = std::get<Failed>(event.fact);
    failed[fact.syscall] = {text::errno_name(fact.err), fact.obj.kind};
  }
  CHECK(failed["openat"] == std::pair{string{"ENXIO"}, ObjectKind::fifo});
  CHECK((failed["dup2"].first == "EBADF" || failed["dup3"].first == "EBADF"));
}

TEST_CASE("objects: who closed an end for good is named by whoever notices", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("pipe_ends")}, scratch);
  Tgid root, second;
  for (const Event& event : only<Forked>(events)) {
    root = event.pid;
    const auto& forked = std::get<Forked>(event.fact);
    if (second == Tgid{} && only<Forked>(events)[1].seq == event.seq) second = forked.child_pid;
  }
  int ends = 0, broken = 0;
  for (const Event& event : events) {
    const auto* got = std::get_if<Received>(&event.fact);
    if (got != nullptr && got->eof) {
      ++ends;
      CHECK(got->eof_by == second);
    }
    const auto* sent = std::get_if<Sent>(&event.fact);
    if (sent != nullptr && sent->err) {
      ++broken;
      CHECK(sent->broken_by == root);
    }
  }
  CHECK(ends == 1);
  CHECK(broken == 1);
}

TEST_CASE("objects: an open of a FIFO that waits for its other side is told with its time", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({fixture("fifo_meeting"), scratch.directory()}, scratch);
  std::vector<Event> opens;
  for (const Event& event : only<FdOpened>(events)) {
    if (std::get<FdOpened>(event.fact).obj.kind == ObjectKind::fifo) opens.push_back(event);
  }
  REQUIRE(opens.size() == 2);
  CHECK(std::get<FdOpened>(opens[0].fact).obj == std::get<FdOpened>(opens[1].fact).obj);
  const auto longest = std::max(opens[0].dur, opens[1].dur);
  CHECK(longest > 10'000'000);  // the other slept for twice as long
  bool waited = false;
  for (const Event& event : only<Blocked>(events)) {
    const auto& blocked = std::get<Blocked>(event.fact);
    waited = waited || (blocked.obj && blocked.obj->kind == ObjectKind::fifo && blocked.syscall == "openat");
  }
  CHECK(waited);
}

TEST_CASE("objects: bytes are left where nobody will read them, and not where they may still be read", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events({"/usr/bin/python3", "-c",
                                     "import os, socket\n"
                                     "a, b = socket.socketpair(); a.send(b'12345'); a.close(); b.recv(2); b.close()\n"
                                     "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                                     "a.send(b'1234567'); a.close(); b.close()\n"
                                     "r, w = os.pipe(); os.write(w, b'1234'); os.close(w); os.close(r)\n"},
                                    scratch);
  vector<std::int64_t> left;
  for (const Event& event : only<FdClosed>(events)) {
    const auto& closed = std::get<FdClosed>(event.fact);
    const bool made = closed.obj.kind == ObjectKind::unix_socket || closed.obj.kind == ObjectKind::pipe;
    if (made && closed.last && closed.how == ClosedHow::close) left.push_back(closed.left);
  }
  CHECK(left == vector<std::int64_t>{0, 3, 0, 7, 0, 4});
}

TEST_CASE("objects: datagrams are received from whoever sent them to that address", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  const auto events = traced_events(
      {"/usr/bin/python3", "-c",
       "import socket as s\n"
       "def udp(at=None):\n"
       "  one = s.socket(s.AF_INET, s.SOCK_DGRAM)\n"
       "  if at is not None: one.bind((at, 0))\n"
       "  return one\n"
       "a, b, c, w = udp('127.0.0.1'), udp(), udp(), udp('')\n"
       "b.sendto(b'first', a.getsockname()); b.sendto(b'', a.getsockname())\n"
       "c.connect(a.getsockname()); c.send(b'connected')\n"
       "got = [a.recvfrom(99) for _ in range(3)]\n"
       "a.sendto(b'answer', got[0][1]); b.recv(99); a.sendmsg([b'an', b'other'], [], 0, got[2][1]); c.recv(99)\n"
       "b.sendto(b'to any', ('127.0.0.1', w.getsockname()[1])); w.recv(99)\n"
       "u, v = (s.socket(s.AF_UNIX, s.SOCK_DGRAM) for _ in range(2)); u.bind('\\0kintrace-%d' % id(u))\n"
       "v.sendto(b'abstract', u.getsockname()); u.recv(99)\n"
       "x, y = s.socketpair(s.AF_UNIX, s.SOCK_SEQPACKET); x.send(b'one'); x.send(b'two'); y.recv(1); y.recv(9)\n"},
      scratch);
  map<Seq, const Sent*> sent;
  int messages = 0;
  for (const Event& event : events) {
    if (const auto* one = std::get_if<Sent>(&event.fact)) sent[event.seq] = one;
    const auto* got = std::get_if<Received>(&event.fact);
    if (got == nullptr || (got->obj.kind != ObjectKind::inet && got->obj.kind != ObjectKind::unix_socket)) continue;
    INFO("message " << messages << ": " << got->data);
    ++messages;
    REQUIRE(got->from.size() == 1);
    REQUIRE(sent.contains(got->from[0].seq));
    CHECK(sent[got->from[0].seq]->data.starts_with(got->data));
    CHECK_FALSE(got->order_unknown);
  }
  CHECK(messages == 9);
  for (const Event& event : only<ObjectMet>(events)) {
    const auto& met = std::get<ObjectMet>(event.fact);
    if (met.kind == ObjectKind::inet) CHECK(met.datagrams);
    if (met.peer) CHECK_FALSE(met.datagrams);
  }
}
