// SPDX-License-Identifier: MIT
// workload_rule.h: a workload under judgement: what is asked and said in plain conversations, and
// what of it varies by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <collet/workload.h>

#include "tests/conformance/rule.h"
#include "tests/conformance/subject.h"
#include "tests/conformance/workload_talk.h"

namespace collet::conformance {

constexpr std::size_t kRequests = 8;  // of a conversation, unless a rule says otherwise

// What was said on both sides when each request was sent by itself and in full.
struct Script {
  std::string greeting;  // unasked, as the connection opened
  std::vector<std::string> requests;
  std::vector<std::string> replies;

  // Greeting and replies, the first `count` of these.
  std::string said(std::size_t count = SIZE_MAX) const {
    std::string all = greeting;
    for (std::size_t i = 0; i < std::min(count, replies.size()); ++i) all += replies[i];
    return all;
  }
  // Where each reply ends in said().
  std::vector<std::size_t> ends() const {
    std::vector<std::size_t> all;
    std::size_t end = greeting.size();
    for (const std::string& reply : replies) all.push_back(end += reply.size());
    return all;
  }
  std::string asked() const {
    std::string all;
    for (const std::string& request : requests) all += request;
    return all;
  }
};

// What is said in conversations alike. Where they differ, something varies by itself.
class Usual {
 public:
  void add(std::string said) {
    if (count_++ == 0) {
      first_ = std::move(said);
      varies_.assign(first_.size(), false);
      return;
    }
    lengths_vary_ = lengths_vary_ || said.size() != first_.size();
    for (std::size_t i = 0; i < std::min(said.size(), first_.size()); ++i) {
      if (said[i] != first_[i]) varies_[i] = true;
    }
  }

  // The first byte of `said` that is not as usual, or missing; npos if there is none.
  std::size_t first_unusual(std::string_view said) const {
    if (lengths_vary_) return said.npos;
    const std::size_t common = std::min(said.size(), first_.size());
    for (std::size_t i = 0; i < common; ++i) {
      if (!varies_[i] && said[i] != first_[i]) return i;
    }
    return said.size() == first_.size() ? said.npos : common;
  }

  // The bytes that are always one thing here and another there.
  std::vector<std::size_t> differences(const Usual& other) const {
    std::vector<std::size_t> places;
    if (lengths_vary_ || other.lengths_vary_) return places;
    for (std::size_t i = 0; i < std::min(first_.size(), other.first_.size()); ++i) {
      const bool vary = varies_[i] || other.varies_[i];
      if (!vary && first_[i] != other.first_[i]) places.push_back(i);
    }
    return places;
  }

 private:
  std::size_t count_ = 0;
  std::string first_;
  std::vector<bool> varies_;
  bool lengths_vary_ = false;
};

class WorkloadRule : public ::testing::Test {
 protected:
  static const WorkloadTraits& traits() { return subject().workload->description().traits; }

  // Of few bytes, so that every one of them can be looked at.
  static ClientShape shape(std::uint64_t serial = 1) {
    constexpr std::uint64_t kFew = 256;
    const std::uint64_t few =
        std::max(traits().least_payload_bytes, std::min(traits().payload_bytes, kFew));
    return {.payload_bytes = few, .pipeline = kRequests + 1, .serial = serial};
  }

  // Of the least size, the usual one, and others up to a megabyte.
  std::vector<std::uint64_t> payloads_to_try() {
    const std::uint64_t least = traits().least_payload_bytes;
    std::vector<std::uint64_t> all{least, least + 1, traits().payload_bytes,
                                   traits().payload_bytes + 1};
    for (const std::uint64_t size : {1U, 100U, 1000U, 4096U, 65'536U, 1U << 20}) {
      if (size > least) all.push_back(size);
    }
    for (int i = 0; i < 5; ++i) all.push_back(least + pick(65'536));
    return all;
  }

  std::uint64_t next_seed() { return random_.pick(SIZE_MAX); }
  std::size_t pick(std::size_t below) { return random_.pick(below); }

  // Has `client` ask, and a server answer; what it said has not reached the client yet.
  static Script write_script(ClientHalf& client, std::size_t count = kRequests) {
    ServerHalf server;
    Script script{.greeting = server.take(), .requests = {}, .replies = {}};
    for (std::size_t i = 0; i < count; ++i) {
      script.requests.push_back(client.ask());
      server.give(script.requests.back());
      script.replies.push_back(server.take());
      if (script.replies.back().empty()) {
        throw std::runtime_error("a request that came by itself and in full was not answered");
      }
    }
    return script;
  }
  static Script write_script(const ClientShape& of, std::size_t count = kRequests) {
    ClientHalf client(of);
    return write_script(client, count);
  }

  struct Saying {
    std::uint64_t serial;
    std::string said;  // by the server, to kRequests of that serial
  };

  // Compares what `tried` returns with plain conversations, of which some come before and some
  // after it, because what varies may do so with time.
  template <typename Tried>
  static void expect_as_usual(const std::vector<std::uint64_t>& serials, Tried&& tried) {
    std::vector<Usual> usual(serials.size());
    add_plain(serials, usual);
    const std::vector<Saying> sayings = tried();
    add_plain(serials, usual);
    for (const Saying& one : sayings) {
      const auto at = std::find(serials.begin(), serials.end(), one.serial) - serials.begin();
      const auto unusual = usual[static_cast<std::size_t>(at)].first_unusual(one.said);
      ASSERT_TRUE(unusual == one.said.npos)
          << "byte " << unusual << " of " << one.said.size() << " that the server said is another";
    }
  }

  static void add_plain(const std::vector<std::uint64_t>& serials, std::vector<Usual>& usual) {
    for (int i = 0; i < 4; ++i) {
      for (std::size_t k = 0; k < serials.size(); ++k) {
        usual[k].add(write_script(shape(serials[k])).said());
      }
    }
  }

 private:
  RandomCut random_{subject().seed};
};

}  // namespace collet::conformance
