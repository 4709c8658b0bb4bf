// SPDX-License-Identifier: MIT
#include "views/object_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "text/escape.hpp"
#include "text/units.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t fold_from = 4;
constexpr std::size_t narrowest_name = 16;
constexpr std::size_t widest_name = 80;

// Whether messages may go through: one through which none went is worth a row.
bool carries(ObjectKind kind) {
  const std::string_view cls = class_of(kind);
  return cls == "pipe" || cls == "fifo" || cls == "socket" || cls == "msg" || cls == "fd";
}

}  // namespace

ObjectTable::ObjectTable(const ViewOptions& options)
    : options_(options), naming_(options.stable), palette_(options.color) {}

void ObjectTable::Row::operator+=(const Row& more) {
  writes += more.writes;
  reads += more.reads;
  writers += more.writers;
  readers += more.readers;
  in = text::sum(in, more.in);
  out = text::sum(out, more.out);
  objects += more.objects;
}

void ObjectTable::event(const Event& event, const World& world) {
  const Process* process = world.find(event.pid);
  if (const auto* sent = std::get_if<Sent>(&event.fact); sent != nullptr && sent->bytes > 0 && process != nullptr) {
    use(&Use::writers, sent->obj, process->index);
  } else if (const auto* received = std::get_if<Received>(&event.fact);
             received != nullptr && received->bytes > 0 && process != nullptr) {
    use(&Use::readers, received->obj, process->index);
  }
  for (const ProcessIndex leaving : world.leaving()) leave(leaving);
  for (const ObjectId leaving : world.leaving_objects()) {
    if (const Object* object = world.find(leaving)) add(*object, world);
  }
}

void ObjectTable::use(Users Use::*end, ObjectId obj, ProcessIndex process) {
  if ((uses_[obj].*end).living.insert(process).second) used_[process].insert(obj);
}

void ObjectTable::leave(ProcessIndex process) {
  const auto left = used_.extract(process);
  if (left.empty()) return;
  for (const ObjectId obj : left.mapped()) {
    Use& use = uses_[obj];
    for (Users* users : {&use.writers, &use.readers}) users->gone += users->living.erase(process);
  }
}

void ObjectTable::add(const Object& object, const World& world) {
  const auto found = uses_.extract(object.id);
  if (found.empty() && (!options_.verbose || !carries(object.id.kind))) return;  // nothing went through it
  Row row;
  row.writes = object.writes;
  row.reads = object.reads;
  row.in = object.bytes_written;
  row.out = object.bytes_read;
  if (!found.empty()) {
    const Use& use = found.mapped();
    row.writers = use.writers.count();
    row.readers = use.readers.count();
    for (const Users* users : {&use.writers, &use.readers}) {
      for (const ProcessIndex user : users->living) used_[user].erase(object.id);
    }
  }
  const std::string path = object.path.empty() ? "" : fmt::format(" {}", text::printable(object.path));
  const bool named_by_path = options_.stable && is_found_by_path(object.id.kind);
  row.name = naming_.object(object.id, world) + (named_by_path ? "" : path);
  row.maker = object.maker;
  row.number = options_.stable ? object.ordinal : object.id.number;
  auto& group = groups_[Key{object.id.kind, path}];
  group.push_back(std::move(row));
  if (options_.verbose || (group.size() < fold_from && group.front().objects == 1)) return;
  Row folded = *std::min_element(group.begin(), group.end(), [&](const Row& a, const Row& b) { return before(a, b); });
  Row sum = std::move(group.front());
  for (std::size_t i = 1; i < group.size(); ++i) sum += group[i];
  sum.maker = folded.maker;
  sum.number = folded.number;
  sum.name = fmt::format("×{} {}{}", text::count(sum.objects),
                         Names<ObjectKind>::value.at(static_cast<std::size_t>(object.id.kind)), path);
  group.resize(1);
  group.front() = std::move(sum);
}

bool ObjectTable::before(const Row& a, const Row& b) const {
  if (const auto by_maker = a.maker <=> b.maker; options_.stable && by_maker != 0) return by_maker < 0;
  return a.number < b.number;
}

std::vector<ObjectTable::Row> ObjectTable::rows() {
  std::vector<Row> all;
  for (auto& [key, group] : groups_) {  // those of one number are in order of their kinds
    for (Row& row : group) all.push_back(std::move(row));
  }
  groups_.clear();
  std::stable_sort(all.begin(), all.end(), [&](const Row& a, const Row& b) { return before(a, b); });
  if (options_.stable) return all;
  std::stable_sort(all.begin(), all.end(),
                   [](const Row& a, const Row& b) { return text::sum(a.in, a.out) > text::sum(b.in, b.out); });
  return all;
}

std::string ObjectTable::text(const World& world) {
  for (const auto& [id, object] : world.objects()) {
    const auto& leaving = world.leaving_objects();
    if (std::find(leaving.begin(), leaving.end(), id) == leaving.end()) add(object, world);
  }
  const std::vector<Row> all = rows();
  if (all.empty()) return {};
  struct Column {
    std::string_view head;
    std::string (*cell)(const Row&);
    bool chance = false;  // left out with --stable
  };
  static constexpr std::array columns{
      Column{"writes", [](const Row& row) { return text::count(row.writes); }, true},
      Column{"in", [](const Row& row) { return text::size(row.in); }},
      Column{"reads", [](const Row& row) { return text::count(row.reads); }, true},
      Column{"out", [](const Row& row) { return text::size(row.out); }},
      Column{"writers", [](const Row& row) { return text::count(row.writers); }},
      Column{"readers", [](const Row& row) { return text::count(row.readers); }},
  };
  std::vector<std::string> lines(all.size() + 1);
  std::size_t taken = 0;
  for (const Column& column : columns) {
    if (column.chance && options_.stable) continue;
    std::vector<std::string> cells{std::string{column.head}};
    for (const Row& row : all) cells.push_back(column.cell(row));
    std::size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, text::width(cell));
    for (std::size_t i = 0; i < cells.size(); ++i) lines[i] += text::pad_left(cells[i], width) + "  ";
    taken += width + 2;
  }
  const auto columns_wide = static_cast<std::size_t>(std::max(options_.width.value_or(0), 0));
  const std::size_t room =
      columns_wide == 0 ? widest_name : std::max(columns_wide > taken ? columns_wide - taken : 0, narrowest_name);
  std::string out = palette_.paint(lines[0] + "object", text::Style::dim) + "\n";
  for (std::size_t i = 0; i < all.size(); ++i) out += lines[i + 1] + text::cut(all[i].name, room) + "\n";
  if (std::any_of(all.begin(), all.end(), [](const Row& row) { return row.objects > 1; }))
    out += palette_.paint("×: objects alike, their sums\n", text::Style::dim);
  return out;
}

}  // namespace kintrace::views
