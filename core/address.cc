// SPDX-License-Identifier: MIT
// address.cc: numeric addresses and Unix paths, to and from text.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <collet/address.h>

namespace collet {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;  // one for the final NUL
constexpr std::string_view kWhatWorks = "write 127.0.0.1:7000, [::1]:7000 or unix:/run/app.sock";

template <typename Address>
Endpoint endpoint_of(const Address& address, std::size_t length = sizeof(Address)) noexcept {
  static_assert(sizeof(Address) <= sizeof(sockaddr_storage));
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, &address, length);
  endpoint.length = static_cast<socklen_t>(length);
  return endpoint;
}

// Copied out, because sockaddr_storage is not the type that the kernel wrote.
template <typename Address>
Address address_in(const Endpoint& endpoint) noexcept {
  Address address{};
  std::memcpy(&address, &endpoint.storage, sizeof address);
  return address;
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

absl::StatusOr<Endpoint> parse_unix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (path.empty() || path.find('\0') != path.npos) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" names no path: write unix:/run/app.sock", text));
  }
  if (path.size() > kMaxPath) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "\"%s\" is too long: the path of a Unix socket has at most %d bytes, not %d", text,
        kMaxPath, path.size()));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  return endpoint_of(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

std::optional<Endpoint> parse_v4(const std::string& host, std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  return endpoint_of(address);
}

// With a scope, as link-local addresses need: fe80::1%eth0.
std::optional<Endpoint> parse_v6(std::string host, std::uint16_t port) noexcept {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (const auto percent = host.find('%'); percent != host.npos) {
    const std::string scope = host.substr(percent + 1);
    address.sin6_scope_id = ::if_nametoindex(scope.c_str());
    if (address.sin6_scope_id == 0)
      address.sin6_scope_id = whole_number<unsigned>(scope).value_or(0);
    if (address.sin6_scope_id == 0) return std::nullopt;
    host.resize(percent);
  }
  if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
  return endpoint_of(address);
}

std::string format_v6(const Endpoint& endpoint) {
  const auto address = address_in<sockaddr_in6>(endpoint);
  char host[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &address.sin6_addr, host, sizeof host);
  std::string scope;
  if (address.sin6_scope_id != 0) {
    char name[IF_NAMESIZE] = {};
    scope = ::if_indextoname(address.sin6_scope_id, name) != nullptr
                ? absl::StrFormat("%%%s", name)
                : absl::StrFormat("%%%d", address.sin6_scope_id);
  }
  return absl::StrFormat("[%s%s]:%d", host, scope, ntohs(address.sin6_port));
}

// A client that bound no path has none.
std::string format_unix(const Endpoint& endpoint) {
  constexpr std::size_t kBeforePath = offsetof(sockaddr_un, sun_path);
  if (endpoint.length <= kBeforePath) return "?";
  const auto address = address_in<sockaddr_un>(endpoint);
  const std::size_t size = ::strnlen(address.sun_path, endpoint.length - kBeforePath);
  return absl::StrFormat("%s%s", kUnixPrefix, std::string_view(address.sun_path, size));
}

}  // namespace

absl::StatusOr<Endpoint> parse_endpoint(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix(text);
  const auto not_an_address = [text](std::string_view what_works) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is not an address: %s", text, what_works));
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return not_an_address(kWhatWorks);
  std::string host(text.substr(0, colon));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != host.npos) {
    return not_an_address("write an IPv6 address in brackets, such as [::1]:7000");
  }
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return not_an_address("a port is a number from 0 to 65535");
  if (host == "localhost") host = "127.0.0.1";
  const auto endpoint =
      bracketed ? parse_v6(host.substr(1, host.size() - 2), *port) : parse_v4(host, *port);
  if (endpoint) return *endpoint;
  return not_an_address(absl::StrFormat("names are not looked up, so %s", kWhatWorks));
}

std::string format_endpoint(const Endpoint& endpoint) {
  if (endpoint.length == 0) return "?";
  switch (endpoint.family()) {
    case AF_INET: {
      const auto address = address_in<sockaddr_in>(endpoint);
      char host[INET_ADDRSTRLEN] = {};
      ::inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
      return absl::StrFormat("%s:%d", host, ntohs(address.sin_port));
    }
    case AF_INET6:
      return format_v6(endpoint);
    case AF_UNIX:
      return format_unix(endpoint);
    default:
      return "?";
  }
}

int port_of(const Endpoint& endpoint) noexcept {
  if (endpoint.length == 0) return 0;
  if (endpoint.family() == AF_INET) return ntohs(address_in<sockaddr_in>(endpoint).sin_port);
  if (endpoint.family() == AF_INET6) return ntohs(address_in<sockaddr_in6>(endpoint).sin6_port);
  return 0;
}

void set_port(Endpoint& endpoint, int port) noexcept {
  const in_port_t network = htons(static_cast<std::uint16_t>(port));
  const auto put = [&](std::size_t offset) {
    std::memcpy(reinterpret_cast<std::byte*>(&endpoint.storage) + offset, &network, sizeof network);
  };
  if (endpoint.family() == AF_INET) put(offsetof(sockaddr_in, sin_port));
  if (endpoint.family() == AF_INET6) put(offsetof(sockaddr_in6, sin6_port));
}

}  // namespace collet
