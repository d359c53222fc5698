// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_host_backend.hpp - the half of a backend that all backends on host memory share: buffers in aligned
// host memory, an in-order synchronous queue, events that are complete when they are made. Optional C++20
// conveniences over cria_plugin.h; a plugin that includes it defines cria_context, cria_code and
// cria_recording, implements cria::plugin::replayRecording, and fills the rest of the table with
// installHostMemory().
#pragma once

#include "cria_entry_checks.hpp"

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

/// Alignment of every buffer: a cache line, and the widest vector.
inline constexpr size_t kBufferAlignment = 64;
/// Buffers of at least this size start on such a boundary and ask for huge pages: fewer TLB misses while
/// streaming.
inline constexpr size_t kHugePageSize = size_t{2} << 20;

/// Host memory without a holder right now; 0: unknown.
inline uint64_t freeMemoryBytes() {
#if defined(__linux__)
  const long pages = sysconf(_SC_AVPHYS_PAGES);
  return pages > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
#else
  return 0;
#endif
}

/// Per-entry times of a queue's last replay; empty while profiling is off.
struct Profile {
  bool enabled = false;
  std::vector<uint64_t> nanoseconds;
};

/// Runs all entries in order, looking at `cancel` (may be NULL) between them. Implemented by the plugin.
cria_status replayRecording(cria_recording &recording, const int32_t *cancel, Profile &profile,
                            cria_message *message);

inline bool isCancelled(const int32_t *cancel) {
  return cancel != nullptr && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

/// Measures one entry into a profile when profiling is on.
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

} // namespace cria::plugin

/// Host memory; `owned` is false for imported, read-only memory.
struct cria_buffer {
  std::byte *data = nullptr;
  uint64_t size = 0;
  bool owned = true;
};

/// Synchronous: every call has finished its work when it returns.
struct cria_queue {
  cria_context *context = nullptr;
  cria::plugin::Profile profile;
};

struct cria_event {};

namespace cria::plugin::host {

inline bool contains(const cria_buffer &buffer, uint64_t offset, uint64_t size) {
  return offset <= buffer.size && size <= buffer.size - offset;
}

/// What checks of entries ask of a buffer.
inline BufferFacts factsOf(const cria_buffer &buffer) {
  return {.size = buffer.size, .isReadOnly = !buffer.owned};
}

/// Whether all elements lie inside the operand's window. Extents and strides may be anything; no sum
/// overflows.
inline bool elementsFit(const cria_operand &operand, uint64_t elementSize) {
  uint64_t left = operand.size / elementSize; // elements of the window not yet passed
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

inline cria_status outOfRange(cria_message *message, const char *what, const cria_buffer &buffer,
                              uint64_t offset, uint64_t size) {
  return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                std::string(what) + ": " + std::to_string(size) + " bytes at offset " +
                    std::to_string(offset) + " reach outside a buffer of " + std::to_string(buffer.size) +
                    " bytes");
}

/// Null when the memory cannot be had.
inline std::byte *allocateAligned(uint64_t size) {
  const size_t alignment = size >= kHugePageSize ? kHugePageSize : kBufferAlignment;
  if (size > UINT64_MAX - alignment) {
    return nullptr;
  }
  const uint64_t rounded = (size + alignment - 1) / alignment * alignment;
  void *data = std::aligned_alloc(alignment, rounded);
#if defined(__linux__)
  if (data != nullptr && alignment == kHugePageSize) {
    (void)madvise(data, rounded, MADV_HUGEPAGE); // only a wish
  }
#endif
  return static_cast<std::byte *>(data);
}

inline cria_status bufferAllocate(cria_context *, const cria_buffer_info *info, cria_buffer **out,
                                  cria_message *message) {
  return guarded(message, [&] {
    const uint64_t size = info->size; // all usages lie in the same memory
    if (size == 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "buffer size must be above 0");
    }
    std::byte *data = allocateAligned(size);
    if (data == nullptr) {
      return report(message, CRIA_STATUS_OUT_OF_MEMORY,
                    "a buffer needs " + std::to_string(size) + " bytes of host memory, " +
                        std::to_string(freeMemoryBytes()) + " are free");
    }
    *out = new cria_buffer{data, size, true};
    return CRIA_STATUS_OK;
  });
}

inline cria_status bufferImport(cria_context *, const void *data, uint64_t size, cria_buffer **out,
                                cria_message *message) {
  return guarded(message, [&] {
    if (data == nullptr || size == 0 || reinterpret_cast<uintptr_t>(data) % kBufferAlignment != 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                    "imported memory must be 64-byte aligned and not empty");
    }
    *out = new cria_buffer{static_cast<std::byte *>(const_cast<void *>(data)), size, false};
    return CRIA_STATUS_OK;
  });
}

inline void bufferFree(cria_context *, cria_buffer *buffer) {
  if (buffer != nullptr && buffer->owned) {
    std::free(buffer->data);
  }
  delete buffer;
}

inline void *bufferHostPointer(cria_context *, cria_buffer *buffer) { return buffer->data; }

inline cria_status queueCreate(cria_context *context, cria_queue **out, cria_message *message) {
  return guarded(message, [&] {
    *out = new cria_queue{context, {}};
    return CRIA_STATUS_OK;
  });
}

inline void queueFree(cria_queue *queue) { delete queue; }

inline cria_status checkWritable(cria_message *message, const char *what, const cria_buffer &buffer) {
  return buffer.owned ? CRIA_STATUS_OK
                      : report(message, CRIA_STATUS_INVALID_ARGUMENT,
                               std::string(what) + ": the buffer is imported read-only memory");
}

inline cria_status upload(cria_queue *, cria_buffer *buffer, uint64_t offset, const void *source,
                          uint64_t size, cria_message *message) {
  return guarded(message, [&] {
    if (!contains(*buffer, offset, size)) {
      return outOfRange(message, "upload", *buffer, offset, size);
    }
    if (cria_status status = checkWritable(message, "upload", *buffer); status != CRIA_STATUS_OK) {
      return status;
    }
    if (size != 0) {
      std::memcpy(buffer->data + offset, source, size);
    }
    return CRIA_STATUS_OK;
  });
}

inline cria_status download(cria_queue *, cria_buffer *buffer, uint64_t offset, void *destination,
                            uint64_t size, cria_message *message) {
  return guarded(message, [&] {
    if (!contains(*buffer, offset, size)) {
      return outOfRange(message, "download", *buffer, offset, size);
    }
    if (size != 0) {
      std::memcpy(destination, buffer->data + offset, size);
    }
    return CRIA_STATUS_OK;
  });
}

inline cria_status copy(cria_queue *, cria_buffer *destination, uint64_t destinationOffset,
                        cria_buffer *source, uint64_t sourceOffset, uint64_t size, cria_message *message) {
  return guarded(message, [&] {
    if (!contains(*destination, destinationOffset, size)) {
      return outOfRange(message, "copy destination", *destination, destinationOffset, size);
    }
    if (!contains(*source, sourceOffset, size)) {
      return outOfRange(message, "copy source", *source, sourceOffset, size);
    }
    if (cria_status status = checkWritable(message, "copy", *destination); status != CRIA_STATUS_OK) {
      return status;
    }
    std::memmove(destination->data + destinationOffset, source->data + sourceOffset, size);
    return CRIA_STATUS_OK;
  });
}

/// Repeats a 32-bit pattern over `size` bytes.
inline void fillWords(std::byte *data, uint64_t size, uint32_t value) {
  for (uint64_t i = 0; i + sizeof(value) <= size; i += sizeof(value)) {
    std::memcpy(data + i, &value, sizeof(value));
  }
}

inline cria_status fill(cria_queue *, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                        cria_message *message) {
  return guarded(message, [&] {
    if (offset % sizeof(value) != 0 || size % sizeof(value) != 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "fill: offset and size must be multiples of 4");
    }
    if (!contains(*buffer, offset, size)) {
      return outOfRange(message, "fill", *buffer, offset, size);
    }
    if (cria_status status = checkWritable(message, "fill", *buffer); status != CRIA_STATUS_OK) {
      return status;
    }
    fillWords(buffer->data + offset, size, value);
    return CRIA_STATUS_OK;
  });
}

inline cria_status replay(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                          cria_message *message) {
  return guarded(message, [&] { return replayRecording(*recording, cancel, queue->profile, message); });
}

inline cria_status signal(cria_queue *, cria_event **out, cria_message *message) {
  return guarded(message, [&] {
    *out = new cria_event{};
    return CRIA_STATUS_OK;
  });
}

inline cria_status eventWait(cria_event *, uint64_t, cria_message *) { return CRIA_STATUS_OK; }
inline void eventFree(cria_event *event) { delete event; }
inline cria_status finish(cria_queue *, cria_message *) { return CRIA_STATUS_OK; }

inline cria_status profileEnable(cria_queue *queue, uint32_t on, cria_message *) {
  queue->profile.enabled = on != 0;
  queue->profile.nanoseconds.clear();
  return CRIA_STATUS_OK;
}

inline cria_status profileRead(cria_queue *queue, cria_profile *out, cria_message *message) {
  return guarded(message, [&] {
    const std::vector<uint64_t> &times = queue->profile.nanoseconds;
    if (out->num_entries < times.size()) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                    "profile: room for " + std::to_string(times.size()) + " entries needed");
    }
    std::copy(times.begin(), times.end(), out->nanoseconds);
    out->num_entries = static_cast<uint32_t>(times.size());
    return CRIA_STATUS_OK;
  });
}

} // namespace cria::plugin::host

namespace cria::plugin {

/// Fills the buffer, queue, event and profile functions of a table.
inline void installHostMemory(cria_backend_api &api) {
  api.buffer_allocate = host::bufferAllocate;
  api.buffer_import = host::bufferImport;
  api.buffer_free = host::bufferFree;
  api.buffer_host_pointer = host::bufferHostPointer;
  api.queue_create = host::queueCreate;
  api.queue_free = host::queueFree;
  api.upload = host::upload;
  api.download = host::download;
  api.copy = host::copy;
  api.fill = host::fill;
  api.replay = host::replay;
  api.signal = host::signal;
  api.event_wait = host::eventWait;
  api.event_free = host::eventFree;
  api.finish = host::finish;
  api.profile_enable = host::profileEnable;
  api.profile_read = host::profileRead;
}

} // namespace cria::plugin
