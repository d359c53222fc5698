// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One buffer per weight. Weights are uploaded in pieces, for progress and for small staging memory.
#include "runtime/exec/WeightBuffers.h"

#include "plugins/api/kernel_abi.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

static constexpr uint64_t kUploadBytes = uint64_t(16) << 20;

StatusOr<WeightBuffers> WeightBuffers::load(const Package &package, const Program &program, Device &device,
                                            const Progress &progress) {
  WeightBuffers weights;
  weights.totalBytes_ = program.weightBytes();
  weights.progress_ = progress;
  for (const ProgramWeight &weight : program.weights) {
    CRIA_RETURN_IF_ERROR(weights.loadWeight(package, weight, device));
  }
  CRIA_RETURN_IF_ERROR(device.finish());
  weights.progress_ = {};
  return weights;
}

StatusOr<const SafetensorsFile *> WeightBuffers::file(const Package &package, const std::string &name) {
  auto &file = files_[name];
  if (!file) {
    CRIA_ASSIGN_OR_RETURN(file, package.weightFile(name));
  }
  return file.get();
}

Status WeightBuffers::loadWeight(const Package &package, const ProgramWeight &weight, Device &device) {
  std::string what = fmt::format("weight '{}'", printable(weight.name));
  if (weight.file.empty()) {
    // `initialize` writes the logical rows only, and padding must be zero.
    uint64_t size = (weight.size + 3) / 4 * 4;
    CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, device.allocate(size, CRIA_BUFFER_WEIGHTS, what));
    buffers_.push_back(std::move(buffer));
    return device.fill(buffers_.back(), 0, size, 0).withContext(what);
  }
  CRIA_ASSIGN_OR_RETURN(const SafetensorsFile *mapped, file(package, weight.file));
  CRIA_ASSIGN_OR_RETURN(std::span<const std::byte> data, findWeight(*mapped, weight));
  bool isAligned = reinterpret_cast<uintptr_t>(data.data()) % CRIA_KERNEL_ALIGNMENT == 0;
  if (device.canImport() && isAligned) {
    CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, device.import(data));
    buffers_.push_back(std::move(buffer));
    importedBytes_ += weight.size;
    return {};
  }
  CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, device.allocate(weight.size, CRIA_BUFFER_WEIGHTS, what));
  buffers_.push_back(std::move(buffer));
  return upload(weight, data, device).withContext(what);
}

Status WeightBuffers::upload(const ProgramWeight &weight, std::span<const std::byte> data, Device &device) {
  for (uint64_t offset = 0; offset < weight.size; offset += kUploadBytes) {
    uint64_t size = std::min(kUploadBytes, weight.size - offset);
    CRIA_RETURN_IF_ERROR(device.upload(buffers_.back(), offset, data.data() + offset, size));
    uploadedBytes_ += size;
    if (progress_) {
      progress_(uploadedBytes_, totalBytes_);
    }
  }
  return {};
}

} // namespace cria
