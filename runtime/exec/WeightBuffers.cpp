// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One buffer for each array of a weight. Weights are uploaded in pieces, for progress and for small staging
// memory.
#include "runtime/exec/WeightBuffers.h"

#include "plugins/api/kernel_abi.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

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
  const SafetensorsFile *mapped = nullptr;
  if (!weight.file.empty()) {
    CRIA_ASSIGN_OR_RETURN(mapped, file(package, weight.file));
  }
  std::vector<DeviceBuffer> &arrays = buffers_.emplace_back();
  for (const ProgramWeightArray &array : weight.arrays) {
    std::string what = fmt::format("weight '{}'", printable(arrayName(weight.name, array.suffix)));
    CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, mapped ? loadArray(*mapped, array, device, what)
                                                      : allocateZeroed(array, device, what));
    arrays.push_back(std::move(buffer));
  }
  return {};
}

/// `initialize` writes the rows that exist; what pads them must be zero.
StatusOr<DeviceBuffer> WeightBuffers::allocateZeroed(const ProgramWeightArray &array, Device &device,
                                                     const std::string &what) const {
  uint64_t size = (array.size + 3) / 4 * 4;
  CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, device.allocate(size, CRIA_BUFFER_WEIGHTS, what));
  CRIA_RETURN_IF_ERROR(device.fill(buffer, 0, size, 0).withContext(what));
  return buffer;
}

StatusOr<DeviceBuffer> WeightBuffers::loadArray(const SafetensorsFile &file, const ProgramWeightArray &array,
                                                Device &device, const std::string &what) {
  CRIA_ASSIGN_OR_RETURN(std::span<const std::byte> data, findArray(file, array, what));
  bool isAligned = reinterpret_cast<uintptr_t>(data.data()) % CRIA_KERNEL_ALIGNMENT == 0;
  if (device.canImport() && isAligned) {
    importedBytes_ += array.size;
    return device.import(data);
  }
  CRIA_ASSIGN_OR_RETURN(DeviceBuffer buffer, device.allocate(array.size, CRIA_BUFFER_WEIGHTS, what));
  CRIA_RETURN_IF_ERROR(upload(buffer, data, device).withContext(what));
  return buffer;
}

Status WeightBuffers::upload(const DeviceBuffer &buffer, std::span<const std::byte> data, Device &device) {
  for (uint64_t offset = 0; offset < data.size(); offset += kUploadBytes) {
    uint64_t size = std::min(kUploadBytes, data.size() - offset);
    CRIA_RETURN_IF_ERROR(device.upload(buffer, offset, data.data() + offset, size));
    uploadedBytes_ += size;
    if (progress_) {
      progress_(uploadedBytes_, totalBytes_);
    }
  }
  return {};
}

} // namespace cria
