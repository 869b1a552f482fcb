// SPDX-License-Identifier: MIT
// report_html.cc: head, tables, data, script.
#include "bench/show/report_html.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include "bench/measure/process.h"
#include "bench/show/figures.h"
#include "bench/show/goal_words.h"
#include "bench/show/pool_html.h"
#include "bench/show/report_assets.h"
#include "bench/show/report_data.h"
#include "bench/show/report_words.h"
#include "bench/show/wording.h"

namespace collet::bench {
namespace {

// Nothing may be fetched from anywhere, whatever is in the results.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

constexpr const char* kTitle = "<title>collet-bench ";

std::string tag(const char* name, const std::string& text) {
  return absl::StrCat("<", name, ">", escape_html(text), "</", name, ">\n");
}

std::string number(const std::string& text) {
  return absl::StrCat("<td class=\"num\">", escape_html(text), "</td>");
}

std::string with_interval(Metric metric, const Summary& figures) {
  if (figures.n == 0) return "–";
  std::string text = format_metric(metric, figures.median);
  if (!figures.interval) return text;
  return absl::StrFormat("%s [%s–%s]", text, format_metric(metric, figures.interval->low),
                         format_metric(metric, figures.interval->high));
}

std::string against_baseline(const CellSummary& cell) {
  const Comparison& comparison = cell.to_baseline;
  if (cell.baseline) return "baseline";
  if (comparison.n == 0 || comparison.verdict == Verdict::none) return "";
  std::string text = comparison.verdict == Verdict::same ? std::string("~")
                                                         : format_change(comparison.ratio) + "%";
  if (comparison.interval) {
    absl::StrAppend(&text, " [", format_change(comparison.interval->low), "–",
                    format_change(comparison.interval->high), "]");
  }
  return text;
}

std::string notes(const CellSummary& cell) {
  std::vector<std::string> words;
  if (cell.client_bound) words.emplace_back("client bound");
  if (cell.client_late) words.emplace_back("client late");
  if (cell.overloaded) words.emplace_back("overloaded");
  if (cell.noisy > 0) words.push_back(absl::StrCat(cell.noisy, " noisy"));
  if (cell.repeated > 0) words.push_back(absl::StrCat(cell.repeated, " repeated"));
  return absl::StrJoin(words, ", ");
}

std::string row(const CellSummary& cell) {
  std::string text =
      absl::StrCat("<tr><th scope=\"row\">", escape_html(format_cell(cell.cell)), "</th>");
  if (!cell.has_figures()) {
    const std::string state = !cell.unavailable.empty() ? "unavailable: " + cell.unavailable
                              : cell.failed > 0         ? "failed: " + cell.first_reason
                                                        : std::string("not run");
    return absl::StrCat(text, "<td colspan=\"", kMetrics + 3, "\" class=\"gap\">",
                        escape_html(state), "</td></tr>\n");
  }
  absl::StrAppend(&text, number(absl::StrCat(cell.runs())), number(against_baseline(cell)));
  for (const Metric metric : all_metrics()) {
    const Summary& figure = cell[metric];
    std::string words = "–";
    if (metric == cell.cell.judged_by) {
      words = with_interval(metric, figure);
    } else if (figure.n > 0) {
      words = format_metric(metric, figure.median);
    }
    const bool bound = metric == Metric::requests_per_s && cell.client_bound;
    text += number(bound ? ">=" + words : words);
  }
  return absl::StrCat(text, "<td>", notes(cell), "</td></tr>\n");
}

std::string table(const TableSummary& summary) {
  std::string text = absl::StrCat(
      "<section>", tag("h2", describe_table(summary)), tag("p", describe_baseline(summary)),
      "<div class=\"scroll\"><table><thead><tr><th>server</th><th class=\"num\">runs</th>"
      "<th class=\"num\">",
      title_of(summary.judged_by()), " to baseline</th>");
  for (const Metric metric : all_metrics()) {
    const bool is_time = metric == Metric::p50 || metric == Metric::p99 || metric == Metric::p999;
    const char* kind = !is_time ? "" : summary.open_loop ? "response " : "service ";
    absl::StrAppend(&text, "<th class=\"num\">", kind, title_of(metric), "</th>");
  }
  text += "<th>notes</th></tr></thead><tbody>\n";
  for (const CellSummary& cell : summary.cells) text += row(cell);
  return text + "</tbody></table></div></section>\n";
}

std::string value_of(const Fact& fact) {
  if (const auto* text = std::get_if<std::string>(&fact.value)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&fact.value)) return absl::StrCat(*whole);
  return "unknown";
}

std::string tables(const Report& report, const PoolReport* pools) {
  std::string text = absl::StrCat(tag("h1", "collet-bench"), "<p>", report.session.started_utc,
                                  ", session ", escape_html(report.session.id), "</p>\n");
  if (const auto warnings = report_warnings(report); !warnings.empty()) {
    text += "<ul class=\"warnings\">\n";
    for (const std::string& warning : warnings) text += tag("li", warning);
    text += "</ul>\n";
  }
  for (const TableSummary& one : report.tables) text += table(one);
  for (const GoalTable& one : report.goals) {
    text += tag("pre", render_goal(*report.session.goal, one));
  }
  if (pools != nullptr) text += render_pool_html(*pools);
  text += "<section>" + tag("h2", "Method");
  for (const Paragraph& paragraph : report_method(report)) {
    absl::StrAppend(&text, tag("h3", paragraph.title), tag("p", paragraph.text));
  }
  absl::StrAppend(&text, tag("h3", "To take the figures again"),
                  tag("pre", absl::StrJoin(report_commands(report), "\n")));
  text += "</section><section>" + tag("h2", "Environment") + "<table class=\"facts\"><tbody>\n";
  for (const Fact& fact : report.session.environment) {
    absl::StrAppend(&text, "<tr><th scope=\"row\">", escape_html(fact.name), "</th><td>",
                    escape_html(value_of(fact)), "</td></tr>\n");
  }
  return text + "</tbody></table></section>\n";
}

// 0, or the errno: EEXIST for a file that is there already and is left as it is.
int write_new(const std::string& path, std::string_view text) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) return errno;
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

bool can_draw_charts() noexcept { return !report_script().empty(); }

std::string escape_html(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string escape_json_in_html(const std::string& json) {
  return absl::StrReplaceAll(json, {{"<", "\\u003c"}});
}

std::string render_html(const Report& report, Charts charts, const PoolReport* pools) {
  std::string page = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"",
      kPolicy,
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n",
      kTitle, escape_html(report.session.started_utc), "</title>\n<style>\n",
      std::string(report_style()), "</style>\n</head>\n<body>\n<main id=\"report\">\n",
      tables(report, pools), "</main>\n");
  absl::StrAppend(&page, "<script type=\"application/json\" id=\"bench-data\">",
                  escape_json_in_html(render_report_data(report, pools)), "</script>\n");
  if (charts == Charts::drawn && can_draw_charts()) {
    absl::StrAppend(&page, "<script>\n", std::string(report_script()), "</script>\n");
  }
  return page + "</body>\n</html>\n";
}

bool is_report(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::is_regular_file(status)) return false;
  std::ifstream file(path, std::ios::binary);
  std::string head(2'048, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return head.find(kTitle) != head.npos;
}

absl::Status write_html(const Report& report, Charts charts, const std::string& path,
                        const PoolReport* pools) {
  if (path.ends_with(".jsonl")) {
    return absl::InvalidArgumentError(
        path + " would be a file of results: name a page, such as report.html");
  }
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error)) && !is_report(path)) {
    return absl::InvalidArgumentError(
        path + " is no report of collet-bench and would be lost: name another file");
  }
  // Whatever stands there stays until the new page is whole.
  const std::string draft = absl::StrCat(path, ".", getpid(), ".new");
  const std::string page = render_html(report, charts, pools);
  const int why = write_new(draft, page);
  if (why == 0 && std::rename(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int reason = why == 0 ? errno : why;
  if (reason != EEXIST) unlink(draft.c_str());
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s cannot be written: %s: name a file that you may write to", path, std::strerror(reason)));
}

}  // namespace collet::bench
