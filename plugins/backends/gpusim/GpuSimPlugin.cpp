// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `gpusim`: a GPU for tests, simulated with checks. Never chosen by itself. The environment
// variable CRIA_GPUSIM holds letters: l, w, b run lanes, warps, blocks in reverse order; s takes only
// barriers for an order within a warp; c makes bank conflicts a finding.
#include "plugins/backends/gpusim/Recording.h"

#include "plugins/api/kernel_abi.h"

namespace {

using namespace cria::gpusim;
using cria::plugin::guarded;
using cria::plugin::report;
using cria::plugin::view;

constexpr std::string_view kFormat = "gpusim.bitcode";
constexpr uint32_t kPlainFit = 100;

cria_status checkDevice(uint32_t device, cria_message *message) {
  return device == 0 ? CRIA_STATUS_OK
                     : report(message, CRIA_STATUS_INVALID_ARGUMENT,
                              "the backend 'gpusim' has one device, number 0; got " + std::to_string(device));
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
    out->name = cria::plugin::string("GPU simulator");
    out->description = cria::plugin::string("sm_80 to sm_90, with checks");
    out->memory_bytes = 0;
    out->memory_free_bytes = cria::plugin::freeMemoryBytes();
    return CRIA_STATUS_OK;
  });
}

/// Why code does not fit; empty when it does.
std::string misfit(const cria_executable_info &info) {
  if (view(info.format) != kFormat) {
    return "expected format '" + std::string(kFormat) + "', got '" + std::string(view(info.format)) + "'";
  }
  if (info.kernel_abi != CRIA_GPU_KERNEL_ABI_VERSION) {
    return "expected version " + std::to_string(CRIA_GPU_KERNEL_ABI_VERSION) + " of the kernel ABI, got " +
           std::to_string(info.kernel_abi);
  }
  return findArchitecture(view(info.features)) != nullptr
             ? ""
             : "expected features sm_80, sm_86, sm_89 or sm_90, got '" + std::string(view(info.features)) +
                   "'";
}

cria_status probe(uint32_t device, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    const std::string reason = misfit(*info);
    *score = reason.empty() ? kPlainFit : 0;
    return reason.empty() ? CRIA_STATUS_OK : report(message, CRIA_STATUS_OK, reason);
  });
}

Options optionsOfEnvironment() {
  const char *text = std::getenv("CRIA_GPUSIM");
  const std::string_view letters = text != nullptr ? text : "";
  const auto has = [&](char letter) { return letters.find(letter) != std::string_view::npos; };
  return {.reverseLanes = has('l'),
          .reverseWarps = has('w'),
          .reverseBlocks = has('b'),
          .countBankConflicts = has('c'),
          .strictWarpOrder = has('s')};
}

// Shared memory is always poisoned; the number of threads is not used.
cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  return guarded(message, [&] {
    if (cria_status status = checkDevice(options->device, message); status != CRIA_STATUS_OK) {
      return status;
    }
    if ((options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT,
                    "expected known flags, got " + std::to_string(options->flags));
    }
    *out = new cria_context{optionsOfEnvironment()};
    return CRIA_STATUS_OK;
  });
}

void close(cria_context *context) { delete context; }

cria_status load(cria_context *context, const cria_executable *executable, cria_code **out,
                 cria_message *message) {
  if (executable->reserved != 0) {
    return cria::plugin::refuseReserved(message, "executable");
  }
  return cria::plugin::handOut(out, message, [&](std::unique_ptr<cria_code> &code) {
    std::string reason = misfit(*executable->info);
    if (!reason.empty()) {
      return report(message, CRIA_STATUS_INCOMPATIBLE_CODE, reason);
    }
    code = std::make_unique<cria_code>();
    code->architecture = findArchitecture(view(executable->info->features));
    code->options = context->options;
    code->module = Module::load({static_cast<const char *>(executable->data), executable->size}, reason);
    return code->module != nullptr ? CRIA_STATUS_OK : report(message, CRIA_STATUS_INCOMPATIBLE_CODE, reason);
  });
}

void unload(cria_context *, cria_code *code) { delete code; }

cria_status record(cria_context *, cria_code *code, const cria_record_info *info, cria_recording **out,
                   cria_message *message) {
  return cria::plugin::handOut(out, message, [&](std::unique_ptr<cria_recording> &recording) {
    return recordEntries(code, *info, recording, message);
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
  installShadowBuffers(api);
  return api;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_backend_api kApi = makeApi();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_BACKEND, "gpusim", CRIA_VERSION,
                                   "Kernels for NVIDIA GPUs on a simulator that checks them", &kApi);
}
