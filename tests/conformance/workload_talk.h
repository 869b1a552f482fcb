// SPDX-License-Identifier: MIT
// workload_talk.h: both halves of a workload in conversation, without a socket between them. Bytes
// are handed over in memory of their own, cut as a rule wants them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/workload.h>

#include "tests/conformance/subject.h"

namespace collet::conformance {

// How sessions are called.
struct Manners {
  bool overwrites_input = false;  // as soon as a call has returned; else it stays as it is
  bool changes_threads = false;   // each call comes on a thread of its own
};

// -- How a stream is cut -------------------------------------------------------------------------

// The size of the next piece of so many bytes.
using Cut = std::function<std::size_t(std::size_t left)>;

inline std::size_t whole(std::size_t left) { return left; }
inline std::size_t byte_by_byte(std::size_t) { return 1; }

class RandomCut {
 public:
  explicit RandomCut(std::uint64_t seed) : random_(seed) {}

  // Mostly few bytes, so that most pieces end within a request.
  std::size_t operator()(std::size_t left) {
    return pick(4) == 0 ? 1 + pick(left) : 1 + pick(std::min<std::size_t>(left, 16));
  }
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

 private:
  std::mt19937_64 random_;
};

// -- The halves ----------------------------------------------------------------------------------

// Takes what is written during one call, and tells of whatever comes later.
class CallSink final : public ByteSink {
 public:
  explicit CallSink(std::string& into) : into_(&into) {}

  void write(std::span<const std::byte> bytes) noexcept override {
    if (into_ == nullptr) {
      ADD_FAILURE() << bytes.size() << " bytes are written to the sink of an earlier call";
      return;
    }
    into_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void close() noexcept { into_ = nullptr; }

 private:
  std::string* into_;
};

// What calls of either half have in common.
class Half {
 protected:
  explicit Half(const Manners& manners) : manners_(manners) {}

  template <typename Call>
  void call(Call&& made) {
    if (!manners_.changes_threads) return made();
    std::thread(std::forward<Call>(made)).join();
  }

  // `made` gets the bytes in memory where they begin at an odd address and nothing follows them.
  template <typename Call>
  void call_with(std::string_view bytes, Call&& made) {
    auto memory = std::make_unique<std::byte[]>(1 + bytes.size());
    std::byte* const input = memory.get() + 1;
    std::memcpy(input, bytes.data(), bytes.size());
    call([&] { made(std::span<const std::byte>(input, bytes.size())); });
    if (!manners_.overwrites_input) {
      inputs_.push_back(std::move(memory));
      return;
    }
    // A compiler may leave out what is written to memory that is freed next, but not this.
    std::fill_n(static_cast<volatile std::byte*>(input), bytes.size(), std::byte{0xdb});
  }

  // `made` gets a sink, which keeps its place until the session has gone.
  template <typename Call>
  void call_for(std::string& said, Call&& made) {
    CallSink& sink = sinks_.emplace_back(said);
    made(sink);
    sink.close();
  }

  template <typename Give>
  static void in_pieces(std::string_view bytes, const Cut& cut, Give&& give) {
    while (!bytes.empty()) {
      const std::size_t size = std::min(cut(bytes.size()), bytes.size());
      if (!give(bytes.substr(0, size))) return;
      bytes.remove_prefix(size);
    }
  }

 private:
  const Manners manners_;
  std::vector<std::unique_ptr<std::byte[]>> inputs_;
  std::deque<CallSink> sinks_;
};

class ServerHalf : private Half {
 public:
  explicit ServerHalf(const Manners& manners = {})
      : Half(manners), session_(make_server_session()) {
    call_for(said_, [this](ByteSink& out) { call([&] { heed(session_->on_open(out)); }); });
  }

  // Once it has asked for the end nothing more is given, as collet does it.
  void give(std::string_view bytes, const Cut& cut = whole) {
    in_pieces(bytes, cut, [this](std::string_view piece) {
      if (then_ != Then::go_on) return false;
      call_for(said_, [&](ByteSink& out) {
        call_with(piece,
                  [&](std::span<const std::byte> input) { heed(session_->on_data(input, out)); });
      });
      return true;
    });
  }
  void end() {
    if (then_ != Then::go_on) return;
    call_for(said_, [this](ByteSink& out) { call([&] { heed(session_->on_end(out)); }); });
  }

  // What it has said since this was called last.
  std::string take() { return std::exchange(said_, {}); }
  std::uint64_t requests() const { return requests_; }  // as it counts them
  Then then() const { return then_; }

 private:
  void heed(const Served& served) {
    requests_ += served.requests;
    then_ = served.then;
  }

  std::string said_;
  std::uint64_t requests_ = 0;
  Then then_ = Then::go_on;
  std::unique_ptr<ServerSession> session_;  // goes before its inputs and sinks
};

class ClientHalf : private Half {
 public:
  explicit ClientHalf(const ClientShape& shape, const Manners& manners = {})
      : ClientHalf(make_client_session(shape), manners) {}
  explicit ClientHalf(std::unique_ptr<ClientSession> session, const Manners& manners = {})
      : Half(manners), session_(std::move(session)) {}

  // The next requests, in full.
  std::string ask(std::size_t count = 1) {
    std::string said;
    bool could = false;
    call_for(said,
             [&](ByteSink& out) { call([&] { could = session_->write_requests(count, out); }); });
    EXPECT_TRUE(could) << "write_requests(" << count << ") failed";
    asked_ += count;
    return said;
  }

  // Once something was wrong nothing more is given, as collet does it.
  void give(std::string_view bytes, const Cut& cut = whole) {
    in_pieces(bytes, cut, [this](std::string_view piece) {
      if (wrong_) return false;
      Checked checked;
      call_with(piece,
                [&](std::span<const std::byte> input) { checked = session_->on_data(input); });
      wrong_ = checked.wrong;
      if (!wrong_) counted_ += checked.replies;
      return true;
    });
  }

  std::uint64_t asked() const { return asked_; }
  std::uint64_t counted() const { return counted_; }  // replies
  bool wrong() const { return wrong_; }

 private:
  std::uint64_t asked_ = 0;
  std::uint64_t counted_ = 0;
  bool wrong_ = false;
  std::unique_ptr<ClientSession> session_;
};

// -- Both ----------------------------------------------------------------------------------------

// A conversation that goes on by random steps: the client asks, or either half gets a piece of what
// was said to it.
class Talk {
 public:
  Talk(const ClientShape& shape, std::size_t requests, std::uint64_t seed,
       const Manners& manners = {})
      : shape_(shape), left_(requests), random_(seed), client_(shape, manners), server_(manners) {
    hear_server();
  }

  // False if nothing can follow: all is said, or something went wrong.
  bool step() {
    if (client_.wrong()) return false;
    const std::size_t under_way = client_.asked() - std::min(client_.counted(), client_.asked());
    const std::size_t room = std::min<std::size_t>(left_, shape_.pipeline - under_way);
    if (room == 0 && to_server_.empty() && to_client_.empty()) return false;
    switch (random_.pick(3)) {
      case 0:
        ask(room);
        break;
      case 1:
        server_.give(take_piece(to_server_));
        hear_server();
        break;
      default:
        client_.give(take_piece(to_client_));
        break;
    }
    return true;
  }

  // Steps until nothing can follow; by then everything must have been answered rightly.
  void complete() {
    while (step()) {
    }
    EXPECT_FALSE(client_.wrong()) << "the client found reply " << client_.counted() << " wrong";
    EXPECT_EQ(client_.counted(), client_.asked() + left_) << "replies, of requests";
  }

  const std::string& said() const { return said_; }  // by the server

 private:
  void ask(std::size_t room) {
    if (room == 0) return;
    const std::size_t count = 1 + random_.pick(room);
    left_ -= count;
    to_server_ += client_.ask(count);
  }
  std::string take_piece(std::string& from) {
    const std::size_t size = from.empty() ? 0 : random_(from.size());
    std::string piece = from.substr(0, size);
    from.erase(0, size);
    return piece;
  }
  void hear_server() {
    const std::string said = server_.take();
    said_ += said;
    to_client_ += said;
  }

  const ClientShape shape_;
  std::size_t left_;  // requests that are still to be asked
  RandomCut random_;
  ClientHalf client_;
  ServerHalf server_;
  std::string to_server_;
  std::string to_client_;
  std::string said_;
};

}  // namespace collet::conformance
