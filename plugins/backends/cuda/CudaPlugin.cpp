// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `cuda`: runs compiled device code on NVIDIA GPUs through the CUDA driver.
#include "CodeFormat.h"
#include "Events.h"
#include "Recording.h"

namespace {

using namespace cria::cuda;
using cria::plugin::guarded;

/// The functions of the backend (cria_backend.hpp). Device memory is not host-visible, so there are no import
/// and no host pointer.
struct CudaBackend {
  using Scope = Current;

  static uint32_t deviceCount() { return static_cast<uint32_t>(machine().devices.size()); }

  static Check deviceInfo(uint32_t device, cria_device_info &out) {
    const DeviceProperties *properties = nullptr;
    CRIA_CUDA_TRY(findDevice(device, properties));
    out.name = cria::plugin::string(properties->name);
    out.description = cria::plugin::string(properties->description);
    out.memory_bytes = properties->memoryBytes;
    out.memory_free_bytes = freeMemory(*properties);
    return {};
  }

  static Check probe(uint32_t device, const cria_executable_info &info, cria::plugin::CodeScore &out) {
    const DeviceProperties *properties = nullptr;
    CRIA_CUDA_TRY(findDevice(device, properties));
    out = scoreCode(info, *properties, machine().driver.version);
    return {};
  }

  static Check open(const cria_open_options &options, std::unique_ptr<cria_context> &out) {
    return openContext(options, out);
  }
  static Check load(cria_context &context, const cria_executable &executable,
                    std::unique_ptr<cria_code> &out) {
    return loadCode(context, executable, out);
  }
  static Check record(cria_context &context, cria_code *code, const cria_record_info &info,
                      std::unique_ptr<cria_recording> &out) {
    return cria::cuda::record(context, code, info, out);
  }

  static Check allocate(cria_context &context, const cria_buffer_info &info,
                        std::unique_ptr<cria_buffer> &out) {
    return allocateBuffer(context, info.size, out);
  }
  static void release(cria_context &context, cria_buffer &buffer) {
    const Current current(context);
    (void)context.api.memFree(buffer.address);
  }

  // NOLINTBEGIN(readability-identifier-naming): BackendFunctions calls these names as functions.
  static constexpr auto createQueue = cria::cuda::createQueue;
  static constexpr auto upload = cria::cuda::upload;
  static constexpr auto download = cria::cuda::download;
  static constexpr auto copy = cria::cuda::copy;
  static constexpr auto fill = cria::cuda::fill;
  static constexpr auto replay = cria::cuda::replay;
  static constexpr auto signal = cria::cuda::signal;
  static constexpr auto wait = cria::cuda::wait;
  static constexpr auto finish = cria::cuda::finish;
  static constexpr auto readProfile = cria::cuda::readProfile;
  // NOLINTEND(readability-identifier-naming)

  static void enableProfile(cria_queue &queue, bool on) {
    queue.profiling = on;
    queue.numTimed = 0;
  }
};

cria_status readKernelInfo(cria_context *context, cria_code *code, cria_string kernel, uint32_t threads,
                           uint64_t scratchBytes, cria_kernel_info *out, cria_message *message) {
  return guarded(message, [&] {
    const Current current(*context);
    const Check check = current.check();
    return answer(message, check.failed() ? check
                                          : describeKernel(*code, cria::plugin::view(kernel), threads,
                                                           scratchBytes, *out));
  });
}

const void *findExtension(cria_string name) {
  static constexpr cria_kernel_info_api kKernelInfo = {
      .struct_size = sizeof(cria_kernel_info_api), .reserved = 0, .read = readKernelInfo};
  return cria::plugin::view(name) == CRIA_KERNEL_INFO_EXTENSION ? &kKernelInfo : nullptr;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  cria_plugin plugin = *out; // untouched when the plugin cannot run here
  const cria_status status =
      cria::plugin::answerBackend<CudaBackend>(host, &plugin, message, "cuda", CRIA_VERSION,
                                               "Run compiled kernels on NVIDIA GPUs through the CUDA driver");
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  return guarded(message, [&] {
    setLog(host);
    const Machine *machine = nullptr;
    const Check check = openMachine(machine);
    if (!check.failed()) {
      *out = plugin;
      out->get_extension = findExtension;
    }
    return answer(message, check);
  });
}
