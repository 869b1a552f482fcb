// SPDX-License-Identifier: MIT
// report.cc: from what GoogleTest tells to lines, for people or as JSON.
#include "tests/conformance/report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <collet/quantity.h>
#include <nlohmann/json.hpp>

#include "apps/cli/standard_output.h"
#include "tests/conformance/fullness.h"
#include "tests/conformance/last_words.h"

namespace collet::conformance {
namespace {

constexpr std::size_t kMostCharacters = 4000;  // of failures, of one rule

std::string_view file_name(const char* path) {
  const std::string_view whole = path == nullptr ? "?" : path;
  return whole.substr(whole.find_last_of('/') + 1);
}

const char* word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kept:
      return "ok";
    case Outcome::broken:
      return "BROKEN";
    case Outcome::not_judged:
      return "skip";
  }
  return "?";
}

const char* json_word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kept:
      return "kept";
    case Outcome::broken:
      return "broken";
    case Outcome::not_judged:
      return "not judged";
  }
  return "?";
}

std::string indented(const std::string& text) {
  return "       " + absl::StrReplaceAll(text, {{"\n", "\n       "}});
}

void print_line(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

void Failures::add(const std::string& where, const std::string& what) {
  for (Said& one : said_) {
    if (one.where != where || one.what != what) continue;
    ++one.times;
    return;
  }
  if (size_ >= kMostCharacters) return;
  said_.push_back({where, what});
  size_ += where.size() + what.size();
}

std::string Failures::text() const {
  std::string text;
  for (const Said& one : said_) {
    text += one.where;
    if (one.times > 1) text += absl::StrFormat(", %d times", one.times);
    text += (text.empty() ? "" : ": ") + one.what + "\n";
  }
  return text;
}

Report::Report(ReportOptions options)
    : options_(std::move(options)),
      left_(options_.rules),
      watchdog_(options_.limit, [this] { give_up(); }) {
  speak_at_exit([this] { tell_of_exit(); });
}

void Report::pass_over(const Rule& rule, const std::string& reason) {
  begin(rule);
  reason_ = reason;
  end();
}

void Report::begin(const Rule& rule) {
  const std::lock_guard lock(mutex_);
  rule_ = &rule;
  begun_ = Clock::now();
  failures_.clear();
  reason_.clear();
  note_.clear();
  judged_ = false;
  forget_fullness();
}

void Report::end() {
  const std::lock_guard lock(mutex_);
  if (rule_ == nullptr) return;
  const Outcome outcome = !failures_.empty() ? Outcome::broken
                          : judged_          ? Outcome::kept
                                             : Outcome::not_judged;
  ++(outcome == Outcome::kept ? kept_ : outcome == Outcome::broken ? broken_ : not_judged_);
  print(outcome);
  rule_ = nullptr;
}

void Report::OnTestStart(const ::testing::TestInfo& info) {
  if (rule_ == nullptr || rule_->name != info.name()) {
    end();
    begin(*std::find_if(all_rules().begin(), all_rules().end(),
                        [&](const Rule& rule) { return rule.name == info.name(); }));
  }
  const std::lock_guard lock(mutex_);
  case_ = info.value_param() == nullptr ? "" : info.value_param();
  set_last_words(words_of_crash());
  watchdog_.begin();
}

void Report::OnTestPartResult(const ::testing::TestPartResult& result) {
  const std::lock_guard lock(mutex_);
  if (result.skipped()) {
    reason_ = result.message();
  } else if (result.failed()) {
    failures_.add(absl::StrFormat("%s:%d%s%s", file_name(result.file_name()), result.line_number(),
                                  case_.empty() ? "" : ", ", case_),
                  result.message());
  }
}

void Report::OnTestEnd(const ::testing::TestInfo& info) {
  watchdog_.end();
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < info.result()->test_property_count(); ++i) {
    const char* value = info.result()->GetTestProperty(i).value();
    note_ += absl::StrCat(note_.empty() ? "" : "; ", case_, case_.empty() ? "" : ", ", value);
  }
  if (info.result()->Failed() && !fullness().empty()) {
    failures_.clear();
    reason_ = fullness();
  } else if (!info.result()->Skipped()) {
    judged_ = true;
  }
}

void Report::OnTestProgramEnd(const ::testing::UnitTest&) { end(); }

void Report::give_up() {
  const std::lock_guard lock(mutex_);
  break_off(absl::StrFormat("it did not end within %s: a call does not return, or a wait goes on "
                            "that was to be woken",
                            format_duration(options_.limit)),
            "hung, which ended the program");
}

// This program itself calls exit() when no rule runs any more.
void Report::tell_of_exit() {
  const std::lock_guard lock(mutex_);
  if (rule_ != nullptr) break_off("it ended the program: it called exit()", "ended the program");
}

// What the rule does is unknown, and other threads may hold anything: nothing is torn down.
void Report::break_off(const std::string& what, const std::string& how_it_ended) {
  failures_.add(case_, what);
  ++broken_;
  print(Outcome::broken);
  print_rest(rule_->name + " " + how_it_ended);
  summarise();
  std::_Exit(apps::end_output("collet-conform", 1));
}

// Those that nobody tries any more.
void Report::print_rest(const std::string& reason) {
  const std::vector<const Rule*> rest = std::exchange(left_, {});
  not_judged_ += rest.size();
  if (options_.json) {
    failures_.clear();
    reason_ = reason;
    begun_ = Clock::now();
    for (const Rule* one : rest) {
      rule_ = one;
      print(Outcome::not_judged);
    }
    return;
  }
  if (rest.empty()) return;
  std::string names;
  for (const Rule* one : rest) names += " " + one->name;
  print_line(absl::StrFormat("not judged, for %s:%s", reason, names));
}

std::string Report::repeat_command() const {
  return absl::StrFormat("%s --rule %s --seed %d", options_.command, rule_->name, options_.seed);
}

std::string Report::json_line(Outcome outcome, const std::string& reason,
                              std::optional<std::int64_t> taken) const {
  nlohmann::ordered_json line{{"type", "rule"},
                              {"rule", rule_->name},
                              {"text", rule_->text},
                              {"header", header_of(*rule_)},
                              {"outcome", json_word_of(outcome)},
                              {"reason", reason},
                              {"ms", nullptr}};
  if (taken.has_value()) line["ms"] = *taken;
  if (!note_.empty()) line["note"] = note_;
  if (outcome == Outcome::broken) line["repeat"] = repeat_command();
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Prepared, so without the time that it will have taken.
std::string Report::words_of_crash() const {
  const std::string crash = "the program crashed" + (case_.empty() ? "" : " " + case_);
  if (options_.json) return json_line(Outcome::broken, crash, std::nullopt) + "\n";
  return absl::StrFormat("%-6s BROKEN: %s; seed %d; to repeat it:\n%s\n", rule_->name, crash,
                         options_.seed, indented(repeat_command()));
}

void Report::print(Outcome outcome) {
  std::erase(left_, rule_);
  const auto taken =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun_).count();
  std::string reason = outcome == Outcome::broken       ? failures_.text()
                       : outcome == Outcome::not_judged ? reason_
                                                        : std::string();
  while (reason.ends_with('\n')) reason.pop_back();
  if (options_.json) return print_line(json_line(outcome, reason, taken));
  std::string line =
      absl::StrFormat("%-6s %-6s %7d ms  %s", rule_->name, word_of(outcome), taken, rule_->text);
  if (outcome == Outcome::not_judged) line += ": " + reason;
  if (outcome == Outcome::kept && !note_.empty()) line += " (" + note_ + ")";
  if (outcome == Outcome::broken) {
    line += absl::StrFormat("\n%s\n       seed %d; to repeat just this rule:\n%s", indented(reason),
                            options_.seed, indented(repeat_command()));
  }
  print_line(line);
}

void Report::summarise() const {
  if (options_.json) {
    return print_line(nlohmann::ordered_json{
        {"type", "summary"},
        {"subject", options_.subject},
        {"kept", kept_},
        {"broken", broken_},
        {"not_judged", not_judged_},
        {"seed",
         options_.seed}}.dump());
  }
  print_line(absl::StrFormat("%s: %d rules kept, %d broken, %d not judged", options_.subject, kept_,
                             broken_, not_judged_));
}

}  // namespace collet::conformance
