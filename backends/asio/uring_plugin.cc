// SPDX-License-Identifier: MIT
// uring_plugin.cc: the asio backend on Asio's own use of io_uring instead of epoll. A program has
// Asio one way or the other, so this is a plugin: the same files, compiled anew.
#include <collet/plugin.h>

#include "backends/asio/asio_proactor.h"
#include "backends/backends.h"

#if !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#error "compile with BOOST_ASIO_HAS_IO_URING and BOOST_ASIO_DISABLE_EPOLL"
#endif

namespace {

collet::BackendDescription renamed() {
  collet::BackendDescription description = collet::kAsio;
  description.name = "asio_uring";
  description.summary = "Boost.Asio as people write it, on its io_uring instead of its epoll";
  return description;
}

}  // namespace

COLLET_PLUGIN(renamed(), "0.1")
