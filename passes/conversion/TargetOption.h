// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The target of a conversion pass: set by a pipeline, or named by the pass's option `target`.
#pragma once

#include "passes/targets/TargetRegistry.h"

#include "llvm/ADT/StringExtras.h"

namespace cria {

class TargetOption {
public:
  TargetOption() = default;
  /// Borrows a target that outlives the pass.
  explicit TargetOption(const Target &target) : target_(&target) {}

  /// Finds a built-in target by name unless a target was set. Emits an error if the name is unknown.
  llvm::LogicalResult resolve(mlir::MLIRContext *context, llvm::StringRef name) {
    if (target_) {
      return llvm::success();
    }
    owned_ = createTarget(name);
    target_ = owned_.get();
    if (target_) {
      return llvm::success();
    }
    return mlir::emitError(mlir::UnknownLoc::get(context))
           << "expected option 'target' to be one of " << llvm::join(targetNames(), ", ") << ", got '" << name
           << "'";
  }

  const Target &operator*() const { return *target_; }
  const Target *operator->() const { return target_; }

private:
  const Target *target_ = nullptr;
  std::shared_ptr<Target> owned_; // shared by clones of the pass
};

} // namespace cria
