// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "SpeedLimits.h"

#include "plugins/api/cria_plugin.h"

#include "DeviceLimits.h"
#include "MachineLimits.h"
#include "OpenModel.h"

namespace cria::cli {

// Where the host can neither lend its memory nor look into that of the backend.
static bool hasMemoryOfItsOwn(const cria_backend_api &api) {
  return api.buffer_import == nullptr && api.buffer_host_pointer == nullptr;
}

StatusOr<std::unique_ptr<SpeedLimits>> openLimits(const LoadedModel &opened, uint32_t device,
                                                  uint32_t numThreads) {
  CRIA_ASSIGN_OR_RETURN(const BackendPlugin backend,
                        BackendPlugin::load(opened.plugins(), opened.model().backendName()));
  if (hasMemoryOfItsOwn(backend.api())) {
    return DeviceLimits::open(backend, device);
  }
  return std::unique_ptr<SpeedLimits>(std::make_unique<MachineLimits>(numThreads));
}

} // namespace cria::cli
