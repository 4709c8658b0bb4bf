// SPDX-License-Identifier: MIT
// What sends a message to somebody whom it names.
#pragma once

#include "syscalls/row.hpp"

namespace kintrace::syscalls {

// The sockaddr that sendto(2) or sendmsg(2) was given. Empty: none, another call, or one of several messages.
Bytes destination(const Call& call);

}  // namespace kintrace::syscalls
