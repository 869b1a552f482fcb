// SPDX-License-Identifier: MIT
// goal_words.h: what sessions with a goal found, for people.
#pragma once

#include <string>

#include "bench/statistics/summary.h"

namespace collet::bench {

// `echo, 64 connections, 64 B, split: p99 of the response time within 2ms`
std::string describe_goal(const Goal& goal, const GoalTable& table);

// A row for each cell: the rate that holds, the one that fails and why, and what it cost there.
std::string render_goal(const Goal& goal, const GoalTable& table);

// One paragraph: which cells share the top, what that rests on, and how far the next one is. Empty
// until the search is over.
std::string advise(const Goal& goal, const GoalTable& table);

// How to read all that.
std::string describe_goal_method(const Goal& goal);

}  // namespace collet::bench
