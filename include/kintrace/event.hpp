// SPDX-License-Identifier: MIT
// The vocabulary: an event is when + who + one fact, and a fact belongs to a class (what -e chooses by). Every source
// speaks it, the model and the views understand it, and docs/trace-format.md is its written form. Each fact lists its
// fields once; the recording is written and read from that. Not here: what a fact means for the world (src/model) or
// how it is put into words (src/views).
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "kintrace/ids.hpp"

namespace kintrace {

template <class Owner, class Value>
struct Field {
  std::string_view name;
  Value Owner::*member;
};
template <class Owner, class Value>
Field(const char*, Value Owner::*) -> Field<Owner, Value>;

// Text that a tracee chose: any bytes at all. Escaped on its way to a terminal or file (text/escape.hpp), never before.
using Bytes = std::string;

// An enumeration whose values are written in the recording by name, in the order of its enumerators.
template <class Enum>
struct Names;

// `adopted`: its birth was not told, as its creator was killed before that could be heard, and who that was is not
// known.
enum class SeenHow { launched, attached, snapshot, adopted };
template <>
struct Names<SeenHow> {
  static constexpr std::array<std::string_view, 4> value{"launched", "attached", "snapshot", "adopted"};
};

enum class BirthHow { fork, vfork, clone, thread };
template <>
struct Names<BirthHow> {
  static constexpr std::array<std::string_view, 4> value{"fork", "vfork", "clone", "thread"};
};

// What ended a task: itself or a signal; an exec by, or the exit_group(2) of, another thread; it was the leader whose
// tid another thread took over by its exec (ptrace(2), "execve(2) under ptrace"); or the init of its pid namespace
// ended, and all others with it (pid_namespaces(7)).
enum class EndedBy { itself, exec, exit_group, superseded, namespace_init };
template <>
struct Names<EndedBy> {
  static constexpr std::array<std::string_view, 5> value{"itself", "exec", "exit_group", "superseded",
                                                         "namespace_init"};
};

// What a signal does to a process (signal(7)).
enum class Disposition { handler, ignored, default_action };
template <>
struct Names<Disposition> {
  static constexpr std::array<std::string_view, 3> value{"handler", "ignored", "default"};
};

// What ties tasks together. `socket`: of a family that has neither names nor peers that we know (netlink, packet).
// `pty`: one side of a pseudoterminal, whose peer is the other (pty(7)). `file`: any other.
enum class ObjectKind { pipe, fifo, unix_socket, inet, socket, pty, file };
template <>
struct Names<ObjectKind> {
  static constexpr std::array<std::string_view, 7> value{"pipe", "fifo", "unix", "inet", "socket", "pty", "file"};
};

// The class of an object's events (what -e chooses by).
constexpr std::string_view class_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::pipe:
    case ObjectKind::pty: return "pipe";
    case ObjectKind::fifo: return "fifo";
    case ObjectKind::file: return "fd";
    default: return "socket";
  }
}

// An object: the how-manieth of its kind that was met, from 1; 0 is none. Written pipe#1. It stands for the same pipe,
// FIFO or socket in all tasks, whatever their descriptors for it are.
struct ObjectId {
  ObjectKind kind = ObjectKind::pipe;
  std::uint32_t number = 0;
  constexpr explicit operator bool() const { return number != 0; }
  friend constexpr auto operator<=>(ObjectId, ObjectId) = default;
};

inline std::string name_of(ObjectId id) {
  std::string name{Names<ObjectKind>::value.at(static_cast<std::size_t>(id.kind))};
  name += '#';
  return name += std::to_string(id.number);
}

// What may be done through a descriptor, by its access mode. A socket's is `both`.
enum class End { read, write, both };
template <>
struct Names<End> {
  static constexpr std::array<std::string_view, 3> value{"read", "write", "both"};
};

// How a descriptor came to be. `received`: by SCM_RIGHTS (unix(7)). `inherited`: it was there when its task was first
// looked at.
enum class OpenedHow { pipe, open, socket, socketpair, accept, received, pidfd_getfd, inherited };
template <>
struct Names<OpenedHow> {
  static constexpr std::array<std::string_view, 8> value{"pipe",   "open",     "socket",      "socketpair",
                                                         "accept", "received", "pidfd_getfd", "inherited"};
};

// What closed a descriptor: close(2) or close_range(2); a dup2(2) to its number; an exec, as it was close-on-exec; the
// end of the last task that used its table.
enum class ClosedHow { close, replaced, exec, exit };
template <>
struct Names<ClosedHow> {
  static constexpr std::array<std::string_view, 4> value{"close", "replaced", "exec", "exit"};
};

// Some of the bytes of a message: which `sent` brought them, by its seq and its task.
struct Part {
  Seq seq;
  std::int64_t bytes = 0;
  Tid tid;
  friend bool operator==(const Part&, const Part&) = default;
  static constexpr auto fields = [] {
    return std::tuple{Field{"seq", &Part::seq}, Field{"bytes", &Part::bytes}, Field{"tid", &Part::tid}};
  };
};

// How a task or process ended: wait(2)'s status. Exactly one of `code` (0..255) and `signal` is present.
struct Ending {
  std::optional<int> code;
  std::optional<Signal> signal;
  bool core = false;  // a core dump was written (only with a signal)
  friend bool operator==(const Ending&, const Ending&) = default;
};

// A task that existed when tracing began, or that kintrace launched.
struct Seen {
  static constexpr std::string_view name = "seen", cls = "lifecycle";
  SeenHow how = SeenHow::launched;
  Tgid ppid;
  Bytes comm;
  std::vector<Bytes> argv;
  std::optional<Tgid> pgid, sid;  // its process group and session
  static constexpr auto fields = [] {
    return std::tuple{Field{"how", &Seen::how},   Field{"ppid", &Seen::ppid}, Field{"comm", &Seen::comm},
                      Field{"argv", &Seen::argv}, Field{"pgid", &Seen::pgid}, Field{"sid", &Seen::sid}};
  };
};

// SharedWords that many have alike: shared, and never changed.
class SharedWords {
 public:
  SharedWords() = default;
  SharedWords(std::vector<std::string> words)
      : words_(words.empty() ? nullptr : std::make_shared<const std::vector<std::string>>(std::move(words))) {}
  SharedWords(std::initializer_list<std::string> words) : SharedWords(std::vector<std::string>(words)) {}
  const std::vector<std::string>& all() const {
    static const std::vector<std::string> none;
    return words_ ? *words_ : none;
  }
  operator const std::vector<std::string>&() const { return all(); }
  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  bool empty() const { return all().empty(); }
  friend bool operator==(const SharedWords& a, const SharedWords& b) {
    return a.words_ == b.words_ || a.all() == b.all();
  }

 private:
  std::shared_ptr<const std::vector<std::string>> words_;
};

// A task was created, by the event's task. fork(2), vfork(2), clone(2), clone3(2).
struct Forked {
  static constexpr std::string_view name = "forked", cls = "lifecycle";
  Tid child;
  Tgid child_pid;
  BirthHow how = BirthHow::fork;
  SharedWords flags;                  // CLONE_… as clone(2) names them
  std::string syscall;                // empty if the call itself was not seen
  std::optional<Tgid> ppid;           // the real parent, where that is not the creator's process (CLONE_PARENT)
  std::optional<Signal> exit_signal;  // what its parent is sent when it ends: absent for a thread, and if there is none
  std::optional<Tgid> ns_pid;         // its pid in its own pid namespace, if that is not kintrace's
  bool untraced = false;              // CLONE_UNTRACED: it is not followed, and its end is known from waits only
  bool lost = false;  // no event told of it (its sender was killed, or asked so: CLONE_PTRACE and CLONE_UNTRACED): this
                      // is from /proc
  static constexpr auto fields = [] {
    return std::tuple{Field{"child", &Forked::child},
                      Field{"child_pid", &Forked::child_pid},
                      Field{"how", &Forked::how},
                      Field{"flags", &Forked::flags},
                      Field{"syscall", &Forked::syscall},
                      Field{"ppid", &Forked::ppid},
                      Field{"exit_signal", &Forked::exit_signal},
                      Field{"ns_pid", &Forked::ns_pid},
                      Field{"untraced", &Forked::untraced},
                      Field{"lost", &Forked::lost}};
  };
};

// A process replaced its program. execve(2), execveat(2).
struct Execed {
  static constexpr std::string_view name = "execed", cls = "lifecycle";
  Bytes path;  // as the program gave it; for a descriptor (fexecve(3)), what it refers to
  std::vector<Bytes> argv;
  Bytes comm;
  std::optional<Tid>
      from_tid;  // the thread that called, where it was not the leader: it has the leader's tid from now on
  static constexpr auto fields = [] {
    return std::tuple{Field{"path", &Execed::path}, Field{"argv", &Execed::argv}, Field{"comm", &Execed::comm},
                      Field{"from_tid", &Execed::from_tid}};
  };
};

struct ExecFailed {
  static constexpr std::string_view name = "exec_failed", cls = "lifecycle";
  Bytes path;
  std::vector<Bytes> argv;
  std::string syscall;
  Errno err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"path", &ExecFailed::path}, Field{"argv", &ExecFailed::argv},
                      Field{"syscall", &ExecFailed::syscall}, Field{"err", &ExecFailed::err}};
  };
};

// One task ended. With `group`, it was the last of its thread group: the process has ended and may be waited for.
// CPU time and memory are the process's own, without the children it waited for; absent for a thread and where unknown.
struct Exited {
  static constexpr std::string_view name = "exited", cls = "lifecycle";
  std::optional<int> code;
  std::optional<Signal> signal;
  bool core = false;
  EndedBy by = EndedBy::itself;
  bool group = false;
  std::optional<Nanoseconds> utime_ns, stime_ns;
  std::optional<std::int64_t> maxrss;  // bytes, of the last program it ran
  std::optional<Tgid> children_to;     // who was given its living children: a subreaper, or an init
  static constexpr auto fields = [] {
    return std::tuple{Field{"code", &Exited::code},
                      Field{"signal", &Exited::signal},
                      Field{"core", &Exited::core},
                      Field{"by", &Exited::by},
                      Field{"group", &Exited::group},
                      Field{"utime_ns", &Exited::utime_ns},
                      Field{"stime_ns", &Exited::stime_ns},
                      Field{"maxrss", &Exited::maxrss},
                      Field{"children_to", &Exited::children_to}};
  };
};

// The event's process collected a dead child. wait4(2), waitid(2); or the kernel did, as SIGCHLD is ignored
// (`by_kernel`).
struct Reaped {
  static constexpr std::string_view name = "reaped", cls = "lifecycle";
  Tgid child;
  std::optional<int> code;
  std::optional<Signal> signal;
  std::string syscall;
  Nanoseconds zombie_ns = 0;
  bool by_kernel = false;
  static constexpr auto fields = [] {
    return std::tuple{Field{"child", &Reaped::child},         Field{"code", &Reaped::code},
                      Field{"signal", &Reaped::signal},       Field{"syscall", &Reaped::syscall},
                      Field{"zombie_ns", &Reaped::zombie_ns}, Field{"auto", &Reaped::by_kernel}};
  };
};

// The event's process lost its parent and was given to another: a subreaper or an init (prctl(2),
// PR_SET_CHILD_SUBREAPER).
struct Reparented {
  static constexpr std::string_view name = "reparented", cls = "lifecycle";
  Tgid from;
  Tgid to;
  static constexpr auto fields = [] {
    return std::tuple{Field{"from", &Reparented::from}, Field{"to", &Reparented::to}};
  };
};

// A wait that collected nothing: it failed (`err`), or its task ended within it (`Event::unfinished`).
struct WaitFailed {
  static constexpr std::string_view name = "wait_failed", cls = "lifecycle";
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"syscall", &WaitFailed::syscall}, Field{"err", &WaitFailed::err}};
  };
};

// The process entered a group-stop (signal(7), ptrace(2)), and left it.
struct Stopped {
  static constexpr std::string_view name = "stopped", cls = "lifecycle";
  Signal signal;
  static constexpr auto fields = [] { return std::tuple{Field{"signal", &Stopped::signal}}; };
};
struct Continued {
  static constexpr std::string_view name = "continued", cls = "lifecycle";
  static constexpr auto fields = [] { return std::tuple{}; };
};

// A traced call failed that has no fact of its own for it.
struct Failed {
  static constexpr std::string_view name = "failed", cls{};
  std::string syscall;
  Errno err;
  ObjectId obj = {};  // with which it had to do, if with one
  static constexpr auto fields = [] {
    return std::tuple{Field{"syscall", &Failed::syscall}, Field{"err", &Failed::err}, Field{"obj", &Failed::obj}};
  };
};

// A signal was sent, or an attempt made. kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2).
struct SignalSent {
  static constexpr std::string_view name = "signal_sent", cls = "signal";
  std::optional<Signal> signal;  // nothing: signal 0, which only asks whether the target is there
  std::int64_t target = 0;       // a pid, a tid for tkill and tgkill, 0, -1 or -pgid for kill
  bool inner = false;            // `target` is a number of the caller's own pid namespace: whom it means is not known
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"signal", &SignalSent::signal}, Field{"target", &SignalSent::target},
                      Field{"inner", &SignalSent::inner}, Field{"syscall", &SignalSent::syscall},
                      Field{"err", &SignalSent::err}};
  };
};

// A signal reached the event's task. Not SIGKILL, which nobody hears.
struct SignalDelivered {
  static constexpr std::string_view name = "signal_delivered", cls = "signal";
  Signal signal;
  std::optional<Tgid> from;  // siginfo's si_pid, where the kernel fills it and it is known who that is
  std::string code;          // siginfo's si_code: SI_USER, SI_KERNEL, CLD_EXITED, SEGV_MAPERR, …
  Disposition disposition = Disposition::default_action;
  std::optional<std::string> interrupts;  // the call that it interrupted
  std::optional<Errno> err;               // which fails with this (EINTR); nothing: it goes on
  bool repaired = false;  // that call would have failed only because it is traced: kintrace made it go on
  static constexpr auto fields = [] {
    return std::tuple{Field{"signal", &SignalDelivered::signal},
                      Field{"from", &SignalDelivered::from},
                      Field{"code", &SignalDelivered::code},
                      Field{"disposition", &SignalDelivered::disposition},
                      Field{"interrupts", &SignalDelivered::interrupts},
                      Field{"err", &SignalDelivered::err},
                      Field{"repaired", &SignalDelivered::repaired}};
  };
};

// The event's process decided what a signal does to it. sigaction(2).
struct DispositionSet {
  static constexpr std::string_view name = "disposition", cls = "signal";
  Signal signal;
  Disposition to = Disposition::default_action;
  std::vector<std::string> flags;  // SA_… as sigaction(2) names them
  static constexpr auto fields = [] {
    return std::tuple{Field{"signal", &DispositionSet::signal}, Field{"to", &DispositionSet::to},
                      Field{"flags", &DispositionSet::flags}};
  };
};

// The event's task changed which signals it blocks. sigprocmask(2).
struct MaskSet {
  static constexpr std::string_view name = "mask", cls = "signal";
  std::vector<Signal> blocked;
  static constexpr auto fields = [] { return std::tuple{Field{"blocked", &MaskSet::blocked}}; };
};

// A timer that sends a signal was set, or disarmed (0). alarm(2), setitimer(2), timer_settime(2).
struct TimerSet {
  static constexpr std::string_view name = "timer", cls = "signal";
  std::string kind;  // alarm, ITIMER_REAL, …; posix for timer_settime
  Nanoseconds first_ns = 0, every_ns = 0;
  static constexpr auto fields = [] {
    return std::tuple{Field{"kind", &TimerSet::kind}, Field{"first_ns", &TimerSet::first_ns},
                      Field{"every_ns", &TimerSet::every_ns}};
  };
};

// The event's process is in another process group, or made a new session. setpgid(2), setsid(2).
struct GroupChanged {
  static constexpr std::string_view name = "group_changed", cls = "lifecycle";
  Tgid pgid;
  std::optional<Tgid> sid;  // of a new session
  std::optional<Tgid> by;   // who did it, if not the process itself
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"pgid", &GroupChanged::pgid}, Field{"sid", &GroupChanged::sid},
                      Field{"by", &GroupChanged::by}, Field{"syscall", &GroupChanged::syscall}};
  };
};

// A terminal's foreground process group was set. tcsetpgrp(3).
struct Foreground {
  static constexpr std::string_view name = "foreground", cls = "lifecycle";
  Tgid pgid;
  Bytes tty;
  static constexpr auto fields = [] {
    return std::tuple{Field{"pgid", &Foreground::pgid}, Field{"tty", &Foreground::tty}};
  };
};

// An attribute of the event's task or process changed. `what`: name, subreaper, pdeathsig (prctl(2)); uid, gid
// (credentials(7)); cwd; namespace (unshare(2), setns(2)); arch (it makes calls of another architecture, which are not
// decoded); privileges (an exec of a set-user-ID program did not raise them, as kintrace has none: ptrace(2)).
struct Set {
  static constexpr std::string_view name = "set", cls = "lifecycle";
  std::string what;
  Bytes value;
  static constexpr auto fields = [] { return std::tuple{Field{"what", &Set::what}, Field{"value", &Set::value}}; };
};

// The event's task has been found waiting: since `t`, at the latest `t` + `dur`.
struct Blocked {
  static constexpr std::string_view name = "blocked", cls{};
  std::string syscall;
  std::optional<ObjectId> obj;  // at which it waits
  std::vector<Tid> waits_for;   // any of these may end it
  static constexpr auto fields = [] {
    return std::tuple{Field{"syscall", &Blocked::syscall}, Field{"obj", &Blocked::obj},
                      Field{"waits_for", &Blocked::waits_for}};
  };
};

// An object was met for the first time: made by the event's task, or found in its hands.
struct ObjectMet {
  static constexpr std::string_view name = "object", cls{};
  ObjectId obj;
  ObjectKind kind = ObjectKind::pipe;
  std::string inode;             // decimal; with the device that its kind has, its identity in the kernel
  Bytes path;                    // of a FIFO, pty or file
  std::optional<ObjectId> peer;  // the other end of a socketpair(2) or connection, where that was met before
  bool inherited = false;        // no call of a task that is followed made it: others may hold it too
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ObjectMet::obj},     Field{"kind", &ObjectMet::kind},
                      Field{"inode", &ObjectMet::inode}, Field{"path", &ObjectMet::path},
                      Field{"peer", &ObjectMet::peer},   Field{"inherited", &ObjectMet::inherited}};
  };
};

// The event's task has a descriptor for an object, and with it all tasks that share its table. What fork(2) copies is
// not told: the child has what its creator has.
struct FdOpened {
  static constexpr std::string_view name = "fd_opened", cls{};
  int fd = -1;
  ObjectId obj;
  End end = End::both;
  OpenedHow how = OpenedHow::inherited;
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdOpened::fd}, Field{"obj", &FdOpened::obj}, Field{"end", &FdOpened::end},
                      Field{"how", &FdOpened::how}};
  };
};

// dup(2), dup2(2), dup3(2), fcntl(2) F_DUPFD. What `to` was before has an `fd_closed` of its own.
struct FdDuplicated {
  static constexpr std::string_view name = "fd_duplicated", cls{};
  int fd = -1;
  int to = -1;
  ObjectId obj;
  End end = End::both;
  std::string syscall;
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdDuplicated::fd}, Field{"to", &FdDuplicated::to}, Field{"obj", &FdDuplicated::obj},
                      Field{"end", &FdDuplicated::end}, Field{"syscall", &FdDuplicated::syscall}};
  };
};

// A descriptor is gone. At the end of a process only those are told that were the last of their end: all others went
// with it.
struct FdClosed {
  static constexpr std::string_view name = "fd_closed", cls{};
  int fd = -1;
  ObjectId obj;
  End end = End::both;
  ClosedHow how = ClosedHow::close;
  bool last = false;      // no task that is followed holds that end any more: of `both`, neither of them
  std::int64_t left = 0;  // with the last descriptor of all: bytes that nobody will read
  static constexpr auto fields = [] {
    return std::tuple{Field{"fd", &FdClosed::fd},   Field{"obj", &FdClosed::obj},   Field{"end", &FdClosed::end},
                      Field{"how", &FdClosed::how}, Field{"last", &FdClosed::last}, Field{"left", &FdClosed::left}};
  };
};

// Bytes or a message went into an object, or an attempt was made. write(2), send(2), splice(2) and their like.
struct Sent {
  static constexpr std::string_view name = "sent", cls{};
  ObjectId obj;
  int fd = -1;
  std::int64_t bytes = 0;
  Bytes data;        // the first of them
  bool cut = false;  // there are more
  std::string syscall;
  std::optional<Errno> err;
  std::optional<Tgid> broken_by;  // EPIPE: whose close or end left it without a reader
  std::vector<int> fds;           // the sender's descriptors that a message takes along (SCM_RIGHTS)
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Sent::obj},     Field{"fd", &Sent::fd},
                      Field{"bytes", &Sent::bytes}, Field{"data", &Sent::data},
                      Field{"cut", &Sent::cut},     Field{"syscall", &Sent::syscall},
                      Field{"err", &Sent::err},     Field{"broken_by", &Sent::broken_by},
                      Field{"fds", &Sent::fds}};
  };
};

// Bytes or a message came out of an object, or its end of file. read(2), recv(2), splice(2) and their like.
struct Received {
  static constexpr std::string_view name = "received", cls{};
  ObjectId obj;
  int fd = -1;
  std::int64_t bytes = 0;
  Bytes data;
  bool cut = false;
  std::vector<Part> from;      // in their order; bytes that were there before, or whose writer is not followed, lack
  bool order_unknown = false;  // writers overlapped, and what they wrote does not tell whose bytes these are
  bool peeked = false;         // they are still in it: MSG_PEEK, tee(2)
  bool eof = false;            // nobody holds the writing end
  std::optional<Tgid> eof_by;  // whose close or end was the last
  std::string syscall;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Received::obj},
                      Field{"fd", &Received::fd},
                      Field{"bytes", &Received::bytes},
                      Field{"data", &Received::data},
                      Field{"cut", &Received::cut},
                      Field{"from", &Received::from},
                      Field{"order_unknown", &Received::order_unknown},
                      Field{"peeked", &Received::peeked},
                      Field{"eof", &Received::eof},
                      Field{"eof_by", &Received::eof_by},
                      Field{"syscall", &Received::syscall},
                      Field{"err", &Received::err}};
  };
};

// A socket got a name, waits for connections, was connected; one came of a connection that waited. bind(2), listen(2),
// connect(2), accept(2). Addresses are text, as "unix /run/x", "unix @abstract", "127.0.0.1:80", "[::1]:80".
struct Bound {
  static constexpr std::string_view name = "bound", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Bound::obj}, Field{"fd", &Bound::fd}, Field{"addr", &Bound::addr},
                      Field{"err", &Bound::err}};
  };
};
struct Listening {
  static constexpr std::string_view name = "listening", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Listening::obj}, Field{"fd", &Listening::fd}, Field{"addr", &Listening::addr},
                      Field{"err", &Listening::err}};
  };
};
struct Connected {
  static constexpr std::string_view name = "connected", cls{};
  ObjectId obj;
  int fd = -1;
  Bytes addr;                    // of whom it is connected to
  std::optional<ObjectId> peer;  // the socket at the other end, where that is known by now
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Connected::obj}, Field{"fd", &Connected::fd}, Field{"addr", &Connected::addr},
                      Field{"peer", &Connected::peer}, Field{"err", &Connected::err}};
  };
};
struct Accepted {
  static constexpr std::string_view name = "accepted", cls{};
  ObjectId obj;  // the new socket
  int fd = -1;
  ObjectId listener;
  Bytes addr;                    // of whom it is connected to
  std::optional<ObjectId> peer;  // the socket at the other end, where it is one of a task that is followed
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &Accepted::obj}, Field{"fd", &Accepted::fd}, Field{"listener", &Accepted::listener},
                      Field{"addr", &Accepted::addr}, Field{"peer", &Accepted::peer}};
  };
};
// shutdown(2): `end` is what is not possible any more.
struct ShutDown {
  static constexpr std::string_view name = "shut_down", cls{};
  ObjectId obj;
  int fd = -1;
  End end = End::both;
  std::optional<Errno> err;
  static constexpr auto fields = [] {
    return std::tuple{Field{"obj", &ShutDown::obj}, Field{"fd", &ShutDown::fd}, Field{"end", &ShutDown::end},
                      Field{"err", &ShutDown::err}};
  };
};

// The event's process is followed no longer, and lives on. -b execve.
struct Detached {
  static constexpr std::string_view name = "detached", cls = "lifecycle";
  std::string why;  // the option that asked for it
  static constexpr auto fields = [] { return std::tuple{Field{"why", &Detached::why}}; };
};

using Fact = std::variant<Seen, Forked, Execed, ExecFailed, Exited, Reaped, Reparented, WaitFailed, Stopped, Continued,
                          SignalSent, SignalDelivered, DispositionSet, MaskSet, TimerSet, GroupChanged, Foreground, Set,
                          Blocked, Detached, Failed, ObjectMet, FdOpened, FdDuplicated, FdClosed, Sent, Received, Bound,
                          Listening, Connected, Accepted, ShutDown>;

struct Event {
  Seq seq;
  Nanoseconds t = 0;        // when it began, since the start of the run
  Nanoseconds dur = 0;      // t + dur: when it ended. Both as kintrace was told: later than the event by about one stop
  bool unfinished = false;  // a call that never returned: its task ended first
  Tgid pid;
  Tid tid;
  Fact fact;
  Nanoseconds end() const { return t + dur; }
};

// The first line of a recording: what was run, where and how.
struct RunHeader {
  static constexpr int format = 1;  // changes when a reader of the old one would misunderstand
  std::string version;
  std::string start_realtime_ns;  // of t = 0, CLOCK_REALTIME, a decimal string
  std::string boot_id;
  std::string kernel;
  std::string arch;
  std::vector<Bytes> command;
  std::vector<Bytes> options;
  std::vector<std::string> trace;  // the classes observed
  std::string mode;                // launched, attached, snapshot
  std::optional<Tgid> root;
  std::optional<std::int64_t> user;  // effective uid of kintrace
  std::optional<std::int64_t> pid_max, clk_tck;
  static constexpr auto fields = [] {
    return std::tuple{Field{"version", &RunHeader::version}, Field{"start_realtime_ns", &RunHeader::start_realtime_ns},
                      Field{"boot_id", &RunHeader::boot_id}, Field{"kernel", &RunHeader::kernel},
                      Field{"arch", &RunHeader::arch},       Field{"command", &RunHeader::command},
                      Field{"options", &RunHeader::options}, Field{"trace", &RunHeader::trace},
                      Field{"mode", &RunHeader::mode},       Field{"root", &RunHeader::root},
                      Field{"user", &RunHeader::user},       Field{"pid_max", &RunHeader::pid_max},
                      Field{"clk_tck", &RunHeader::clk_tck}};
  };
};

// The last line of a complete recording. A recording without it was cut short.
struct RunEnd {
  static constexpr std::string_view name = "end";
  Seq seq;
  std::int64_t events = 0;
  std::int64_t lost = 0;
  std::optional<std::string> lost_why;  // where kintrace itself could not keep them
  Nanoseconds dur = 0;
  std::optional<int> code;  // the root's
  std::optional<Signal> signal;
  std::string why;  // done, detached, timeout, interrupted
  static constexpr auto fields = [] {
    return std::tuple{Field{"seq", &RunEnd::seq},       Field{"events", &RunEnd::events},
                      Field{"lost", &RunEnd::lost},     Field{"lost_why", &RunEnd::lost_why},
                      Field{"dur", &RunEnd::dur},       Field{"code", &RunEnd::code},
                      Field{"signal", &RunEnd::signal}, Field{"why", &RunEnd::why}};
  };
};

}  // namespace kintrace

template <>
struct std::hash<kintrace::ObjectId> {
  std::size_t operator()(kintrace::ObjectId id) const noexcept {
    return std::hash<std::uint64_t>{}(static_cast<std::uint64_t>(id.kind) << 32 | id.number);
  }
};
