// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `gpusim`: a simulated GPU that checks kernels, for tests. It is used only if it is named. The
// environment variable CRIA_GPUSIM contains letters: l, w and b run lanes, warps and blocks in reverse order;
// s lets only barriers order memory accesses within a warp; c reports bank conflicts as findings.
#include "plugins/backends/gpusim/Recording.h"

#include "plugins/api/kernel_abi.h"

namespace {

using namespace cria::gpusim;
using cria::plugin::view;

constexpr std::string_view kFormat = "gpusim.bitcode";
constexpr uint32_t kPlainFit = 100;

/// Returns why the code cannot run; empty if it can.
std::string misfit(const cria_executable_info &info) {
  if (view(info.format) != kFormat) {
    return "expected format '" + std::string(kFormat) + "', got '" + std::string(view(info.format)) + "'";
  }
  if (info.kernel_abi != CRIA_GPU_KERNEL_ABI_VERSION) {
    return "expected GPU kernel ABI " + std::to_string(CRIA_GPU_KERNEL_ABI_VERSION) + ", got " +
           std::to_string(info.kernel_abi);
  }
  return findArchitecture(view(info.features)) != nullptr
             ? ""
             : "expected features sm_80, sm_86, sm_89 or sm_90, got '" + std::string(view(info.features)) +
                   "'";
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

/// The functions of the backend (cria_backend.hpp).
struct GpuSimBackend : ShadowMemory {
  static uint32_t deviceCount() { return 1; }

  static Check deviceInfo(uint32_t device, cria_device_info &out) {
    out.name = cria::plugin::string("GPU simulator");
    out.description = cria::plugin::string("sm_80 to sm_90, with checks");
    out.memory_bytes = 0;
    out.memory_free_bytes = cria::plugin::freeMemoryBytes();
    return cria::plugin::checkOnlyDevice(device, "gpusim");
  }

  static Check probe(uint32_t device, const cria_executable_info &info, cria::plugin::CodeScore &out) {
    out.reason = misfit(info);
    out.score = out.reason.empty() ? kPlainFit : 0;
    return cria::plugin::checkOnlyDevice(device, "gpusim");
  }

  /// Shared memory is always poisoned. The number of threads is ignored.
  static Check open(const cria_open_options &options, std::unique_ptr<cria_context> &out) {
    if (Check check = cria::plugin::checkOnlyDevice(options.device, "gpusim"); check.failed()) {
      return check;
    }
    out.reset(new cria_context{optionsOfEnvironment()});
    return cria::plugin::checkOpenFlags(options.flags, CRIA_OPEN_POISON_SCRATCH);
  }

  static Check load(cria_context &context, const cria_executable &executable,
                    std::unique_ptr<cria_code> &out) {
    std::string reason = misfit(*executable.info);
    if (reason.empty()) {
      out = std::make_unique<cria_code>();
      out->architecture = findArchitecture(view(executable.info->features));
      out->options = context.options;
      out->module = Module::load({static_cast<const char *>(executable.data), executable.size}, reason);
    }
    return out != nullptr && out->module != nullptr
               ? Check{}
               : cria::plugin::refuse(CRIA_STATUS_INCOMPATIBLE_CODE, reason);
  }

  static Check record(cria_context &, cria_code *code, const cria_record_info &info,
                      std::unique_ptr<cria_recording> &out) {
    return recordEntries(code, info, out);
  }

  static Check replay(cria_queue &queue, cria_recording &recording, const int32_t *cancel) {
    return replayEntries(recording, cancel, queue.profile);
  }
};

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  return cria::plugin::answerBackend<GpuSimBackend>(
      host, out, message, "gpusim", CRIA_VERSION,
      "Run kernels for NVIDIA GPUs on a simulator that checks them", CRIA_BACKEND_EXPLICIT_ONLY);
}
