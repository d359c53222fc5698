// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loaded device code and the kernels in it.
#pragma once

#include "Context.h"

#include "plugins/api/cria_kernel_info.h"

#include <map>

namespace cria::cuda {

/// A kernel and the attributes that the driver reports.
struct Kernel {
  FunctionHandle function = nullptr;
  uint32_t maxThreads = 0;         // per block
  uint32_t registers = 0;          // per thread
  uint32_t staticSharedBytes = 0;  // per block
  uint32_t dynamicSharedBytes = 0; // current maximum per block
  bool knowsParameters = false;    // whether parameterBytes is known
  uint64_t parameterBytes = 0;
};

} // namespace cria::cuda

struct cria_code {
  const cria_context *context = nullptr;
  cria::cuda::Owned<cria::cuda::ModuleHandle> module;
  std::map<std::string, cria::cuda::Kernel, std::less<>> kernels; // those looked up so far
};

namespace cria::cuda {

/// Loads PTX or a cubin. Errors: INCOMPATIBLE_CODE with the driver's log.
Check loadCode(const cria_context &context, const cria_executable &executable,
               std::unique_ptr<cria_code> &out);

/// Looks up a kernel. *out lives as long as the code. Errors: NOT_FOUND.
Check findKernel(cria_code &code, std::string_view name, Kernel *&out);

/// Raises the dynamic shared memory that launches of the kernel may use. Errors: UNSUPPORTED with the limit.
Check reserveShared(const cria_code &code, Kernel &kernel, uint64_t bytes);

/// Describes a kernel that is launched in blocks of that many threads and that much dynamic shared memory.
/// Errors: NOT_FOUND, UNSUPPORTED.
Check describeKernel(cria_code &code, std::string_view name, uint32_t threads, uint64_t sharedBytes,
                     cria_kernel_info &out);

} // namespace cria::cuda
