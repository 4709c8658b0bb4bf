// SPDX-License-Identifier: MIT
#include "sources/stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kintrace::sources {
namespace {

// What is written at once up to this size is not mixed with what others write (PIPE_BUF, pipe(7)).
constexpr std::int64_t atomic = 4096;
// More than fit into a pipe of the usual size, byte by byte.
constexpr std::size_t most_writes = 1 << 17;

}  // namespace

void Stream::begin_write(Seq seq, Tid tid, Nanoseconds now, std::int64_t most, std::string head) {
  if (most == 0 && kind_ == Kind::bytes) return;
  if (writes_.size() == most_writes) {
    forgotten_ += writes_.front().rest();
    writes_.pop_front();
  }
  const bool doubtful = std::any_of(spent_.begin(), spent_.end(), [](const Write& write) { return write.doubtful; });
  writes_.push_back({seq, tid, now, most, 0, false, 0, std::move(head), doubtful});
}

void Stream::end_write(Seq seq, Nanoseconds now, std::optional<std::int64_t> sent) {
  const std::int64_t bytes = sent.value_or(0);
  const auto is_it = [&](const Write& write) { return write.seq == seq; };
  std::int64_t excess = 0;  // that it was thought to have brought, and somebody else has
  if (const auto spent = std::find_if(spent_.begin(), spent_.end(), is_it); spent != spent_.end()) {
    excess = spent->taken - bytes;
    spent_.erase(spent);
  } else if (const auto found = std::find_if(writes_.rbegin(), writes_.rend(), is_it); found != writes_.rend()) {
    excess = found->taken - bytes;
    found->ended = true;
    found->end = now;
    found->most = bytes;
    const bool empty = kind_ == Kind::bytes ? excess >= 0 : !sent;
    if (empty) writes_.erase(std::prev(found.base()));
  }
  if (excess > 0) doubt(writes_.size());
  while (excess > 0 && !writes_.empty()) {
    const std::size_t next = choose(candidates(), {}).index;
    const std::int64_t part = std::min(excess, writes_[next].rest());
    take(next, part);
    excess -= part;
  }
}

// Those that none of the others is surely before: that was over when they began.
std::size_t Stream::candidates() const {
  std::size_t count = 0;
  Nanoseconds first_end = 0;
  for (const Write& write : writes_) {
    if (count > 0 && first_end != 0 && write.begun > first_end) break;
    if (write.ended && (first_end == 0 || write.end < first_end)) first_end = write.end;
    ++count;
  }
  return count;
}

bool Stream::contested(Nanoseconds begun) const { return candidates() > 1 || begun < last_read_; }

// Whether what was read may be what it wrote, as far as both are known.
Stream::Fit Stream::fit(const Write& write, std::string_view bytes) {
  const auto taken = static_cast<std::size_t>(write.taken);
  if (taken >= write.head.size()) return Fit::unknown;
  const std::string_view wrote = std::string_view{write.head}.substr(taken);
  const std::size_t both = std::min({wrote.size(), bytes.size(), static_cast<std::size_t>(write.rest())});
  if (both == 0) return Fit::unknown;
  return wrote.substr(0, both) == bytes.substr(0, both) ? Fit::yes : Fit::no;
}

Stream::Choice Stream::choose(std::size_t candidates, std::string_view bytes) const {
  // What has been begun and is not mixed with others goes on.
  for (std::size_t i = 0; i < candidates; ++i) {
    const Write& write = writes_[i];
    if (write.taken > 0 && write.most <= atomic && fit(write, bytes) != Fit::no) return {i, true, false};
  }
  // The first of those that fit, or else of those that may.
  std::array<std::size_t, 3> count{}, first{};
  for (std::size_t i = 0; i < candidates; ++i) {
    const auto fits = static_cast<std::size_t>(fit(writes_[i], bytes));
    if (count.at(fits)++ == 0) first.at(fits) = i;
  }
  const auto [none, unknown, fitting] = count;
  const bool confirmed = fitting == 1 && unknown == 0;
  if (fitting > 0) return {first.at(2), confirmed, confirmed};
  if (unknown > 0) return {first.at(1), candidates == 1, false};
  // None of them: another reader, who has not been heard of yet, has those, and this one has what came after them.
  std::size_t later = 0, at = 0;
  for (std::size_t i = candidates; i < writes_.size(); ++i) {
    if (fit(writes_[i], bytes) != Fit::yes) continue;
    ++later;
    at = i;
  }
  if (later == 1) return {at, true, true};
  return {0, false, false};
}

// What was decided of them without knowing will come out when all of them have been taken.
void Stream::doubt(std::size_t candidates) {
  for (std::size_t i = 0; i < candidates; ++i) writes_[i].doubtful = true;
}

void Stream::take(std::size_t index, std::int64_t bytes) {
  Write& write = writes_[index];
  write.taken += bytes;
  if (write.rest() > 0 && kind_ == Kind::bytes) return;
  if (write.doubtful) {  // if it is still there, it is among those that it overlaps
    const auto after = [&](const Write& other) { return write.ended && other.begun > write.end; };
    doubt(static_cast<std::size_t>(std::find_if(writes_.begin(), writes_.end(), after) - writes_.begin()));
  }
  if (!write.ended) spent_.push_back(std::move(write));  // its end is still to come, and may say otherwise
  writes_.erase(writes_.begin() + static_cast<std::ptrdiff_t>(index));
}

Stream::Taken Stream::read(Nanoseconds begun, Nanoseconds now, std::int64_t bytes, std::string_view head) {
  Taken taken;
  bool confirmed = true;
  taken.before = std::min(forgotten_, bytes);
  forgotten_ -= taken.before;
  std::int64_t done = taken.before;
  do {
    const std::size_t count = candidates();
    if (count == 0) {
      taken.before += bytes - done;
      break;
    }
    const Choice choice = choose(count, head.substr(std::min(static_cast<std::size_t>(done), head.size())));
    const Write& write = writes_[choice.index];
    const std::int64_t part = std::min(bytes - done, write.rest());
    const bool known = choice.confirmed || (choice.certain && !write.doubtful);
    taken.order_unknown = taken.order_unknown || !known;
    if (!known) doubt(count);
    confirmed = confirmed && choice.confirmed;
    if (!taken.from.empty() && taken.from.back().seq == write.seq) {
      taken.from.back().bytes += part;
    } else {
      taken.from.push_back({write.seq, part, write.tid});
    }
    take(choice.index, part);
    done += part;
  } while (done < bytes && kind_ == Kind::bytes);
  // Of two reads at once, either may have been the first: that matters unless both got the same write's bytes.
  const Seq only = taken.from.size() == 1 && taken.before == 0 ? taken.from.front().seq : Seq{};
  if (begun < last_read_ && !confirmed && !(only && only == last_from_)) taken.order_unknown = true;
  last_read_ = std::max(last_read_, now);
  last_from_ = only;
  return taken;
}

Stream::Taken Stream::peek(Nanoseconds begun, Nanoseconds now, std::int64_t bytes, std::string_view head) const {
  Stream as_it_is = *this;
  return as_it_is.read(begun, now, bytes, head);
}

std::int64_t Stream::left() const {
  std::int64_t bytes = forgotten_;
  for (const Write& write : writes_) bytes += write.ended ? write.rest() : 0;
  return bytes;
}

}  // namespace kintrace::sources
