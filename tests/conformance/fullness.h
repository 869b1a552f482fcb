// SPDX-License-Identifier: MIT
// fullness.h: notices that a Poller has room for no more descriptors, as the contract permits
// (ENOSPC of Poller::add). A rule that needs more is then not judged.
#pragma once

#include <memory>
#include <string>

#include <collet/registry.h>

namespace collet::conformance {

// Has every Poller that `backend` makes watched for that.
void notice_fullness(Backend& backend);

// Forgets what was noticed, as a rule begins.
void forget_fullness();

// `it is full at 507 descriptors`; empty if it was not, or sooner than the contract permits.
std::string fullness();

// Ends a rule in which a Poller was full: thrown where nothing but waiting in vain is left to do.
struct Full {};

}  // namespace collet::conformance
