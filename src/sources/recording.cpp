// SPDX-License-Identifier: MIT
#include "sources/recording.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "os/fd.hpp"
#include "recording/reader.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

class Recording : public Source {
 public:
  Recording(std::string name, os::Fd fd) : name_(std::move(name)), fd_(std::move(fd)) {}
  void run(Sink& sink) override {
    recording::tell(recording::from_descriptor(fd_ ? fd_.get() : STDIN_FILENO), name_, sink);
  }

 private:
  std::string name_;
  os::Fd fd_;  // none: standard input
};

}  // namespace

std::unique_ptr<Source> recording(const std::string& path) {
  if (path == "-") return std::make_unique<Recording>("standard input", os::Fd{});
  auto fd = os::open(path, O_RDONLY);
  if (!fd)
    throw UserError(fmt::format("cannot open {}: {}", text::shell_word(path), text::errno_text(fd.error().error())));
  return std::make_unique<Recording>(path, std::move(*fd));
}

}  // namespace kintrace::sources
