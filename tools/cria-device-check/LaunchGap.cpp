// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/LaunchGap.h"

#include "tools/cria-device-check/CeilingKernels.h"
#include "tools/cria-device-check/DriverQueue.h"

#include <fmt/format.h>
#include <stdexcept>

namespace cria::check {
namespace {

using cuda::DriverApi;
using cuda::own;

using OwnedModule = cuda::Owned<cuda::ModuleHandle>;
using OwnedGraph = cuda::Owned<cuda::GraphExecHandle>;

/// Launches on the graph's stream.
struct KernelLaunches {
  cuda::FunctionHandle function = nullptr;
  bool isProgrammatic = false;
  uint32_t count = 0;
  uint32_t blocks = 0;
};

/// Returns why the device or its driver has no programmatic dependent launch; empty if it has.
std::string whyNotProgrammatic(const DriverQueue &driver) {
  constexpr int kFirstMajor = 9, kFirstDriver = 12030; // of graphs that keep it
  const int version = cuda::machine().driver.version;
  if (driver.device().major < kFirstMajor) {
    return fmt::format("programmatic dependent launch needs sm_90, the device is {}",
                       cuda::smText(driver.device().major, driver.device().minor));
  }
  if (version < kFirstDriver || driver.api().launchKernelEx == nullptr) {
    return fmt::format("programmatic dependent launch in graphs needs a driver for CUDA {}, got {}{}",
                       cuda::versionText(kFirstDriver), cuda::versionText(version),
                       driver.api().launchKernelEx == nullptr ? " without cuLaunchKernelEx" : "");
  }
  return "";
}

OwnedModule loadModuleOf(const DriverApi &api, const std::string &code) {
  cuda::ModuleHandle module = nullptr;
  requireDriver(api, api.moduleLoadDataEx(&module, code.c_str(), 0, nullptr, nullptr), "loading code");
  return own(module, api.moduleUnload);
}

/// Returns null if the code has no such kernel.
cuda::FunctionHandle kernelNamed(const DriverApi &api, const OwnedModule &module, const char *name) {
  cuda::FunctionHandle function = nullptr;
  const cuda::Result result = api.moduleGetFunction(&function, module.get(), name);
  if (result == cuda::kNotFound) {
    return nullptr;
  }
  requireDriver(api, result, name);
  return function;
}

cuda::Result launchAllOn(const DriverApi &api, cuda::StreamHandle stream, const KernelLaunches &launches) {
  cuda::LaunchAttribute programmatic{.id = cuda::kProgrammaticStreamSerialization, .isAllowed = 1};
  const cuda::LaunchConfig config{.grid = {launches.blocks, 1, 1},
                                  .block = {EmptyKernel::kThreads, 1, 1},
                                  .stream = stream,
                                  .attributes = &programmatic,
                                  .numAttributes = launches.isProgrammatic ? 1u : 0u};
  cuda::Result result = cuda::kSuccess;
  for (uint32_t i = 0; i < launches.count && result == cuda::kSuccess; ++i) {
    result = api.launchKernelEx(&config, launches.function, nullptr, nullptr);
  }
  return result;
}

/// Ends the capture also on failure.
OwnedGraph captureGraph(DriverQueue &driver, const KernelLaunches &launches) {
  const DriverApi &api = driver.api();
  const cuda::StreamHandle stream = driver.queue().stream.get();
  requireDriver(api, api.streamBeginCapture(stream, cuda::kCaptureThreadLocal), "recording a graph");
  const cuda::Result launched = launchAllOn(api, stream, launches);
  cuda::GraphHandle handle = nullptr;
  const cuda::Result ended = api.streamEndCapture(stream, &handle);
  const cuda::Owned<cuda::GraphHandle> graph = own(handle, api.graphDestroy);
  requireDriver(api, launched != cuda::kSuccess ? launched : ended, "recording a graph");
  cuda::GraphExecHandle exec = nullptr;
  requireDriver(api, api.graphInstantiate(&exec, graph.get(), 0), "instantiating a graph");
  OwnedGraph made = own(exec, api.graphExecDestroy);
  requireDriver(api, api.graphUpload(exec, stream), "uploading a graph");
  return made;
}

double secondsOfGraph(DriverQueue &driver, const KernelLaunches &launches) {
  const OwnedGraph graph = captureGraph(driver, launches);
  return driver.secondsOf([&] {
    requireDriver(driver.api(), driver.api().graphLaunch(graph.get(), driver.queue().stream.get()), "replay");
  });
}

double secondsPerLaunch(DriverQueue &driver, KernelLaunches launches) {
  const double few = secondsOfGraph(driver, launches);
  const uint32_t more = 2 * launches.count;
  launches.count += more;
  return (secondsOfGraph(driver, launches) - few) / more;
}

LaunchGap measureGaps(DriverQueue &driver, const std::string &code, uint32_t dispatches, uint32_t blocks) {
  if (std::string reason = whyNotProgrammatic(driver); !reason.empty()) {
    return {.reason = std::move(reason), .isMissing = true};
  }
  const OwnedModule module = loadModuleOf(driver.api(), code);
  const cuda::FunctionHandle plain = kernelNamed(driver.api(), module, EmptyKernel::kName),
                             programmatic = kernelNamed(driver.api(), module, EmptyKernel::kProgrammaticName);
  if (plain == nullptr || programmatic == nullptr) {
    return {.reason =
                fmt::format("expected code for sm_90 with the kernel {}", EmptyKernel::kProgrammaticName),
            .isMissing = true};
  }
  return {.plainSeconds = secondsPerLaunch(driver, {plain, false, dispatches, blocks}),
          .programmaticSeconds = secondsPerLaunch(driver, {programmatic, true, dispatches, blocks}),
          .reason = ""};
}

} // namespace

LaunchGap measureLaunchGap(uint32_t device, const std::string &code, uint32_t dispatches, uint32_t blocks) {
  try {
    DriverQueue driver(device);
    return measureGaps(driver, code, dispatches, blocks);
  } catch (const std::runtime_error &failure) {
    return {.reason = failure.what()};
  }
}

} // namespace cria::check
