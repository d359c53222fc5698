// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The peak throughput of a device, as far as the plugin interface can measure it: copies within its memory.
#pragma once

#include "PeakThroughput.h"
#include "runtime/exec/Device.h"
#include "runtime/plugin/BackendPlugin.h"

namespace cria::cli {

/// Opens the device a second time, with a queue and a buffer of its own; no work of the model may be under
/// way while it measures.
class DeviceThroughput final : public PeakThroughput {
public:
  /// measure() gives nothing when the device has too little free memory to measure with. Errors: the backend's.
  static StatusOr<std::unique_ptr<PeakThroughput>> open(const BackendPlugin &backend, uint32_t device);

  PeakOf whose() const override { return PeakOf::device; }
  StatusOr<PeakSample> measure() override;

private:
  explicit DeviceThroughput(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  Status allocate(uint64_t freeBytes);
  Status prepare();
  StatusOr<double> timeCopies(uint32_t count);

  std::unique_ptr<Device> device_;
  DeviceBuffer buffer_;    // copied from its first half to its second; null: too little memory
  uint64_t copyBytes_ = 0; // a half
  uint32_t copiesOfPass_ = 1;
};

} // namespace cria::cli
