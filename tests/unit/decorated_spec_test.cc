// SPDX-License-Identifier: MIT
// decorated_spec_test.cc: specs with parentheses: what they name, what they become, and the
// sentences for whoever mistyped one.
#include <string>

#include <gtest/gtest.h>
#include <collet/plugin_loader.h>

#include "tests/support/builtin_registry.h"

namespace collet {
namespace {

std::string refusal(std::string_view spec) {
  const auto chosen = registry().backend(spec);
  EXPECT_FALSE(chosen.ok()) << spec;
  return std::string(chosen.status().message());
}

TEST(DecoratedSpecTest, NameAndEffectiveSpecTellTheWhole) {
  const auto backend = registry().backend("fault(epoll:events=64):seed=7,short_read=0.1");
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->name(), "fault(epoll)");
  EXPECT_EQ(std::string_view(backend->description().name), "epoll");
  EXPECT_TRUE(backend->is_decorated_with("fault"));
  EXPECT_FALSE(backend->is_decorated_with("epoll"));
  EXPECT_EQ(backend->effective_spec(),
            "fault(epoll:events=64):seed=7,short_read=0.1,short_write=0,eagain=0,delay=0,emfile=0,"
            "reset=0,eintr=0,spurious=0,reorder=0,drop_wake=0");
  const auto again = registry().backend(backend->effective_spec());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->effective_spec(), backend->effective_spec());
}

TEST(DecoratedSpecTest, DecoratorsMayBeStacked) {
  const auto backend = registry().backend("fault(fault(asio):seed=2):seed=1");
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_EQ(backend->name(), "fault(fault(asio))");
  EXPECT_TRUE(backend->effective_spec().starts_with("fault(fault(asio:buffer=16k,"));
  EXPECT_TRUE(backend->make().ok());
}

TEST(DecoratedSpecTest, AutoMayBeDecorated) {
  EXPECT_EQ(registry().backend("fault(auto)")->name(), "fault(epoll)");
}

TEST(DecoratedSpecTest, EachInstanceIsMade) {
  const auto backend = registry().backend("fault(epoll):spurious=0.5");
  EXPECT_TRUE(backend->make().ok());
  EXPECT_TRUE(backend->make_poller().ok());
  EXPECT_EQ(registry().backend("fault(asio)")->make_poller().status().message(),
            "backend \"asio\" is a Proactor and has no Poller");
}

TEST(DecoratedSpecTest, ParenthesesMustMatch) {
  const std::string grammar = ": write decorator(name:key=value):key=value";
  EXPECT_EQ(refusal("fault(epoll"), "backend: \"fault(epoll\" lacks a \")\"" + grammar);
  EXPECT_EQ(refusal("fault(fault(epoll):seed=1"),
            "backend: \"fault(fault(epoll):seed=1\" lacks a \")\"" + grammar);
  EXPECT_EQ(refusal("epoll)"), "backend: \"epoll)\" has a \")\" too many" + grammar);
  EXPECT_EQ(
      refusal("fault(epoll)seed=1"),
      "backend: \"seed=1\" in \"fault(epoll)seed=1\" follows a \")\" without a colon" + grammar);
}

TEST(DecoratedSpecTest, UnknownNamesAreToldTheKnownOnes) {
  EXPECT_TRUE(
      refusal("slow(epoll)")
          .starts_with("backend: no decorator named \"slow\"; there are trace, fault, count"));
  EXPECT_EQ(refusal("fault(epol)"),
            "backend: no backend named \"epol\"; there are epoll, asio_wait, asio, io_uring, "
            "io_uring_poll, auto");
  EXPECT_EQ(refusal("fault()"),
            "backend: \"fault()\" names no backend; there are epoll, asio_wait, asio, io_uring, "
            "io_uring_poll, auto");
  EXPECT_EQ(std::string(registry().pool("slow(mutex").status().message()).substr(0, 25),
            "pool: \"slow(mutex\" lacks ");
}

TEST(DecoratedSpecTest, AnOptionOfTheOtherSideIsToldWhereItBelongs) {
  const std::string options =
      "seed, short_read, short_write, eagain, delay, emfile, reset, eintr, spurious, reorder, "
      "drop_wake";
  EXPECT_EQ(refusal("fault(epoll):events=64"),
            "backend: decorator \"fault\" has no option \"events\"; it has " + options +
                "; backend \"epoll\" has one: write it inside the parenthesis");
  EXPECT_EQ(refusal("fault(epoll:seed=64)"),
            "backend: backend \"epoll\" has no option \"seed\"; it has events; decorator "
            "\"fault\" has one: write it behind the parenthesis");
  EXPECT_EQ(refusal("fault(epoll):often=1"),
            "backend: decorator \"fault\" has no option \"often\"; it has " + options);
}

TEST(DecoratedSpecTest, AValueOutOfRangeIsToldTheRange) {
  const std::string range = "it takes a number from 0 to 1";
  EXPECT_EQ(refusal("fault(epoll):delay=1.5"),
            "backend: option \"delay\" of decorator \"fault\" cannot be \"1.5\"; " + range);
  EXPECT_EQ(refusal("fault(epoll):delay=often"),
            "backend: option \"delay\" of decorator \"fault\" cannot be \"often\"; " + range);
}

TEST(DecoratedSpecTest, FaultsOfWaitsAreForPollers) {
  EXPECT_EQ(refusal("fault(asio):spurious=0.1"),
            "backend: decorator \"fault\" in \"fault(asio):spurious=0.1\": \"spurious\" is for "
            "Pollers, and backend \"asio\" is a Proactor: leave it out");
}

TEST(DecoratedSpecTest, APathMayBeDecorated) {
  EXPECT_EQ(file_in("fault(./libmine.so:depth=4):seed=1"), "./libmine.so");
  EXPECT_EQ(file_in("fault(trace(/x/lib(1).so)):seed=1"), "/x/lib(1).so");
  EXPECT_EQ(file_in("./lib(1).so:depth=4"), "./lib(1).so");
  EXPECT_EQ(file_in("fault(epoll):seed=1"), "");
}

TEST(DecoratedSpecTest, NamesAreFoundInSpecs) {
  EXPECT_EQ(name_in("epoll"), "epoll");
  EXPECT_EQ(name_in("trace(fault(epoll:events=64):seed=7,delay=0.1):print=true"),
            "trace(fault(epoll))");
  EXPECT_EQ(innermost_in("trace(fault(epoll:events=64):seed=7)"), "epoll");
  EXPECT_EQ(innermost_in("epoll:events=64"), "epoll");
}

}  // namespace
}  // namespace collet
