// SPDX-License-Identifier: MIT
// scripted_loop.h: an EventLoop on a ScriptedProactor, as a fixture.
#pragma once

#include <memory>

#include <gtest/gtest.h>
#include <collet/event_loop.h>

#include "tests/support/scripted_proactor.h"

namespace collet {

class ScriptedLoopTest : public ::testing::Test {
 protected:
  ScriptedProactor* proactor_ = new ScriptedProactor();  // the loop's
  EventLoop loop_{std::unique_ptr<Proactor>(proactor_)};
};

}  // namespace collet
