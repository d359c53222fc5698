// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The backend `cuda`: runs compiled device code on NVIDIA cards. The table of functions; what they do is
// elsewhere.
#include "CodeFormat.h"
#include "Events.h"
#include "Recording.h"

namespace {

using namespace cria::cuda;
using cria::plugin::guarded;
using cria::plugin::report;

/// Runs make(std::unique_ptr<Object> &) -> Check with the context current and hands out what it made.
template <typename Object, typename Make>
cria_status makeObject(const cria_context &context, Object **out, cria_message *message, Make make) {
  return inContext(context, message, [&] {
    std::unique_ptr<Object> object;
    Check check = make(object);
    if (!check.failed()) {
      *out = object.release();
    }
    return check;
  });
}

/// Deletes with the context current. When it cannot be, the driver has nothing left to release.
template <typename Object> void freeObject(const cria_context &context, Object *object) {
  const Current current(context);
  delete object;
}

cria_status deviceCount(uint32_t *count, cria_message *) {
  *count = static_cast<uint32_t>(machine().devices.size());
  return CRIA_STATUS_OK;
}

cria_status deviceInfo(uint32_t device, cria_device_info *out, cria_message *message) {
  return guarded(message, [&] {
    const DeviceFacts *facts = nullptr;
    if (const Check check = findDevice(device, facts); check.failed()) {
      return answer(message, check);
    }
    out->name = cria::plugin::string(facts->name);
    out->description = cria::plugin::string(facts->description);
    out->memory_bytes = facts->memoryBytes;
    out->memory_free_bytes = freeMemory(*facts);
    return CRIA_STATUS_OK;
  });
}

cria_status probe(uint32_t device, const cria_executable_info *info, uint32_t *score, cria_message *message) {
  return guarded(message, [&] {
    const DeviceFacts *facts = nullptr;
    if (const Check check = findDevice(device, facts); check.failed()) {
      return answer(message, check);
    }
    const Fit fit = fitOf(*info, *facts, machine().driver.version);
    *score = fit.score;
    return fit.score != 0 ? CRIA_STATUS_OK : report(message, CRIA_STATUS_OK, fit.reason);
  });
}

cria_status open(const cria_open_options *options, cria_context **out, cria_message *message) {
  return guarded(message, [&] {
    std::unique_ptr<cria_context> context;
    const Check check = openContext(*options, context);
    if (!check.failed()) {
      *out = context.release();
    }
    return answer(message, check);
  });
}

void close(cria_context *context) { delete context; }

cria_status bufferAllocate(cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                           cria_message *message) {
  return makeObject(*context, out, message,
                    [&](auto &buffer) { return allocateBuffer(*context, info->size, buffer); });
}

void bufferFree(cria_context *context, cria_buffer *buffer) {
  if (buffer != nullptr) {
    const Current current(*context);
    (void)context->api.memFree(buffer->address);
    delete buffer;
  }
}

cria_status load(cria_context *context, const cria_executable *executable, cria_code **out,
                 cria_message *message) {
  if (executable->reserved != 0) {
    return cria::plugin::refuseReserved(message, "executable");
  }
  return makeObject(*context, out, message,
                    [&](auto &code) { return loadCode(*context, *executable, code); });
}

void unload(cria_context *context, cria_code *code) { freeObject(*context, code); }

cria_status recordEntries(cria_context *context, cria_code *code, const cria_record_info *info,
                          cria_recording **out, cria_message *message) {
  return makeObject(*context, out, message,
                    [&](auto &recording) { return record(*context, code, *info, recording); });
}

void recordingFree(cria_context *context, cria_recording *recording) { freeObject(*context, recording); }

cria_status queueCreate(cria_context *context, cria_queue **out, cria_message *message) {
  return makeObject(*context, out, message, [&](auto &queue) { return createQueue(*context, queue); });
}

void queueFree(cria_queue *queue) {
  if (queue != nullptr) {
    freeObject(*queue->context, queue);
  }
}

cria_status queueUpload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, const void *source,
                        uint64_t size, cria_message *message) {
  return inContext(*queue->context, message, [&] { return upload(*queue, *buffer, offset, source, size); });
}

cria_status queueDownload(cria_queue *queue, cria_buffer *buffer, uint64_t offset, void *destination,
                          uint64_t size, cria_message *message) {
  return inContext(*queue->context, message,
                   [&] { return download(*queue, *buffer, offset, destination, size); });
}

cria_status queueCopy(cria_queue *queue, cria_buffer *destination, uint64_t destinationOffset,
                      cria_buffer *source, uint64_t sourceOffset, uint64_t size, cria_message *message) {
  return inContext(*queue->context, message, [&] {
    return copy(*queue, *destination, destinationOffset, *source, sourceOffset, size);
  });
}

cria_status queueFill(cria_queue *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                      cria_message *message) {
  return inContext(*queue->context, message, [&] { return fill(*queue, *buffer, offset, size, value); });
}

cria_status queueReplay(cria_queue *queue, cria_recording *recording, const int32_t *cancel,
                        cria_message *message) {
  return inContext(*queue->context, message, [&] { return replay(*queue, *recording, cancel); });
}

cria_status queueSignal(cria_queue *queue, cria_event **out, cria_message *message) {
  return makeObject(*queue->context, out, message, [&](auto &event) { return signal(*queue, event); });
}

cria_status eventWait(cria_event *event, uint64_t timeoutNs, cria_message *message) {
  return inContext(*event->context, message, [&] { return wait(*event, timeoutNs); });
}

void eventFree(cria_event *event) {
  if (event != nullptr) {
    freeObject(*event->context, event);
  }
}

cria_status queueFinish(cria_queue *queue, cria_message *message) {
  return inContext(*queue->context, message, [&] { return finish(*queue); });
}

cria_status profileEnable(cria_queue *queue, uint32_t on, cria_message *) {
  queue->profiling = on != 0;
  queue->numTimed = 0;
  return CRIA_STATUS_OK;
}

cria_status profileRead(cria_queue *queue, cria_profile *out, cria_message *message) {
  return inContext(*queue->context, message, [&] { return readProfile(*queue, *out); });
}

// Memory of the card is not the host's: no import, no host pointer.
cria_backend_api makeApi() {
  cria_backend_api api{};
  api.struct_size = sizeof(api);
  api.device_count = deviceCount;
  api.device_info = deviceInfo;
  api.probe = probe;
  api.open = open;
  api.close = close;
  api.buffer_allocate = bufferAllocate;
  api.buffer_free = bufferFree;
  api.load = load;
  api.unload = unload;
  api.record = recordEntries;
  api.recording_free = recordingFree;
  api.queue_create = queueCreate;
  api.queue_free = queueFree;
  api.upload = queueUpload;
  api.download = queueDownload;
  api.copy = queueCopy;
  api.fill = queueFill;
  api.replay = queueReplay;
  api.signal = queueSignal;
  api.event_wait = eventWait;
  api.event_free = eventFree;
  api.finish = queueFinish;
  api.profile_enable = profileEnable;
  api.profile_read = profileRead;
  return api;
}

} // namespace

extern "C" cria_status cria_plugin_query(const cria_host *host, cria_plugin *out, cria_message *message) {
  static const cria_backend_api kApi = makeApi();
  cria_plugin plugin = *out; // untouched when the plugin cannot run here
  const cria_status status =
      cria::plugin::answerQuery(host, &plugin, message, CRIA_PLUGIN_BACKEND, "cuda", CRIA_VERSION,
                                "Compiled kernels on NVIDIA cards, through the CUDA driver", &kApi);
  if (status != CRIA_STATUS_OK) {
    return status;
  }
  return guarded(message, [&] {
    setLog(host);
    const Machine *machine = nullptr;
    const Check check = openMachine(machine);
    if (!check.failed()) {
      *out = plugin;
    }
    return answer(message, check);
  });
}
