// SPDX-License-Identifier: MIT
// What a tracee's socket is set to: pidfd_getfd(2), getsockopt(2). The descriptor is ours for the moment of the
// question only.
#pragma once

#include <optional>

#include "kintrace/ids.hpp"

namespace kintrace::os {

enum class Direction { receive, send };
// SO_RCVTIMEO or SO_SNDTIMEO. Nothing: there is no limit, it is no socket, or we may not ask.
std::optional<Nanoseconds> socket_timeout(Tgid pid, int fd, Direction direction);

}  // namespace kintrace::os
