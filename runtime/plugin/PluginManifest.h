// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PluginManifest: NAME.cria-plugin.json, which describes a plugin library before its code is executed:
//
//   {"library": "cria_sampler_top_k.so", "kind": "sampler", "name": "top_k", "version": "0.1.0",
//    "abi": {"major": 1, "minor_min": 0, "minor_max": 0},
//    "needs": {"os": "linux", "arch": "x86_64", "cpu": ["x86-64-v3"]}}
//
// `library` is a file in the same folder. `cpu`, `opset` and `ops` (SupportedOps.h) are optional.
#pragma once

#include "runtime/plugin/PluginRegistry.h"

namespace cria {

struct PluginManifest {
  std::string library;
  std::string kind;
  std::string name;
  std::string version;
  uint32_t abiMajor = 0;
  uint32_t abiMinorMin = 0;
  uint32_t abiMinorMax = 0;
  std::string os;
  std::string arch;
  std::vector<std::string> cpuFeatures;
  std::optional<SupportedOps> ops; // of a backend for opset programs; nullopt: all ops
};

/// Reads a plugin manifest. Members that are read before an error stay in `out`. Errors: notFound; io;
/// invalidArgument naming the member; incompatibleCode if no version of the plugin ABI is supported by both
/// sides, even if the manifest has unknown members.
Status readPluginManifest(const std::filesystem::path &path, PluginManifest &out);

/// Checks that the plugin can run on this machine. Errors: unsupported naming kind, operating system,
/// architecture or processor feature.
Status checkNeeds(const PluginManifest &manifest);

/// The inverse of toString(PluginKind); nullopt for any other text.
std::optional<PluginKind> pluginKindFromString(std::string_view kind);

} // namespace cria
