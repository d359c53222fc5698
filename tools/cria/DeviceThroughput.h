// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput that the plugin interface can measure on a device: copies within its memory.
#pragma once

#include "PeakThroughput.h"
#include "runtime/exec/Device.h"
#include "runtime/plugin/BackendPlugin.h"

namespace cria::cli {

/// Opens the device a second time, with a queue and a buffer of its own. The model must be idle while it
/// measures.
class DeviceThroughput final : public PeakThroughput {
public:
  /// measure() returns an empty sample if the device has too little free memory. Errors: those of the
  /// backend.
  static StatusOr<std::unique_ptr<PeakThroughput>> open(const BackendPlugin &backend, uint32_t device);

  PeakOf whose() const override { return PeakOf::device; }
  StatusOr<PeakSample> measure() override;

private:
  explicit DeviceThroughput(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  Status allocate(uint64_t freeBytes);
  Status prepare();
  StatusOr<double> timeCopies(uint32_t count);

  std::unique_ptr<Device> device_;
  DeviceBuffer buffer_;    // its first half is copied to the second; null: too little memory
  uint64_t copyBytes_ = 0; // half of the buffer
  uint32_t copiesOfPass_ = 1;
};

} // namespace cria::cli
