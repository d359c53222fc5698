// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_backend.hpp - makes the function table of a backend from a class. Optional C++20 conveniences over
// cria_plugin.h; plugins/backends/null/null_backend.c is a backend in C.
#pragma once

#include "cria_entry_checks.hpp"

namespace cria::plugin {

/// The result of probe(): the score of code on a device. 0: it cannot run, and `reason` says why; otherwise
/// `reason` says what lowers the score here, and is empty if nothing does.
struct CodeScore {
  uint32_t score = 0;
  std::string reason;
};

/// Returns OK for device 0 and NOT_FOUND for others. For a backend with one device.
inline Check checkOnlyDevice(uint32_t device, std::string_view backend) {
  return device == 0 ? Check{}
                     : refuse(CRIA_STATUS_NOT_FOUND, "the backend '" + std::string(backend) +
                                                         "' has one device: expected device 0, got " +
                                                         std::to_string(device));
}

/// Returns OK if `flags` contains only the CRIA_OPEN_* bits `known`.
inline Check checkOpenFlags(uint32_t flags, uint32_t known) {
  return (flags & ~known) == 0 ? Check{}
                               : invalid("expected only flags of the mask " + std::to_string(known) +
                                         ", got " + std::to_string(flags));
}

/// Returns whether another thread has set the cancel flag of a replay. cancel: may be null.
inline bool isCancelled(const int32_t *cancel) {
  return cancel != nullptr && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0;
}

/// The functions of a backend. `Backend` defines cria_context, cria_code, cria_recording, cria_buffer,
/// cria_queue and cria_event globally; the last two have a member `cria_context *context`. Its functions are
/// static and return a Check; they may throw Refusal. They write new objects to `out`:
///   uint32_t deviceCount();
///   Check deviceInfo(uint32_t device, cria_device_info &out);
///   Check probe(uint32_t device, const cria_executable_info &info, CodeScore &out);
///   Check open(const cria_open_options &options, std::unique_ptr<cria_context> &out);
///   Check load(cria_context &, const cria_executable &, std::unique_ptr<cria_code> &out);
///   Check record(cria_context &, cria_code *, const cria_record_info &,
///                std::unique_ptr<cria_recording> &out);
///   Check allocate(cria_context &, const cria_buffer_info &, std::unique_ptr<cria_buffer> &out);
///   Check createQueue(cria_context &, std::unique_ptr<cria_queue> &out);
///   Check upload(cria_queue &, cria_buffer &, uint64_t offset, const void *source, uint64_t size);
///   Check download(cria_queue &, cria_buffer &, uint64_t offset, void *destination, uint64_t size);
///   Check copy(cria_queue &, cria_buffer &destination, uint64_t destinationOffset, cria_buffer &source,
///              uint64_t sourceOffset, uint64_t size);
///   Check fill(cria_queue &, cria_buffer &, uint64_t offset, uint64_t size, uint32_t value);
///   Check replay(cria_queue &, cria_recording &, const int32_t *cancel);
///   Check signal(cria_queue &, std::unique_ptr<cria_event> &out);
///   Check wait(cria_event &, uint64_t timeoutNs);
///   Check finish(cria_queue &);
///   void enableProfile(cria_queue &, bool on);
///   Check readProfile(cria_queue &, cria_profile &out);
/// Optional:
///   Check import(cria_context &, const void *data, uint64_t size, std::unique_ptr<cria_buffer> &out);
///   void *hostPointer(cria_buffer &);
///   void release(cria_context &, cria_buffer &);  // before a buffer is deleted
///   class Scope;  // Scope(const cria_context &) and Check check() const: lives while a function runs
/// HostMemory (cria_host_backend.hpp) implements all functions from `allocate` on, except `replay`.
///
/// The lambdas below have `auto` parameters for types that the plugin defines after it includes this
/// header.
template <typename Backend> struct BackendFunctions {
  /// flags: CRIA_BACKEND_*.
  static cria_backend_api table(uint32_t flags = 0) {
    cria_backend_api api{};
    api.struct_size = sizeof(api);
    api.flags = flags;
    installDevices(api);
    installCode(api);
    installBuffers(api);
    installQueues(api);
    return api;
  }

private:
  template <typename Body>
  static cria_status within(const cria_context *context, cria_message *message, Body body) {
    return guarded(message, [&] {
      if constexpr (requires { typename Backend::Scope; }) {
        const typename Backend::Scope scope(*context);
        const Check check = scope.check();
        return answer(message, check.failed() ? check : body());
      } else {
        return answer(message, body());
      }
    });
  }

  /// Runs make(std::unique_ptr<Object> &) -> Check.
  template <typename Object, typename Make>
  static cria_status create(const cria_context *context, Object **out, cria_message *message, Make make) {
    return within(context, message, [&] {
      std::unique_ptr<Object> object;
      Check check = make(object);
      if (!check.failed()) {
        *out = object.release();
      }
      return check;
    });
  }

  template <typename Object> static void destroy(const cria_context *context, Object *object) {
    if constexpr (requires { typename Backend::Scope; }) {
      const typename Backend::Scope scope(*context); // if it fails, the device holds nothing to release
      delete object;
    } else {
      delete object;
    }
  }

  static void installDevices(cria_backend_api &api) {
    api.device_count = [](uint32_t *count, cria_message *) {
      *count = Backend::deviceCount();
      return CRIA_STATUS_OK;
    };
    api.device_info = [](uint32_t device, cria_device_info *out, cria_message *message) {
      return guarded(message, [&] { return answer(message, Backend::deviceInfo(device, *out)); });
    };
    api.probe = [](uint32_t device, const cria_executable_info *info, uint32_t *score,
                   cria_message *message) {
      return guarded(message, [&] {
        CodeScore fit;
        if (const Check check = Backend::probe(device, *info, fit); check.failed()) {
          return answer(message, check);
        }
        *score = fit.score;
        return report(message, CRIA_STATUS_OK, fit.reason);
      });
    };
    api.open = [](const cria_open_options *options, cria_context **out, cria_message *message) {
      return guarded(message, [&] {
        std::unique_ptr<cria_context> context;
        const Check check = Backend::open(*options, context);
        if (!check.failed()) {
          *out = context.release();
        }
        return answer(message, check);
      });
    };
    api.close = [](auto *context) { delete context; };
  }

  static void installCode(cria_backend_api &api) {
    api.load = [](cria_context *context, const cria_executable *executable, cria_code **out,
                  cria_message *message) {
      return executable->reserved != 0 ? refuseReserved(message, "executable")
                                       : create(context, out, message, [&](auto &code) {
                                           return Backend::load(*context, *executable, code);
                                         });
    };
    api.unload = [](cria_context *context, cria_code *code) { destroy(context, code); };
    api.record = [](cria_context *context, cria_code *code, const cria_record_info *info,
                    cria_recording **out, cria_message *message) {
      return create(context, out, message,
                    [&](auto &recording) { return Backend::record(*context, code, *info, recording); });
    };
    api.recording_free = [](cria_context *context, cria_recording *recording) {
      destroy(context, recording);
    };
  }

  static void installBuffers(cria_backend_api &api) {
    api.buffer_allocate = [](cria_context *context, const cria_buffer_info *info, cria_buffer **out,
                             cria_message *message) {
      return create(context, out, message,
                    [&](auto &buffer) { return Backend::allocate(*context, *info, buffer); });
    };
    api.buffer_free = freeBuffer<cria_buffer>;
    if constexpr (requires(cria_context &context, std::unique_ptr<cria_buffer> &out) {
                    Backend::import(context, nullptr, 0, out);
                  }) {
      api.buffer_import = [](cria_context *context, const void *data, uint64_t size, cria_buffer **out,
                             cria_message *message) {
        return create(context, out, message,
                      [&](auto &buffer) { return Backend::import(*context, data, size, buffer); });
      };
    }
    if constexpr (requires(cria_buffer &buffer) { Backend::hostPointer(buffer); }) {
      api.buffer_host_pointer = [](cria_context *, cria_buffer *buffer) -> void * {
        return Backend::hostPointer(*buffer);
      };
    }
  }

  template <typename Buffer> static void freeBuffer(cria_context *context, Buffer *buffer) {
    if (buffer == nullptr) {
      return;
    }
    if constexpr (requires { Backend::release(*context, *buffer); }) {
      Backend::release(*context, *buffer);
    }
    delete buffer;
  }

  static void installQueues(cria_backend_api &api) {
    api.queue_create = [](cria_context *context, cria_queue **out, cria_message *message) {
      return create(context, out, message,
                    [&](auto &queue) { return Backend::createQueue(*context, queue); });
    };
    api.queue_free = [](auto *queue) {
      if (queue != nullptr) {
        destroy(queue->context, queue);
      }
    };
    api.replay = [](auto *queue, cria_recording *recording, const int32_t *cancel, cria_message *message) {
      return within(queue->context, message, [&] { return Backend::replay(*queue, *recording, cancel); });
    };
    api.finish = [](auto *queue, cria_message *message) {
      return within(queue->context, message, [&] { return Backend::finish(*queue); });
    };
    installTransfers(api);
    installEvents(api);
    installProfile(api);
  }

  static void installTransfers(cria_backend_api &api) {
    api.upload = [](auto *queue, cria_buffer *buffer, uint64_t offset, const void *source, uint64_t size,
                    cria_message *message) {
      return within(queue->context, message,
                    [&] { return Backend::upload(*queue, *buffer, offset, source, size); });
    };
    api.download = [](auto *queue, cria_buffer *buffer, uint64_t offset, void *destination, uint64_t size,
                      cria_message *message) {
      return within(queue->context, message,
                    [&] { return Backend::download(*queue, *buffer, offset, destination, size); });
    };
    api.copy = [](auto *queue, cria_buffer *destination, uint64_t destinationOffset, cria_buffer *source,
                  uint64_t sourceOffset, uint64_t size, cria_message *message) {
      return within(queue->context, message, [&] {
        return Backend::copy(*queue, *destination, destinationOffset, *source, sourceOffset, size);
      });
    };
    api.fill = [](auto *queue, cria_buffer *buffer, uint64_t offset, uint64_t size, uint32_t value,
                  cria_message *message) {
      return within(queue->context, message,
                    [&] { return Backend::fill(*queue, *buffer, offset, size, value); });
    };
  }

  static void installEvents(cria_backend_api &api) {
    api.signal = [](auto *queue, cria_event **out, cria_message *message) {
      return create(queue->context, out, message,
                    [&](auto &event) { return Backend::signal(*queue, event); });
    };
    api.event_wait = [](auto *event, uint64_t timeoutNs, cria_message *message) {
      return within(event->context, message, [&] { return Backend::wait(*event, timeoutNs); });
    };
    api.event_free = [](auto *event) {
      if (event != nullptr) {
        destroy(event->context, event);
      }
    };
  }

  static void installProfile(cria_backend_api &api) {
    api.profile_enable = [](auto *queue, uint32_t on, cria_message *) {
      Backend::enableProfile(*queue, on != 0);
      return CRIA_STATUS_OK;
    };
    api.profile_read = [](auto *queue, cria_profile *out, cria_message *message) {
      return within(queue->context, message, [&] { return Backend::readProfile(*queue, *out); });
    };
  }
};

/// Implements cria_plugin_query for the backend of that class. flags: CRIA_BACKEND_*.
template <typename Backend>
cria_status answerBackend(const cria_host *host, cria_plugin *out, cria_message *message,
                          std::string_view name, std::string_view version, std::string_view description,
                          uint32_t flags = 0) {
  static const cria_backend_api kApi = BackendFunctions<Backend>::table(flags);
  return answerQuery(host, out, message, CRIA_PLUGIN_BACKEND, name, version, description, &kApi);
}

} // namespace cria::plugin
