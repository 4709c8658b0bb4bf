// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cli/options.hpp"
#include "cli/run.hpp"
#include "kintrace/error.hpp"
#include "os/fd.hpp"

int main(int argc, char** argv) {
  kintrace::os::occupy_standard_fds();
  try {
    const auto options = kintrace::cli::parse(argc, argv);
    if (options.answer.empty()) return kintrace::cli::run(options);
    std::fputs(options.answer.c_str(), stdout);
    return 0;
  } catch (const kintrace::UserError& error) {
    std::fputs(error.shown().c_str(), stderr);
    return error.status();
  }
}
