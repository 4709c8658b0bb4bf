// SPDX-License-Identifier: MIT
// What somebody may have meant who misspelt a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kintrace::cli {

// How many letters must be added, left out, changed or swapped with their neighbour to make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The names nearest to `word`, best first, at most three; none that is hardly like it.
std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

// "did you mean kill, tkill or pkill?", or `otherwise` if nothing is like it.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names, std::string otherwise = {});

}  // namespace kintrace::cli
