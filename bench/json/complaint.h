// SPDX-License-Identifier: MIT
// complaint.h: what is wrong with JSON that somebody else wrote or altered, in our words.
#pragma once

#include <exception>
#include <string>

namespace collet::bench {

// Part of a sentence, such as `it has no "cell"`. Of what is no exception of the JSON library, what
// that one says itself.
std::string explain_json(const std::exception& error);

}  // namespace collet::bench
