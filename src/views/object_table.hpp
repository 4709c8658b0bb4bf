// SPDX-License-Identifier: MIT
// What went through each pipe, FIFO, socket and queue, in numbers: the summary's second table. Keeps the rows that it
// will show, and of objects that live who has used them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/view.hpp"
#include "kintrace/world.hpp"
#include "text/columns.hpp"
#include "views/naming.hpp"

namespace kintrace::views {

class ObjectTable {
 public:
  explicit ObjectTable(const ViewOptions& options);

  void event(const Event& event, const World& world);
  // The table, when the run is over; empty if there is nothing to tell.
  std::string text(const World& world);

 private:
  // Processes that have used one end: those that live, and how many others.
  struct Users {
    std::set<ProcessIndex> living;
    std::uint64_t gone = 0;
    std::uint64_t count() const { return living.size() + gone; }
  };
  struct Use {
    Users writers, readers;
  };
  struct Row {
    std::uint64_t writes = 0, reads = 0, writers = 0, readers = 0;
    std::int64_t in = 0, out = 0;
    std::string name;
    Descent maker;  // with --stable in the order of their names, otherwise of their numbers
    std::uint64_t number = 0;
    std::uint64_t objects = 1;
    void operator+=(const Row& more);
  };
  // Of one kind and path.
  using Key = std::pair<ObjectKind, std::string>;

  void use(Users Use::*end, ObjectId obj, ProcessIndex process);
  void leave(ProcessIndex process);
  void add(const Object& object, const World& world);
  bool before(const Row& a, const Row& b) const;
  std::vector<Row> rows();

  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  std::unordered_map<ObjectId, Use> uses_;
  std::unordered_map<ProcessIndex, std::set<ObjectId>> used_;
  std::map<Key, std::vector<Row>> groups_;  // all of them while they are few, then the first with their sums
};

}  // namespace kintrace::views
