// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes every test of the program run the cuda backend on the fake driver, or on the one that
// CRIA_CUDA_DRIVER names, another build of it.
#include "CudaFixture.h"

#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>

namespace cria::conformance {

static const std::string kFakeDriver = CRIA_BINARY_DIR "/test-drivers/fake_cuda_driver.so";

/// Before main: the plugin asks once, when it is loaded first.
[[maybe_unused]] static const int kIsSet = setenv("CRIA_CUDA_DRIVER", kFakeDriver.c_str(), 0);

fake_cuda::Control &fakeCuda() {
  static fake_cuda::Control *const kControl = [] {
    void *handle = dlopen(std::getenv("CRIA_CUDA_DRIVER"), RTLD_NOW | RTLD_LOCAL);
    auto *find = handle ? reinterpret_cast<FakeCudaControl>(dlsym(handle, "cria_fake_cuda")) : nullptr;
    if (find == nullptr) {
      throw std::runtime_error("no fake driver: " + std::string(dlerror()));
    }
    return find();
  }();
  return *kControl;
}

} // namespace cria::conformance
