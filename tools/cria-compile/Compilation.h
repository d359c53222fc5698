// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compilation from checkpoint or preset to a package or a printed stage.
#pragma once

#include "frontends/Checkpoint.h"
#include "passes/codegen/PackageWriter.h"
#include "passes/targets/Target.h"
#include "tools/cria-compile/CompileOptions.h"
#include "tools/terminal/Progress.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <atomic>
#include <memory>
#include <vector>

namespace cria {

class Compilation {
public:
  /// `cancelled` stops the writing of weights soon after it becomes true; it outlives the compilation.
  Compilation(const CompileOptions &options, const std::atomic<bool> &cancelled);

  /// Runs it. Errors: what is wrong with input, options or files; internal when a pass fails (its diagnostics
  /// are in the message).
  Status run();

private:
  // A target with its program, once converted.
  struct TargetProgram {
    std::unique_ptr<Target> target;
    mlir::OwningOpRef<mlir::ModuleOp> module;
  };

  Status openModel();
  /// Reads the tokenizer and selects the added tokens, so that a damaged tokenizer is an error of the
  /// compilation.
  Status readTokenizer();
  Status applyContext();
  Status makeTargets();
  Status importGraph();
  Status optimize();
  Status specialize();
  Status convert();
  Status writePackageFiles();
  /// Prints the stage asked for to the output file or stdout.
  Status emit(const std::string &text);
  /// With --json: the package's name, size and targets.
  Status report() const;
  /// Shows what is done next. Errors: cancelled, when it should not be.
  Status begin(llvm::StringRef step);
  StatusOr<TargetCode> codeOf(const TargetProgram &program, CodeStage stage);
  StatusOr<std::string> stageText();

  /// Runs passes; a failure carries the diagnostics emitted meanwhile.
  Status runPasses(mlir::PassManager &manager, mlir::ModuleOp module, llvm::StringRef step);
  Status diagnosed(bool succeeded, llvm::StringRef step);
  void note(const std::string &text) const;

  const CompileOptions &options_;
  const std::atomic<bool> &cancelled_;
  mlir::MLIRContext context_;
  std::string diagnostics_;
  cli::Progress progress_;
  Checkpoint checkpoint_;
  /// The tokenizer of the package and the content of its file; nullopt: none.
  std::optional<PackageTokenizer> tokenizer_;
  std::string tokenizerFile_;
  ElementType weightType_ = ElementType::f16;
  std::vector<TargetProgram> targets_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  /// The module after the fusions, as text, for the package's readers.
  std::string graph_;
};

} // namespace cria
