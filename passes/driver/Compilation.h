// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compilation, stage by stage. Used by compile() (passes/driver/Compiler.h) alone.
#pragma once

#include "passes/driver/Compiler.h"
#include "passes/driver/ModelSource.h"
#include "passes/targets/Target.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <vector>

namespace cria {

class Compilation {
public:
  /// `job` and `observer` outlive the compilation.
  Compilation(const CompileJob &job, CompileObserver &observer);

  /// Must be called once.
  StatusOr<CompileResult> run();

private:
  /// A target and its program, once converted.
  struct TargetProgram {
    std::unique_ptr<Target> target;
    mlir::OwningOpRef<mlir::ModuleOp> module;
  };

  Status makeTargets();
  Status checkOutput() const;
  Status importGraph();
  Status optimize();
  Status specialize();
  Status convert();
  void noteLessPrecise(const TargetProgram &program);
  Status writePackageFiles();
  StatusOr<TargetCode> codeOf(const TargetProgram &program, CodeStage stage);
  /// The text of stage `program` or a later one, for one target and for all.
  StatusOr<std::string> textOf(const TargetProgram &program);
  StatusOr<std::string> programTexts();

  /// Announces a stage. Errors: cancelled.
  Status begin(llvm::StringRef stage);
  /// Runs passes as a stage.
  Status runPasses(mlir::PassManager &manager, mlir::ModuleOp module, llvm::StringRef stage);
  /// An error with the diagnostics emitted so far, unless the stage succeeded.
  Status diagnosed(bool succeeded, llvm::StringRef stage) const;
  int64_t maxTokens() const;

  const CompileJob &job_;
  CompileObserver &observer_;
  mlir::MLIRContext context_;
  std::string diagnostics_;
  ModelSource model_;
  std::vector<TargetProgram> targets_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  /// The module after the fusions as text, which packages keep for `cria inspect`.
  std::string graph_;
};

} // namespace cria
