// SPDX-License-Identifier: MIT
// Every view that is built.
#pragma once

#include <span>
#include <string_view>

#include "kintrace/view.hpp"

namespace kintrace::views {

std::span<const ViewSpec* const> registry();
const ViewSpec* find(std::string_view name);  // null if there is none of that name

}  // namespace kintrace::views
