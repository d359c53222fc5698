// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipeline from entry points to a verified program of one target.

#include "passes/conversion/Conversion.h"
#include "passes/targets/TargetRegistry.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace cria {

static FormDispatchesPassOptions formOptions(const ProgramOptions &options) {
  FormDispatchesPassOptions form;
  form.maxTokens = options.maxTokens;
  form.maxSequences = options.maxSequences;
  form.maxOutputs = options.maxOutputs;
  form.context = options.context;
  return form;
}

static AssignActivationsPassOptions activationOptions(const ProgramOptions &options) {
  AssignActivationsPassOptions assign;
  assign.activations = options.activations;
  return assign;
}

static void addPasses(OpPassManager &manager, std::unique_ptr<Pass> prepare,
                      std::unique_ptr<Pass> assignActivations, std::unique_ptr<Pass> formDispatches) {
  manager.addPass(std::move(prepare));
  // After the target's own passes have made the linears that it multiplies.
  manager.addPass(std::move(assignActivations));
  manager.addPass(std::move(formDispatches));
  // After all other changes of the program: lifetimes, and so offsets, depend on the dispatches.
  manager.addPass(createPlanMemoryPass());
  manager.addPass(createVerifyProgramPass());
}

void buildProgramPipeline(OpPassManager &manager, const Target &target, const ProgramOptions &options) {
  addPasses(manager, createPreparePass(target),
            createAssignActivationsPass(target, activationOptions(options)),
            createFormDispatchesPass(target, formOptions(options)));
}

/// Like buildProgramPipeline, with a built-in target that each pass creates by name.
static void buildNamedPipeline(OpPassManager &manager, const std::string &name,
                               const ProgramOptions &options) {
  PreparePassOptions prepare;
  prepare.target = name;
  FormDispatchesPassOptions form = formOptions(options);
  form.target = name;
  AssignActivationsPassOptions assign = activationOptions(options);
  assign.target = name;
  addPasses(manager, createPreparePass(prepare), createAssignActivationsPass(assign),
            createFormDispatchesPass(form));
}

void registerProgramPipelines() {
  for (const std::string &name : targetNames()) {
    PassPipelineRegistration<ProgramOptions>("llama-" + name + "-pipeline",
                                             "From entries to the program of target " + name,
                                             [name](OpPassManager &manager, const ProgramOptions &options) {
                                               buildNamedPipeline(manager, name, options);
                                             });
  }
}

} // namespace cria
