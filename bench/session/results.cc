// SPDX-License-Identifier: MIT
// results.cc: the file: locked, appended to, read line by line.
#include "bench/session/results.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

#include <absl/strings/str_format.h>

namespace collet::bench {
namespace {

constexpr const char* kName = "results.jsonl";

std::string path_in(const std::string& directory, const std::string& name) {
  return (std::filesystem::path(directory) / name).string();
}

// A collet-bench that was killed a moment ago may have left a child that is about to go and still
// shares its lock, so it is tried for a second.
bool lock(const Descriptor& file) {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

absl::StatusOr<std::string> read_file(const std::string& path, const std::string& command) {
  // No stream: of a directory, which can be opened but not read, it throws.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 65'536> part;
  ssize_t size = file.get() < 0 ? -1 : 1;
  while (size > 0 || (size < 0 && file.get() >= 0 && errno == EINTR)) {
    size = ::read(file.get(), part.data(), part.size());
    if (size > 0) text.append(part.data(), static_cast<std::size_t>(size));
  }
  if (size == 0) return text;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s cannot be read: %s: name a directory that `collet-bench %s -o` wrote",
                      path, std::strerror(errno), command));
}

// True of nothing, and of what a collet-bench leaves that was killed before its first line was
// whole.
bool is_no_result_yet(const std::string& text) {
  constexpr std::string_view kBeginning = "{\"type\":\"session\"";
  if (text.find('\n') != std::string::npos) return false;
  return text.starts_with(kBeginning) || kBeginning.starts_with(text);
}

bool holds_no_result_yet(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // a pipe would be waited for
  const auto text = read_file(path, "run");
  return text.ok() && is_no_result_yet(*text);
}

absl::Status refuse_what_is_there(const std::string& path, const std::string& directory,
                                  const std::string& name) {
  const std::string rest =
      name == kName ? ", or go on with `collet-bench resume " + directory + "`" : std::string();
  return absl::InvalidArgumentError(
      absl::StrFormat("--output: %s is there already: name another directory%s", path, rest));
}

// Of a file without any line that is whole.
absl::Status refuse_fragment(const std::string& path, const std::string& command,
                             const std::string& text) {
  if (!is_no_result_yet(text)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is not of collet-bench, for it has no complete line: name a directory that "
        "`collet-bench %s -o` wrote",
        path, command));
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s holds no result, not even one whole line: begin anew with `collet-bench %s -o %s`", path,
      command, std::filesystem::path(path).parent_path().string()));
}

}  // namespace

absl::StatusOr<std::string> read_lines(
    const std::string& path, const std::string& command,
    const std::function<absl::Status(const std::string&)>& read) {
  const auto text = read_file(path, command);
  if (!text.ok()) return text.status();
  int number = 0;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text->find('\n', begin)) != std::string::npos; begin = end + 1) {
    ++number;
    const absl::Status status = read(text->substr(begin, end - begin));
    if (status.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:%d: %s", path, number, std::string(status.message())));
  }
  if (number == 0) return refuse_fragment(path, command, *text);
  if (begin == text->size()) return std::string();
  return absl::StrFormat("%s:%d: this line was cut off and is left out", path, number + 1);
}

absl::StatusOr<Results> read_results(const std::string& directory) {
  Results results;
  auto cut_off = read_lines(path_in(directory, kName), "run",
                            [&](const std::string& line) { return read_line(line, results); });
  if (!cut_off.ok()) return cut_off.status();
  results.cut_off = *std::move(cut_off);
  if (!results.cut_off.empty()) {
    results.cut_off += ": `collet-bench resume " + directory + "` makes up for it";
  }
  return results;
}

absl::StatusOr<ResultsFile> ResultsFile::open(const std::string& directory, const std::string& name,
                                              int flags) {
  std::error_code error;
  if ((flags & O_CREAT) != 0) std::filesystem::create_directories(directory, error);
  const std::string path = path_in(directory, name);
  Descriptor file(::open(path.c_str(), flags | O_RDWR | O_APPEND | O_CLOEXEC, 0644));
  int why = errno;
  const bool was_there = file.get() < 0 && why == EEXIST;
  if (was_there && holds_no_result_yet(path)) {
    file = Descriptor(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    why = errno;
  }
  if (file.get() < 0 && why == EEXIST) return refuse_what_is_there(path, directory, name);
  if (file.get() < 0 && (flags & O_CREAT) == 0 && why == ENOENT) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is not there: name a directory that `collet-bench run -o` wrote", path));
  }
  if (file.get() < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s cannot be written: %s: name a directory that you may write to", path,
                        error ? error.message() : std::strerror(why)));
  }
  if (!lock(file)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is in use by another collet-bench: wait for its end, or name another directory", path));
  }
  // Whoever held it until now may have written what we have not seen.
  if (was_there && !holds_no_result_yet(path)) return refuse_what_is_there(path, directory, name);
  ResultsFile opened(path, std::move(file));
  if (was_there) opened.complete_bytes_ = 0;
  return opened;
}

absl::StatusOr<ResultsFile> ResultsFile::create(const std::string& directory) {
  return create(directory, kName);
}

absl::StatusOr<ResultsFile> ResultsFile::create(const std::string& directory,
                                                const std::string& name) {
  return open(directory, name, O_CREAT | O_EXCL);
}

absl::StatusOr<ResultsFile> ResultsFile::reopen(const std::string& directory) {
  auto file = open(directory, kName, 0);
  if (!file.ok()) return file.status();
  const auto text = read_file(file->path_, "run");
  if (!text.ok()) return text.status();
  file->complete_bytes_ = static_cast<std::int64_t>(text->rfind('\n') + 1);  // 0 without any
  return file;
}

absl::Status ResultsFile::append(const std::string& line) {
  const std::string text = line + "\n";
  const auto keep = std::exchange(complete_bytes_, std::nullopt);
  if (keep && ftruncate(file_.get(), static_cast<off_t>(*keep)) != 0) {
    return absl::InternalError(
        absl::StrFormat("%s cannot be written: %s", path_, std::strerror(errno)));
  }
  const ssize_t written = write(file_.get(), text.data(), text.size());
  const bool is_whole = written == static_cast<ssize_t>(text.size());
  if (is_whole && fdatasync(file_.get()) == 0) return absl::OkStatus();
  const int why = written >= 0 && !is_whole ? ENOSPC : errno;  // a short write does not say
  return absl::InternalError(
      absl::StrFormat("%s cannot be written: %s", path_, std::strerror(why)));
}

}  // namespace collet::bench
