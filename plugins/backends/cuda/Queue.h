// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A queue of in-order work on an opened device: one stream with its staging memory.
#pragma once

#include "Staging.h"

struct cria_queue {
  cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::StreamHandle> stream;
  std::unique_ptr<cria::cuda::UploadRing> smallUploads; // step inputs, constants
  std::unique_ptr<cria::cuda::UploadRing> largeUploads; // weights; created by the first one
  std::shared_ptr<cria::cuda::Downloads> downloads;

  // Profile: an event before the first entry of the last replay and one after each.
  bool profiling = false;
  std::vector<cria::cuda::Owned<cria::cuda::EventHandle>> marks;
  size_t numTimed = 0; // entries of the last timed replay

  cria_queue() = default;
  ~cria_queue();
  cria_queue(const cria_queue &) = delete;
  cria_queue &operator=(const cria_queue &) = delete;
};

namespace cria::cuda {

Check createQueue(cria_context &context, std::unique_ptr<cria_queue> &out);

Check upload(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, const void *source,
             uint64_t size);
Check download(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, void *destination,
               uint64_t size);
Check copy(cria_queue &queue, const cria_buffer &destination, uint64_t destinationOffset,
           const cria_buffer &source, uint64_t sourceOffset, uint64_t size);
Check fill(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value);

/// Waits for the stream and delivers downloads.
Check finish(cria_queue &queue);

/// Creates the events for a profile of this many entries.
Check reserveMarks(cria_queue &queue, size_t numEntries);
/// Reads the times of the last profiled replay. REQUIRES: that replay is done.
Check readProfile(const cria_queue &queue, cria_profile &out);

/// Returns whether two windows of the same size overlap.
inline bool overlap(DeviceAddress a, DeviceAddress b, uint64_t size) {
  return a < b ? b - a < size : a - b < size;
}

} // namespace cria::cuda
