// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In-order work of an opened card: one stream with its staging memory.
#pragma once

#include "Staging.h"

struct cria_queue {
  cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::StreamHandle> stream;
  std::unique_ptr<cria::cuda::UploadRing> smallUploads; // step inputs, constants
  std::unique_ptr<cria::cuda::UploadRing> largeUploads; // weights; made at the first one
  std::shared_ptr<cria::cuda::Downloads> downloads;

  // Profile: events before the first entry and after each of the last replay.
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

/// Waits for the stream and delivers what was downloaded.
Check finish(cria_queue &queue);

/// Makes marks for this many entries.
Check reserveMarks(cria_queue &queue, size_t numEntries);
/// Times of the last timed replay, which is done.
Check readProfile(const cria_queue &queue, cria_profile &out);

/// Whether two windows of the same size share a byte.
inline bool overlap(DeviceAddress a, DeviceAddress b, uint64_t size) {
  return a < b ? b - a < size : a - b < size;
}

} // namespace cria::cuda
