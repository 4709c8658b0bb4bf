// SPDX-License-Identifier: MIT
#include "cli/nearest.hpp"

#include "support/catch.hpp"

using namespace kintrace::cli;
using Words = std::vector<std::string>;

TEST_CASE("nearest: distance") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("kill", "kill") == 0);
  CHECK(edit_distance("kil", "kill") == 1);
  CHECK(edit_distance("klil", "kill") == 1);  // swapped
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "xyz") == 3);
}

TEST_CASE("nearest: the best first, none that is hardly like it") {
  const Words names{"wait4", "waitid", "execve", "execveat", "signal"};
  CHECK(nearest("wait", names) == Words{"wait4"});
  CHECK(nearest("waitd", names) == Words{"wait4", "waitid"});
  CHECK(nearest("exceve", names) == Words{"execve"});
  CHECK(nearest("singal", names) == Words{"signal"});
  CHECK(nearest("x", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest("-Q", {"-q", "-x"}).size() == 2);
}

TEST_CASE("nearest: as a question") {
  CHECK(did_you_mean("kil", {"kill", "tkill", "kilt"}) == "did you mean kill or kilt?");
  CHECK(did_you_mean("ab", {"aa", "ac", "ad", "ae"}) == "did you mean aa, ac or ad?");
  CHECK(did_you_mean("zzz", {"kill"}, "see there") == "see there");
}
