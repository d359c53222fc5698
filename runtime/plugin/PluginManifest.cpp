// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginManifest.h"

#include "runtime/plugin/HostServices.h"
#include "support/CpuLevel.h"
#include "support/Json.h"

#include <algorithm>

namespace cria {

static constexpr std::string_view kHostOs = "linux";
static constexpr uint64_t kMaxManifestBytes = 64 * 1024;
static constexpr size_t kMaxTextBytes = 256;

static Status readMember(const Json &object, const char *name, std::string &out) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string() || member->get_ref<const std::string &>().empty() ||
      member->get_ref<const std::string &>().size() > kMaxTextBytes) {
    return invalidArgument("expected member '{}' to be a string of 1 to {} bytes", name, kMaxTextBytes);
  }
  out = member->get<std::string>();
  return {};
}

static Status readMember(const Json &object, const char *name, uint32_t &out) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_unsigned() || member->get<uint64_t>() > UINT32_MAX) {
    return invalidArgument("expected member '{}' to be an integer from 0 to {}", name, UINT32_MAX);
  }
  out = member->get<uint32_t>();
  return {};
}

static StatusOr<const Json *> readObject(const Json &object, const char *name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_object()) {
    return invalidArgument("expected member '{}' to be an object", name);
  }
  return &*member;
}

static Status refuseOthers(const Json &object, std::string_view where,
                           std::initializer_list<std::string_view> known) {
  for (const auto &[name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return invalidArgument("unknown member '{}{}'", where, printable(name));
    }
  }
  return {};
}

static bool isPluginName(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

static Status readIdentity(const Json &json, PluginManifest &out) {
  CRIA_RETURN_IF_ERROR(readMember(json, "kind", out.kind));
  CRIA_RETURN_IF_ERROR(readMember(json, "name", out.name));
  CRIA_RETURN_IF_ERROR(readMember(json, "version", out.version));
  CRIA_RETURN_IF_ERROR(readMember(json, "library", out.library));
  if (!isPluginName(out.name)) {
    return invalidArgument("expected a name of letters a-z, digits and _, got '{}'", printable(out.name));
  }
  if (out.library.find('/') != std::string::npos || out.library == "." || out.library == "..") {
    return invalidArgument("expected 'library' to be a file in the same folder, without '/', got '{}'",
                           printable(out.library));
  }
  return {};
}

static Status readAbi(const Json &json, PluginManifest &out) {
  CRIA_ASSIGN_OR_RETURN(const Json *found, readObject(json, "abi"));
  const Json &abi = *found;
  CRIA_RETURN_IF_ERROR(readMember(abi, "major", out.abiMajor));
  CRIA_RETURN_IF_ERROR(readMember(abi, "minor_min", out.abiMinorMin));
  CRIA_RETURN_IF_ERROR(readMember(abi, "minor_max", out.abiMinorMax));
  if (out.abiMinorMin > out.abiMinorMax) {
    return invalidArgument("expected 'abi.minor_min' to be at most minor_max {1}, got {0}", out.abiMinorMin,
                           out.abiMinorMax);
  }
  if (out.abiMajor != kHostAbiMajor || out.abiMinorMin > kHostAbiMinorMax ||
      out.abiMinorMax < kHostAbiMinorMin) {
    return error(
        StatusCode::incompatibleCode,
        "the plugin supports plugin ABI {}, this program supports {}; install a build of the plugin for it",
        abiRange(out.abiMajor, out.abiMinorMin, out.abiMinorMax),
        abiRange(kHostAbiMajor, kHostAbiMinorMin, kHostAbiMinorMax));
  }
  return refuseOthers(abi, "abi.", {"major", "minor_min", "minor_max"});
}

static Status readNeeds(const Json &json, PluginManifest &out) {
  CRIA_ASSIGN_OR_RETURN(const Json *found, readObject(json, "needs"));
  const Json &needs = *found;
  CRIA_RETURN_IF_ERROR(readMember(needs, "os", out.os));
  CRIA_RETURN_IF_ERROR(readMember(needs, "arch", out.arch));
  if (const auto cpu = needs.find("cpu"); cpu != needs.end()) {
    if (!cpu->is_array() ||
        !std::all_of(cpu->begin(), cpu->end(), [](const Json &f) { return f.is_string(); })) {
      return invalidArgument("expected member 'needs.cpu' to be an array of strings");
    }
    out.cpuFeatures = cpu->get<std::vector<std::string>>();
  }
  return refuseOthers(needs, "needs.", {"os", "arch", "cpu"});
}

/// The registry begins each message with the path of the manifest.
static Status withoutPath(const Status &status, const std::string &path) {
  const std::string prefix = path + ": ";
  return status.message().starts_with(prefix) ? Status(status.code(), status.message().substr(prefix.size()))
                                              : status;
}

/// `opset` and `ops`, of a backend.
static Status readOps(const Json &json, PluginManifest &out) {
  uint32_t version = 1;
  if (json.contains("opset")) {
    CRIA_RETURN_IF_ERROR(readMember(json, "opset", version));
  }
  const auto ops = json.find("ops");
  if (version == 0 || (json.contains("opset") && ops == json.end())) {
    return invalidArgument("expected member 'opset' to be an integer of at least 1, with a member 'ops'");
  }
  if (ops != json.end()) {
    CRIA_ASSIGN_OR_RETURN(out.ops, readSupportedOps(*ops, version));
  }
  return {};
}

Status readPluginManifest(const std::filesystem::path &path, PluginManifest &out) {
  const StatusOr<Json> read = readJsonFile(path.string(), kMaxManifestBytes);
  if (!read.ok()) {
    return withoutPath(read.status(), path.string());
  }
  const Json &json = *read;
  if (!json.is_object()) {
    return invalidArgument("expected a JSON object");
  }
  CRIA_RETURN_IF_ERROR(readIdentity(json, out));
  CRIA_RETURN_IF_ERROR(readAbi(json, out)); // first: a newer ABI may have unknown members
  CRIA_RETURN_IF_ERROR(readNeeds(json, out));
  CRIA_RETURN_IF_ERROR(readOps(json, out));
  return refuseOthers(json, "", {"library", "kind", "name", "version", "abi", "needs", "opset", "ops"});
}

std::optional<PluginKind> pluginKindFromString(std::string_view kind) {
  for (const PluginKind known : {PluginKind::backend, PluginKind::sampler, PluginKind::chat}) {
    if (toString(known) == kind) {
      return known;
    }
  }
  return std::nullopt;
}

Status checkNeeds(const PluginManifest &manifest) {
  if (!pluginKindFromString(manifest.kind)) {
    return error(StatusCode::unsupported,
                 "expected kind backend, sampler or chat, got '{}'; the plugin may require a newer Cria",
                 printable(manifest.kind));
  }
  if (manifest.os != kHostOs || manifest.arch != kHostArch) {
    return error(StatusCode::unsupported,
                 "the plugin is built for {} on {}, this system is {} on {}; install a build for this system",
                 printable(manifest.os), printable(manifest.arch), kHostOs, kHostArch);
  }
  for (const std::string &feature : manifest.cpuFeatures) {
    if (!cpuHas(feature)) {
      return error(StatusCode::unsupported,
                   "the plugin requires a processor with {}, which this machine does not have",
                   printable(feature));
    }
  }
  return {};
}

} // namespace cria
