// SPDX-License-Identifier: MIT
// plugin_file.cc: everything is asked of the open descriptor, nothing of the path.
#include "core/plugin_file.h"

#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <utility>

#include <absl/strings/str_format.h>

namespace collet {
namespace {

template <typename... Args>
absl::Status refuse(const absl::FormatSpec<Args...>& format, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrFormat(format, args...));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Why others than root and the user of this process may change it; empty if they cannot.
std::string find_weakness(const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return absl::StrFormat("belongs to user %d, neither to root nor to user %d, who runs this",
                           status.st_uid, ::geteuid());
  }
  constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
  if ((status.st_mode & kOthersMayWrite) == 0) return "";
  return absl::StrFormat("may be written to by others (mode %03o)", status.st_mode & 0777);
}

// What the loader does not survive: it maps a file that lacks its end, and dies by SIGBUS when it
// looks there.
std::string find_damage(int fd, std::uint64_t size) {
  constexpr unsigned char kOurClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr bool kLittle = std::endian::native == std::endian::little;
  constexpr unsigned char kOurOrder = kLittle ? ELFDATA2LSB : ELFDATA2MSB;
  ElfW(Ehdr) head{};
  const bool has_head = ::pread(fd, &head, sizeof head, 0) == sizeof head;
  if (!has_head || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
    return "is no shared object: it does not begin as an ELF file";
  }
  const bool is_readable = head.e_ident[EI_CLASS] == kOurClass &&
                           head.e_ident[EI_DATA] == kOurOrder &&
                           head.e_phentsize == sizeof(ElfW(Phdr));
  if (!is_readable) return "";  // which the loader says by itself
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const auto at = static_cast<off_t>(head.e_phoff + i * sizeof segment);
    if (::pread(fd, &segment, sizeof segment, at) != sizeof segment) {
      return "has been cut off in its first bytes: copy it again";
    }
    const bool is_there = segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset;
    if (segment.p_type != PT_LOAD || is_there) continue;
    return absl::StrFormat(
        "has been cut off: %d bytes are there, and %d more belong behind the first %d: copy it "
        "again",
        size, segment.p_filesz, segment.p_offset);
  }
  return "";
}

absl::Status check_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY));
  struct stat status {};
  if (opened.get() < 0 || ::fstat(opened.get(), &status) != 0) {
    return refuse("lies in a folder that cannot be looked at: move it elsewhere");
  }
  const std::string weakness = find_weakness(status);
  if (weakness.empty()) return absl::OkStatus();
  return refuse("lies in %s, which %s: move it to a folder of your own", folder.string(), weakness);
}

}  // namespace

absl::StatusOr<PluginFile> open_plugin_file(const std::string& name) {
  // Non-blocking, or a FIFO would wait for a writer.
  Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return refuse("cannot be opened: %s: name a shared object that you may read",
                  std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return refuse("is no regular file: name the shared object itself");
  }
  const std::string weakness = find_weakness(status);
  if (!weakness.empty()) {
    return refuse("%s: `chown` it, or `chmod go-w` it, if you trust it", weakness);
  }
  const std::string damage = find_damage(file.get(), static_cast<std::uint64_t>(status.st_size));
  if (!damage.empty()) return refuse("%s", damage);
  std::error_code error;
  PluginFile checked{file.get(), ""};
  const auto path = std::filesystem::read_symlink(checked.loader_path(), error);
  if (error) return refuse("cannot be found any more: %s", error.message());
  if (auto folder = check_folder(path.parent_path()); !folder.ok()) return folder;
  checked.path = path.string();
  file.release();
  return checked;
}

}  // namespace collet
