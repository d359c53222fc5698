// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/driver/JobTargets.h"

#include "passes/driver/TargetNames.h"
#include "passes/driver/TargetPlugins.h"
#include "passes/targets/TargetRegistry.h"
#include "passes/targets/ops/OpsTarget.h"

namespace cria {

using llama::FusedPart;

static OpsCapabilities capabilitiesOf(const OpsBackend &backend) {
  const auto partIf = [](bool supported, FusedPart part) { return supported ? part : FusedPart::none; };
  return {.backend = backend.name,
          .version = backend.opsetVersion,
          .ops = backend.ops,
          .types = backend.types,
          .activations = backend.activations,
          .parts = partIf(backend.linearParts.contains("norm"), FusedPart::norm) |
                   partIf(backend.linearParts.contains("activation"), FusedPart::activation) |
                   partIf(backend.linearParts.contains("residual"), FusedPart::residual) |
                   partIf(backend.ops.contains("rope_attention"), FusedPart::rope_attention)};
}

StatusOr<std::vector<std::unique_ptr<Target>>>
createTargets(const CompileJob &job, cpu::ProductKinds products, CompileObserver &observer) {
  std::vector<std::unique_ptr<Target>> targets;
  if (job.opsBackend) {
    targets.push_back(createOpsTarget(capabilitiesOf(*job.opsBackend)));
    return targets;
  }
  CRIA_ASSIGN_OR_RETURN(const TargetPlugins plugins, TargetPlugins::load(job.targetPlugins));
  CRIA_ASSIGN_OR_RETURN(
      ExpandedTargets expanded,
      expandTargets(job.targets.empty() ? plugins.names() : job.targets, plugins.names(), products));
  for (const std::string &text : expanded.notes) {
    observer.note(text);
  }
  for (const std::string &name : expanded.names) {
    CRIA_ASSIGN_OR_RETURN(std::unique_ptr<Target> own, plugins.create(name));
    targets.push_back(own ? std::move(own) : createTarget(name));
  }
  return targets;
}

} // namespace cria
