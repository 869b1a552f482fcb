// SPDX-License-Identifier: MIT
// main.cc: collet-load, a client that checks every reply, in a closed or an open loop.
#include <cstdio>

#include "apps/cli/kept_running.h"
#include "apps/cli/kit.h"
#include "apps/cli/process.h"
#include "apps/cli/standard_output.h"
#include "apps/cli/stop_signals.h"
#include "apps/cli/trace_signals.h"
#include "apps/load/load_run.h"
#include "apps/load/options.h"

namespace {

int refuse(const absl::Status& status) {
  std::fprintf(stderr, "collet-load: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 2;
}

int run(int argc, char** argv) {
  const collet::apps::KeptRunning kept("collet-load");
  collet::apps::Kit kit;
  const auto command = collet::apps::parse_load_command(argc, argv, kit);
  if (!command.ok()) return refuse(command.status());
  if (const auto* text = std::get_if<std::string>(&*command)) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  collet::apps::raise_descriptor_limit();
  collet::apps::StopSignals signals;
  const auto& options = std::get<collet::apps::LoadOptions>(*command);
  if (options.backend.is_decorated_with("trace")) collet::apps::write_traces_on_signals();
  collet::apps::LoadRun run(options, signals);
  if (const auto status = run.prepare(kit.registry()); !status.ok()) return refuse(status);
  return run.run();
}

}  // namespace

int main(int argc, char** argv) { return collet::apps::end_output("collet-load", run(argc, argv)); }
