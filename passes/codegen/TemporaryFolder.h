// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files for programs that work on files: a temporary folder, and files read and written whole.
#pragma once

#include "support/OwnedFolder.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace cria {

/// A new folder, removed by the destructor with everything in it. Movable.
class TemporaryFolder {
public:
  /// Its name begins with `prefix`. Errors are diagnostics on `origin`.
  static mlir::FailureOr<TemporaryFolder> create(mlir::ModuleOp origin, llvm::StringRef prefix);

  std::string path(llvm::StringRef name) const { return folder_.path() + "/" + name.str(); }

private:
  explicit TemporaryFolder(OwnedFolder folder) : folder_(std::move(folder)) {}
  OwnedFolder folder_;
};

/// Errors are diagnostics on `origin`.
mlir::FailureOr<std::string> readFile(mlir::ModuleOp origin, llvm::StringRef path);
mlir::LogicalResult writeFile(mlir::ModuleOp origin, llvm::StringRef path, llvm::StringRef bytes);

} // namespace cria
