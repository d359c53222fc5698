// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `gpusim`: one device, which runs the IR of device kernels in the simulator. For tests and for
// developers of kernels; never chosen by itself.
#include "Backend.h"

#include "plugins/api/kernel_abi.h"

namespace {

using namespace cria::gpusim;
using cria::plugin::guarded;
using cria::plugin::report;

constexpr const char *kFormat = "gpusim.bitcode";

cria_status deviceCount(uint32_t *count, cria_message *) {
  *count = 1;
  return CRIA_STATUS_OK;
}

cria_status checkDevice(uint32_t device, cria_message *message) {
  return device == 0 ? CRIA_STATUS_OK
                     : report(message, CRIA_STATUS_INVALID_ARGUMENT,
                              "the backend 'gpusim' has one device, number 0; got " + std::to_string(device));
}

cria_status deviceInfo(uint32_t device, cria_device_info *out, cria_message *message) {
  if (cria_status status = checkDevice(device, message); status != CRIA_STATUS_OK) {
    return status;
  }
  out->name = cria::plugin::string("GPU simulator");
  out->description = cria::plugin::string("checks every access; says nothing of speed");
  out->memory_bytes = 0;
  out->memory_free_bytes = cria::plugin::freeMemoryBytes();
  return CRIA_STATUS_OK;
}

cria_status probe(uint32_t device, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    constexpr uint32_t kFits = 100;
    const bool fits =
        cria::plugin::view(info->format) == kFormat && info->kernel_abi == CRIA_GPU_KERNEL_ABI_VERSION;
    *score = fits ? kFits : 0;
    return fits ? CRIA_STATUS_OK
                : report(message, CRIA_STATUS_OK,
                         "the simulator runs format '" + std::string(kFormat) + "' with kernel ABI " +
                             std::to_string(CRIA_GPU_KERNEL_ABI_VERSION) + ", the code has '" +
                             std::string(cria::plugin::view(info->format)) + "' with " +
                             std::to_string(info->kernel_abi));
  });
}

cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(options->device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    if ((options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "unknown flags " + std::to_string(options->flags));
    }
    *out = new cria_context();
    return CRIA_STATUS_OK;
  });
}

void close(cria_context *context) { delete context; }

cria_status bufferAllocate(cria_context *context, uint64_t size, cria_buffer **out, cria_message *message) {
  return guarded(message, [&] {
    cria_buffer *buffer = nullptr;
    if (cria_status status = cria::plugin::host::bufferAllocate(context, size, &buffer, message);
        status != CRIA_STATUS_OK) {
      return status;
    }
    const std::lock_guard lock(context->mutex);
    context->shadows.emplace(buffer, std::vector<uint8_t>(size, 0));
    *out = buffer;
    return CRIA_STATUS_OK;
  });
}

void bufferFree(cria_context *context, cria_buffer *buffer) {
  const std::lock_guard lock(context->mutex);
  context->shadows.erase(buffer);
  cria::plugin::host::bufferFree(context, buffer);
}

cria_status upload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source, uint64_t size,
                   cria_message *message) {
  const cria_status status = cria::plugin::host::upload(queue, buffer, offset, source, size, message);
  if (status == CRIA_STATUS_OK) {
    std::memset(queue->context->shadow(buffer, offset), 1, size);
  }
  return status;
}

cria_status copy(cria_queue *queue, cria_buffer *destination, uint64_t destinationOffset, cria_buffer *source,
                 uint64_t sourceOffset, uint64_t size, cria_message *message) {
  const cria_status status =
      cria::plugin::host::copy(queue, destination, destinationOffset, source, sourceOffset, size, message);
  if (status == CRIA_STATUS_OK) {
    std::memmove(queue->context->shadow(destination, destinationOffset),
                 queue->context->shadow(source, sourceOffset), size);
  }
  return status;
}

cria_status fill(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                 cria_message *message) {
  const cria_status status = cria::plugin::host::fill(queue, buffer, offset, size, value, message);
  if (status == CRIA_STATUS_OK) {
    std::memset(queue->context->shadow(buffer, offset), isPoison(value) ? 0 : 1, size);
  }
  return status;
}

cria_status load(cria_context *, const cria_executable *executable, cria_code **out, cria_message *message) {
  if (executable->reserved != 0) {
    return cria::plugin::refuseReserved(message, "executable");
  }
  return guarded(message, [&] {
    auto code = std::make_unique<cria_code>();
    std::string error;
    code->module = Module::load({static_cast<const char *>(executable->data), executable->size}, error);
    if (!code->module) {
      return report(message, CRIA_STATUS_INCOMPATIBLE_CODE, error);
    }
    *out = code.release();
    return CRIA_STATUS_OK;
  });
}

void unload(cria_context *, cria_code *code) { delete code; }

cria_status record(cria_context *context, cria_code *code, const cria_record_info *info, cria_recording **out,
                   cria_message *message) {
  return guarded(message, [&] {
    std::unique_ptr<cria_recording> recording;
    const cria_status status = recordEntries(*context, code, *info, recording, message);
    if (status == CRIA_STATUS_OK) {
      *out = recording.release();
    }
    return status;
  });
}

void recordingFree(cria_context *, cria_recording *recording) { delete recording; }

cria_backend_api makeApi() {
  cria_backend_api api{};
  api.struct_size = sizeof(api);
  api.flags = CRIA_BACKEND_EXPLICIT_ONLY;
  api.device_count = deviceCount;
  api.device_info = deviceInfo;
  api.probe = probe;
  api.open = open;
  api.close = close;
  api.load = load;
  api.unload = unload;
  api.record = record;
  api.recording_free = recordingFree;
  cria::plugin::installHostMemory(api);
  api.buffer_allocate = bufferAllocate;
  api.buffer_import = nullptr; // every buffer has a record of what it holds
  api.buffer_free = bufferFree;
  api.buffer_host_pointer = nullptr;
  api.upload = upload;
  api.copy = copy;
  api.fill = fill;
  return api;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_backend_api kApi = makeApi();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_BACKEND, "gpusim", CRIA_VERSION,
                                   "Device kernels in a simulator that checks them", &kApi);
}
