// SPDX-License-Identifier: MIT
// asio_server.cc: a server as people write it with Boost.Asio alone: one io_context, callbacks,
// async_read_some and async_write, a buffer in each session.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>

#include <boost/asio.hpp>

#include "bench/baselines/arguments.h"

namespace collet::baselines {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kBufferBytes = 16 * 1024;
constexpr auto kRestAfterFailedAccept = std::chrono::milliseconds(100);

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Workload workload)
      : socket_(std::move(socket)), workload_(workload) {}

  void start() { workload_ == Workload::greet ? greet() : read(); }

 private:
  void greet() {
    asio::async_write(socket_, asio::buffer(kGreeting),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  // The session ends with its last handler: nothing is started after an error or the end.
  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (error) return;
                              self->workload_ == Workload::echo ? self->write(size) : self->read();
                            });
  }

  void write(std::size_t size) {
    asio::async_write(socket_, asio::buffer(buffer_, size),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  const Workload workload_;
  std::array<char, kBufferBytes> buffer_;
};

class Server {
 public:
  Server(asio::io_context& io, const tcp::endpoint& at, Workload workload)
      : acceptor_(io), rest_(io), workload_(workload) {
    acceptor_.open(at.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.set_option(tcp::no_delay(true));  // accepted sockets inherit it
    acceptor_.bind(at);
    acceptor_.listen();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return accept_later();
      std::make_shared<Session>(std::move(socket), workload_)->start();
      accept();
    });
  }

 private:
  // Out of descriptors, for one: trying again at once would spin.
  void accept_later() {
    rest_.expires_after(kRestAfterFailedAccept);
    rest_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer rest_;
  const Workload workload_;
};

int serve(Arguments arguments) {
  asio::io_context io(1);
  asio::signal_set stop(io, SIGTERM, SIGINT);
  stop.async_wait([&io](error_code, int) { io.stop(); });
  try {
    const tcp::endpoint at(asio::ip::make_address(arguments.host), arguments.port);
    Server server(io, at, arguments.workload);
    server.accept();
    announce(arguments, server.port());
    io.run();
    // Sessions hang on handlers that will never run; the process ends here anyway.
    std::_Exit(0);
  } catch (const boost::system::system_error& error) {
    refuse_address(arguments, error.code().message());
  }
}

}  // namespace
}  // namespace collet::baselines

int main(int argc, char** argv) {
  return collet::baselines::serve(collet::baselines::parse_arguments(argc, argv));
}
