// SPDX-License-Identifier: MIT
#include "views/registry.hpp"

#include <algorithm>
#include <array>

namespace kintrace::views {

// One in each view's file.
extern const ViewSpec findings_view, jsonl_view, summary_view, timeline_view, tree_view;

std::span<const ViewSpec* const> registry() {
  static constexpr std::array all{&timeline_view, &tree_view, &findings_view, &summary_view, &jsonl_view};
  return all;
}

const ViewSpec* find(std::string_view name) {
  const auto all = registry();
  const auto at = std::find_if(all.begin(), all.end(), [&](const ViewSpec* spec) { return spec->name == name; });
  return at == all.end() ? nullptr : *at;
}

}  // namespace kintrace::views
