// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_host_backend.hpp - the common part of backends on host memory: aligned buffers, a synchronous
// in-order queue, and events that are complete when they are created. Optional C++20 conveniences over
// cria_plugin.h. A plugin that includes it defines cria_context, cria_code and cria_recording, and derives
// its argument of BackendFunctions from HostMemory.
#pragma once

#include "cria_backend.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace cria::plugin {

/// The alignment of every buffer in bytes: the size of a cache line and of the widest vector.
inline constexpr size_t kBufferAlignment = 64;
/// Buffers of at least this size are aligned to it and request huge pages, which reduces TLB misses.
inline constexpr size_t kHugePageSize = size_t{2} << 20;

/// Returns the free host memory in bytes; 0: unknown.
inline uint64_t freeMemoryBytes() {
#if defined(__linux__)
  const long pages = sysconf(_SC_AVPHYS_PAGES);
  return pages > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
#else
  return 0;
#endif
}

/// The times of the entries in the last replay of a queue; empty if profiling is disabled.
struct Profile {
  bool enabled = false;
  std::vector<uint64_t> nanoseconds;
};

/// Measures the time of one entry if profiling is enabled.
class EntryTimer {
public:
  EntryTimer(Profile &profile, size_t entry) : profile_(profile), entry_(entry) {
    if (profile_.enabled) {
      start_ = std::chrono::steady_clock::now();
    }
  }
  ~EntryTimer() {
    if (profile_.enabled && entry_ < profile_.nanoseconds.size()) {
      const auto elapsed = std::chrono::steady_clock::now() - start_;
      profile_.nanoseconds[entry_] =
          static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
    }
  }
  EntryTimer(const EntryTimer &) = delete;
  EntryTimer &operator=(const EntryTimer &) = delete;

private:
  Profile &profile_;
  size_t entry_;
  std::chrono::steady_clock::time_point start_;
};

/// Calls run(index) -> Check for `count` entries in order, until one fails or *cancel is set. cancel: may
/// be null.
template <typename Run> Check replayEach(size_t count, const int32_t *cancel, Profile &profile, Run run) {
  profile.nanoseconds.assign(profile.enabled ? count : 0, 0);
  for (size_t i = 0; i < count; ++i) {
    if (isCancelled(cancel)) {
      return refuse(CRIA_STATUS_CANCELLED, "the step was cancelled");
    }
    const EntryTimer timer(profile, i);
    if (Check check = run(i); check.failed()) {
      return check;
    }
  }
  return {};
}

} // namespace cria::plugin

/// Host memory. Imported memory is read-only and not owned.
struct cria_buffer {
  std::byte *data;
  uint64_t size;
  bool owned;

  cria_buffer(std::byte *memory, uint64_t numBytes, bool isOwned)
      : data(memory), size(numBytes), owned(isOwned) {}
  virtual ~cria_buffer() {
    if (owned) {
      std::free(data);
    }
  }
  cria_buffer(const cria_buffer &) = delete;
  cria_buffer &operator=(const cria_buffer &) = delete;
};

/// A synchronous queue: the work of a call is complete when it returns.
struct cria_queue {
  cria_context *context = nullptr;
  cria::plugin::Profile profile;
};

struct cria_event {
  cria_context *context = nullptr;
};

namespace cria::plugin::host {

/// Returns the properties of a buffer that the checks of entries require.
inline BufferProperties propertiesOf(const cria_buffer &buffer) {
  return {.size = buffer.size, .isReadOnly = !buffer.owned};
}

/// Returns whether all elements lie inside the window of the operand, for any dimensions and strides,
/// without overflow.
inline bool elementsFit(const cria_operand &operand, uint64_t elementSize) {
  uint64_t left = operand.size / elementSize; // remaining elements of the window
  for (uint32_t d = 0; d < operand.rank; ++d) {
    if (operand.shape[d] == 0) {
      return true;
    }
  }
  for (uint32_t d = 0; d < operand.rank; ++d) {
    const uint64_t steps = operand.shape[d] - 1;
    if (operand.strides[d] != 0 && steps > left / operand.strides[d]) {
      return false;
    }
    left -= steps * operand.strides[d];
  }
  return left >= 1;
}

/// Allocates a buffer; returns null if there is not enough memory.
inline std::byte *allocateAligned(uint64_t size) {
  const size_t alignment = size >= kHugePageSize ? kHugePageSize : kBufferAlignment;
  if (size > UINT64_MAX - alignment) {
    return nullptr;
  }
  const uint64_t rounded = (size + alignment - 1) / alignment * alignment;
  void *data = std::aligned_alloc(alignment, rounded);
#if defined(__linux__)
  if (data != nullptr && alignment == kHugePageSize) {
    (void)madvise(data, rounded, MADV_HUGEPAGE); // best effort
  }
#endif
  return static_cast<std::byte *>(data);
}

/// Fills `size` bytes with a 32-bit pattern.
inline void fillWords(std::byte *data, uint64_t size, uint32_t value) {
  for (uint64_t i = 0; i + sizeof(value) <= size; i += sizeof(value)) {
    std::memcpy(data + i, &value, sizeof(value));
  }
}

inline Check checkWritable(std::string_view what, const cria_buffer &buffer) {
  return buffer.owned ? Check{} : invalid(std::string(what) + ": the buffer is imported read-only memory");
}

/// Checks a range that is written.
inline Check checkWrite(std::string_view what, const cria_buffer &buffer, uint64_t offset, uint64_t size) {
  Check check = checkRange(what, buffer.size, offset, size);
  return check.failed() ? check : checkWritable(what, buffer);
}

/// A copy or fill of a command buffer, with its addresses resolved.
struct Transfer {
  std::byte *destination = nullptr;
  const std::byte *source = nullptr; // null: a fill
  uint64_t size = 0;
  uint32_t fillValue = 0;

  Check resolve(const cria_entry &entry) {
    if (Check check = checkBytes(entry, propertiesOf); check.failed()) {
      return check;
    }
    const bool isCopy = entry.kind == CRIA_ENTRY_COPY;
    const cria_operand &target = *entry.operands[entry.num_operands - 1];
    destination = target.buffer->data + target.offset;
    source = isCopy ? entry.operands[0]->buffer->data + entry.operands[0]->offset : nullptr;
    size = target.size;
    fillValue = entry.fill_value;
    return {};
  }

  void run() const {
    source != nullptr ? static_cast<void>(std::memmove(destination, source, size))
                      : fillWords(destination, size, fillValue);
  }
};

} // namespace cria::plugin::host

namespace cria::plugin {

/// The base of classes for BackendFunctions: buffers, queues, events and profiles in host memory.
struct HostMemory {
  /// Ignores the usage, since there is only one kind of memory.
  static Check allocate(cria_context &, const cria_buffer_info &info, std::unique_ptr<cria_buffer> &out) {
    if (info.size == 0) {
      return invalid("expected a buffer size above 0, got 0");
    }
    std::byte *data = host::allocateAligned(info.size);
    if (data == nullptr) {
      return refuse(CRIA_STATUS_OUT_OF_MEMORY, "the buffer requires " + std::to_string(info.size) +
                                                   " bytes of host memory, " +
                                                   std::to_string(freeMemoryBytes()) + " are free");
    }
    out = std::make_unique<cria_buffer>(data, info.size, true);
    return {};
  }

  static Check checkImport(const void *data, uint64_t size) {
    return data == nullptr || size == 0 || reinterpret_cast<uintptr_t>(data) % kBufferAlignment != 0
               ? invalid("expected imported memory that is 64-byte aligned and not empty")
               : Check{};
  }

  static Check import(cria_context &, const void *data, uint64_t size, std::unique_ptr<cria_buffer> &out) {
    if (Check check = checkImport(data, size); check.failed()) {
      return check;
    }
    out = std::make_unique<cria_buffer>(static_cast<std::byte *>(const_cast<void *>(data)), size, false);
    return {};
  }

  static void *hostPointer(cria_buffer &buffer) { return buffer.data; }

  static Check createQueue(cria_context &context, std::unique_ptr<cria_queue> &out) {
    out.reset(new cria_queue{&context, {}});
    return {};
  }

  static Check upload(cria_queue &, cria_buffer &buffer, uint64_t offset, const void *source, uint64_t size) {
    Check check = host::checkWrite("upload", buffer, offset, size);
    if (!check.failed() && size != 0) {
      std::memcpy(buffer.data + offset, source, size);
    }
    return check;
  }

  static Check download(cria_queue &, cria_buffer &buffer, uint64_t offset, void *destination,
                        uint64_t size) {
    Check check = checkRange("download", buffer.size, offset, size);
    if (!check.failed() && size != 0) {
      std::memcpy(destination, buffer.data + offset, size);
    }
    return check;
  }

  static Check copy(cria_queue &, cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
                    uint64_t sourceOffset, uint64_t size) {
    if (Check check = checkRange("copy source", source.size, sourceOffset, size); check.failed()) {
      return check;
    }
    Check check = host::checkWrite("copy destination", destination, destinationOffset, size);
    if (!check.failed()) {
      std::memmove(destination.data + destinationOffset, source.data + sourceOffset, size);
    }
    return check;
  }

  static Check fill(cria_queue &, cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value) {
    if (offset % sizeof(value) != 0 || size % sizeof(value) != 0) {
      return invalid("fill: expected offset and size to be multiples of 4");
    }
    Check check = host::checkWrite("fill", buffer, offset, size);
    if (!check.failed()) {
      host::fillWords(buffer.data + offset, size, value);
    }
    return check;
  }

  static Check signal(cria_queue &queue, std::unique_ptr<cria_event> &out) {
    out.reset(new cria_event{queue.context});
    return {};
  }
  static Check wait(cria_event &, uint64_t) { return {}; }
  static Check finish(cria_queue &) { return {}; }

  static void enableProfile(cria_queue &queue, bool on) {
    queue.profile.enabled = on;
    queue.profile.nanoseconds.clear();
  }

  static Check readProfile(cria_queue &queue, cria_profile &out) {
    const std::vector<uint64_t> &times = queue.profile.nanoseconds;
    if (out.num_entries < times.size()) {
      return invalid("profile: expected room for " + std::to_string(times.size()) + " entries, got " +
                     std::to_string(out.num_entries));
    }
    std::copy(times.begin(), times.end(), out.nanoseconds);
    out.num_entries = static_cast<uint32_t>(times.size());
    return {};
  }
};

} // namespace cria::plugin
