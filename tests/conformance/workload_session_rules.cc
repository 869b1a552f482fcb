// SPDX-License-Identifier: MIT
// workload_session_rules.cc: the rules of <collet/workload.h> about sessions: threads, other
// sessions, whose memory is whose, what may come, and how they are made.
#include <latch>
#include <memory>
#include <thread>

#include "tests/conformance/workload_rule.h"

namespace collet::conformance {
namespace {

class WorkloadSessionRule : public WorkloadRule {
 protected:
  std::string said_in_talk(const ClientShape& of, const Manners& manners) {
    Talk talk(of, kRequests, next_seed(), manners);
    talk.complete();
    return talk.said();
  }

  void expect_talks_as_usual(const Manners& manners) {
    expect_as_usual({1}, [&] {
      std::vector<Saying> sayings;
      for (int i = 0; i < 20; ++i) sayings.push_back({1, said_in_talk(shape(), manners)});
      return sayings;
    });
  }
};

// -- W1: threads and other sessions --------------------------------------------------------------

RULE(WorkloadSessionRule, W1_1, "sessions called on changing threads say what they say on one") {
  expect_talks_as_usual({.changes_threads = true});
}

RULE(WorkloadSessionRule, W1_2, "conversations whose calls alternate say what each says alone") {
  const std::vector<std::uint64_t> serials{1, 2, 3, 4, 5, 6};
  expect_as_usual(serials, [&] {
    std::vector<std::unique_ptr<Talk>> talks;
    for (const std::uint64_t serial : serials) {
      talks.push_back(std::make_unique<Talk>(shape(serial), kRequests, next_seed()));
    }
    for (int i = 0; i < 5000; ++i) talks[pick(talks.size())]->step();
    std::vector<Saying> sayings;
    for (std::size_t i = 0; i < talks.size(); ++i) {
      talks[i]->complete();
      sayings.push_back({serials[i], talks[i]->said()});
    }
    return sayings;
  });
}

RULE(WorkloadSessionRule, W1_3,
     "so do conversations at once, each begun and ended on a thread of its own") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kRounds = 50;
  const std::vector<std::uint64_t> serials{1, 2, 3, 4};
  expect_as_usual(serials, [&] {
    std::vector<Saying> sayings(kThreads * kRounds);
    std::latch together(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i, seed = next_seed()] {
        together.arrive_and_wait();
        for (std::size_t round = 0; round < kRounds; ++round) {
          Talk talk(shape(serials[i]), kRequests, seed + round);
          talk.complete();
          sayings[i * kRounds + round] = {serials[i], talk.said()};
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return sayings;
  });
}

RULE(WorkloadSessionRule, W1_4,
     "sessions deleted in the middle, on another thread, leave the others as they are") {
  expect_as_usual({1}, [&] {
    std::vector<Saying> sayings;
    for (int i = 0; i < 20; ++i) {
      Talk stays(shape(), kRequests, next_seed());
      do {
        auto goes = std::make_unique<Talk>(shape(2), kRequests, next_seed());
        for (std::size_t steps = pick(30); steps > 0; --steps) goes->step();
        std::thread([gone = std::move(goes)]() mutable { gone.reset(); }).join();
      } while (stays.step());
      stays.complete();
      sayings.push_back({1, stays.said()});
    }
    return sayings;
  });
}

// -- W2: memory ----------------------------------------------------------------------------------

RULE(WorkloadSessionRule, W2_1,
     "what a server was given is overwritten after each call, and no reply shows it") {
  expect_as_usual({1}, [&] {
    std::vector<Saying> sayings;
    for (int i = 0; i < 50; ++i) {
      ClientHalf client(shape());
      ServerHalf server({.overwrites_input = true});
      server.give(client.ask(kRequests), i == 0 ? Cut(byte_by_byte) : RandomCut(next_seed()));
      sayings.push_back({1, server.take()});
    }
    return sayings;
  });
}

RULE(WorkloadSessionRule, W2_2,
     "what a client was given is overwritten too, and it is right all the same") {
  for (int i = 0; i < 50; ++i) {
    ClientHalf client(shape(), {.overwrites_input = true});
    client.give(write_script(client).said(), i == 0 ? Cut(byte_by_byte) : RandomCut(next_seed()));
    ASSERT_FALSE(client.wrong()) << "after " << client.counted() << " replies";
    ASSERT_EQ(client.counted(), kRequests);
  }
}

RULE(WorkloadSessionRule, W2_3, "nothing is written to the sink of an earlier call") {
  for (int i = 0; i < 10; ++i) {
    ClientHalf client(shape());
    ServerHalf server;
    for (std::size_t k = 0; k < kRequests; ++k) {
      server.give(client.ask(), RandomCut(next_seed()));
      client.give(server.take());
    }
    server.end();
    ASSERT_FALSE(HasFailure());
  }
}

// -- W8: whatever comes --------------------------------------------------------------------------

class WorkloadHarmRule : public WorkloadSessionRule {
 protected:
  std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(pick(256));
    return bytes;
  }
  // Some bytes other, some missing, some more.
  std::string spoilt(std::string bytes) {
    for (std::size_t harm = 1 + pick(8); harm > 0 && !bytes.empty(); --harm) {
      const std::size_t at = pick(bytes.size());
      switch (pick(3)) {
        case 0:
          bytes[at] = static_cast<char>(pick(256));
          break;
        case 1:
          bytes.erase(at, 1 + pick(16));
          break;
        default:
          bytes.insert(at, random_bytes(1 + pick(16)));
          break;
      }
    }
    return bytes;
  }
};

RULE(WorkloadHarmRule, W8_1,
     "a server lives through random bytes, spoilt requests and the end after them") {
  const std::string requests = write_script(shape()).asked();
  for (int i = 0; i < 400; ++i) {
    ServerHalf server({.overwrites_input = true});
    server.give(i % 2 == 0 ? random_bytes(pick(4096)) : spoilt(requests), RandomCut(next_seed()));
    server.end();
  }
}

RULE(WorkloadHarmRule, W8_2,
     "a client lives through random bytes and counts no more than was asked") {
  for (int i = 0; i < 400; ++i) {
    ClientHalf client(shape(), {.overwrites_input = true});
    const std::string replies = write_script(client).said();
    client.give(i % 2 == 0 ? random_bytes(pick(4096)) : spoilt(replies) + replies,
                RandomCut(next_seed()));
    ASSERT_LE(client.counted(), kRequests);
  }
}

// Makes a session and drops it; one that is refused must come with words.
template <typename Make>
void expect_made_or_told(Make&& make, const std::string& of_what) {
  Refusal why_not;
  try {
    const auto made = make(why_not);
    EXPECT_TRUE(made != nullptr || why_not.text[0] != '\0')
        << "it is refused without a reason: " << of_what;
  } catch (...) {  // the words are those of what is thrown
  }
}

RULE(WorkloadHarmRule, W8_3,
     "whatever options and payload, a session is made, or refused with a reason") {
  const WorkloadDescription& described = subject().workload->description();
  const auto try_making = [&](const std::vector<OptionValue>& values, std::uint64_t payload) {
    const OptionValues options(values);
    const ClientShape of{.payload_bytes = payload, .pipeline = 1, .serial = pick(1000)};
    std::string words = "payload " + std::to_string(payload);
    for (const OptionValue& one : values) {
      words += ", " + std::string(one.name) + " " + std::to_string(one.value);
    }
    using Server = std::unique_ptr<ServerSession>;
    using Client = std::unique_ptr<ClientSession>;
    expect_made_or_told(
        [&](Refusal& why_not) { return Server(described.make_server(options, why_not)); }, words);
    expect_made_or_told(
        [&](Refusal& why_not) { return Client(described.make_client(options, of, why_not)); },
        words);
  };
  for (const std::uint64_t payload : payloads_to_try()) {
    try_making(subject().workload->values(), payload);
  }
  for (std::size_t i = 0; i < described.options.size(); ++i) {
    std::vector<OptionValue> values = subject().workload->values();
    for (const std::int64_t end : {described.options[i].minimum, described.options[i].maximum}) {
      values[i].value = end;
      try_making(values, traits().payload_bytes);
    }
  }
}

RULE(WorkloadHarmRule, W8_4, "options that are unknown or out of range are refused") {
  const WorkloadDescription& described = subject().workload->description();
  const auto expect_refused = [&](const std::string& name, const std::string& value) {
    const std::string spec = std::string(described.name) + ":" + name + "=" + value;
    const auto made = subject().kit->registry().workload(spec);
    ASSERT_FALSE(made.ok()) << spec << " is taken";
    EXPECT_NE(made.status().message().find(name), std::string::npos) << made.status().message();
  };
  expect_refused("no_such_option", "1");
  for (const OptionDescription& option : described.options) {
    expect_refused(option.name, "neither_this_nor_that");
    if (option.type == OptionType::boolean) continue;
    if (option.minimum > INT64_MIN) {
      expect_refused(option.name, format_value(option.type, option.minimum - 1));
    }
    if (option.maximum < INT64_MAX) {
      expect_refused(option.name, format_value(option.type, option.maximum + 1));
    }
  }
}

}  // namespace
}  // namespace collet::conformance
