// SPDX-License-Identifier: MIT
// exhaustion_test.cc
