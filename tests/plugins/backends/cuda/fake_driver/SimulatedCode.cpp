// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of real packages: the simulator runs the bitcode that the same compiler wrote for target gpusim,
// when a cubin or PTX names the kernel. So only the instructions of the device are simulated.
// CRIA_SIMULATED_CODE names the file with the bitcode, or CRIA_SIMULATED_CODE_FOLDER a folder with that of
// all code that the process loads.
#include "SimulatedFolder.h"
#include "State.h"

#include "plugins/backends/gpusim/GpuSim.h"

#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <sstream>

using namespace cria::fake_cuda;

static std::string readText(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The driver is not given the size of an image: PTX ends with a zero, a cubin with its section headers.
static std::string imageText(const char *image) {
  if (std::memcmp(image, ELFMAG, SELFMAG) != 0) {
    return image;
  }
  Elf64_Ehdr header;
  std::memcpy(&header, image, sizeof(header));
  return {image, header.e_shoff};
}

static void runSimulated(cria::gpusim::Module &code, const KernelProperties &properties, ContextTag &context,
                         const LaunchShape &shape, const DeviceAddress *parameters) {
  cria::gpusim::Launch launch{.kernel = properties.name, .sharedBytes = shape.sharedBytes};
  std::copy(shape.grid.begin(), shape.grid.end(), launch.grid);
  std::copy(shape.block.begin(), shape.block.end(), launch.block);
  for (size_t i = 0; i < properties.numParameters; ++i) {
    launch.parameters.push_back({.data = reinterpret_cast<std::byte *>(parameters[i]),
                                 .size = bytesFrom(parameters[i]),
                                 .writable = true,
                                 .name = "parameter " + std::to_string(i)});
  }
  if (const std::string finding = code.run(launch); !finding.empty()) {
    complain(finding);
    context.lost = kIllegalAddress;
  }
}

static KernelProperties propertiesOf(const cria::gpusim::KernelInfo &info,
                                     std::shared_ptr<cria::gpusim::Module> code) {
  KernelProperties properties{
      .name = info.name,
      .maxThreads = static_cast<int>(info.maxThreads[0] * info.maxThreads[1] * info.maxThreads[2]),
      .staticSharedBytes = static_cast<int>(info.staticSharedBytes),
      .numParameters = info.numParameters};
  properties.run = [code = std::move(code), properties](ContextTag &context, const LaunchShape &shape,
                                                        const DeviceAddress *parameters) {
    runSimulated(*code, properties, context, shape, parameters);
  };
  return properties;
}

static std::optional<KernelProperties> kernelOf(const std::shared_ptr<cria::gpusim::Module> &code,
                                                const std::string &name) {
  const cria::gpusim::KernelInfo *info = code != nullptr ? code->find(name) : nullptr;
  return info != nullptr ? std::optional(propertiesOf(*info, code)) : std::nullopt;
}

/// Whether FAKE_CUDA_REJECTS names this kind of code: "cubin" or "all".
static bool isRejected(const char *image) {
  const char *rejects = std::getenv("FAKE_CUDA_REJECTS");
  const bool isCubin = std::memcmp(image, ELFMAG, SELFMAG) == 0;
  return rejects != nullptr &&
         (rejects == std::string_view("all") || (isCubin && rejects == std::string_view("cubin")));
}

Result cria::cuda::readCode(const char *image, ModuleTag &module, std::string &log) {
  if (isRejected(image)) {
    return kNoBinaryForGpu;
  }
  if (const char *folder = std::getenv("CRIA_SIMULATED_CODE_FOLDER")) {
    module.find = [folder = std::string(folder), text = imageText(image)](const std::string &name) {
      const bool isNamed = text.find(name) != std::string::npos;
      return isNamed ? kernelOf(moduleWithKernel(folder, name), name) : std::nullopt;
    };
    return kSuccess;
  }
  const char *path = std::getenv("CRIA_SIMULATED_CODE");
  std::shared_ptr<gpusim::Module> code = gpusim::Module::load(path != nullptr ? readText(path) : "", log);
  if (code == nullptr) {
    return kInvalidSource;
  }
  module.find = [code, text = imageText(image)](const std::string &name) {
    const bool isNamed = text.find(name) != std::string::npos;
    return isNamed ? kernelOf(code, name) : std::nullopt;
  };
  return kSuccess;
}
