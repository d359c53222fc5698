// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "CCompiler.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mlir;

namespace {

/// A file that is removed with the object.
struct TemporaryFile {
  explicit TemporaryFile(StringRef extension) {
    created = !llvm::sys::fs::createTemporaryFile("cria-c", extension, path);
    remover.setFile(path);
  }
  std::string text() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
  SmallString<64> path;
  llvm::FileRemover remover;
  bool created;
};

} // namespace

FailureOr<std::string> compileC(const std::string &source, bool asAssembly, std::string &error) {
  const char *chosen = std::getenv("CC");
  const std::string command = chosen != nullptr && *chosen != '\0' ? chosen : "cc";
  SmallVector<StringRef> words; // as in "ccache gcc"
  StringRef(command).split(words, ' ', -1, /*KeepEmpty=*/false);
  const std::string name = words.empty() ? "" : words.front().str();
  llvm::ErrorOr<std::string> compiler = llvm::sys::findProgramByName(name);
  TemporaryFile input("c"), output(asAssembly ? "s" : "so"), messages("txt");
  if (!compiler || !input.created || !output.created || !messages.created) {
    error = compiler ? "cannot write temporary files" : "C compiler '" + name + "' is not found; set CC";
    return failure();
  }
  std::error_code failed;
  llvm::raw_fd_ostream(input.path, failed) << source;
  SmallVector<StringRef> arguments = words;
  // Freestanding: the code must not call a library.
  arguments.append({"-std=c11", "-O3", "-march=x86-64-v3", "-fPIC", "-w", "-ffreestanding", "-fno-builtin",
                    "-fno-math-errno", "-fvisibility=hidden", "-o", output.path, input.path});
  if (asAssembly) {
    arguments.push_back("-S");
  } else {
    arguments.append({"-shared", "-nostdlib"});
  }
  const StringRef files[] = {"", messages.path, messages.path};
  std::optional<StringRef> redirects[] = {files[0], files[1], files[2]};
  if (llvm::sys::ExecuteAndWait(*compiler, arguments, std::nullopt, redirects) != 0) {
    error = name + ": " + messages.text();
    return failure();
  }
  return output.text();
}
