// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens the driver with dlopen, dlsym and cuInit. Each failure names a remedy.
#include "Driver.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

namespace cria::cuda {
namespace {

constexpr const char *kDefaultLibrary = "libcuda.so.1";
constexpr const char *kLibraryVariable = "CRIA_CUDA_DRIVER";
/// The first version with all functions of the table.
constexpr int kOldestVersion = 11040;

std::atomic<const cria_host *> logHost{nullptr};

Check unsupported(std::string text) { return refuse(CRIA_STATUS_UNSUPPORTED, std::move(text)); }

/// The library is never closed, as plugins are loaded until the process ends.
Check openLibrary(void *&handle) {
  const char *named = std::getenv(kLibraryVariable);
  const std::string path = named != nullptr && *named != '\0' ? named : kDefaultLibrary;
  handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) {
    return {};
  }
  const char *reason = dlerror();
  return unsupported("no CUDA driver: " + std::string(reason != nullptr ? reason : path) +
                     "; install the NVIDIA driver");
}

template <typename Function> bool resolve(void *handle, const char *symbol, Function &function) {
  function = reinterpret_cast<Function>(dlsym(handle, symbol));
  return function != nullptr;
}

/// Resolves the functions. Returns the first symbol that is missing; null if all required ones are there.
const char *resolveAll(void *handle, DriverApi &api) {
  const char *missing = nullptr;
#define CRIA_CUDA_RESOLVE(member, symbol, parameters)                                                        \
  if (!resolve(handle, #symbol, api.member) && missing == nullptr) {                                         \
    missing = #symbol;                                                                                       \
  }
  CRIA_CUDA_FUNCTIONS(CRIA_CUDA_RESOLVE)
#undef CRIA_CUDA_RESOLVE
#define CRIA_CUDA_RESOLVE_OPTIONAL(member, symbol, parameters) (void)resolve(handle, #symbol, api.member);
  CRIA_CUDA_OPTIONAL_FUNCTIONS(CRIA_CUDA_RESOLVE_OPTIONAL)
#undef CRIA_CUDA_RESOLVE_OPTIONAL
  return missing;
}

Check checkVersion(Driver &driver, const char *missing) {
  if (driver.api.driverGetVersion == nullptr || driver.api.driverGetVersion(&driver.version) != kSuccess) {
    return unsupported("the CUDA driver does not report its version; reinstall the NVIDIA driver");
  }
  if (driver.version < kOldestVersion || missing != nullptr) {
    return unsupported("the CUDA driver supports CUDA " + versionText(driver.version) +
                       (missing != nullptr ? " and lacks " + std::string(missing) : "") + ", expected " +
                       versionText(kOldestVersion) + " or newer; update the NVIDIA driver");
  }
  return {};
}

Check initialize(const DriverApi &api) {
  const Result result = api.init(0);
  if (result == kSuccess) {
    return {};
  }
  const char *remedy =
      result == kNoDevice ? "; check that a GPU is present and visible (CUDA_VISIBLE_DEVICES)"
                          : "; check that the driver's library matches the loaded kernel module (nvidia-smi)";
  return unsupported("the CUDA driver cannot be initialized: " + describe(api, result) + remedy);
}

} // namespace

Check openDriver(Driver &out) {
  void *handle = nullptr;
  CRIA_CUDA_TRY(openLibrary(handle));
  const char *missing = resolveAll(handle, out.api);
  CRIA_CUDA_TRY(checkVersion(out, missing));
  return initialize(out.api);
}

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

void setLog(const cria_host *host) {
  const cria_host *none = nullptr;
  logHost.compare_exchange_strong(none, host);
}

void logDebug(const std::string &text) {
  const cria_host *host = logHost.load();
  if (host != nullptr && host->log != nullptr) {
    host->log(host->user, CRIA_LOG_DEBUG, plugin::string(text));
  }
}

} // namespace cria::cuda
