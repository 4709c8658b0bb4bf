// SPDX-License-Identifier: MIT
// A place that views write to: a terminal, a file, a command. Buffers, survives whatever the other end does, and
// remembers the first error; what was written before it stays whole.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "kintrace/error.hpp"
#include "kintrace/view.hpp"
#include "os/fd.hpp"

namespace kintrace::cli {

class Output final : public Writer {
 public:
  // `name` is what an error message calls it.
  Output(std::string name, os::Fd fd, pid_t reader = 0) : name_(std::move(name)), fd_(std::move(fd)), reader_(reader) {}
  void write(std::string_view bytes) override;
  void flush();
  // An empty line before what is written next, if there is something before it.
  void separate() { separate_ = used_; }
  // No more will be written: a reader sees end of file.
  void close();
  // Why not everything arrived. A reader that went away (EPIPE) is no error: it has seen enough.
  std::optional<UserError> error() const;
  std::optional<int> columns() const;  // of a terminal
  bool is_terminal() const;
  bool is_file() const;  // a regular one, which keeps what was written
  bool is_same_file(int descriptor) const;
  bool failed() const { return error_.has_value(); }
  pid_t reader() const { return reader_; }

 private:
  std::string name_;
  os::Fd fd_;
  pid_t reader_;  // the command behind a pipe, or 0
  std::string buffer_;
  bool used_ = false;
  bool separate_ = false;
  std::optional<Errno> error_;
};

// `target`: a path (created 0600: it holds argv and messages), - for standard output, |COMMAND for a shell command's
// input. Throws UserError.
std::unique_ptr<Output> open_output(const std::string& target, Writing writing);
// Our own duplicate of one of the standard descriptors.
std::unique_ptr<Output> standard_output(int number);

}  // namespace kintrace::cli
