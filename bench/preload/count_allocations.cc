// SPDX-License-Identifier: MIT
// count_allocations.cc: preloaded into a server, counts what it takes from the heap.
//
// The count stands in a file that COLLET_ALLOCATIONS names, shared with whoever reads it: two
// 64-bit numbers, the processes that count and the allocations so far. glibc's own functions under
// their other names do the work, so that nothing needs to be looked up before the first allocation.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

struct Counters {
  std::atomic<std::uint64_t> processes;
  std::atomic<std::uint64_t> allocations;
};

std::atomic<Counters*> counters{nullptr};

void count() noexcept {
  if (Counters* shared = counters.load(std::memory_order_relaxed)) {
    shared->allocations.fetch_add(1, std::memory_order_relaxed);
  }
}

[[gnu::constructor]] void attach() {
  const char* path = std::getenv("COLLET_ALLOCATIONS");
  if (path == nullptr) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return;
  auto* shared = static_cast<Counters*>(memory);
  shared->processes.fetch_add(1, std::memory_order_relaxed);
  counters.store(shared, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

[[gnu::visibility("default")]] void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}

[[gnu::visibility("default")]] void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

[[gnu::visibility("default")]] void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

[[gnu::visibility("default")]] void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

[[gnu::visibility("default")]] int posix_memalign(void** memory, std::size_t alignment,
                                                  std::size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
