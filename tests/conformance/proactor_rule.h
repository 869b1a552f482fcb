// SPDX-License-Identifier: MIT
// proactor_rule.h: a Proactor under judgement, and what holds after every rule: each operation has
// ended exactly once, no descriptor is left.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/conformance/own_process.h"
#include "tests/conformance/proactor_driver.h"
#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"

namespace collet::conformance {

class ProactorRule : public ::testing::Test {
 protected:
  void SetUp() override {
    descriptors_before_ = count_open_descriptors();
    driver_.emplace(make_proactor());
  }
  void TearDown() override {
    if (driver_.has_value() && driver_->alive()) driver_->close_all();
    driver_.reset();
    EXPECT_EQ(count_open_descriptors(), descriptors_before_);
  }

  // From now on with a proactor that soon runs out of leases. Why not, if there is none.
  std::string drive_with_few_buffers() {
    auto proactor = make_proactor_of_few_buffers();
    if (!proactor.ok()) return std::string(proactor.status().message());
    driver_.emplace(*std::move(proactor));
    return {};
  }

  ProactorDriver& driver() { return *driver_; }

  Endpoint where(const Named& named) { return driver()->endpoint(named.handle, Side::local); }

  Named accepting(const Endpoint& at) {
    const Named listener = driver().listen(at);
    EXPECT_EQ(driver().start(listener, Operation::accept), 0);
    return listener;
  }

  // The next stream that `listener` has accepted and no test has taken yet.
  Named accepted(const Named& listener) {
    driver().run_until([&] { return !driver()[listener].accepted.empty(); });
    const Named stream = driver().take(driver()[listener].accepted.front());
    driver()[listener].accepted.erase(driver()[listener].accepted.begin());
    return stream;
  }

  // A stream of the proactor and its peer.
  struct Connected {
    Named stream;
    Descriptor peer;
  };
  Connected connected(Pair pair) {
    return {driver().adopt(std::move(pair.ours)), std::move(pair.theirs)};
  }
  Connected receiving(Pair pair) {
    Connected made = connected(std::move(pair));
    EXPECT_EQ(driver().start(made.stream), 0);
    return made;
  }

 private:
  std::size_t descriptors_before_ = 0;
  std::optional<ProactorDriver> driver_;
};

// Sends back whatever comes, until the peer ends.
inline void serve_echo(ProactorDriver& driver, const Named& stream) {
  EXPECT_EQ(driver.start(stream), 0);
  const auto reply = std::make_shared<std::string>();
  driver.on(stream, [&driver, stream, reply](Completion&) {
    Seen& seen = driver[stream];
    const bool sending = seen.begun[Operation::send] != seen.last[Operation::send];
    if (sending || seen.received.empty()) return;
    *reply = std::exchange(seen.received, {});
    EXPECT_EQ(driver.send(stream, *reply), 0);
  });
}

}  // namespace collet::conformance
