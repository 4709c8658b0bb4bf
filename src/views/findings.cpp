// SPDX-License-Identifier: MIT
// What is wrong, in plain words: every rule of the analysis, with its evidence.
#include <fmt/format.h>

#include "analysis/registry.hpp"
#include "kintrace/finding.hpp"
#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "views/naming.hpp"

namespace kintrace::views {
namespace {

class Findings : public View {
 public:
  Findings(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), naming_(options.stable), palette_(options.color) {
    for (const FindingSpec* spec : analysis::registry()) rules_.push_back(spec->make());
  }

  void event(const Event& event, const World& world) override {
    for (const auto& rule : rules_) rule->event(event, world);
  }

  void end(const std::optional<RunEnd>& /*end*/, const World& world) override {
    const Namer name = [&](const Who& who) { return naming_.task(who); };
    for (const auto& rule : rules_) {
      for (const Finding& finding : rule->conclude(world, name)) tell(finding);
    }
  }

 private:
  void tell(const Finding& finding) {
    const auto severity = Names<Severity>::value.at(static_cast<std::size_t>(finding.severity));
    const auto style = finding.severity == Severity::error     ? text::Style::red
                       : finding.severity == Severity::warning ? text::Style::orange
                                                               : text::Style::bold;
    const std::string head = fmt::format("{}: {}: ", severity, finding.code);
    out_.write(palette_.paint(head, style) + text::wrap(text::printable(finding.message), head.size(), options_.width) +
               "\n");
    out_.write("      " + text::wrap(text::printable(finding.advice), 6, options_.width) + "\n");
    for (const Bytes& command : finding.commands) out_.write("        " + text::printable(command) + "\n");
  }

  Writer& out_;
  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  std::vector<std::unique_ptr<Rule>> rules_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) { return std::make_unique<Findings>(out, options); }

}  // namespace

extern const ViewSpec findings_view{"findings", "what went wrong, with the evidence and what to change", make};

}  // namespace kintrace::views
