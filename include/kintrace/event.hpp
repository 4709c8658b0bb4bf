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

#include "kintrace/field.hpp"
#include "kintrace/ids.hpp"
#include "kintrace/object_facts.hpp"
#include "kintrace/sync_facts.hpp"

namespace kintrace {

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

// Words that many have alike: shared, and never changed.
class SharedWords {
 public:
  SharedWords() = default;
  SharedWords(std::vector<std::string> words)  // NOLINT(google-explicit-constructor): words are words
      : words_(words.empty() ? nullptr : std::make_shared<const std::vector<std::string>>(std::move(words))) {}
  SharedWords(std::initializer_list<std::string> words) : SharedWords(std::vector<std::string>(words)) {}
  const std::vector<std::string>& all() const {
    static const std::vector<std::string> none;
    return words_ ? *words_ : none;
  }
  operator const std::vector<std::string>&() const { return all(); }  // NOLINT(google-explicit-constructor)
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
  std::optional<std::int64_t> maxrss;  // bytes; of the last program alone where others' memory would be counted
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

// What became of a signal by the time its sender went on: it waits, as its target blocks it; or it is lost, as one of
// its number waits already (signal(7)).
enum class SignalFate { arrives, pending, coalesced };
template <>
struct Names<SignalFate> {
  static constexpr std::array<std::string_view, 3> value{"arrives", "pending", "coalesced"};
};

// A signal was sent, or an attempt made. kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2).
struct SignalSent {
  static constexpr std::string_view name = "signal_sent", cls = "signal";
  std::optional<Signal> signal;  // nothing: signal 0, which only asks whether the target is there
  std::int64_t target = 0;       // a pid, a tid for tkill and tgkill, 0, -1 or -pgid for kill
  bool inner = false;            // `target` is a number of the caller's own pid namespace: whom it means is not known
  std::string syscall;
  std::optional<Errno> err;
  SignalFate fate = SignalFate::arrives;
  static constexpr auto fields = [] {
    return std::tuple{Field{"signal", &SignalSent::signal}, Field{"target", &SignalSent::target},
                      Field{"inner", &SignalSent::inner},   Field{"syscall", &SignalSent::syscall},
                      Field{"err", &SignalSent::err},       Field{"fate", &SignalSent::fate}};
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

// The event's process is followed no longer, and lives on. -b execve.
struct Detached {
  static constexpr std::string_view name = "detached", cls = "lifecycle";
  std::string why;  // the option that asked for it
  static constexpr auto fields = [] { return std::tuple{Field{"why", &Detached::why}}; };
};

using Fact =
    std::variant<Seen, Forked, Execed, ExecFailed, Exited, Reaped, Reparented, WaitFailed, Stopped, Continued,
                 SignalSent, SignalDelivered, DispositionSet, MaskSet, TimerSet, GroupChanged, Foreground, Set, Blocked,
                 Detached, Failed, ObjectMet, FdOpened, FdDuplicated, FdClosed, Sent, Received, Bound, Listening,
                 Connected, Accepted, ShutDown, Opened, SemChanged, ShmAttached, ShmDetached, Mapped, Unmapped,
                 ObjectRemoved, LockTaken, LockReleased, LockRefused, FutexWaited, FutexWoke, Waited, LeftBehind>;

struct Event {
  Seq seq;
  Nanoseconds t = 0;        // when it began, since the start of the run
  Nanoseconds dur = 0;      // t + dur: when it ended. Both as kintrace was told: later than the event by about one stop
  bool unfinished = false;  // a call that never returned: its task ended first
  Tgid pid;
  Tid tid;
  Fact fact;
  ObjectId waited_for = {};  // where its call waited
  Seq woken_by = {};         // the event that let it go on, and that one's task
  Tid waker = {};
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
