// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loaded device code and the kernels in it.
#pragma once

#include "Context.h"

#include <map>

namespace cria::cuda {

/// A kernel with what the driver tells about it.
struct Kernel {
  FunctionHandle function = nullptr;
  uint32_t maxThreads = 0;         // of a block
  uint32_t staticSharedBytes = 0;  // of a block
  uint32_t dynamicSharedBytes = 0; // most that a launch may ask for so far
  bool knowsParameters = false;    // whether the driver tells the next one
  uint64_t parameterBytes = 0;
};

} // namespace cria::cuda

struct cria_code {
  const cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::ModuleHandle> module;
  std::map<std::string, cria::cuda::Kernel, std::less<>> kernels; // those asked for
};

namespace cria::cuda {

/// Errors: INCOMPATIBLE_CODE with the driver's log.
Check loadCode(const cria_context &context, const cria_executable &executable,
               std::unique_ptr<cria_code> &out);

/// Errors: NOT_FOUND. *out lives as long as the code.
Check findKernel(cria_code &code, std::string_view name, Kernel *&out);

/// Lets launches of the kernel ask for this much dynamic shared memory. Errors: UNSUPPORTED with the limit.
Check reserveShared(const cria_code &code, Kernel &kernel, uint64_t bytes);

} // namespace cria::cuda
