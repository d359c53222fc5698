// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `cpu`: runs compiled kernel libraries on the processor with a pool of threads. One device.
#include "InstructionSet.h"
#include "Machine.h"
#include "Recording.h"

namespace {

using namespace cria::cpu;
using cria::plugin::guarded;
using cria::plugin::report;

// More threads than any machine has processors is a mistake of the caller.
constexpr uint32_t kMaxThreads = 4096;

cria_status checkDevice(uint32_t device, cria_message *message) {
  return device == 0 ? CRIA_STATUS_OK
                     : report(message, CRIA_STATUS_INVALID_ARGUMENT,
                              "the backend 'cpu' has one device, number 0; got " + std::to_string(device));
}

cria_status deviceCount(uint32_t *count, cria_message *) {
  *count = 1;
  return CRIA_STATUS_OK;
}

cria_status deviceInfo(uint32_t device, cria_device_info *out, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    static const std::string kName = processorName();
    static const std::string kDescription =
        std::string(bestLevel()) + ", cores: " + std::to_string(availableCores());
    const Memory memory = readMemory();
    out->name = cria::plugin::string(kName);
    out->description = cria::plugin::string(kDescription);
    out->memory_bytes = memory.totalBytes;
    out->memory_free_bytes = memory.freeBytes;
    return CRIA_STATUS_OK;
  });
}

cria_status probe(uint32_t device, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    const Fit fit = fitOf(*info);
    *score = fit.score;
    return fit.score != 0 ? CRIA_STATUS_OK : report(message, CRIA_STATUS_OK, fit.reason);
  });
}

cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(options->device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    if (options->num_threads > kMaxThreads || (options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                    "expected at most " + std::to_string(kMaxThreads) + " threads and known flags, got " +
                        std::to_string(options->num_threads) + " threads and flags " +
                        std::to_string(options->flags));
    }
    auto context =
        std::make_unique<cria_context>(options->num_threads != 0 ? options->num_threads : availableCores());
    context->poisonScratch = (options->flags & CRIA_OPEN_POISON_SCRATCH) != 0;
    *out = context.release();
    return CRIA_STATUS_OK;
  });
}

void close(cria_context *context) { delete context; }

cria_status load(cria_context *, const cria_executable *executable, cria_code **out, cria_message *message) {
  if (executable->reserved != 0) {
    return cria::plugin::refuseReserved(message, "executable");
  }
  return cria::plugin::handOut(out, message, [&](std::unique_ptr<cria_code> &code) {
    code = std::make_unique<cria_code>();
    return KernelLibrary::load(*executable, code->library, message);
  });
}

void unload(cria_context *, cria_code *code) { delete code; }

cria_status record(cria_context *context, cria_code *code, const cria_record_info *info, cria_recording **out,
                   cria_message *message) {
  const KernelLibrary *library = code != nullptr ? code->library.get() : nullptr;
  return cria::plugin::handOut(out, message, [&](std::unique_ptr<cria_recording> &recording) {
    return recordEntries(*context, library, *info, recording, message);
  });
}

void recordingFree(cria_context *, cria_recording *recording) { delete recording; }

cria_backend_api makeApi() {
  cria_backend_api api{};
  api.struct_size = sizeof(api);
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
  return api;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_backend_api kApi = makeApi();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_BACKEND, "cpu", CRIA_VERSION,
                                   "Compiled kernels on this machine's processor", &kApi);
}
