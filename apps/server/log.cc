// SPDX-License-Identifier: MIT
// log.cc: spdlog, whose headers take long to compile and are included nowhere else.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "apps/server/log.h"

namespace collet::apps {
namespace {

spdlog::logger& logger() {
  static const auto made = [] {
    auto logger = spdlog::stderr_color_mt("collet-server");
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    return logger;
  }();
  return *made;
}

}  // namespace

void log_info(const std::string& text) { logger().info("{}", text); }
void log_warning(const std::string& text) { logger().warn("{}", text); }
void log_error(const std::string& text) { logger().error("{}", text); }

}  // namespace collet::apps
