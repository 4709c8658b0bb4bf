// SPDX-License-Identifier: MIT
#include "sources/launch.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>

#include "os/fd.hpp"
#include "os/refusal.hpp"
#include "sources/face.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

std::atomic<bool> stop_asked{false};

// Runs in the engine's thread, the only one that lets these signals in. A signal that comes just before the thread
// blocks in wait4(2) would be seen too late: so it comes again until it is seen.
void ask_to_stop(int /*signal*/) {
  stop_asked = true;
  static constexpr itimerval again{{0, 10'000}, {0, 10'000}};
  ::setitimer(ITIMER_REAL, &again, nullptr);
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGALRM}) sigaddset(&set, signal);
  return set;
}

// Before the tracer has any thread: they all inherit this.
void prepare_tracer_signals() {
  const sigset_t set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) ::sigaction(signal, &action, nullptr);
  action.sa_handler = [](int) {};  // all it does is to interrupt the engine's wait
  ::sigaction(SIGALRM, &action, nullptr);
  // EPIPE and EFBIG say the same as the first two; the others would stop a background group that writes to its
  // terminal.
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGTTOU, SIGTTIN, SIGTSTP}) ::signal(signal, SIG_IGN);
}

// Where the tracer stands.
struct Place {
  pid_t face = 0;    // 0: there is none
  pid_t parent = 0;  // the program's
  os::Fd verdict;    // to the face
};

class Tracing final : public Launched {
 public:
  Tracing(os::Program program, EngineOptions options, os::Fd gate, Place place)
      : program_(std::move(program)), options_(std::move(options)), gate_(std::move(gate)), place_(std::move(place)) {}

  void run(Sink& sink) override {
    start_engine();
    std::vector<Message> messages;
    while (queue_.take(messages)) {
      for (const Message& message : messages) {
        std::visit(
            [&](const auto& one) {
              using Kind = std::decay_t<decltype(one)>;
              if constexpr (std::is_same_v<Kind, Header>) sink.begin(*one);
              if constexpr (std::is_same_v<Kind, Event>) sink.event(one);
              if constexpr (std::is_same_v<Kind, RunEnd>) sink.end(one);
            },
            message);
      }
      sink.settle();
    }
    if (error_) std::rethrow_exception(error_);
  }

  ~Tracing() override {
    if (thread_.joinable()) thread_.join();
  }
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  void stay(int status) override {
    if (stays_) {
      if (place_.verdict) {
        [[maybe_unused]] const auto told = ::write(place_.verdict.get(), &status, sizeof status);
      }
      if (const auto null = os::open("/dev/null", O_RDWR)) {
        for (int fd = 0; fd <= 2; ++fd) ::dup2(null->get(), fd);
      }
    }
    if (thread_.joinable()) thread_.join();
  }

  bool must_stay() const override { return stays_; }
  Figures figures() const override { return figures_; }

 private:
  void start_engine() {
    try {
      thread_ = std::thread([this] {
        try {
          trace();
        } catch (...) {
          error_ = std::current_exception();
        }
        const bool stays = engine_ && !error_ && engine_->must_stay();
        stays_ = stays;
        if (engine_) figures_ = {engine_->stops(), engine_->events(), queue_.spilled()};
        queue_.close();  // the other thread reads what stands above this line only after that
        if (stays) stay_traced();
      });
    } catch (const std::system_error& error) {
      throw UserError(std::string{"cannot start a thread: "} + error.code().message(),
                      "is the limit of processes (ulimit -u) reached?");
    }
  }

  void trace() {
    const sigset_t set = ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    pid_t program = 0;
    // End of file: the program was killed before it could say anything, or could not be forked. The face knows.
    if (::read(gate_.get(), &program, sizeof program) != sizeof program) return;
    options_.header.root = Tgid{program};
    options_.stop_asked = &stop_asked;
    if (options_.checkpoint) {
      options_.checkpoint = [this, compare = std::move(options_.checkpoint)](Moment moment, Tid tid) {
        queue_.wait_until_drained();
        compare(moment, tid);
      };
    }
    // So that the shell sees its job stopped and running as the program is. Only we can do it: we alone hear of stops
    // and continuations in their order, and the later signal undoes the earlier.
    if (place_.face != 0) {
      options_.mirror = [face = place_.face](int signal) {
        if (::getppid() == face) ::kill(face, signal);
      };
    }
    engine_.emplace(queue_, std::move(options_));
    if (const auto seized = engine_->seize(Tid{program}, Tgid{place_.parent}); !seized) {
      if (seized.error().gone()) return;  // killed; the face ends as it did
      throw os::ptrace_refused(seized.error().error(), Tid{program});
    }
    const char go = 1;
    [[maybe_unused]] const auto told = ::write(gate_.get(), &go, sizeof go);
    const bool ran = engine_->follow();
    int error = 0;  // it could not become the program if it had something more to say
    if (!ran && ::read(gate_.get(), &error, sizeof error) == sizeof error) throw os::start_error(program_, error);
  }

  // Nobody can ask it to end any more: what it traces would not survive that.
  void stay_traced() {
    for (const int signal : {SIGTERM, SIGHUP, SIGINT}) ::signal(signal, SIG_IGN);
    static constexpr itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    engine_->stay();
  }

  os::Program program_;
  EngineOptions options_;
  os::Fd gate_;
  Place place_;
  EventQueue queue_;
  std::exception_ptr error_;
  std::optional<Engine> engine_;  // its thread's
  bool stays_ = false;
  Figures figures_;
  std::thread thread_;
};

UserError cannot_start(const Failure& failure) {
  return UserError("cannot start the program: " + text::errno_text(failure.error()));
}

os::SocketPair make_gate() {
  auto gate = os::socket_pair();
  if (!gate) throw cannot_start(gate.error());
  return std::move(*gate);
}

std::unique_ptr<Launched> become_tracer(const LaunchPlan& plan, EngineOptions options, os::Fd gate, Place place) {
  prepare_tracer_signals();
  os::close_inherited(plan.keep_stdout);
  options.filtered = plan.program.filter.has_value();
  return std::make_unique<Tracing>(plan.program, std::move(options), std::move(gate), std::move(place));
}

// An orphan is given to the nearest subreaper above it: not to us, for a moment.
class NoSubreaper {
 public:
  NoSubreaper() {
    ::prctl(PR_GET_CHILD_SUBREAPER, &was_, 0, 0, 0);
    if (was_ != 0) ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }
  ~NoSubreaper() {
    if (was_ != 0) ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  }
  NoSubreaper(const NoSubreaper&) = delete;
  NoSubreaper& operator=(const NoSubreaper&) = delete;

 private:
  int was_ = 0;
};

}  // namespace

std::unique_ptr<Launched> launch(const LaunchPlan& plan, EngineOptions options) {
  os::Inherited inherited;
  // We must see our children end whatever we inherited (SIG_IGN, SA_NOCLDWAIT); the program gets it back as it was.
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &plain, &inherited.sigchld);
  // A signal that comes before the face has its handlers waits for them; the program gets the mask back as it was.
  sigset_t early;
  sigemptyset(&early);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) sigaddset(&early, signal);
  ::sigprocmask(SIG_BLOCK, &early, &inherited.mask);
  const pid_t face = ::getpid();
  auto gate = make_gate();
  auto verdict = make_gate();
  const pid_t tracer = ::fork();
  if (tracer < 0) throw cannot_start(Failure::last());
  if (tracer == 0) {
    gate.theirs.reset();
    verdict.theirs.reset();
    // A process group of its own: neither ^C nor the program's kill(0, …) reaches it. Not a session: the scheduler
    // groups by session (sched(7), "The autogroup feature"), and a tracer in another group than its tracees is woken on
    // another CPU at every stop, which cost three times the whole run.
    ::setpgid(0, 0);
    return become_tracer(plan, std::move(options), std::move(gate.ours), {face, face, std::move(verdict.ours)});
  }
  gate.ours.reset();
  verdict.ours.reset();
  const auto program = os::fork_program(plan.program, gate.theirs, tracer, inherited);
  gate.theirs.reset();
  if (!program) throw cannot_start(program.error());
  // Not even our own outputs: a command that reads one must see its end when the tracer closes it.
  os::close_inherited(false);
  const auto kept = static_cast<unsigned>(verdict.theirs.get());
  if (kept > STDERR_FILENO + 1) ::close_range(STDERR_FILENO + 1, kept - 1, 0);
  ::close_range(kept + 1, ~0U, 0);
  const bool filtered = plan.program.filter && os::SeccompFilter::allowed();
  be_the_face({*program, tracer, std::move(verdict.theirs), filtered, plan.helpers, inherited.mask});
}

SteppedAside step_aside(const os::Program& program, Aside aside) {
  if (::getpid() == 1) {
    throw UserError("-D cannot be used by process 1 of a container: the tracer would become the program's child",
                    "leave out -D, or start the container with an init (docker run --init)");
  }
  os::Inherited inherited;
  ::sigprocmask(SIG_SETMASK, nullptr, &inherited.mask);
  // Ignored while we have a child: its end leaves neither a pending SIGCHLD nor its times to the program (wait(2)).
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &inherited.sigchld);
  const pid_t parent = ::getppid();
  auto gate = make_gate();
  const pid_t between = ::fork();
  if (between < 0) throw cannot_start(Failure::last());
  if (between == 0) {
    const pid_t tracer = ::fork();
    if (tracer < 0) throw cannot_start(Failure::last());
    if (tracer > 0) ::_exit(0);
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &plain, nullptr);
    gate.theirs.reset();
    // Else ^C and the program's kill(0, …) would reach it.
    if (aside == Aside::own_session) ::setsid();
    if (aside == Aside::own_group) ::setpgid(0, 0);
    const pid_t self = ::getpid();
    [[maybe_unused]] const auto told = ::write(gate.ours.get(), &self, sizeof self);
    return {std::move(gate.ours), parent};
  }
  gate.ours.reset();
  {
    const NoSubreaper none;
    while (::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {  // ECHILD when it has ended, as SIGCHLD is ignored
    }
  }
  ::sigaction(SIGCHLD, &inherited.sigchld, nullptr);  // at once: it may have children from before its exec
  pid_t tracer = 0;
  // End of file: it could not be forked, or has failed, and has said so.
  if (::read(gate.theirs.get(), &tracer, sizeof tracer) != sizeof tracer) ::_exit(125);
  os::become_program(program, gate.theirs, tracer, inherited);
}

std::unique_ptr<Launched> launch_aside(SteppedAside aside, const LaunchPlan& plan, EngineOptions options) {
  return become_tracer(plan, std::move(options), std::move(aside.gate), {0, aside.parent, {}});
}

}  // namespace kintrace::sources
