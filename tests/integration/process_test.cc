// SPDX-License-Identifier: MIT
// process_test.cc
