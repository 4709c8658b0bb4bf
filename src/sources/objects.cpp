// SPDX-License-Identifier: MIT
#include "sources/objects.hpp"

#include <algorithm>
#include <utility>

namespace kintrace::sources {
namespace {

// Above these nothing is remembered: the kernel is asked each time.
constexpr int most_numbers = 65'536;
constexpr std::size_t most_unheld = 1024;
constexpr std::size_t most_loose = 16'384;

bool is_loose(ObjectKind kind) {
  return kind == ObjectKind::futex || kind == ObjectKind::mapping || kind == ObjectKind::file;
}

std::string both(const std::string& local, const std::string& peer) { return local + '\0' + peer; }

}  // namespace

TableIndex Objects::make(Tgid user) {
  const TableIndex table = holders_.make();
  tables_[table].users[user] = 1;
  return table;
}

void Objects::share(TableIndex table, Tgid user) {
  holders_.share(table);
  ++tables_.at(table).users[user];
}

TableIndex Objects::copy(TableIndex table, Tgid user) {
  const TableIndex copy = holders_.copy(table);
  Table like = tables_.at(table);
  for (const Window& window : like.windows) {
    const unsigned end = std::min<unsigned>(window.last, most_numbers);
    for (unsigned fd = window.first; fd < like.numbers.size() && fd <= end; ++fd) like.numbers[fd] = Known::unsure;
  }
  like.windows.clear();
  like.users = {{user, 1}};
  tables_.emplace(copy, std::move(like));
  return copy;
}

std::vector<Holders::Closed> Objects::leave(TableIndex table, Tgid user) {
  const bool last = !shared(table);
  auto& users = tables_.at(table).users;
  if (--users[user] == 0) users.erase(user);
  auto closed = holders_.leave(table);
  if (last) tables_.erase(table);
  for (const auto& one : closed) note_last(one, user);
  forget_unheld();
  return closed;
}

std::set<Tgid> Objects::users(ObjectId id, End end) const {
  std::set<Tgid> users;
  for (const auto& holder : holders_.of(id)) {
    if (end != End::both && holder.end != End::both && holder.end != end) continue;
    for (const auto& [user, tasks] : tables_.at(holder.table).users) users.insert(user);
  }
  return users;
}

Objects::Known Objects::known(TableIndex table, int fd) const {
  const Table& in = tables_.at(table);
  if (in.never_sure || fd < 0 || std::cmp_greater_equal(fd, in.numbers.size()) || in_window(table, fd))
    return Known::unsure;
  return in.numbers[static_cast<std::size_t>(fd)];
}

void Objects::note(TableIndex table, int fd, Known known) {
  Table& in = tables_.at(table);
  if (fd < 0 || fd >= most_numbers) return;
  const auto at = static_cast<std::size_t>(fd);
  if (at >= in.numbers.size()) in.numbers.resize(at + 1, Known::unsure);
  in.numbers[at] = in_window(table, fd) ? Known::unsure : known;
}

void Objects::is_plain(TableIndex table, int fd) { note(table, fd, Known::plain); }

void Objects::is_file(TableIndex table, int fd, ObjectId file) {
  is_plain(table, fd);
  tables_.at(table).files[fd] = file;
}

ObjectId Objects::file_of(TableIndex table, int fd) const {
  const auto& files = tables_.at(table).files;
  const auto found = known(table, fd) == Known::plain ? files.find(fd) : files.end();
  return found == files.end() ? ObjectId{} : found->second;
}

std::optional<Holders::Closed> Objects::is(TableIndex table, int fd, Holders::Held held, Tgid who) {
  note(table, fd, Known::object);
  auto replaced = holders_.open(table, fd, held);
  if (replaced) note_last(*replaced, who);
  if (Object* object = find(held.obj)) {
    if (held.end != End::write) object->last_reader.reset();
    if (held.end != End::read) object->last_writer.reset();
  }
  return replaced;
}

std::optional<Holders::Closed> Objects::closed(TableIndex table, int fd, Tgid who) {
  Table& in = tables_.at(table);
  if (fd >= 0 && std::cmp_less(fd, in.numbers.size())) in.numbers[static_cast<std::size_t>(fd)] = Known::unsure;
  in.files.erase(fd);
  auto closed = holders_.close(table, fd);
  if (closed) note_last(*closed, who);
  forget_unheld();
  return closed;
}

int Objects::take_along(Holders::Held held, ObjectId to) {
  const int number = ++last_taken_along_;
  holders_.open(under_way_, number, held);
  under_way_to_.emplace(number, to);
  return number;
}

void Objects::arrived(Holders::Held held, Tgid who) {
  const auto& all = holders_.of(held.obj);
  for (auto at = all.lower_bound({under_way_, -1, End::read}); at != all.end() && at->table == under_way_; ++at) {
    if (at->end != held.end) continue;
    under_way_to_.erase(at->fd);
    if (const auto closed = holders_.close(under_way_, at->fd)) note_last(*closed, who);
    return;
  }
}

void Objects::came_back(int taken_along) {
  if (under_way_to_.erase(taken_along) != 0) holders_.close(under_way_, taken_along);
}

// What waited in a socket that nobody can receive from any more is closed by whoever closed that.
void Objects::lost(ObjectId to, Tgid who) {
  std::vector<int> numbers;
  for (const auto& [number, waits_in] : under_way_to_) {
    if (waits_in == to) numbers.push_back(number);
  }
  for (const int number : numbers) {
    under_way_to_.erase(number);
    if (const auto closed = holders_.close(under_way_, number)) note_last(*closed, who);
  }
}

std::vector<int> Objects::known_between(TableIndex table, unsigned first, unsigned last) const {
  const auto& numbers = tables_.at(table).numbers;
  std::vector<int> known;
  for (std::size_t fd = first; fd < numbers.size() && fd <= last; ++fd) {
    if (numbers[fd] != Known::unsure || holders_.find(table, static_cast<int>(fd)) != nullptr)
      known.push_back(static_cast<int>(fd));
  }
  const auto& held = holders_.descriptors(table);  // above all that has a place in `numbers`
  const auto above = static_cast<int>(std::max<std::size_t>(first, numbers.size()));
  for (auto at = held.lower_bound(above); above >= 0 && at != held.end() && std::cmp_less_equal(at->first, last); ++at)
    known.push_back(at->first);
  return known;
}

void Objects::forget_plain(TableIndex table) {
  tables_.at(table).files.clear();
  for (Known& number : tables_.at(table).numbers) {
    if (number == Known::plain) number = Known::unsure;
  }
}

void Objects::never_sure(TableIndex table) { tables_.at(table).never_sure = true; }

void Objects::open_window(TableIndex table, Tid closer, unsigned first, unsigned last) {
  tables_.at(table).windows.push_back({closer, first, last});
}

void Objects::close_windows(TableIndex table, Tid closer) {
  std::erase_if(tables_.at(table).windows, [&](const Window& window) { return window.closer == closer; });
}

bool Objects::in_window(TableIndex table, int fd) const {
  const auto& windows = tables_.at(table).windows;
  return std::any_of(windows.begin(), windows.end(), [&](const Window& window) {
    return std::cmp_greater_equal(fd, window.first) && std::cmp_less_equal(fd, window.last);
  });
}

Object* Objects::find(const Identity& identity) {
  const auto found = by_identity_.find(identity);
  return found == by_identity_.end() ? nullptr : find(found->second);
}

Object* Objects::find(ObjectId id) {
  const auto found = objects_.find(id);
  return found == objects_.end() ? nullptr : &found->second;
}

Object& Objects::add(ObjectKind kind, const Identity& identity) {
  const ObjectId id{kind, ++counts_.at(static_cast<std::size_t>(kind))};
  by_identity_.insert_or_assign(identity, id);
  Object& object = objects_[id];
  object.id = id;
  object.identity = identity;
  if (is_loose(kind)) loose_.push_back(id);
  for (; loose_.size() > most_loose; loose_.pop_front()) {
    const Object* oldest = find(loose_.front());
    if (oldest != nullptr && oldest->locks.empty() && !holders_.held(oldest->id, End::both)) forget(oldest->id);
  }
  return objects_.at(id);
}

void Objects::remove(Object& object) {
  const auto found = by_identity_.find(object.identity);
  if (found != by_identity_.end() && found->second == object.id) by_identity_.erase(found);
  object.removed = true;
}

Object* Objects::at_path(ObjectKind kind, const Bytes& path) {
  for (auto& [id, object] : objects_) {
    if (id.kind == kind && !object.removed && object.path == path) return &object;
  }
  return nullptr;
}

void Objects::join(Object& one, Object& other) {
  one.peer = other.id;
  other.peer = one.id;
}

void Objects::name(Object& object, std::string name) {
  if (object.messages) by_name_.insert_or_assign(name, object.id);  // others are found by their connection
  object.name = std::move(name);
}

void Objects::connect(Object& object, const std::string& local, const std::string& peer) {
  object.ends = both(local, peer);
  by_ends_.insert_or_assign(object.ends, object.id);
}

Object* Objects::named(const std::string& name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : find(found->second);
}

Object* Objects::connected(const std::string& local, const std::string& peer) {
  const auto found = by_ends_.find(both(local, peer));
  return found == by_ends_.end() ? nullptr : find(found->second);
}

void Objects::note_last(const Holders::Closed& closed, Tgid who) {
  Object* object = find(closed.held.obj);
  if (object == nullptr) return;
  if (closed.held.end != End::write && !holders_.held(object->id, End::read)) object->last_reader = who;
  if (closed.held.end != End::read && !holders_.held(object->id, End::write)) object->last_writer = who;
  if (holders_.held(object->id, End::both)) return;
  unheld_.push_back(object->id);
  lost(object->id, who);
}

void Objects::forget_unheld() {
  while (unheld_.size() > most_unheld) {
    const ObjectId id = unheld_.front();
    unheld_.pop_front();
    if (!holders_.held(id, End::both)) forget(id);
  }
}

void Objects::forget(ObjectId id) {
  const auto found = objects_.find(id);
  if (found == objects_.end()) return;
  const auto drop = [&](auto& index, const auto& key) {
    const auto at = index.find(key);
    if (at != index.end() && at->second == id) index.erase(at);
  };
  drop(by_identity_, found->second.identity);
  drop(by_name_, found->second.name);
  drop(by_ends_, found->second.ends);
  objects_.erase(found);
}

}  // namespace kintrace::sources
