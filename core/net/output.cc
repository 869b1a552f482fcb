// SPDX-License-Identifier: MIT
#include <collet/handler.h>

namespace collet {

// Bytes that continue those borrowed from the input are borrowed too; all others are copied.
void Output::append(std::span<const std::byte> bytes) {
  const std::byte* end = borrowed_.data() + borrowed_.size();
  const bool continues = !borrowed_.empty() && own_.empty() && bytes.data() == end &&
                         end + bytes.size() <= input_.data() + input_.size();
  if (continues) {
    borrowed_ = {borrowed_.data(), borrowed_.size() + bytes.size()};
  } else {
    own_.insert(own_.end(), bytes.begin(), bytes.end());
  }
}

}  // namespace collet
