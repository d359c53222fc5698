// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PeakThroughput.h"

#include "plugins/api/cria_plugin.h"

#include "DeviceThroughput.h"
#include "HostThroughput.h"
#include "OpenModel.h"

namespace cria::cli {

/// True if the backend can neither import memory of the host nor give the host access to its own.
static bool hasMemoryOfItsOwn(const cria_backend_api &api) {
  return api.buffer_import == nullptr && api.buffer_host_pointer == nullptr;
}

/// The class of activations of the target that runs.
static ActivationClass activationsOf(const LoadedModel &opened) {
  for (const PackageTarget &target : opened.package().manifest().targets) {
    if (target.name == opened.model().targetName()) {
      return target.activations;
    }
  }
  return ActivationClass::f32;
}

StatusOr<std::unique_ptr<PeakThroughput>> openPeakThroughput(const LoadedModel &opened, uint32_t device,
                                                             uint32_t numThreads) {
  CRIA_ASSIGN_OR_RETURN(const BackendPlugin backend,
                        BackendPlugin::load(opened.plugins(), opened.model().backendName()));
  if (hasMemoryOfItsOwn(backend.api())) {
    return DeviceThroughput::open(backend, device);
  }
  return std::unique_ptr<PeakThroughput>(std::make_unique<HostThroughput>(numThreads, activationsOf(opened)));
}

} // namespace cria::cli
