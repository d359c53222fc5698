// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads code with the driver, which compiles PTX or checks a cubin, and looks up kernels.
#include "Code.h"

#include "CodeFormat.h"

#include <elf.h>

#include <algorithm>

namespace cria::cuda {
namespace {

constexpr unsigned kLogBytes = 8 << 10;
/// Shared memory of a block, static and dynamic together, that every device allows without an opt-in.
constexpr uint32_t kDefaultSharedBytes = 48 << 10;
constexpr uint16_t kCudaMachine = 190; // EM_CUDA

Check incompatible(std::string text) { return refuse(CRIA_STATUS_INCOMPATIBLE_CODE, std::move(text)); }

bool isRejection(Result result) {
  constexpr Result kRejections[] = {kInvalidImage,        kNoBinaryForGpu,        kInvalidPtx,
                                    kJitCompilerNotFound, kUnsupportedPtxVersion, kJitCompilationDisabled,
                                    kInvalidSource,       kInvalidValue,          kNotFound};
  return std::find(std::begin(kRejections), std::end(kRejections), result) != std::end(kRejections);
}

/// The driver gets no size and would read beyond the end of a truncated file.
std::string cubinProblem(const void *data, uint64_t size) {
  Elf64_Ehdr header;
  if (size < sizeof(header)) {
    return "expected a cubin, got " + std::to_string(size) + " bytes";
  }
  std::memcpy(&header, data, sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_machine != kCudaMachine) {
    return "expected a cubin, got another kind of file";
  }
  const auto fits = [size](uint64_t offset, uint64_t count, uint64_t each) {
    return count == 0 || (offset <= size && count * each <= size - offset);
  };
  bool whole = fits(header.e_phoff, header.e_phnum, sizeof(Elf64_Phdr)) &&
               fits(header.e_shoff, header.e_shnum, sizeof(Elf64_Shdr)) &&
               (header.e_shnum == 0 || header.e_shentsize == sizeof(Elf64_Shdr));
  for (uint16_t i = 0; whole && i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, static_cast<const char *>(data) + header.e_shoff + i * sizeof(section),
                sizeof(section));
    // Sections of NVIDIA's own types, as SHT_NOBITS, may have a size but no bytes.
    whole = section.sh_type == SHT_NOBITS || section.sh_type >= SHT_LOPROC ||
            fits(section.sh_offset, 1, section.sh_size);
  }
  return whole ? "" : "the cubin is cut off";
}

std::string ptxProblem(const std::string &text) {
  const bool isText = text.find('\0') == std::string::npos && text.find(".version") != std::string::npos;
  return isText ? "" : "expected PTX, got " + std::to_string(text.size()) + " bytes of another kind";
}

std::string trimmed(std::string log) {
  log.resize(std::min(log.find('\0'), log.size()));
  const size_t last = log.find_last_not_of(" \t\r\n");
  log.resize(last == std::string::npos ? 0 : last + 1);
  return log.substr(std::min(log.find_first_not_of(" \t\r\n"), log.size()));
}

Check loadModule(const cria_context &context, const void *image, ModuleHandle &out) {
  std::string log(kLogBytes, '\0');
  int options[] = {kJitErrorLogBuffer, kJitErrorLogBufferSizeBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(uintptr_t{kLogBytes})};
  const Result result = context.api.moduleLoadDataEx(&out, image, std::size(options), options, values);
  if (!isRejection(result)) {
    return checkResult(context.api, result, "loading code");
  }
  log = trimmed(std::move(log));
  return incompatible("the driver (CUDA " + versionText(machine().driver.version) + ") rejects the code: " +
                      describe(context.api, result) + (log.empty() ? "" : ": " + log));
}

int attributeOf(const DriverApi &api, FunctionHandle function, int attribute, Result &failure) {
  int value = 0;
  const Result result = api.funcGetAttribute(&value, attribute, function);
  failure = failure == kSuccess ? result : failure;
  return value;
}

/// Bindings are passed as one block of bytes. If the driver reports the kernel's parameters, the size of that
/// block is checked when an entry is recorded.
Result readParameters(const DriverApi &api, Kernel &kernel) {
  kernel.knowsParameters = api.funcGetParamInfo != nullptr;
  Result result = kernel.knowsParameters ? kSuccess : kInvalidValue;
  for (size_t i = 0; result == kSuccess; ++i) {
    size_t offset = 0;
    size_t size = 0;
    result = api.funcGetParamInfo(kernel.function, i, &offset, &size);
    kernel.parameterBytes = result == kSuccess ? offset + size : kernel.parameterBytes;
  }
  return result == kInvalidValue ? kSuccess : result; // the last parameter has been read
}

Check readKernel(const DriverApi &api, std::string_view name, Kernel &kernel) {
  Result failure = kSuccess;
  kernel.maxThreads =
      static_cast<uint32_t>(attributeOf(api, kernel.function, kFunctionMaxThreadsPerBlock, failure));
  kernel.staticSharedBytes =
      static_cast<uint32_t>(attributeOf(api, kernel.function, kFunctionSharedSizeBytes, failure));
  kernel.registers = static_cast<uint32_t>(attributeOf(api, kernel.function, kFunctionNumRegisters, failure));
  const int localBytes = attributeOf(api, kernel.function, kFunctionLocalSizeBytes, failure);
  CRIA_CUDA_TRY(checkResult(api, failure, "reading the attributes of a kernel"));
  if (localBytes != 0) {
    logDebug("cuda: kernel '" + std::string(name) + "' spills " + std::to_string(localBytes) +
             " bytes per thread to local memory");
  }
  return checkResult(api, readParameters(api, kernel), "reading a kernel's parameters");
}

} // namespace

Check loadCode(const cria_context &context, const cria_executable &executable,
               std::unique_ptr<cria_code> &out) {
  const CodeScore fit = scoreCode(*executable.info, context.device, machine().driver.version);
  if (fit.score == 0) {
    return incompatible(fit.reason);
  }
  if (executable.data == nullptr || executable.size == 0) {
    return incompatible("expected code, got an empty file");
  }
  const bool ptx = isPtx(*executable.info);
  std::string text; // null-terminated, unlike the file
  if (ptx) {
    text.assign(static_cast<const char *>(executable.data), executable.size);
  }
  const std::string problem = ptx ? ptxProblem(text) : cubinProblem(executable.data, executable.size);
  if (!problem.empty()) {
    return incompatible(problem);
  }
  auto code = std::make_unique<cria_code>();
  ModuleHandle module = nullptr;
  CRIA_CUDA_TRY(loadModule(context, ptx ? text.c_str() : executable.data, module));
  code->context = &context;
  code->module = own(module, context.api.moduleUnload);
  out = std::move(code);
  return {};
}

Check findKernel(cria_code &code, std::string_view name, Kernel *&out) {
  const auto known = code.kernels.find(name);
  if (known != code.kernels.end()) {
    out = &known->second;
    return {};
  }
  const DriverApi &api = code.context->api;
  const std::string symbol(name);
  Kernel kernel;
  const bool isName = !symbol.empty() && symbol.find('\0') == std::string::npos;
  const Result result =
      isName ? api.moduleGetFunction(&kernel.function, code.module.get(), symbol.c_str()) : kNotFound;
  if (result == kNotFound) {
    return refuse(CRIA_STATUS_NOT_FOUND, "code has no such kernel");
  }
  CRIA_CUDA_TRY(checkResult(api, result, "looking up a kernel"));
  CRIA_CUDA_TRY(readKernel(api, name, kernel));
  out = &code.kernels.emplace(symbol, kernel).first->second;
  return {};
}

Check reserveShared(const cria_code &code, Kernel &kernel, uint64_t bytes) {
  const uint64_t limit = std::max(code.context->device.maxSharedBytes, kDefaultSharedBytes);
  if (bytes > limit || bytes + kernel.staticSharedBytes > limit) {
    return refuse(CRIA_STATUS_UNSUPPORTED,
                  "a block needs " + std::to_string(bytes) + " and " +
                      std::to_string(kernel.staticSharedBytes) +
                      " bytes of dynamic and static shared memory, this device has " + std::to_string(limit));
  }
  if (bytes + kernel.staticSharedBytes <= kDefaultSharedBytes || bytes <= kernel.dynamicSharedBytes) {
    return {};
  }
  const DriverApi &api = code.context->api;
  CRIA_CUDA_TRY(checkResult(
      api, api.funcSetAttribute(kernel.function, kFunctionMaxDynamicSharedSizeBytes, static_cast<int>(bytes)),
      "setting the shared memory of a kernel"));
  kernel.dynamicSharedBytes = static_cast<uint32_t>(bytes);
  return {};
}

Check describeKernel(cria_code &code, std::string_view name, uint32_t threads, uint64_t sharedBytes,
                     cria_kernel_info &out) {
  Kernel *kernel = nullptr;
  CRIA_CUDA_TRY(findKernel(code, name, kernel));
  CRIA_CUDA_TRY(reserveShared(code, *kernel, sharedBytes));
  out.registers = kernel->registers;
  const DriverApi &api = code.context->api;
  if (api.occupancyMaxBlocks == nullptr) {
    return {};
  }
  int blocks = 0;
  CRIA_CUDA_TRY(checkResult(
      api, api.occupancyMaxBlocks(&blocks, kernel->function, static_cast<int>(threads), sharedBytes),
      "counting the resident blocks of a kernel"));
  out.resident_blocks = static_cast<uint32_t>(blocks);
  return {};
}

} // namespace cria::cuda
