// SPDX-License-Identifier: MIT
// What --error-exitcode goes by, with rules that find what they are told to.
#include "cli/verdict.hpp"

#include <array>

#include "cli/options.hpp"
#include "cli/story.hpp"
#include "support/catch.hpp"

using namespace kintrace;

namespace {

template <Severity Found>
class Finds : public Rule {
 public:
  void event(const Event&, const World&) override {}
  std::vector<Finding> conclude(const World&, const Namer&) override { return {{"test", Found, "x", "y", {}, {}}}; }
};
template <Severity Found>
std::unique_ptr<Rule> make() {
  return std::make_unique<Finds<Found>>();
}

constexpr FindingSpec error{"error", "", make<Severity::error>}, note{"note", "", make<Severity::note>};

}  // namespace

TEST_CASE("verdict: findings of one severity are counted") {
  const std::array<const FindingSpec*, 3> rules{&note, &error, &error};
  cli::Verdict verdict{rules};
  const World world;
  CHECK(verdict.count(Severity::error, world) == 2);
  CHECK(verdict.count(Severity::note, world) == 1);
  CHECK(verdict.count(Severity::warning, world) == 0);
}

TEST_CASE("verdict: a run that was timed out has the status 124") {
  cli::Options options;
  cli::Story story(options);
  RunEnd end;
  end.why = "timeout";
  story.begin({});
  story.end(end);
  CHECK(story.status() == 124);
  options.read = "x";
  cli::Story later(options);
  later.begin({});
  later.end(end);
  CHECK(later.status() == 0);
}
