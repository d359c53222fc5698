// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Device: an opened device of a backend, and owning handles of its objects. Errors begin with "backend
// NAME".
#pragma once

#include "plugins/api/cria_kernel_info.h"
#include "runtime/plugin/PluginCall.h"

#include <memory>
#include <span>
#include <string>

namespace cria {

/// Frees an object of the plugin ABI with a function of the table that created it.
template <typename Object> struct DeviceDeleter {
  void (*release)(cria_context *, Object *) = nullptr;
  cria_context *context = nullptr;
  void operator()(Object *object) const { release(context, object); }
};
template <typename Object> using DeviceHandle = std::unique_ptr<Object, DeviceDeleter<Object>>;
using DeviceBuffer = DeviceHandle<cria_buffer>;
using DeviceCode = DeviceHandle<cria_code>;
using DeviceCommandBuffer = DeviceHandle<cria_recording>;

/// Not thread-safe; callers serialize. Outlives every handle that it returns.
class Device {
public:
  /// api: has all required functions; copied. Errors: the backend's.
  static StatusOr<std::unique_ptr<Device>> open(const std::string &backendName, const cria_backend_api &api,
                                                const cria_open_options &options);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const cria_backend_api &api() const { return api_; }

  /// Allocates a buffer of `size` bytes. usage: CRIA_BUFFER_*. what: names the buffer in messages. Errors:
  /// the backend's.
  StatusOr<DeviceBuffer> allocate(uint64_t size, uint32_t usage, std::string_view what);
  bool canImport() const { return api_.buffer_import != nullptr; }
  /// Makes a buffer of host memory without copying it. data: 64-byte aligned, outlives the buffer.
  /// REQUIRES: canImport().
  StatusOr<DeviceBuffer> import(std::span<const std::byte> data);
  /// The address of the buffer in host memory; null if it is not host-visible.
  const void *hostPointer(const DeviceBuffer &buffer) const;
  StatusOr<DeviceCode> load(const cria_executable &executable);
  StatusOr<DeviceCommandBuffer> record(cria_code *code, const cria_record_info &info);
  /// Describes a kernel of `code` by an extension of the backend. Errors: the backend's.
  StatusOr<cria_kernel_info> kernelInfo(const cria_kernel_info_api &extension, cria_code *code,
                                        std::string_view symbol, uint32_t threads, uint64_t scratchBytes);

  // On the only queue of the device, in the order of the calls. Offsets and sizes are in bytes.
  Status upload(const DeviceBuffer &buffer, uint64_t offset, const void *source, uint64_t size);
  Status download(const DeviceBuffer &buffer, uint64_t offset, void *destination, uint64_t size);
  Status copy(const DeviceBuffer &buffer, uint64_t destination, uint64_t source, uint64_t size);
  Status fill(const DeviceBuffer &buffer, uint64_t offset, uint64_t size, uint32_t value);
  Status replay(const DeviceCommandBuffer &commandBuffer, const int32_t *cancel);
  Status finish();
  /// Replays a command buffer `count` times back to back and waits for the end, also after an error.
  Status repeat(const DeviceCommandBuffer &commandBuffer, uint32_t count);
  /// Errors: unsupported if the backend does not measure times.
  Status enableProfile(bool on);
  Status readProfile(std::span<uint64_t> nanoseconds);

private:
  Device(const std::string &backendName, const cria_backend_api &api)
      : api_(api), where_("backend " + backendName) {}
  template <typename Call> Status call(Call &&call) const {
    return callPlugin(where_, std::forward<Call>(call));
  }
  template <typename Object, typename Call> Status create(Object *const &object, Call &&call) const {
    return createByPlugin(where_, object, std::forward<Call>(call));
  }

  cria_backend_api api_;
  std::string where_;
  cria_context *context_ = nullptr;
  cria_queue *queue_ = nullptr;
};

} // namespace cria
