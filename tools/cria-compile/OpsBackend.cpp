// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-compile/OpsBackend.h"

#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"

#include <algorithm>

namespace cria {

namespace fs = std::filesystem;
using llama::FusedPart;

static bool isSidecar(const std::string &text) { return text.ends_with(".cria-plugin.json"); }

// A sidecar is searched in its own folder alone, a name everywhere.
static StatusOr<std::unique_ptr<PluginRegistry>> openRegistry(const std::string &backend,
                                                              const std::vector<std::string> &folders) {
  if (isSidecar(backend)) {
    return PluginRegistry::create(
        {.folders = {fs::absolute(backend).parent_path()}, .environment = {}, .executable = {}});
  }
  return PluginRegistry::create(PluginSearch::standard({folders.begin(), folders.end()}));
}

static bool isMeant(const PluginCandidate &candidate, const std::string &backend) {
  std::error_code failure;
  return isSidecar(backend) ? fs::equivalent(candidate.sidecar, backend, failure)
                            : candidate.kind == "backend" && candidate.name == backend;
}

static OpsCapabilities capabilitiesOf(const PluginCandidate &candidate) {
  OpsCapabilities backend{.backend = candidate.name, .ops = {}, .types = {}, .parts = FusedPart::none};
  for (const auto &[name, op] : candidate.ops->ops) {
    backend.ops.insert(name);
    for (const auto &[operand, types] : op.types) {
      backend.types[name + "/" + operand] = types;
    }
    if (name == "fused_linear") {
      backend.parts = backend.parts | (op.parts.contains("norm") ? FusedPart::norm : FusedPart::none) |
                      (op.parts.contains("activation") ? FusedPart::activation : FusedPart::none) |
                      (op.parts.contains("residual") ? FusedPart::residual : FusedPart::none);
    }
  }
  if (backend.ops.contains("rope_attention")) {
    backend.parts = backend.parts | FusedPart::rope_attention;
  }
  return backend;
}

StatusOr<OpsCapabilities> findOpsBackend(const std::string &backend,
                                         const std::vector<std::string> &folders) {
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<PluginRegistry> registry, openRegistry(backend, folders));
  std::vector<PluginCandidate> meant;
  std::vector<std::string> known;
  for (PluginCandidate &candidate : registry->list(/*tryLoad=*/false)) {
    if (isMeant(candidate, backend)) {
      meant.push_back(std::move(candidate));
    } else if (candidate.kind == "backend") {
      known.push_back(candidate.name);
    }
  }
  if (meant.empty()) {
    return error(StatusCode::notFound, "--for: there is no backend '{}'{}", backend,
                 suggestNames(backend, known));
  }
  // One that cannot run here can be compiled for all the same, but one that can comes first.
  const auto eligible =
      std::find_if(meant.begin(), meant.end(), [](const auto &candidate) { return !candidate.refused; });
  const PluginCandidate &chosen = eligible == meant.end() ? meant[0] : *eligible;
  if (chosen.ops) {
    return capabilitiesOf(chosen);
  }
  return chosen.refused
             ? error(StatusCode::unsupported, "--for: {}: {}", chosen.sidecar.string(), chosen.reason)
             : error(StatusCode::unsupported,
                     "--for: backend '{}' does not list the ops it takes ({}); one that runs all of them "
                     "needs no --for",
                     chosen.name, chosen.sidecar.string());
}

} // namespace cria
