// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders and files, with errors as diagnostics.
#include "passes/codegen/TemporaryFolder.h"

#include "support/File.h"
#include "support/OutputFile.h"

#include <limits>
#include <span>

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
  StatusOr<std::string> bytes = readFile(path.str(), std::numeric_limits<uint64_t>::max());
  if (!bytes.ok()) {
    return origin.emitError(bytes.status().message());
  }
  return std::move(*bytes);
}

static Status write(const std::string &path, StringRef bytes) {
  CRIA_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(path));
  CRIA_RETURN_IF_ERROR(file.append(std::as_bytes(std::span(bytes.data(), bytes.size()))));
  return file.finish();
}

LogicalResult writeFile(ModuleOp origin, StringRef path, StringRef bytes) {
  Status status = write(path.str(), bytes);
  return status.ok() ? success() : LogicalResult(origin.emitError(status.message()));
}

} // namespace cria
