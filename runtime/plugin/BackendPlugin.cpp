// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/BackendPlugin.h"

namespace cria {

BackendPlugin::BackendPlugin(const LoadedPlugin &plugin, const cria_backend_api &api)
    : plugin_(&plugin), api_(api), where_(fmt::format("backend {}", plugin.name)) {}

StatusOr<BackendPlugin> BackendPlugin::load(PluginRegistry &registry, std::string_view name) {
  CRIA_ASSIGN_OR_RETURN(const LoadedPlugin *plugin, registry.load(PluginKind::backend, name));
  return BackendPlugin(*plugin, readTable<cria_backend_api>(plugin->api));
}

StatusOr<uint32_t> BackendPlugin::deviceCount() const {
  uint32_t count = 0;
  CRIA_RETURN_IF_ERROR(call([&](cria_message *message) { return api_.device_count(&count, message); }));
  return count;
}

StatusOr<BackendDevice> BackendPlugin::device(uint32_t index) const {
  cria_device_info info{};
  info.struct_size = sizeof(info);
  CRIA_RETURN_IF_ERROR(call([&](cria_message *message) { return api_.device_info(index, &info, message); }));
  return BackendDevice{.name = std::string(view(info.name)),
                       .description = std::string(view(info.description)),
                       .memoryBytes = info.memory_bytes,
                       .memoryFreeBytes = info.memory_free_bytes};
}

StatusOr<BackendProbe> BackendPlugin::probe(uint32_t device, std::string_view format,
                                            std::string_view features, uint32_t kernelAbi) const {
  const cria_executable_info info{sizeof(info), kernelAbi, abiString(format), abiString(features)};
  MessageBuffer message;
  BackendProbe result;
  const cria_status answer = api_.probe(device, &info, &result.score, message.get());
  if (answer != CRIA_STATUS_OK) {
    return message.toStatus(answer, where_);
  }
  result.reason = message.text();
  return result;
}

} // namespace cria
