// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WeightBuffers: the weights of a program on a device. They are used in place from the mapped files if the
// backend supports it, and uploaded otherwise.
#pragma once

#include "runtime/exec/Device.h"
#include "runtime/package/Package.h"

namespace cria {

class WeightBuffers {
public:
  using Progress = std::function<void(uint64_t done, uint64_t total)>;

  /// Weights without a file are allocated but not filled. Errors: those of Package::weightFile() and
  /// findWeight(), and the backend's.
  static StatusOr<WeightBuffers> load(const Package &package, const Program &program, Device &device,
                                      const Progress &progress);

  cria_buffer *operator[](size_t weight) const { return buffers_[weight].get(); }
  size_t size() const { return buffers_.size(); }
  uint64_t importedBytes() const { return importedBytes_; }

private:
  Status loadWeight(const Package &package, const ProgramWeight &weight, Device &device);
  Status upload(const ProgramWeight &weight, std::span<const std::byte> data, Device &device);
  StatusOr<const SafetensorsFile *> file(const Package &package, const std::string &name);

  // Mappings outlive the buffers that use them.
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> files_;
  std::vector<DeviceBuffer> buffers_;
  uint64_t totalBytes_ = 0, importedBytes_ = 0, uploadedBytes_ = 0;
  Progress progress_;
};

} // namespace cria
