// SPDX-License-Identifier: MIT
// user.h: whom this process acts as.
#pragma once

#include <string>

#include <absl/status/status.h>

namespace collet::apps {

// Becomes the user of that name, with its groups and no other, and gives up the way back. Only root
// may; whoever is that user already stays it. Call before there is a thread, a ring or a plugin:
// threads keep what they began with, a ring acts as whoever made it, and what a user may have says
// nothing about what root was given.
absl::Status become_user(const std::string& name);

}  // namespace collet::apps
