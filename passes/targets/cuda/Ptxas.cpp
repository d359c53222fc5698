// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs ptxas on files in a temporary folder and reads its report.
#include "passes/targets/cuda/Ptxas.h"

#include "passes/codegen/TemporaryFolder.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace mlir;

namespace cria::cuda {

std::string findPtxas() {
  if (auto named = llvm::sys::Process::GetEnv("CRIA_PTXAS")) {
    return llvm::sys::fs::can_execute(*named) ? *named : "";
  }
  if (auto found = llvm::sys::findProgramByName("ptxas")) {
    return *found;
  }
  for (const std::string &folder :
       {llvm::sys::Process::GetEnv("CUDA_HOME").value_or(""),
        llvm::sys::Process::GetEnv("CUDA_PATH").value_or(""), std::string("/usr/local/cuda")}) {
    std::string path = folder + "/bin/ptxas";
    if (!folder.empty() && llvm::sys::fs::can_execute(path)) {
      return path;
    }
  }
  return "";
}

/// The number right before `unit` in a line such as "Used 43 registers, 0 bytes stack frame".
static int64_t numberBefore(StringRef line, StringRef unit) {
  StringRef before = line.split(unit).first.rtrim();
  size_t start = before.find_last_not_of("0123456789");
  int64_t value = 0;
  before.substr(start == StringRef::npos ? 0 : start + 1).getAsInteger(10, value);
  return value;
}

std::vector<KernelResources> parseKernelResources(StringRef report) {
  std::vector<KernelResources> resources;
  SmallVector<StringRef> lines;
  report.split(lines, '\n');
  for (StringRef line : lines) {
    if (line.contains("Compiling entry function '")) {
      resources.push_back({.name = line.split('\'').second.split('\'').first.str()});
    } else if (!resources.empty() && line.contains("bytes stack frame")) {
      resources.back().localBytes = numberBefore(line, " bytes stack frame");
      resources.back().spillBytes =
          numberBefore(line, " bytes spill stores") + numberBefore(line, " bytes spill loads");
    } else if (!resources.empty() && line.contains(" registers")) {
      resources.back().registers = numberBefore(line, " registers");
    }
  }
  return resources;
}

FailureOr<TargetCode> assemble(ModuleOp origin, StringRef ptx, const Sm &sm) {
  std::string ptxas = findPtxas();
  if (ptxas.empty()) {
    return origin.emitError("ptxas of the CUDA Toolkit not found, which makes the cubin for ")
           << sm.name << "; set CRIA_PTXAS to its path, or compile for PTX";
  }
  FailureOr<TemporaryFolder> folder = TemporaryFolder::create(origin, "cria-ptxas");
  if (failed(folder)) {
    return failure();
  }
  std::string input = folder->path("kernels.ptx"), output = folder->path("kernels.cubin");
  std::string report = folder->path("report");
  if (failed(writeFile(origin, input, ptx))) {
    return failure();
  }
  std::string architecture = ("-arch=" + sm.name).str();
  StringRef arguments[] = {ptxas, "-v", architecture, "-o", output, input};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(report), StringRef(report)};
  std::string problem;
  int result = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects, 0, 0, &problem);
  FailureOr<std::string> said = readFile(origin, report);
  if (failed(said)) {
    return failure();
  }
  if (result != 0) {
    return origin.emitError("ptxas rejected the kernels for ")
           << sm.name << ": " << (problem.empty() ? StringRef(*said).trim() : StringRef(problem));
  }
  FailureOr<std::string> cubin = readFile(origin, output);
  if (failed(cubin)) {
    return failure();
  }
  return TargetCode{std::move(*cubin), parseKernelResources(*said)};
}

} // namespace cria::cuda
