// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ExplainPlugin.h"

#include "runtime/plugin/BackendPlugin.h"
#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "tools/terminal/Terminal.h"

#include <algorithm>

namespace cria::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr PluginKind kKinds[] = {PluginKind::backend, PluginKind::sampler, PluginKind::chat};

template <typename Table> Json optionsOf(const void *api) {
  const auto table = readTable<Table>(api);
  Json options = Json::array();
  for (uint32_t i = 0; i < table.num_options; ++i) {
    const auto option = readTable<cria_option_info>(table.options[i]);
    const std::string value = defaultOf(option);
    options.push_back({{"name", view(option.name)},
                       {"takes", rangeOf(option)},
                       {"default", value.empty() ? Json() : Json(value)},
                       {"description", view(option.description)}});
  }
  return options;
}

StatusOr<Json> devicesOf(PluginRegistry &registry, const std::string &name) {
  CRIA_ASSIGN_OR_RETURN(const BackendPlugin backend, BackendPlugin::load(registry, name));
  CRIA_ASSIGN_OR_RETURN(const uint32_t count, backend.deviceCount());
  Json devices = Json::array();
  for (uint32_t index = 0; index < count; ++index) {
    CRIA_ASSIGN_OR_RETURN(const BackendDevice device, backend.device(index));
    devices.push_back({{"device", index},
                       {"name", device.name},
                       {"description", device.description},
                       {"memory_bytes", device.memoryBytes},
                       {"memory_free_bytes", device.memoryFreeBytes}});
  }
  return devices;
}

StatusOr<Json> explain(PluginRegistry &registry, PluginKind kind, const std::string &name) {
  CRIA_ASSIGN_OR_RETURN(const LoadedPlugin *plugin, registry.load(kind, name));
  Json json{{"kind", toString(kind)},
            {"name", plugin->name},
            {"version", plugin->version},
            {"abi", fmt::format("{}.{}", plugin->abiMajor, plugin->abiMinor)},
            {"description", plugin->description},
            {"path", plugin->library.string()}};
  if (kind == PluginKind::backend) {
    CRIA_ASSIGN_OR_RETURN(json["devices"], devicesOf(registry, name));
  } else if (kind == PluginKind::sampler) {
    json["options"] = optionsOf<cria_sampler_api>(plugin->api);
  } else {
    json["options"] = optionsOf<cria_chat_api>(plugin->api);
  }
  return json;
}

Status unknown(PluginRegistry &registry, const std::string &name) {
  std::vector<std::string> known;
  for (const PluginKind kind : kKinds) {
    for (const std::string &each : registry.names(kind)) {
      known.push_back(each);
    }
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  return error(StatusCode::notFound, "there is no plugin '{}'{}", name, suggestNames(name, known));
}

std::string textOfDevice(const Json &device) {
  const uint64_t memory = device["memory_bytes"], available = device["memory_free_bytes"];
  std::string text = fmt::format("  device {}: {} ({})", device["device"].get<uint32_t>(),
                                 device["name"].get<std::string>(), device["description"].get<std::string>());
  text += memory > 0 ? ", " + formatBytes(memory) : "";
  text += available > 0 ? ", " + formatBytes(available) + " free" : "";
  return text + "\n";
}

std::string textOfOption(const Json &option) {
  const std::string value =
      option["default"].is_null() ? "required" : "default " + option["default"].get<std::string>();
  return fmt::format("  {:<16} {}\n  {:<16} {}; {}\n", option["name"].get<std::string>(),
                     option["description"].get<std::string>(), "", option["takes"].get<std::string>(), value);
}

} // namespace

StatusOr<Json> explainPlugins(PluginRegistry &registry, const std::string &name) {
  const size_t colon = name.find(':');
  const std::string kindName = colon == name.npos ? "" : name.substr(0, colon);
  const std::string plain = colon == name.npos ? name : name.substr(colon + 1);
  Json explanations = Json::array();
  for (const PluginKind kind : kKinds) {
    const std::vector<std::string> names = registry.names(kind);
    const bool isMeant = kindName.empty() || kindName == toString(kind);
    if (isMeant && std::find(names.begin(), names.end(), plain) != names.end()) {
      CRIA_ASSIGN_OR_RETURN(Json json, explain(registry, kind, plain));
      explanations.push_back(std::move(json));
    }
  }
  return explanations.empty() ? StatusOr<Json>(unknown(registry, name))
                              : StatusOr<Json>(std::move(explanations));
}

std::string textOfExplanations(const Json &explanations) {
  std::string text;
  for (const Json &plugin : explanations) {
    text += fmt::format("{}{} {} {} (plugin ABI {}): {}\n  {}\n", text.empty() ? "" : "\n",
                        plugin["kind"].get<std::string>(), plugin["name"].get<std::string>(),
                        plugin["version"].get<std::string>(), plugin["abi"].get<std::string>(),
                        plugin["description"].get<std::string>(), plugin["path"].get<std::string>());
    for (const Json &device : plugin.value("devices", Json::array())) {
      text += textOfDevice(device);
    }
    for (const Json &option : plugin.value("options", Json::array())) {
      text += textOfOption(option);
    }
  }
  return text;
}

} // namespace cria::cli
