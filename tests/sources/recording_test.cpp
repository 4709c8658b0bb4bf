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

template <class T>
T filled();

// A value for each kind of field, never the default one.
template <class T>
void fill(T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = "hostile \x1b[31m \\ \xff\xfe \" \n \0 grün"s;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    value = {"a", "", "b\\c\xff"s, "\0"s};
  } else if constexpr (std::is_same_v<T, std::vector<ObjectId>>) {
    value = {{ObjectKind::pipe, 1}, {ObjectKind::posix_sem, 4'294'967'295}};
  } else if constexpr (std::is_same_v<T, std::vector<int>>) {
    value = {0, 2'147'483'647};
  } else if constexpr (std::is_same_v<T, std::vector<Part>>) {
    value = {filled<Part>(), Part{Seq{1}, 0, Tid{-1}}, filled<Part>()};
  } else if constexpr (requires { value.emplace_back(), value.shrink_to_fit(), value[0].value; }) {
    fill(value.emplace_back());
  } else if constexpr (std::is_same_v<T, Signal>) {
    value = Signal{9};
  } else if constexpr (std::is_same_v<T, Errno>) {
    value = Errno{ENOENT};
  } else if constexpr (std::is_same_v<T, SharedWords>) {
    value = {"one", "two"};
  } else if constexpr (std::is_same_v<T, ObjectId>) {
    value = {ObjectKind::unix_socket, 4'294'967'295};
  } else if constexpr (std::is_same_v<T, int>) {
    value = 2'147'483'647;
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

TEST_CASE("recording: bytes come back whatever they are, and what is empty is not written") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& data : {all, all + all, "\\x00"s, "\xed\xa0\x80"s, "\xf0\x9f\x98"s, "a\0b"s, ""s}) {
    Sent sent;
    sent.data = data;
    Received received;
    received.data = data;
    const auto read_back = [](const Fact& fact) {
      return test::read(test::view_of("jsonl", around({Seq{1}, 0, 0, false, Tgid{10}, Tid{10}, fact})))
          .events.at(0)
          .fact;
    };
    CHECK(std::get<Sent>(read_back(sent)).data == data);
    CHECK(std::get<Received>(read_back(received)).data == data);
  }
  const auto line_of = [](const Fact& fact) {
    const std::string whole = test::view_of("jsonl", around({Seq{1}, 0, 0, false, Tgid{10}, Tid{10}, fact}));
    const std::size_t begin = whole.find('\n') + 1;
    return whole.substr(begin, whole.find('\n', begin) - begin);
  };
  const std::string who = R"("seq":1,"t":0,"pid":10,"tid":10,)";
  constexpr ObjectId pipe{ObjectKind::pipe, 1};
  CHECK(line_of(FdClosed{3, pipe, End::write, ClosedHow::exit, true, 5}) ==
        R"({"ev":"fd_closed",)" + who + R"("fd":3,"obj":"pipe#1","end":"write","how":"exit","last":true,"left":5})");
  CHECK(line_of(FdClosed{0, pipe, End::read}) ==
        R"({"ev":"fd_closed",)" + who + R"("fd":0,"obj":"pipe#1","end":"read","how":"close"})");
  Received received;
  received.obj = pipe;
  received.fd = 0;
  received.syscall = "read";
  CHECK(line_of(received) == R"({"ev":"received",)" + who + R"("obj":"pipe#1","fd":0,"bytes":0,"syscall":"read"})");
  received.from = {{Seq{7}, 2, Tid{11}}, {Seq{9}, 1, Tid{12}}};
  CHECK(line_of(received).find(R"("from":[{"seq":7,"bytes":2,"tid":11},{"seq":9,"bytes":1,"tid":12}])") !=
        std::string::npos);
  ObjectMet met;
  met.obj = pipe;
  met.inode = "17";
  CHECK(line_of(met) == R"({"ev":"object",)" + who + R"("obj":"pipe#1","kind":"pipe","inode":"17"})");
  met.peer = ObjectId{};
  CHECK(line_of(met).find("peer") == std::string::npos);
  met = {};
  met.obj = {ObjectKind::futex, 2};
  met.kind = ObjectKind::futex;
  met.addr = Address{0x7f00000000001000};
  CHECK(line_of(met) ==
        R"({"ev":"object",)" + who + R"("obj":"futex#2","kind":"futex","inode":"","addr":"0x7f00000000001000"})");
}

TEST_CASE("recording: an object is written in one way, and parts are objects of numbers") {
  const std::string header = "{\"kintrace\":1,\"version\":\"0\"}\n";
  const auto read = [&](const std::string& field) {
    return test::read(header + "{\"ev\":\"received\"," + field + "}\n");
  };
  for (const auto& [written, object] : {std::pair{"pipe#1", ObjectId{ObjectKind::pipe, 1}},
                                        std::pair{"unix#4294967295", ObjectId{ObjectKind::unix_socket, 4294967295}},
                                        std::pair{"pty#20", ObjectId{ObjectKind::pty, 20}}}) {
    const test::Run run = read("\"obj\":\"" + std::string{written} + "\"");
    REQUIRE(run.events.size() == 1);
    CHECK(std::get<Received>(run.events[0].fact).obj == object);
  }
  for (const char* bad : {"\"pipe#\"",
                          "\"pipe#0\"",
                          "\"pipe#99999999999\"",
                          "\"pipe#4294967296\"",
                          "\"nope#1\"",
                          "\"pipe\"",
                          "\"pipe1\"",
                          "\"#1\"",
                          "\"\"",
                          "\"pipe#01\"",
                          "\"pipe#+1\"",
                          "\"pipe#-1\"",
                          "\"pipe# 1\"",
                          "\"pipe#1 \"",
                          "\"pipe#1#1\"",
                          "\"Pipe#1\"",
                          "\"pipe#1\\u0000\"",
                          "1",
                          "null",
                          "[\"pipe#1\"]"}) {
    INFO(bad);
    CHECK_THROWS_WITH(read("\"obj\":" + std::string{bad}),
                      test::contains("line 2: \"obj\" is not as the format has it"));
  }
  for (const char* bad : {"[1]", "{\"seq\":1}", "[{\"seq\":\"1\"}]", "[{\"seq\":-1}]", "[{\"bytes\":1.5}]",
                          "[{\"tid\":4294967297}]", "[null]"}) {
    INFO(bad);
    CHECK_THROWS_WITH(read("\"from\":" + std::string{bad}), test::contains("line 2: \"from\""));
  }
  for (const char* bad :
       {"\"end\":\"middle\"", "\"how\":\"magic\"", "\"fd\":2147483648", "\"left\":9007199254740992"}) {
    INFO(bad);
    CHECK_THROWS_AS(test::read(header + "{\"ev\":\"fd_closed\"," + bad + "}\n"), UserError);
  }
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
