// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `reference`: runs programs of the ops target in plain scalar f32. Slow and easy to read; the
// oracle that other backends are compared with. Never chosen by itself.
#include "Recording.h"

namespace {

constexpr uint32_t kOpsetVersion = 1;
constexpr uint32_t kScore = 10;

} // namespace

struct cria_context {};
struct cria_code {};

namespace {

using cria::plugin::report;
using cria::plugin::view;

cria_status deviceCount(uint32_t *count, cria_message *) {
  *count = 1;
  return CRIA_STATUS_OK;
}

cria_status deviceInfo(uint32_t device, cria_device_info *out, cria_message *message) {
  if (device != 0) {
    return report(message, CRIA_STATUS_NOT_FOUND, "the backend 'reference' has one device, number 0");
  }
  out->name = cria::plugin::string("host memory");
  out->description = cria::plugin::string("scalar f32, one thread");
  return CRIA_STATUS_OK;
}

cria_status probe(uint32_t, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return cria::plugin::guarded(message, [&] {
    *score = 0;
    if (view(info->format) != "cria.ops.v1") {
      return report(message, CRIA_STATUS_OK,
                    "runs format 'cria.ops.v1', not '" + std::string(view(info->format)) + "'");
    }
    if (info->kernel_abi != kOpsetVersion) {
      return report(message, CRIA_STATUS_OK, "runs opset 1, not " + std::to_string(info->kernel_abi));
    }
    *score = kScore;
    return CRIA_STATUS_OK;
  });
}

cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  if (options->device != 0) {
    return report(message, CRIA_STATUS_NOT_FOUND, "the backend 'reference' has one device, number 0");
  }
  if ((options->flags & ~CRIA_OPEN_POISON_SCRATCH) != 0) { // it has no scratch to poison
    return report(message, CRIA_STATUS_UNSUPPORTED, "flags that this backend does not know");
  }
  return cria::plugin::guarded(message, [&] {
    *out = new cria_context{};
    return CRIA_STATUS_OK;
  });
}

void close(cria_context *context) { delete context; }

cria_status load(cria_context *, const cria_executable *executable, cria_code **out, cria_message *message) {
  if (executable->reserved != 0) {
    return cria::plugin::refuseReserved(message, "executable");
  }
  if (view(executable->info->format) != "cria.ops.v1" || executable->info->kernel_abi != kOpsetVersion) {
    return report(message, CRIA_STATUS_INCOMPATIBLE_CODE, "expected format 'cria.ops.v1' with opset 1");
  }
  return cria::plugin::guarded(message, [&] {
    *out = new cria_code{};
    return CRIA_STATUS_OK;
  });
}

void unload(cria_context *, cria_code *code) { delete code; }

cria_status record(cria_context *, cria_code *, const cria_record_info *info, cria_recording **out,
                   cria_message *message) {
  return cria::plugin::handOut(out, message, [&](std::unique_ptr<cria_recording> &recording) {
    return cria::reference::recordEntries(*info, recording, message);
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
  return api;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_backend_api kApi = makeApi();
  return cria::plugin::answerQuery(host, out, message, CRIA_PLUGIN_BACKEND, "reference", CRIA_VERSION,
                                   "Scalar f32 interpreter of the opset, the oracle for other backends",
                                   &kApi);
}
