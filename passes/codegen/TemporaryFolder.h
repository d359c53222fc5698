// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files for tools that work on files: a folder that goes away with its owner, whole reads and writes.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace cria {

/// A fresh folder, removed with everything in it at the end. Movable.
class TemporaryFolder {
public:
  /// Its name begins with `prefix`. Errors are diagnostics on `origin`.
  static mlir::FailureOr<TemporaryFolder> create(mlir::ModuleOp origin, llvm::StringRef prefix);
  TemporaryFolder(TemporaryFolder &&other) noexcept : folder_(std::move(other.folder_)) {
    other.folder_.clear();
  }
  TemporaryFolder &operator=(TemporaryFolder &&) = delete;
  ~TemporaryFolder();

  std::string path(llvm::StringRef name) const { return folder_ + "/" + name.str(); }

private:
  explicit TemporaryFolder(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

/// Errors are diagnostics on `origin`.
mlir::FailureOr<std::string> readFile(mlir::ModuleOp origin, llvm::StringRef path);
mlir::LogicalResult writeFile(mlir::ModuleOp origin, llvm::StringRef path, llvm::StringRef bytes);

} // namespace cria
