// SPDX-License-Identifier: MIT
// Every fact, written by the jsonl view and read back, is the same fact.
#include "sources/recording.hpp"

#include <algorithm>
#include <string>

#include "kintrace/error.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using namespace std::string_literals;

namespace {

// A value for each kind of field, never the default one.
template <class T>
void fill(T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = "hostile \x1b[31m \\ \xff\xfe \" \n \0 grün"s;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    value = {"a", "", "b\\c\xff"s, "\0"s};
  } else if constexpr (requires { value.emplace_back(), value.shrink_to_fit(), value[0].value; }) {
    fill(value.emplace_back());
  } else if constexpr (std::is_same_v<T, Signal>) {
    value = Signal{9};
  } else if constexpr (std::is_same_v<T, Errno>) {
    value = Errno{ENOENT};
  } else if constexpr (std::is_same_v<T, SharedWords>) {
    value = {"one", "two"};
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(1);
  } else if constexpr (
      requires { value.value; } && !requires { value.has_value(); }) {
    value.value = 4711;
  } else if constexpr (requires { value.has_value(); }) {
    fill(value.emplace());
  } else {
    value = static_cast<T>(9'007'199'254'740'991);  // 2^53-1: the largest that the format allows
  }
}

template <class T>
T filled() {
  T fact;
  std::apply([&](const auto&... field) { (fill(fact.*field.member), ...); }, T::fields());
  return fact;
}

template <class T>
bool same(const T& a, const T& b) {
  return std::apply([&](const auto&... field) { return ((a.*field.member == b.*field.member) && ...); }, T::fields());
}

template <std::size_t Index = 0, class Check>
void for_each_fact(const Check& check) {
  if constexpr (Index < std::variant_size_v<Fact>) {
    check(std::variant_alternative_t<Index, Fact>{});
    for_each_fact<Index + 1>(check);
  }
}

test::Run around(Event event) {
  test::Run run;
  run.header = filled<RunHeader>();
  run.events.push_back(std::move(event));
  run.end = filled<RunEnd>();
  return run;
}

}  // namespace

TEST_CASE("recording: every fact comes back as it was, full and empty") {
  for_each_fact([](auto fact) {
    using T = decltype(fact);
    INFO(T::name);
    for (const T& one : {filled<T>(), T{}}) {
      Event event{Seq{3}, 5, 7, true, Tgid{10}, Tid{11}, one};
      if constexpr (requires { event.fact = one, one.err.value; }) {
        if (one.err == Errno{}) continue;  // success is no error: no live run makes one
      }
      if constexpr (std::is_same_v<T, Stopped>) {
        if (one.signal == Signal{}) continue;
      }
      const test::Run back = test::read(test::view_of("jsonl", around(event)));
      REQUIRE(back.events.size() == 1);
      const Event& read = back.events[0];
      CHECK(read.seq == event.seq);
      CHECK(read.t == event.t);
      CHECK(read.dur == event.dur);
      CHECK(read.unfinished == event.unfinished);
      CHECK(read.pid == event.pid);
      CHECK(read.tid == event.tid);
      REQUIRE(std::holds_alternative<T>(read.fact));
      CHECK(same(std::get<T>(read.fact), one));
    }
  });
}

TEST_CASE("recording: header and end come back as they were") {
  const test::Run back = test::read(test::view_of("jsonl", around({})));
  CHECK(same(back.header, filled<RunHeader>()));
  REQUIRE(back.end);
  CHECK(same(*back.end, filled<RunEnd>()));
}

TEST_CASE("recording: cut anywhere it reads up to its last whole line") {
  const std::string whole = test::recording_of("10 execed path=/bin/x argv=x comm=x\n10 exited code=0 group=true\n");
  const std::size_t header = whole.find('\n') + 1;
  for (std::size_t cut = header; cut <= whole.size(); ++cut) {
    const std::string part = whole.substr(0, cut);
    const auto lines = static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    const test::Run run = test::read(part);
    CHECK(run.events.size() == std::min<std::size_t>(lines - 1, 2));
    CHECK(run.end.has_value() == (lines == 4));
  }
}

TEST_CASE("recording: what a newer kintrace adds is passed over") {
  const test::Run run = test::read(
      "{\"kintrace\":1,\"version\":\"9\",\"new\":{\"a\":[1,2]}}\n"
      "{\"ev\":\"from_the_future\",\"seq\":1,\"t\":0,\"pid\":1,\"tid\":1,\"what\":null}\n"
      "{\"ev\":\"exited\",\"seq\":2,\"t\":0,\"pid\":1,\"tid\":1,\"code\":0,\"mood\":\"calm\"}\n");
  REQUIRE(run.events.size() == 1);
  CHECK(std::get<Exited>(run.events[0].fact).code == 0);
}

TEST_CASE("recording: what is no recording is refused in words") {
  const std::string header = "{\"kintrace\":1,\"version\":\"0\"}\n";
  CHECK_THROWS_AS(test::read(""), UserError);
  CHECK_THROWS_AS(test::read("#!/bin/sh\n"), UserError);
  CHECK_THROWS_AS(test::read("{\"kintrace\":2}\n"), UserError);
  CHECK_THROWS_WITH(test::read(header + "{\"ev\":\"exited\"\n"), test::contains("line 2: this is not JSON"));
  CHECK_THROWS_WITH(test::read(header + "{\"ev\":\"exited\",\"code\":\"x\"}\n"), test::contains("line 2: \"code\""));
  CHECK_THROWS_WITH(test::read(header + "{\"seq\":1}\n"), test::contains("\"ev\""));
  CHECK_THROWS_WITH(test::read(header + "{\"ev\":\"exited\",\"signal\":\"SIGNONE\"}\n"), test::contains("\"signal\""));
  // Numbers that the format does not allow, or that are no tid.
  for (const char* bad :
       {"\"t\":9007199254740992", "\"dur\":-9223372036854775808", "\"tid\":4294967297", "\"code\":99999999999"}) {
    CHECK_THROWS_WITH(test::read(header + "{\"ev\":\"exited\"," + bad + "}\n"), test::contains("line 2: "));
  }
  CHECK_THROWS_AS(sources::recording("/nonexistent/x.jsonl"), UserError);
}
