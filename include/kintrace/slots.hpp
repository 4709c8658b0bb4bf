// SPDX-License-Identifier: MIT
// Things that are numbered as they come, and forgotten in any order: a number is never given twice, and finding what
// it stands for costs the same however many there have been. Addresses are stable. Not a container for everything:
// there is no copy, and no insertion but at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

namespace kintrace {

template <class Index, class T>
class Slots {
 public:
  // The next number's. It is written to `T::index`.
  T& add() {
    const std::uint32_t at = next_++;
    if (at / page_size >= pages_.size()) pages_.emplace_back();
    auto& page = pages_[at / page_size];
    if (!page) page = std::make_unique<Page>();
    ++page->used;
    ++size_;
    auto& slot = page->slots[at % page_size];
    slot = std::make_unique<T>();
    slot->index = Index{at};
    return *slot;
  }
  // Nothing if it has been forgotten, or never was.
  T* find(Index index) const {
    const std::size_t page = index.value / page_size;
    return page < pages_.size() && pages_[page] ? pages_[page]->slots[index.value % page_size].get() : nullptr;
  }
  void erase(Index index) {
    if (find(index) == nullptr) return;
    auto& page = pages_[index.value / page_size];
    page->slots[index.value % page_size].reset();
    --size_;
    if (--page->used == 0) page.reset();
  }
  std::size_t size() const { return size_; }

  // Those that are not forgotten, in the order of their numbers.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;
    Iterator() = default;
    Iterator(const Slots* slots, std::uint32_t at) : slots_(slots), at_(at) { skip(); }
    reference operator*() const { return *slots_->find(Index{at_}); }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      ++at_;
      skip();
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    void skip() {
      while (at_ < slots_->next_ && slots_->find(Index{at_}) == nullptr)
        at_ = slots_->pages_[at_ / page_size] ? at_ + 1 : (at_ / page_size + 1) * page_size;
      if (at_ > slots_->next_) at_ = slots_->next_;
    }
    const Slots* slots_ = nullptr;
    std::uint32_t at_ = 0;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, next_}; }

 private:
  // A page stays while one of its slots is in use: small, as a survivor keeps its page.
  static constexpr std::uint32_t page_size = 128;
  struct Page {
    std::array<std::unique_ptr<T>, page_size> slots;
    std::uint32_t used = 0;
  };
  std::vector<std::unique_ptr<Page>> pages_;
  std::uint32_t next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace kintrace
