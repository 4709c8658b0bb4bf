// SPDX-License-Identifier: MIT
// What strace(1) has and kintrace has not. Each swallows its operand as strace's does, so that the program after it is
// still the program, and says in one line what to use instead.
#include <fmt/format.h>

#include <array>

#include "cli/option_table.hpp"

namespace kintrace::cli {
namespace {

void silently(Raw& /*raw*/, const std::string& /*option*/, const std::string& /*value*/) {}

// A set that strace takes as -e NAME=SET as well.
void as_expression(Raw& raw, const std::string& option, const std::string& value) {
  raw.expressions.push_back(option.substr(2) + "=" + (value.empty() ? "all" : value));
}

void pids(Raw& raw, const std::string& option, const std::string& value) {
  if (value == "comm") return;
  raw.remarks.push_back(option + ": the pid of a child in its own pid namespace is in the recording (ns_pid)");
}

constexpr std::array rows{
    OptionRow{"-a --columns", Takes::value, "COLUMN", Group::hidden, "the timeline aligns itself"},
    OptionRow{"-d --debug", Takes::nothing, "", Group::hidden, "use --self-check"},
    OptionRow{"-i --instruction-pointer", Takes::nothing, "", Group::hidden, "use strace -i"},
    OptionRow{"-I --interruptible", Takes::value, "N", Group::hidden,
              "^C is always the program's, and kintrace ends when the program has"},
    OptionRow{"-n --syscall-number", Takes::nothing, "", Group::hidden, "use strace -n"},
    OptionRow{"-N --arg-names", Takes::nothing, "", Group::hidden, "the recording (-o FILE.jsonl) names every field"},
    OptionRow{"-O --summary-syscall-overhead", Takes::value, "OVERHEAD", Group::hidden,
              "the summary is of processes, not of calls"},
    OptionRow{"-P --trace-path", Takes::value, "PATH", Group::hidden, "use strace -P, or search the timeline"},
    OptionRow{"-S --summary-sort-by", Takes::value, "SORTBY", Group::hidden, "the summary is sorted by wall time"},
    OptionRow{"-U --summary-columns", Takes::value, "COLUMNS", Group::hidden, "the summary shows all of its columns"},
    OptionRow{"-w --summary-wall-clock", Takes::nothing, "", Group::hidden,
              "the summary shows wall time and CPU time together"},
    OptionRow{"-x", Takes::nothing, "", Group::hidden, "what cannot be printed is always \\xHH"},
    OptionRow{"--strings-in-hex", Takes::maybe, "FORMAT", Group::hidden, "what cannot be printed is always \\xHH"},
    OptionRow{"-X --const-print-style", Takes::value, "FORMAT", Group::hidden, "use strace -X"},
    OptionRow{"--tips", Takes::maybe, "FORMAT", Group::hidden, "see EXAMPLES in kintrace(1)"},
    OptionRow{"--pidns-translation", Takes::nothing, "", Group::hidden, "", pids},
    OptionRow{"--decode-pids", Takes::value, "SET", Group::hidden, "", pids},
    OptionRow{"--decode-fds", Takes::maybe, "SET", Group::hidden, "", silently},
    OptionRow{"-F", Takes::nothing, "", Group::hidden, "", silently},
    OptionRow{"--abbrev --verbose --raw --write --kvm --inject --fault", Takes::value, "SET", Group::hidden, "",
              as_expression},
    OptionRow{"--trace-fds", Takes::value, "SET", Group::hidden, "", as_expression},
    OptionRow{"--secontext", Takes::maybe, "FORMAT", Group::hidden, "use strace --secontext"},
    OptionRow{"--syscall-limit", Takes::value, "N", Group::hidden, "use --timeout SEC to end a run"},
    OptionRow{"--stack-trace-frame-limit", Takes::value, "N", Group::hidden, "use strace -k"},
    OptionRow{"--argv0", Takes::value, "NAME", Group::hidden, "use bash -c 'exec -a NAME PROGRAM'"},
};

}  // namespace

std::span<const OptionRow> strace_rows() { return rows; }

}  // namespace kintrace::cli
