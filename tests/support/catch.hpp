// SPDX-License-Identifier: MIT
// Catch2, whichever version the distribution has: 2.13 on Debian 12, 3 on later ones.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

// Version 3 renamed it.
namespace kintrace::test {
#if __has_include(<catch2/catch_all.hpp>)
inline auto contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
#else
inline auto contains(const std::string& text) { return Catch::Contains(text); }
#endif
}  // namespace kintrace::test
