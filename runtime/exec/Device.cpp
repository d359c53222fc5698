// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls the functions of a backend's table and converts their statuses.
#include "runtime/exec/Device.h"

namespace cria {

StatusOr<std::unique_ptr<Device>> Device::open(const std::string &backendName, const cria_backend_api &api,
                                               const cria_open_options &options) {
  std::unique_ptr<Device> device(new Device(backendName, api));
  CRIA_RETURN_IF_ERROR(device->create(
      device->context_, [&](cria_message *m) { return api.open(&options, &device->context_, m); }));
  CRIA_RETURN_IF_ERROR(device->create(device->queue_, [&](cria_message *m) {
    return api.queue_create(device->context_, &device->queue_, m);
  }));
  return device;
}

Device::~Device() {
  if (queue_) {
    api_.queue_free(queue_);
  }
  if (context_) {
    api_.close(context_);
  }
}

StatusOr<DeviceBuffer> Device::allocate(uint64_t size, uint32_t usage, std::string_view what) {
  const cria_buffer_info info{sizeof(info), usage, size};
  cria_buffer *buffer = nullptr;
  Status status =
      create(buffer, [&](cria_message *m) { return api_.buffer_allocate(context_, &info, &buffer, m); });
  CRIA_RETURN_IF_ERROR(status.withContext(fmt::format("cannot allocate {} bytes for {}", size, what)));
  return DeviceBuffer(buffer, {api_.buffer_free, context_});
}

StatusOr<DeviceBuffer> Device::import(std::span<const std::byte> data) {
  cria_buffer *buffer = nullptr;
  CRIA_RETURN_IF_ERROR(create(buffer, [&](cria_message *m) {
    return api_.buffer_import(context_, data.data(), data.size(), &buffer, m);
  }));
  return DeviceBuffer(buffer, {api_.buffer_free, context_});
}

const void *Device::hostPointer(const DeviceBuffer &buffer) const {
  return api_.buffer_host_pointer ? api_.buffer_host_pointer(context_, buffer.get()) : nullptr;
}

StatusOr<DeviceCode> Device::load(const cria_executable &executable) {
  cria_code *code = nullptr;
  CRIA_RETURN_IF_ERROR(
      create(code, [&](cria_message *m) { return api_.load(context_, &executable, &code, m); }));
  return DeviceCode(code, {api_.unload, context_});
}

StatusOr<cria_kernel_info> Device::kernelInfo(const cria_kernel_info_api &extension, cria_code *code,
                                              std::string_view symbol, uint32_t threads,
                                              uint64_t scratchBytes) {
  cria_kernel_info info = {.struct_size = sizeof(info)};
  CRIA_RETURN_IF_ERROR(call([&](cria_message *m) {
    return extension.read(context_, code, abiString(symbol), threads, scratchBytes, &info, m);
  }));
  return info;
}

StatusOr<DeviceCommandBuffer> Device::record(cria_code *code, const cria_record_info &info) {
  cria_recording *commandBuffer = nullptr;
  CRIA_RETURN_IF_ERROR(create(
      commandBuffer, [&](cria_message *m) { return api_.record(context_, code, &info, &commandBuffer, m); }));
  return DeviceCommandBuffer(commandBuffer, {api_.recording_free, context_});
}

Status Device::upload(const DeviceBuffer &buffer, uint64_t offset, const void *source, uint64_t size) {
  return call([&](cria_message *m) { return api_.upload(queue_, buffer.get(), offset, source, size, m); });
}

Status Device::download(const DeviceBuffer &buffer, uint64_t offset, void *destination, uint64_t size) {
  return call(
      [&](cria_message *m) { return api_.download(queue_, buffer.get(), offset, destination, size, m); });
}

Status Device::copy(const DeviceBuffer &buffer, uint64_t destination, uint64_t source, uint64_t size) {
  return call([&](cria_message *m) {
    return api_.copy(queue_, buffer.get(), destination, buffer.get(), source, size, m);
  });
}

Status Device::fill(const DeviceBuffer &buffer, uint64_t offset, uint64_t size, uint32_t value) {
  return call([&](cria_message *m) { return api_.fill(queue_, buffer.get(), offset, size, value, m); });
}

Status Device::replay(const DeviceCommandBuffer &commandBuffer, const int32_t *cancel) {
  return call([&](cria_message *m) { return api_.replay(queue_, commandBuffer.get(), cancel, m); });
}

Status Device::finish() {
  return call([&](cria_message *m) { return api_.finish(queue_, m); });
}

Status Device::repeat(const DeviceCommandBuffer &commandBuffer, uint32_t count) {
  Status status;
  for (uint32_t i = 0; i < count && status.ok(); ++i) {
    status = replay(commandBuffer, nullptr);
  }
  Status finished = finish();
  return status.ok() ? finished : status;
}

Status Device::enableProfile(bool on) {
  if (!api_.profile_enable || !api_.profile_read) {
    return error(StatusCode::unsupported, "{} does not measure the times of dispatches", where_);
  }
  return call([&](cria_message *m) { return api_.profile_enable(queue_, on, m); });
}

Status Device::readProfile(std::span<uint64_t> nanoseconds) {
  cria_profile profile = {.struct_size = sizeof(cria_profile),
                          .num_entries = static_cast<uint32_t>(nanoseconds.size()),
                          .nanoseconds = nanoseconds.data()};
  CRIA_RETURN_IF_ERROR(call([&](cria_message *m) { return api_.profile_read(queue_, &profile, m); }));
  if (profile.num_entries != nanoseconds.size()) {
    return error(StatusCode::internal, "{}: expected times of {} entries, got {}", where_, nanoseconds.size(),
                 profile.num_entries);
  }
  return {};
}

} // namespace cria
