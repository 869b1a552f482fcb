// SPDX-License-Identifier: MIT
// session_workload.h: a workload out of a plugin, as one of ours.
#pragma once

#include <memory>
#include <string>

#include <collet/registry.h>

#include "apps/workloads/workload.h"

namespace collet::apps {

// `name`: under which it was asked for, options included.
std::unique_ptr<Workload> make_session_workload(SessionWorkload choice, std::string name);

}  // namespace collet::apps
