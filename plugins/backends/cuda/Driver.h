// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA driver of this machine, opened at run time, and RAII for its handles.
#pragma once

#include "Failure.h"

#include <memory>
#include <type_traits>

namespace cria::cuda {

/// An initialized driver.
struct Driver {
  DriverApi api;
  int version = 0; // supported CUDA version: 1000 * major + 10 * minor
};

/// Opens libcuda.so.1, or the library that the environment variable CRIA_CUDA_DRIVER names, resolves its
/// functions and initializes it. Errors: UNSUPPORTED with a remedy.
Check openDriver(Driver &out);

/// Returns "12.4" for 12040.
std::string versionText(int version);

/// Sets the host that receives log lines. Only the first call has an effect; work for other hosts is logged
/// to the same one.
void setLog(const cria_host *host);
/// Writes a line for developers to the host's log.
void logDebug(const std::string &text);

/// Releases a handle with the driver function that belongs to it. Ignores the result: after the loss of a
/// device, every release fails.
template <typename Handle> struct Release {
  Result (*function)(Handle) = nullptr;
  void operator()(Handle handle) const { (void)function(handle); }
};
template <typename Handle> using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Release<Handle>>;

/// Takes ownership of a new handle.
template <typename Handle> Owned<Handle> own(Handle handle, Result (*function)(Handle)) {
  return Owned<Handle>(handle, {function});
}

} // namespace cria::cuda
