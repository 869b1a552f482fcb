// SPDX-License-Identifier: MIT
// echo.h: both halves of echo, which other workloads use in their own way.
#pragma once

#include <memory>

#include "apps/workloads/workload.h"

namespace collet::apps {

std::unique_ptr<Handler> make_echo_server(const Burden& burden);
std::unique_ptr<Handler> make_echo_client(const RequestShape& shape, Meter& meter);

}  // namespace collet::apps
