// SPDX-License-Identifier: MIT
// main.cc: collet-new-plugin, from a kind and a name to a folder that builds.
#include <cstdio>

#include "apps/cli/kit.h"
#include "apps/cli/standard_output.h"
#include "apps/new_plugin/new_plugin.h"

namespace {

int refuse(const absl::Status& status) {
  std::fprintf(stderr, "collet-new-plugin: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 2;
}

int run(int argc, char** argv) {
  const collet::apps::Kit kit;
  const auto command = collet::apps::parse_new_plugin_command(argc, argv, kit.registry());
  if (!command.ok()) return refuse(command.status());
  if (const auto* text = std::get_if<std::string>(&*command)) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  const auto& plugin = std::get<collet::apps::NewPlugin>(*command);
  if (const auto status = write(plugin); !status.ok()) return refuse(status);
  const char* folder = plugin.folder.c_str();
  std::printf(
      "%s: %s.cc, CMakeLists.txt and README.md, which says more. To build and test it:\n"
      "  cmake -S %s -B %s/build -DCMAKE_PREFIX_PATH=<where collet is installed>\n"
      "  cmake --build %s/build && ctest --test-dir %s/build\n",
      folder, plugin.name.c_str(), folder, folder, folder, folder);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return collet::apps::end_output("collet-new-plugin", run(argc, argv));
}
