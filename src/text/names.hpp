// SPDX-License-Identifier: MIT
// The names of errors and signals, both ways. As the kernel and kill(1) spell them: ENOENT, SIGTERM, SIGRTMIN+3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kintrace/ids.hpp"

namespace kintrace::text {

std::string errno_name(Errno error);  // a number without a name: "errno 517"
std::optional<Errno> errno_named(std::string_view name);
std::string errno_text(Errno error);  // strerror(3): "No such file or directory"

std::string signal_name(Signal signal);
std::optional<Signal> signal_named(std::string_view name);
// siginfo's si_code (sigaction(2)), which means something else for each signal: SI_USER, CLD_EXITED, SEGV_MAPERR.
std::string signal_code_name(Signal signal, int code);

}  // namespace kintrace::text
