// SPDX-License-Identifier: MIT
// plugin.cc: the asio backend once more, as a plugin, which proves the interface every day.
#include <collet/plugin.h>

#include "backends/backends.h"

namespace {

// Under a name of its own, or programs that have it built in would refuse it.
collet::BackendDescription renamed() {
  collet::BackendDescription description = collet::kAsio;
  description.name = "asio_plugin";
  return description;
}

}  // namespace

COLLET_PLUGIN(renamed(), "0.1")
