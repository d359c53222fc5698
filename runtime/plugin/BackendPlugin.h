// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// BackendPlugin: the function table of a backend, checked for completeness, and the functions that require
// no context.
// Public: included by runtime/cria.h.
#pragma once

#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginRegistry.h"

namespace cria {

struct BackendDevice {
  std::string name;
  std::string description;
  uint64_t memoryBytes = 0;     // 0: unknown
  uint64_t memoryFreeBytes = 0; // 0: unknown
};

/// How well a device runs a kind of code. score 0: it cannot run it, and `reason` says why.
struct BackendProbe {
  uint32_t score = 0;
  std::string reason;
};

/// Thread-safe. The registry outlives it.
class BackendPlugin {
public:
  /// Loads backend `name`. Errors: those of PluginRegistry::load(); incompatibleCode naming a missing
  /// required function.
  static StatusOr<BackendPlugin> load(PluginRegistry &registry, std::string_view name);

  const std::string &name() const { return plugin_->name; }
  const LoadedPlugin &plugin() const { return *plugin_; }
  /// True if the backend is selected only by name, never automatically.
  bool explicitOnly() const { return (api_.flags & CRIA_BACKEND_EXPLICIT_ONLY) != 0; }
  /// Has all required functions; optional ones may be NULL. Valid as long as this object.
  const cria_backend_api &api() const { return api_; }

  StatusOr<uint32_t> deviceCount() const;
  StatusOr<BackendDevice> device(uint32_t index) const;
  /// Returns how well the device runs code. format, features, kernelAbi: those of a target of a package.
  /// Errors: the backend's.
  StatusOr<BackendProbe> probe(uint32_t device, std::string_view format, std::string_view features,
                               uint32_t kernelAbi) const;

  /// Calls a function of the table: call(message) returns its cria_status. Errors begin with "backend NAME".
  template <typename Call> Status call(Call &&call) const {
    return callPlugin(where_, std::forward<Call>(call));
  }

private:
  BackendPlugin(const LoadedPlugin &plugin, const cria_backend_api &api);

  const LoadedPlugin *plugin_;
  cria_backend_api api_;
  std::string where_;
};

} // namespace cria
