// SPDX-License-Identifier: MIT
// user.cc: from root to an account of less.
#include "apps/cli/user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <absl/strings/str_format.h>

#include "apps/cli/error_words.h"

namespace collet::apps {
namespace {

bool is_only(const passwd& account) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  return ::getresuid(&real, &effective, &saved) == 0 && real == account.pw_uid &&
         effective == account.pw_uid && saved == account.pw_uid;
}

absl::Status refuse(const std::string& name, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("--user: \"%s\" %s", name, why));
}

}  // namespace

absl::Status become_user(const std::string& name) {
  std::array<char, 16 * 1024> texts{};
  passwd account{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &account, texts.data(), texts.size(), &found);
  if (found == nullptr) return refuse(name, "is no user of this machine: see `getent passwd`");
  if (is_only(account)) return absl::OkStatus();
  if (::geteuid() != 0) return refuse(name, "is somebody else, whom only root can become");
  if (::initgroups(account.pw_name, account.pw_gid) != 0 ||
      ::setresgid(account.pw_gid, account.pw_gid, account.pw_gid) != 0 ||
      ::setresuid(account.pw_uid, account.pw_uid, account.pw_uid) != 0) {
    return refuse(name, "cannot be had: " + error_words(errno));
  }
  return absl::OkStatus();
}

}  // namespace collet::apps
