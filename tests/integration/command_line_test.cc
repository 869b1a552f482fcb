// SPDX-License-Identifier: MIT
// command_line_test.cc
