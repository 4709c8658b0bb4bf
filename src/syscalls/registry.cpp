// SPDX-License-Identifier: MIT
#include "syscalls/registry.hpp"

#include <array>

namespace kintrace::syscalls {

// One in each family's file.
extern const std::span<const Row> attribute_rows, clone_rows, descriptor_rows, event_descriptor_rows, exec_rows,
    futex_rows, group_rows, lock_rows, memory_rows, naming_rows, queue_rows, readiness_rows, semaphore_rows,
    signal_rows, socket_rows, stream_rows, timer_rows, wait_rows;

namespace {

constexpr std::size_t numbers = 1024;  // above every native syscall number of x86-64 and arm64

std::array<const Row*, numbers> indexed() {
  std::array<const Row*, numbers> table{};
  for (const auto family : families()) {
    for (const Row& row : family) table.at(static_cast<std::size_t>(row.nr)) = &row;
  }
  return table;
}

}  // namespace

std::span<const std::span<const Row>> families() {
  static const std::array all{attribute_rows, clone_rows,     descriptor_rows, event_descriptor_rows, exec_rows,
                              futex_rows,     group_rows,     lock_rows,       memory_rows,           naming_rows,
                              queue_rows,     readiness_rows, semaphore_rows,  signal_rows,           socket_rows,
                              stream_rows,    timer_rows,     wait_rows};
  return all;
}

const Row* find(std::uint64_t nr) {
  static const auto table = indexed();
  return nr < table.size() ? table.at(nr) : nullptr;
}

}  // namespace kintrace::syscalls
