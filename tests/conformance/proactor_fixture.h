// SPDX-License-Identifier: MIT
// proactor_fixture.h: one Proactor of the backend under test, and what must hold after every test:
// every operation ended exactly once, no descriptor is left.
#pragma once

#include <optional>
#include <string>

#include "tests/conformance/every_backend.h"
#include "tests/conformance/proactor_driver.h"

namespace collet::conformance {

class ProactorTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    descriptors_before_ = count_open_descriptors();
    driver_.emplace(make_proactor(GetParam()));
  }
  void TearDown() override {
    if (driver_->alive()) driver_->close_all();
    driver_.reset();
    EXPECT_EQ(count_open_descriptors(), descriptors_before_);
  }

  // With another proactor of the same backend.
  void drive(std::unique_ptr<Proactor> proactor) { driver_.emplace(std::move(proactor)); }

  ProactorDriver& driver() { return *driver_; }

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

}  // namespace collet::conformance
