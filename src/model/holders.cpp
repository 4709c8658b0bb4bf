// SPDX-License-Identifier: MIT
#include "kintrace/holders.hpp"

#include <string>

#include "kintrace/error.hpp"

namespace kintrace {
namespace {

constexpr bool reads(End end) { return end != End::write; }
constexpr bool writes(End end) { return end != End::read; }

}  // namespace

TableIndex Holders::make() {
  const TableIndex table{++last_};
  tables_.try_emplace(table);
  return table;
}

void Holders::share(TableIndex table) { ++at(table).users; }

TableIndex Holders::copy(TableIndex table) {
  const TableIndex copied = make();
  Table& into = at(copied);
  into.descriptors = at(table).descriptors;
  for (const auto& [fd, held] : into.descriptors) added(copied, fd, held);
  return copied;
}

std::vector<Holders::Closed> Holders::leave(TableIndex table) {
  Table& left = at(table);
  if (--left.users != 0) return {};
  std::vector<Closed> closed;
  closed.reserve(left.descriptors.size());
  for (const auto& [fd, held] : left.descriptors) closed.push_back(removed(table, fd, held));
  tables_.erase(table);
  return closed;
}

std::size_t Holders::users(TableIndex table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? 0 : found->second.users;
}

// What is new is added before what was there goes, as in dup2(2): an end that both of them hold is never without a
// holder.
std::optional<Holders::Closed> Holders::open(TableIndex table, int fd, Held held) {
  const auto [place, fresh] = at(table).descriptors.try_emplace(fd, held);
  if (!fresh && place->second == held) return {};
  added(table, fd, held);
  if (fresh) return {};
  return removed(table, fd, std::exchange(place->second, held));
}

std::optional<Holders::Closed> Holders::close(TableIndex table, int fd) {
  auto& descriptors = at(table).descriptors;
  const auto found = descriptors.find(fd);
  if (found == descriptors.end()) return {};
  const Held held = found->second;
  descriptors.erase(found);
  return removed(table, fd, held);
}

const Holders::Held* Holders::find(TableIndex table, int fd) const {
  const auto& all = descriptors(table);
  const auto found = all.find(fd);
  return found == all.end() ? nullptr : &found->second;
}

const std::map<int, Holders::Held>& Holders::descriptors(TableIndex table) const {
  static const std::map<int, Held> none;
  const auto found = tables_.find(table);
  return found == tables_.end() ? none : found->second.descriptors;
}

bool Holders::held(ObjectId obj, End end) const {
  const auto found = ends_.find(obj);
  if (found == ends_.end()) return false;
  const Ends& ends = found->second;
  return (reads(end) && ends.readers != 0) || (writes(end) && ends.writers != 0);
}

const std::set<Holders::Holder>& Holders::of(ObjectId obj) const {
  static const std::set<Holder> none;
  const auto found = ends_.find(obj);
  return found == ends_.end() ? none : found->second.holders;
}

Holders::Table& Holders::at(TableIndex table) {
  const auto found = tables_.find(table);
  KINTRACE_CHECK(found != tables_.end(), "descriptor table " + std::to_string(table.value));
  return found->second;
}

void Holders::added(TableIndex table, int fd, Held held) {
  Ends& ends = ends_[held.obj];
  ends.holders.insert({table, fd, held.end});
  if (reads(held.end)) ++ends.readers;
  if (writes(held.end)) ++ends.writers;
}

Holders::Closed Holders::removed(TableIndex table, int fd, Held held) {
  const auto found = ends_.find(held.obj);
  Ends& ends = found->second;
  ends.holders.erase({table, fd, held.end});
  if (reads(held.end)) --ends.readers;
  if (writes(held.end)) --ends.writers;
  if (ends.holders.empty()) ends_.erase(found);
  return {fd, held, !this->held(held.obj, held.end)};
}

}  // namespace kintrace
