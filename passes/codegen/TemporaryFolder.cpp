// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders and files through LLVM's file system functions, with errors as diagnostics.
#include "passes/codegen/TemporaryFolder.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace cria {

FailureOr<TemporaryFolder> TemporaryFolder::create(ModuleOp origin, StringRef prefix) {
  llvm::SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory(prefix, folder)) {
    return origin.emitError("cannot make a temporary directory: ") << error.message();
  }
  return TemporaryFolder(folder.str().str());
}

TemporaryFolder::~TemporaryFolder() {
  if (!folder_.empty()) {
    llvm::sys::fs::remove_directories(folder_);
  }
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
