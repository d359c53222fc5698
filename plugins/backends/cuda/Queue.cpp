// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transfers, waits and profiles of a queue.
#include "Queue.h"

#include <cmath>

/// Waits, since the driver may still read staging memory that is freed with the queue.
cria_queue::~cria_queue() {
  if (stream != nullptr) {
    (void)context->api.streamSynchronize(stream.get());
  }
}

namespace cria::cuda {
namespace {

/// The inputs of a step are a few kilobytes. With sixteen slots, a step does not wait for the uploads of
/// recent ones.
constexpr uint32_t kSmallSlots = 16;
constexpr uint64_t kSmallBytes = uint64_t{64} << 10;
/// Large enough for the full bandwidth of the bus. Three slots, so that one is ready while the device reads
/// another.
constexpr uint32_t kLargeSlots = 3;
constexpr uint64_t kLargeBytes = uint64_t{8} << 20;

constexpr double kNanosecondsPerMillisecond = 1e6;

} // namespace

Check createQueue(cria_context &context, std::unique_ptr<cria_queue> &out) {
  const DriverApi &api = context.api;
  auto queue = std::make_unique<cria_queue>();
  queue->context = &context;
  StreamHandle stream = nullptr;
  CRIA_CUDA_TRY(checkResult(api, api.streamCreate(&stream, kStreamNonBlocking), "creating a stream"));
  queue->stream = own(stream, api.streamDestroy);
  CRIA_CUDA_TRY(UploadRing::make(api, kSmallSlots, kSmallBytes, queue->smallUploads));
  CRIA_CUDA_TRY(Downloads::make(api, queue->downloads));
  out = std::move(queue);
  return {};
}

Check upload(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, const void *source,
             uint64_t size) {
  CRIA_CUDA_TRY(plugin::checkRange("upload", buffer.size, offset, size));
  const bool isSmall = size <= kSmallBytes;
  if (!isSmall && queue.largeUploads == nullptr) {
    CRIA_CUDA_TRY(UploadRing::make(queue.context->api, kLargeSlots, kLargeBytes, queue.largeUploads));
  }
  UploadRing &ring = isSmall ? *queue.smallUploads : *queue.largeUploads;
  return ring.upload(queue.stream.get(), buffer.address + offset, static_cast<const std::byte *>(source),
                     size);
}

Check download(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, void *destination,
               uint64_t size) {
  CRIA_CUDA_TRY(plugin::checkRange("download", buffer.size, offset, size));
  return queue.downloads->enqueue(queue.stream.get(), buffer.address + offset,
                                  static_cast<std::byte *>(destination), size);
}

Check copy(cria_queue &queue, const cria_buffer &destination, uint64_t destinationOffset,
           const cria_buffer &source, uint64_t sourceOffset, uint64_t size) {
  CRIA_CUDA_TRY(plugin::checkRange("copy destination", destination.size, destinationOffset, size));
  CRIA_CUDA_TRY(plugin::checkRange("copy source", source.size, sourceOffset, size));
  const DeviceAddress to = destination.address + destinationOffset;
  const DeviceAddress from = source.address + sourceOffset;
  if (size == 0 || to == from) {
    return {};
  }
  if (overlap(to, from, size)) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "copy: source and destination overlap");
  }
  const DriverApi &api = queue.context->api;
  return checkResult(api, api.memcpyDtoDAsync(to, from, size, queue.stream.get()), "copy");
}

Check fill(cria_queue &queue, const cria_buffer &buffer, uint64_t offset, uint64_t size, uint32_t value) {
  if (offset % sizeof(value) != 0 || size % sizeof(value) != 0) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT, "fill: offset and size must be multiples of 4");
  }
  CRIA_CUDA_TRY(plugin::checkRange("fill", buffer.size, offset, size));
  if (size == 0) {
    return {};
  }
  const DriverApi &api = queue.context->api;
  return checkResult(
      api, api.memsetD32Async(buffer.address + offset, value, size / sizeof(value), queue.stream.get()),
      "fill");
}

Check finish(cria_queue &queue) {
  const DriverApi &api = queue.context->api;
  const uint64_t newest = queue.downloads->newest();
  const Check check = checkResult(api, api.streamSynchronize(queue.stream.get()), "the queued work");
  if (check.failed()) {
    queue.downloads->discard();
  } else {
    queue.downloads->deliver(newest);
  }
  return check;
}

Check reserveMarks(cria_queue &queue, size_t numEntries) {
  const DriverApi &api = queue.context->api;
  while (queue.marks.size() <= numEntries) {
    EventHandle event = nullptr;
    CRIA_CUDA_TRY(checkResult(api, api.eventCreate(&event, kEventDefault), "creating an event"));
    queue.marks.push_back(own(event, api.eventDestroy));
  }
  return {};
}

Check readProfile(const cria_queue &queue, cria_profile &out) {
  if (out.num_entries < queue.numTimed) {
    return refuse(CRIA_STATUS_INVALID_ARGUMENT,
                  "profile: expected space for " + std::to_string(queue.numTimed) + " entries");
  }
  const DriverApi &api = queue.context->api;
  for (size_t i = 0; i < queue.numTimed; ++i) {
    float milliseconds = 0;
    const Result result = api.eventElapsedTime(&milliseconds, queue.marks[i].get(), queue.marks[i + 1].get());
    CRIA_CUDA_TRY(checkResult(api, result, "reading times"));
    out.nanoseconds[i] = static_cast<uint64_t>(std::lround(milliseconds * kNanosecondsPerMillisecond));
  }
  out.num_entries = static_cast<uint32_t>(queue.numTimed);
  return {};
}

} // namespace cria::cuda
