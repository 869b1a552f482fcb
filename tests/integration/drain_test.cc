// SPDX-License-Identifier: MIT
// drain_test.cc
