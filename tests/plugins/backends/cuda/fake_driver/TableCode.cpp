// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels from a table. PTX is any text with ".entry NAME" for each kernel; the text "syntax error" makes it
// invalid. A cubin has all kernels.
#include "State.h"

#include <cstring>

using namespace cria::fake_cuda;

static float *floats(DeviceAddress address) { return reinterpret_cast<float *>(address); }

static void addFloats(ContextTag &context, const LaunchShape &shape, const DeviceAddress *p) {
  const unsigned threads = shape.grid[0] * shape.block[0];
  for (int i = 0; i < 3; ++i) {
    if (!checkDevice(context, p[i], threads * sizeof(float))) {
      return;
    }
  }
  for (unsigned i = 0; i < threads; ++i) {
    floats(p[2])[i] = floats(p[0])[i] + floats(p[1])[i];
  }
}

static void nothing(ContextTag &, const LaunchShape &, const DeviceAddress *) {}
static void loseAddress(ContextTag &context, const LaunchShape &, const DeviceAddress *) {
  context.lost = kIllegalAddress;
}
static void rest(ContextTag &context, const LaunchShape &, const DeviceAddress *) {
  context.nanoseconds += 2'000'000;
}

static const std::vector<KernelProperties> &kernelTable() {
  static const std::vector<KernelProperties> kTable = {{"add_f32", 1024, 0, 0, 3, addFloats},
                                                       {"narrow", 256, 0, 0, 0, nothing},
                                                       {"shares", 1024, 1024, 0, 0, nothing},
                                                       {"spills", 1024, 0, 16, 0, nothing},
                                                       {"rests", 1024, 0, 0, 0, rest},
                                                       {"illegal_address", 1024, 0, 0, 0, loseAddress},
                                                       // Kernels of tools/cria-device-check/CeilingKernels.h.
                                                       {"ceiling_empty", 128, 0, 0, 0, nothing},
                                                       {"ceiling_empty_programmatic", 128, 0, 0, 0, nothing}};
  return kTable;
}

Result cria::cuda::readCode(const char *image, ModuleTag &module, std::string &log) {
  const bool isCubin = std::memcmp(image, "\177ELF", 4) == 0;
  const std::string text = isCubin ? "" : image;
  if (text.find("syntax error") != std::string::npos) {
    log = "ptxas application ptx input, line 7; error : Parsing error\n";
    return kInvalidPtx;
  }
  for (const KernelProperties &properties : kernelTable()) {
    if (isCubin || text.find(".entry " + properties.name + "\n") != std::string::npos) {
      module.functions[properties.name].properties = properties;
    }
  }
  return kSuccess;
}
