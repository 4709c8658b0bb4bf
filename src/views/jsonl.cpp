// SPDX-License-Identifier: MIT
// The recording: one JSON object a line. docs/trace-format.md.
#include <string>

#include "kintrace/view.hpp"
#include "recording/encode.hpp"

namespace kintrace::views {
namespace {

class Jsonl : public View {
 public:
  explicit Jsonl(Writer& out) : out_(out) {}
  void begin(const RunHeader& header) override { write(header); }
  void event(const Event& event, const World& /*world*/) override { write(event); }
  void end(const std::optional<RunEnd>& end, const World& /*world*/) override {
    if (end) write(*end);
  }

 private:
  template <class T>
  void write(const T& told) {
    line_.clear();
    recording::append_line(line_, told);
    out_.write(line_);
  }

  Writer& out_;
  std::string line_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& /*options*/) { return std::make_unique<Jsonl>(out); }

constexpr std::string_view suffixes[] = {".jsonl"};

}  // namespace

extern const ViewSpec jsonl_view{"jsonl", "the recording: one JSON object a line, for --read and other programs", make,
                                 suffixes};

}  // namespace kintrace::views
