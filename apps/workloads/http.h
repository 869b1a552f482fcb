// SPDX-License-Identifier: MIT
// http.h: the halves of the http workload, whose parsers are kept out of each other's compilation.
#pragma once

#include <memory>

#include <collet/handler.h>

#include "apps/workloads/workload.h"

namespace collet::apps {

std::unique_ptr<Handler> make_http_server(const Burden& burden);
std::unique_ptr<Handler> make_http_client(const RequestShape& shape, Meter& meter);

}  // namespace collet::apps
