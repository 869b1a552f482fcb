// SPDX-License-Identifier: MIT
// data_symbol.cc: has data where a plugin has a function.
extern "C" [[gnu::visibility("default")]] const unsigned char collet_plugin[64] = {0xcc};
