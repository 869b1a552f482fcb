// SPDX-License-Identifier: MIT
// crowd_test.cc: from how many addresses the connections of a load come.
#include <gtest/gtest.h>

#include <collet/address.h>

#include "apps/load/crowd.h"

namespace collet::apps {
namespace {

// Half of them on each of two threads.
std::size_t count_sources(const char* workload, std::size_t connections, const char* target) {
  return sources_for({.workload = *find_workload(workload),
                      .shape = {},
                      .target = *parse_endpoint(target),
                      .connections = connections / 2,
                      .connections_of_all = connections,
                      .arrivals = {}})
      .size();
}

TEST(CrowdTest, MoreConnectionsThanOneAddressHasPortsComeFromSeveral) {
  EXPECT_EQ(count_sources("echo", 15'000, "127.0.0.1:7000"), 0U);
  EXPECT_GT(count_sources("echo", 30'000, "127.0.0.1:7000"), 1U);
  EXPECT_EQ(count_sources("echo", 30'000, "192.0.2.1:7000"), 0U) << "not this machine";
}

TEST(CrowdTest, AConnectionForEachRequestComesFromSeveralAddresses) {
  EXPECT_GT(count_sources("storm", 10, "127.0.0.1:7000"), 1U);
}

}  // namespace
}  // namespace collet::apps
