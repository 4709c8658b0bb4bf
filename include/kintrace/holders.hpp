// SPDX-License-Identifier: MIT
// Who holds which end of which object: descriptor tables as the kernel keeps them, with only those descriptors in them
// that lead to an object. A table is used by one task or, after CLONE_FILES, by several; fork(2) copies it. Used by
// whoever keeps the tracees (src/sources) and by the model alike. Knows nothing of tasks: they know their table. What
// changes a table costs the logarithm of the descriptors involved for each of them; `held` costs the same always. To
// change or leave a table that is not there is a mistake of ours; to ask about it is not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kintrace/event.hpp"
#include "kintrace/ids.hpp"

namespace kintrace {

// Numbers of tables are never used twice.
using TableIndex = Id<struct TableIndexTag, std::uint32_t>;

class Holders {
 public:
  struct Held {
    ObjectId obj;
    End end = End::both;
    friend bool operator==(const Held&, const Held&) = default;
  };
  // A descriptor that is gone. With `last`, nobody holds its end any more (of `both`: neither of them).
  struct Closed {
    int fd = -1;
    Held held;
    bool last = false;
  };
  // Where an end is held.
  struct Holder {
    TableIndex table;
    int fd = -1;
    End end = End::both;
    friend auto operator<=>(const Holder&, const Holder&) = default;
  };

  // An empty table, used by one task.
  TableIndex make();
  // One more task uses it.
  void share(TableIndex table);
  // Another one like it, used by one task.
  TableIndex copy(TableIndex table);
  // One task less uses it. With the last, all its descriptors are closed.
  std::vector<Closed> leave(TableIndex table);
  // How many use it; 0: there is none of that number.
  std::size_t users(TableIndex table) const;

  // A descriptor leads to an object from now on. What it replaced, if that was another object or another end.
  std::optional<Closed> open(TableIndex table, int fd, Held held);
  // Nothing if it led to none.
  std::optional<Closed> close(TableIndex table, int fd);
  const Held* find(TableIndex table, int fd) const;
  // In order of number.
  const std::map<int, Held>& descriptors(TableIndex table) const;

  // Whether any descriptor can read from it, or write to it: `both` asks for either.
  bool held(ObjectId obj, End end) const;
  // All its descriptors, in order of table and number.
  const std::set<Holder>& of(ObjectId obj) const;

 private:
  struct Table {
    std::map<int, Held> descriptors;
    std::size_t users = 1;
  };
  struct Ends {
    std::set<Holder> holders;
    std::size_t readers = 0, writers = 0;  // descriptors
  };
  Table& at(TableIndex table);
  Closed removed(TableIndex table, int fd, Held held);
  void added(TableIndex table, int fd, Held held);

  std::unordered_map<TableIndex, Table> tables_;
  std::unordered_map<ObjectId, Ends> ends_;
  std::uint32_t last_ = 0;
};

}  // namespace kintrace
