// SPDX-License-Identifier: MIT
#include "support/events.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

#include "sources/recording.hpp"
#include "text/escape.hpp"
#include "views/registry.hpp"

namespace kintrace::test {
namespace {

class Collect final : public Sink {
 public:
  void begin(const RunHeader& header) override { run.header = header; }
  void event(const Event& event) override { run.events.push_back(event); }
  void settle() override {}
  void end(const RunEnd& end) override { run.end = end; }
  Run run;
};

std::string json_string(const std::string& text) {
  std::string out;
  text::append_json(out, text);
  return out;
}

std::string json_scalar(const std::string& value) {
  const bool digits = !value.empty() && value.find_first_not_of("-0123456789") == std::string::npos;
  return digits || value == "true" ? value : json_string(value);
}

// SEQ:BYTES:TID,…
std::string json_parts(const std::string& value) {
  std::string out, part;
  for (std::istringstream parts(value); std::getline(parts, part, ',');) {
    std::istringstream numbers(part);
    std::string seq, bytes, tid;
    std::getline(std::getline(std::getline(numbers, seq, ':'), bytes, ':'), tid);
    out += fmt::format(R"({}{{"seq":{},"bytes":{},"tid":{}}})", out.empty() ? "" : ",", seq, bytes, tid);
  }
  return "[" + out + "]";
}

// Words of a program are strings even where they look like numbers.
std::string json_value(const std::string& fact, const std::string& key, const std::string& value) {
  if (value.starts_with('"')) return value;
  if (key == "from" && value.find(':') != std::string::npos) return json_parts(value);
  const bool strings = key == "argv" || key == "flags" || key == "objs" || key == "ready";
  if (!strings && key != "waits_for" && key != "blocked") {
    static const std::set<std::string> texts{"why", "data", "inode", "addr", "path", "range"};
    const bool text = texts.count(key) != 0 || (fact == "set" && key == "value");
    return text ? json_string(value) : json_scalar(value);
  }
  std::string out = "[", word;
  for (std::istringstream words(value); std::getline(words, word, ',');)
    out += (out.size() > 1 ? "," : "") + (strings ? json_string(word) : json_scalar(word));
  return out + "]";
}

std::string json_line(const std::string& line, std::size_t number) {
  std::istringstream words(line);
  std::string who, fact, field;
  words >> who >> fact;
  std::size_t micros = number * 1000;
  if (const auto plus = who.find('+'); plus != std::string::npos) {
    micros = std::stoul(who.substr(0, plus));
    who.erase(0, plus + 1);
  }
  const auto slash = who.find('/');
  const std::string tid = who.substr(0, slash);
  const std::string pid = slash == std::string::npos ? tid : who.substr(slash + 1);
  std::string out =
      fmt::format(R"({{"ev":"{}","seq":{},"t":{},"pid":{},"tid":{})", fact, number + 1, micros * 1000, pid, tid);
  while (words >> field) {
    const auto equals = field.find('=');
    const std::string key = field.substr(0, equals);
    out += fmt::format(",\"{}\":{}", key, json_value(fact, key, field.substr(equals + 1)));
  }
  return out + "}\n";
}

}  // namespace

std::string recording_of(std::string_view lines) {
  std::string out =
      R"({"kintrace":1,"version":"0","start_realtime_ns":"1000000000000000000","mode":"launched","root":10})"
      "\n";
  std::istringstream text{std::string{lines}};
  std::size_t number = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.find_first_not_of(' ') != std::string::npos) out += json_line(line, number++);
  }
  return out + fmt::format(R"({{"ev":"end","seq":{},"events":{},"lost":0,"dur":0,"why":"done"}})", number + 1, number) +
         "\n";
}

Run read(const std::string& recording) {
  std::string path = "/tmp/kintrace-test-XXXXXX";
  const int fd = ::mkstemp(path.data());
  const auto written = ::write(fd, recording.data(), recording.size());
  ::close(fd);
  Collect collect;
  const auto source = sources::recording(path);
  ::unlink(path.c_str());
  if (written != static_cast<ssize_t>(recording.size())) throw std::runtime_error("cannot write " + path);
  source->run(collect);
  return collect.run;
}

World world_from(std::string_view lines) {
  World world;
  for (const Event& event : read(recording_of(lines)).events) world.apply(event);
  return world;
}

std::string view_of(std::string_view name, const Run& run, const ViewOptions& options) {
  TextWriter out;
  World world;
  const auto view = views::find(name)->make(out, options);
  view->begin(run.header);
  for (const Event& event : run.events) {
    world.apply(event);
    view->event(event, world);
  }
  view->end(run.end, world);
  return out.text;
}

std::string view_of(std::string_view name, std::string_view lines, const ViewOptions& options) {
  return view_of(name, read(recording_of(lines)), options);
}

}  // namespace kintrace::test
