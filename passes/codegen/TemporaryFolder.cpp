// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders and files, with errors as diagnostics.
#include "passes/codegen/TemporaryFolder.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace cria {

FailureOr<TemporaryFolder> TemporaryFolder::create(ModuleOp origin, StringRef prefix) {
  StatusOr<OwnedFolder> folder = OwnedFolder::createTemporary(prefix.str());
  if (!folder.ok()) {
    return origin.emitError(folder.status().message());
  }
  return TemporaryFolder(std::move(*folder));
}

FailureOr<std::string> readFile(ModuleOp origin, StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file) {
    return origin.emitError("cannot read '") << path << "': " << file.getError().message();
  }
  return (*file)->getBuffer().str();
}

LogicalResult writeFile(ModuleOp origin, StringRef path, StringRef bytes) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  stream << bytes;
  stream.close();
  if (error || stream.has_error()) {
    std::error_code cause = error ? error : stream.error();
    stream.clear_error();
    return origin.emitError("cannot write '") << path << "': " << cause.message();
  }
  return success();
}

} // namespace cria
