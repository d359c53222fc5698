// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA driver of this machine, opened at run time; RAII for the handles it gives out.
#pragma once

#include "Failure.h"

#include <memory>
#include <type_traits>

namespace cria::cuda {

/// An initialized driver.
struct Driver {
  DriverApi api;
  int version = 0; // 1000 * major + 10 * minor of the CUDA version it speaks
};

/// Opens libcuda.so.1, or the library that the environment variable CRIA_CUDA_DRIVER names, resolves every
/// function and initializes it. Errors: UNSUPPORTED with what is missing and what to do.
Check openDriver(Driver &out);

/// "12.4" of 12040.
std::string versionText(int version);

/// The first host that asked for the plugin gets its log lines; others' work is logged there too.
void setLog(const cria_host *host);
/// Writes a line for developers to the host's log.
void logDebug(const std::string &text);

/// Releases a handle with the function of the driver that belongs to it. What the driver answers is of no
/// use: after a lost device every release reports the loss again.
template <typename Handle> struct Release {
  Result (*function)(Handle) = nullptr;
  void operator()(Handle handle) const { (void)function(handle); }
};
template <typename Handle> using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Release<Handle>>;

/// Takes over a handle just made.
template <typename Handle> Owned<Handle> own(Handle handle, Result (*function)(Handle)) {
  return Owned<Handle>(handle, {function});
}

} // namespace cria::cuda
