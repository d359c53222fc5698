// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WeightBuffers: the weights of a program on a device. They are used in place from the mapped files if the
// backend supports it, and uploaded otherwise.
#pragma once

#include "runtime/exec/Device.h"
#include "runtime/package/Package.h"

namespace cria {

class WeightBuffers {
public:
  /// The size of the pieces in which weights are uploaded.
  static constexpr uint64_t kUploadBytes = uint64_t(16) << 20;

  using Progress = std::function<void(uint64_t done, uint64_t total)>;

  /// Weights without a file are allocated but not filled. Errors: those of Package::weightFile() and
  /// findArray(), and the backend's.
  static StatusOr<WeightBuffers> load(const Package &package, const Program &program, Device &device,
                                      const Progress &progress);

  /// The buffers of a weight, one for each of its arrays.
  const std::vector<DeviceBuffer> &operator[](size_t weight) const { return buffers_[weight]; }
  size_t size() const { return buffers_.size(); }
  uint64_t importedBytes() const { return importedBytes_; }

private:
  Status loadWeight(const Package &package, const ProgramWeight &weight, Device &device);
  StatusOr<DeviceBuffer> allocateZeroed(const ProgramWeightArray &array, Device &device,
                                        const std::string &what) const;
  StatusOr<DeviceBuffer> loadArray(const SafetensorsFile &file, const ProgramWeightArray &array,
                                   Device &device, const std::string &what);
  Status upload(const DeviceBuffer &buffer, std::span<const std::byte> data, Device &device);
  StatusOr<const SafetensorsFile *> file(const Package &package, const std::string &name);

  // Mappings outlive the buffers that use them.
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> files_;
  std::vector<std::vector<DeviceBuffer>> buffers_; // by weight and array
  uint64_t totalBytes_ = 0, importedBytes_ = 0, uploadedBytes_ = 0;
  Progress progress_;
};

} // namespace cria
