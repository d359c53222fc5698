// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-compile/OpsBackend.h"

#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/PluginRegistry.h"

#include <algorithm>
#include <array>

namespace cria {

namespace fs = std::filesystem;

/// The backends that run the code of the targets that begin with their names.
static constexpr std::array<std::string_view, 3> kCodeBackends = {"cpu", "cuda", "gpusim"};

static bool isPluginManifest(const std::string &text) { return text.ends_with(".cria-plugin.json"); }

/// A manifest is looked up in its own folder only, a name in all folders.
static StatusOr<std::unique_ptr<PluginRegistry>> openRegistry(const std::string &backend,
                                                              const std::vector<std::string> &folders) {
  if (isPluginManifest(backend)) {
    return PluginRegistry::create(
        {.folders = {fs::absolute(backend).parent_path()}, .environment = {}, .executable = {}});
  }
  return PluginRegistry::create(PluginSearch::standard({folders.begin(), folders.end()}));
}

static bool isRequested(const PluginCandidate &candidate, const std::string &backend) {
  std::error_code failure;
  return isPluginManifest(backend) ? fs::equivalent(candidate.manifest, backend, failure)
                                   : candidate.kind == "backend" && candidate.name == backend;
}

static OpsBackend opsOf(const PluginCandidate &candidate) {
  OpsBackend backend{.name = candidate.name, .opsetVersion = candidate.ops->version};
  for (const auto &[name, op] : candidate.ops->ops) {
    backend.ops.insert(name);
    for (const auto &[operand, types] : op.types) {
      backend.types[name + "/" + operand] = types;
    }
    backend.activations[name] = op.activations;
    if (name == "fused_linear") {
      backend.linearParts = op.parts;
    }
  }
  return backend;
}

/// Why --for cannot use a backend whose manifest lists no ops.
static Status withoutOps(const PluginCandidate &backend) {
  if (std::ranges::find(kCodeBackends, backend.name) != kCodeBackends.end()) {
    return error(StatusCode::unsupported,
                 "--for: backend '{0}' runs compiled code, not ops; compile with --target {0}, without --for",
                 backend.name);
  }
  if (backend.refused) {
    return error(StatusCode::unsupported, "--for: {}: {}", backend.manifest.string(), backend.reason);
  }
  return error(
      StatusCode::unsupported,
      "--for: the manifest of backend '{}' lists no ops ({}); expected a member 'ops' with those that "
      "it runs, such as {{\"add\": {{}}}}; a backend that runs all ops needs no --for",
      backend.name, backend.manifest.string());
}

StatusOr<OpsBackend> findOpsBackend(const std::string &backend, const std::vector<std::string> &folders) {
  CRIA_ASSIGN_OR_RETURN(const std::unique_ptr<PluginRegistry> registry, openRegistry(backend, folders));
  std::vector<PluginCandidate> matching;
  std::vector<std::string> known;
  for (PluginCandidate &candidate : registry->list(/*tryLoad=*/false)) {
    if (isRequested(candidate, backend)) {
      matching.push_back(std::move(candidate));
    } else if (candidate.kind == "backend") {
      known.push_back(candidate.name);
    }
  }
  if (matching.empty()) {
    return error(StatusCode::notFound, "--for: unknown backend '{}'{}", backend,
                 suggestNames(backend, known));
  }
  // Prefers a backend that this machine accepts, although the package may run on another machine.
  const auto eligible = std::find_if(matching.begin(), matching.end(),
                                     [](const auto &candidate) { return !candidate.refused; });
  const PluginCandidate &chosen = eligible == matching.end() ? matching[0] : *eligible;
  if (chosen.ops) {
    return opsOf(chosen);
  }
  return withoutOps(chosen);
}

} // namespace cria
