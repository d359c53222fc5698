// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies are queued back to back and waited for once, so that the time to start and to wait is negligible.
#include "DeviceThroughput.h"

#include <algorithm>
#include <chrono>

namespace cria::cli {
namespace {

/// Half of the buffer. The minimum is several times the cache of large GPUs, so that memory is measured.
constexpr uint64_t kMaxCopyBytes = uint64_t{512} << 20;
constexpr uint64_t kMinCopyBytes = uint64_t{128} << 20;
constexpr uint64_t kAlignment = 4096;
/// The buffer takes half of the free memory: command buffers need some as well.
constexpr uint64_t kFreeForEachCopyByte = 4;
constexpr int kPasses = 3; // best of 3, to exclude interference
constexpr double kPassSeconds = 0.01;
constexpr double kMaxCopiesOfPass = 64;
constexpr uint32_t kFilling = 0x3F800000; // 1.0f

} // namespace

StatusOr<std::unique_ptr<PeakThroughput>> DeviceThroughput::open(const BackendPlugin &backend,
                                                                 uint32_t device) {
  const cria_open_options options = {
      .struct_size = sizeof(cria_open_options), .device = device, .num_threads = 0, .flags = 0};
  CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Device> opened, Device::open(backend.name(), backend.api(), options));
  CRIA_ASSIGN_OR_RETURN(const BackendDevice info, backend.device(device));
  std::unique_ptr<DeviceThroughput> throughput(new DeviceThroughput(std::move(opened)));
  CRIA_RETURN_IF_ERROR(throughput->allocate(info.memoryFreeBytes));
  if (throughput->buffer_ != nullptr) {
    CRIA_RETURN_IF_ERROR(throughput->prepare());
  }
  return std::unique_ptr<PeakThroughput>(std::move(throughput));
}

/// freeBytes: 0 if unknown.
Status DeviceThroughput::allocate(uint64_t freeBytes) {
  const uint64_t room = freeBytes != 0 ? freeBytes / kFreeForEachCopyByte : kMaxCopyBytes;
  copyBytes_ = std::min(room, kMaxCopyBytes) / kAlignment * kAlignment;
  if (copyBytes_ < kMinCopyBytes) {
    return {};
  }
  StatusOr<DeviceBuffer> buffer =
      device_->allocate(2 * copyBytes_, CRIA_BUFFER_GENERAL, "measuring the copy bandwidth");
  if (buffer.ok()) {
    buffer_ = std::move(*buffer);
  }
  return buffer.status().code() == StatusCode::outOfMemory ? Status() : buffer.status();
}

/// Touches all memory, wakes the device, and finds the number of copies in a pass.
Status DeviceThroughput::prepare() {
  CRIA_RETURN_IF_ERROR(device_->fill(buffer_, 0, 2 * copyBytes_, kFilling));
  CRIA_RETURN_IF_ERROR(timeCopies(1).status());
  CRIA_ASSIGN_OR_RETURN(const double seconds, timeCopies(1));
  copiesOfPass_ = static_cast<uint32_t>(std::clamp(kPassSeconds / seconds, 1.0, kMaxCopiesOfPass));
  return {};
}

StatusOr<double> DeviceThroughput::timeCopies(uint32_t count) {
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t i = 0; i < count; ++i) {
    CRIA_RETURN_IF_ERROR(device_->copy(buffer_, copyBytes_, 0, copyBytes_));
  }
  CRIA_RETURN_IF_ERROR(device_->finish());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

StatusOr<PeakSample> DeviceThroughput::measure() {
  if (buffer_ == nullptr) {
    return PeakSample{};
  }
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    CRIA_ASSIGN_OR_RETURN(const double seconds, timeCopies(copiesOfPass_));
    const double bytes = 2.0 * static_cast<double>(copyBytes_) * copiesOfPass_; // read and written
    best = std::max(best, bytes / seconds);
  }
  return PeakSample{.bandwidth = best, .compute = std::nullopt};
}

} // namespace cria::cli
