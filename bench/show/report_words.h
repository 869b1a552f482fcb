// SPDX-License-Identifier: MIT
// report_words.h: what the HTML report says in sentences, whether or not its charts are drawn.
#pragma once

#include <string>
#include <vector>

#include "bench/statistics/summary.h"

namespace collet::bench {

// What a reader must know before any figure, the gravest first.
std::vector<std::string> report_warnings(const Report& report);

struct Paragraph {
  std::string title;
  std::string text;
};

// How the figures came about, how to read them, and what this machine can and cannot show.
std::vector<Paragraph> report_method(const Report& report);

// The commands that would take the figures again.
std::vector<std::string> report_commands(const Report& report);

}  // namespace collet::bench
