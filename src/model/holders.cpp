// SPDX-License-Identifier: MIT
#include "kintrace/holders.hpp"

namespace kintrace {

TableIndex Holders::make() {
  const TableIndex table{++last_};
  tables_.emplace(table, Table{});
  return table;
}

void Holders::share(TableIndex table) { ++tables_.at(table).users; }

TableIndex Holders::copy(TableIndex table) {
  const TableIndex made = make();
  auto& descriptors = tables_.at(made).descriptors;
  descriptors = tables_.at(table).descriptors;
  for (const auto& [fd, held] : descriptors) added(made, fd, held);
  return made;
}

std::vector<Holders::Closed> Holders::leave(TableIndex table) {
  const auto left = tables_.find(table);
  if (--left->second.users > 0) return {};
  std::vector<Closed> closed;
  for (const auto& [fd, held] : left->second.descriptors) closed.push_back(removed(table, fd, held));
  tables_.erase(left);
  return closed;
}

std::size_t Holders::users(TableIndex table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? 0 : found->second.users;
}

std::optional<Holders::Closed> Holders::open(TableIndex table, int fd, Held held) {
  const auto [at, fresh] = tables_.at(table).descriptors.try_emplace(fd, held);
  if (!fresh && at->second == held) return {};
  added(table, fd, held);  // first, as what it replaces may be the last of the same
  if (fresh) return {};
  const Held before = std::exchange(at->second, held);
  return removed(table, fd, before);
}

std::optional<Holders::Closed> Holders::close(TableIndex table, int fd) {
  auto gone = tables_.at(table).descriptors.extract(fd);
  if (gone.empty()) return {};
  return removed(table, fd, gone.mapped());
}

const Holders::Held* Holders::find(TableIndex table, int fd) const {
  const auto& descriptors = tables_.at(table).descriptors;
  const auto found = descriptors.find(fd);
  return found == descriptors.end() ? nullptr : &found->second;
}

const std::map<int, Holders::Held>& Holders::descriptors(TableIndex table) const {
  return tables_.at(table).descriptors;
}

bool Holders::held(ObjectId obj, End end) const {
  const auto found = ends_.find(obj);
  if (found == ends_.end()) return false;
  switch (end) {
    case End::read: return found->second.readers != 0;
    case End::write: return found->second.writers != 0;
    default: return true;
  }
}

const std::set<Holders::Holder>& Holders::of(ObjectId obj) const {
  static const std::set<Holder> nobody;
  const auto found = ends_.find(obj);
  return found == ends_.end() ? nobody : found->second.holders;
}

void Holders::added(TableIndex table, int fd, Held held) {
  Ends& ends = ends_[held.obj];
  ends.holders.insert({table, fd, held.end});
  if (held.end != End::write) ++ends.readers;
  if (held.end != End::read) ++ends.writers;
}

Holders::Closed Holders::removed(TableIndex table, int fd, Held held) {
  Ends& ends = ends_.at(held.obj);
  ends.holders.erase({table, fd, held.end});
  if (held.end != End::write) --ends.readers;
  if (held.end != End::read) --ends.writers;
  if (ends.holders.empty()) ends_.erase(held.obj);
  const bool last = held.end == End::both ? !this->held(held.obj, End::read) && !this->held(held.obj, End::write)
                                          : !this->held(held.obj, held.end);
  return {fd, held, last};
}

}  // namespace kintrace
