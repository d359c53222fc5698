// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sidecar: NAME.cria-plugin.json, which says what a plugin library is before anything of it runs:
//
//   {"library": "cria_sampler_top_k.so", "kind": "sampler", "name": "top_k", "version": "0.1.0",
//    "abi": {"major": 1, "minor_min": 0, "minor_max": 0},
//    "needs": {"os": "linux", "arch": "x86_64", "cpu": ["x86-64-v3"]}}
//
// `library` is a file beside the sidecar; `cpu` may be absent, and so may `opset` and `ops`
// (OpSupport.h).
#pragma once

#include "runtime/plugin/PluginRegistry.h"

namespace cria {

struct Sidecar {
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
  std::optional<OpSupport> ops; // of a backend that runs them; none: it does not say
};

/// Reads a sidecar. Fields that could be read stay in `out` even when the rest is wrong. Errors: io;
/// invalidArgument naming the member; incompatibleCode when no ABI version is shared (said even if newer
/// members are unknown here).
Status readSidecar(const std::filesystem::path &path, Sidecar &out);

/// Why the plugin cannot run on this machine: kind, operating system, architecture, processor. ok: it can.
Status checkNeeds(const Sidecar &sidecar);

/// backend, sampler, chat; nothing for another word.
std::optional<PluginKind> pluginKindFromString(std::string_view kind);

} // namespace cria
