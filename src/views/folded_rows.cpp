// SPDX-License-Identifier: MIT
#include "views/folded_rows.hpp"

#include <algorithm>

namespace kintrace::views {

bool FoldedRows::continues(Runs::const_iterator run, const Runs::key_type& place, const std::optional<Likeness>& like) {
  return like && run->second.like == like && run->first.first == place.first &&
         run->first.second + run->second.count == place.second;
}

// Makes one of two, if the second goes on where the first ends.
void FoldedRows::join(Runs::iterator run, Runs::iterator next) {
  if (next == runs_.end() || !continues(run, next->first, next->second.like)) return;
  Run& one = run->second;
  const bool was_folded = one.folded();
  one.count += next->second.count;
  if (!one.folded()) {
    one.rows += separator + next->second.rows;
  } else if (!was_folded) {
    one.rows.resize(std::min(one.rows.find(separator), one.rows.size()));
    one.rows.shrink_to_fit();
  }
  runs_.erase(next);
}

}  // namespace kintrace::views
