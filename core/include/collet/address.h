// SPDX-License-Identifier: MIT
// address.h: endpoints as text. Numeric addresses only: resolving names is the caller's business.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <collet/endpoint.h>

namespace collet {

// 127.0.0.1:7000, [::1]:7000, localhost:7000 (127.0.0.1), unix:/run/app.sock. An error says what
// was given and what would work.
absl::StatusOr<Endpoint> parse_endpoint(std::string_view text);

// The text that parse_endpoint() takes; "?" for an empty endpoint.
std::string format_endpoint(const Endpoint& endpoint);

// The port, or 0 for a Unix path.
int port_of(const Endpoint& endpoint) noexcept;
void set_port(Endpoint& endpoint, int port) noexcept;

}  // namespace collet
