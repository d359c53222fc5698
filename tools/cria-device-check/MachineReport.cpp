// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/MachineReport.h"

#include "plugins/backends/cuda/Devices.h"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cria::check {
namespace {

constexpr double kBytesPerMib = 1 << 20;

std::optional<uint64_t> attributeIn(const cuda::DriverApi &api, cuda::DeviceHandle device, int attribute) {
  int value = 0;
  const bool isRead = api.deviceGetAttribute(&value, attribute, device) == cuda::kSuccess && value >= 0;
  return isRead ? std::optional(static_cast<uint64_t>(value)) : std::nullopt;
}

SmLimits smLimitsOf(const cuda::DriverApi &api, cuda::DeviceHandle device) {
  const auto attribute = [&](int number) { return attributeIn(api, device, number); };
  return {.registers = attribute(cuda::kMaxRegistersPerMultiprocessor),
          .threads = attribute(cuda::kMaxThreadsPerMultiprocessor),
          .sharedBytes = attribute(cuda::kMaxSharedMemoryPerMultiprocessor),
          .blocks = attribute(cuda::kMaxBlocksPerMultiprocessor),
          .reservedSharedBytesPerBlock = attribute(cuda::kReservedSharedMemoryPerBlock)};
}

std::optional<std::string> pciBusIdOf(const cuda::DriverApi &api, cuda::DeviceHandle device) {
  std::array<char, 64> id{};
  const bool isRead =
      api.deviceGetPciBusId != nullptr &&
      api.deviceGetPciBusId(id.data(), static_cast<int>(id.size()) - 1, device) == cuda::kSuccess;
  return isRead ? std::optional<std::string>(id.data()) : std::nullopt;
}

template <typename T> nlohmann::ordered_json orNull(const std::optional<T> &value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// Adds "SM 1755 of 1980 MHz" to the parts of a line if the value is known, and "SM 1755 MHz" if its limit is
/// not.
void addPart(std::vector<std::string> &parts, const char *what, const std::optional<double> &value,
             const std::optional<double> &limit, const char *unit) {
  if (value) {
    parts.push_back(
        fmt::format("{}{:.0f}{} {}", what, *value, limit ? fmt::format(" of {:.0f}", *limit) : "", unit));
  }
}

void addReadingTo(std::vector<std::string> &parts, const NvmlReading &reading, const NvmlReading &limits) {
  addPart(parts, "SM ", reading.smMegahertz, limits.smMegahertz, "MHz");
  addPart(parts, "memory ", reading.memoryMegahertz, limits.memoryMegahertz, "MHz");
  addPart(parts, "", reading.powerWatts, limits.powerWatts, "W");
  addPart(parts, "", reading.temperatureCelsius, std::nullopt, "°C");
}

void addFactsTo(std::vector<std::string> &parts, const DeviceFacts &facts) {
  if (facts.cudaVersion) {
    parts.push_back("CUDA " + *facts.cudaVersion);
  }
  if (facts.numSms) {
    parts.push_back(fmt::format("{} SMs", *facts.numSms));
  }
  if (facts.l2Bytes) {
    parts.push_back(fmt::format("L2 {:.0f} MiB", static_cast<double>(*facts.l2Bytes) / kBytesPerMib));
  }
  if (facts.memoryBytes) {
    parts.push_back(fmt::format("memory {:.0f} MiB", static_cast<double>(*facts.memoryBytes) / kBytesPerMib));
  }
  if (facts.hasEcc) {
    parts.push_back(*facts.hasEcc ? "ECC on" : "ECC off");
  }
}

std::string lineOf(const std::string &title, const std::vector<std::string> &parts) {
  return parts.empty() ? "" : fmt::format("{}: {}", title, fmt::join(parts, ", "));
}

} // namespace

DeviceFacts deviceFacts(const std::string &backend, uint32_t number) {
  const cuda::Machine *machine = nullptr;
  const cuda::DeviceProperties *device = nullptr;
  if (backend != "cuda" || cuda::openMachine(machine).failed() || cuda::findDevice(number, device).failed()) {
    return {};
  }
  const cuda::DriverApi &api = machine->driver.api;
  const std::optional<uint64_t> ecc = attributeIn(api, device->handle, cuda::kEccEnabled);
  return {.cudaVersion = cuda::versionText(machine->driver.version),
          .pciBusId = pciBusIdOf(api, device->handle),
          .numSms = attributeIn(api, device->handle, cuda::kMultiprocessorCount),
          .l2Bytes = attributeIn(api, device->handle, cuda::kL2CacheSize),
          .memoryBytes = device->memoryBytes,
          .hasEcc = ecc ? std::optional(*ecc != 0) : std::nullopt,
          .sm = smLimitsOf(api, device->handle)};
}

MachineReport::MachineReport(const std::string &backend, uint32_t device, std::string name)
    : name_(std::move(name)), facts_(deviceFacts(backend, device)), nvml_(facts_.pciBusId, device) {
  if (facts_.cudaVersion) {
    driverVersion_ = nvml_.driverVersion();
    limits_ = nvml_.limits();
  }
  (void)addReading("start");
}

std::string MachineReport::line() const {
  std::vector<std::string> parts;
  if (driverVersion_) {
    parts.push_back("driver " + *driverVersion_);
  }
  addFactsTo(parts, facts_);
  addReadingTo(parts, readings_.front().values, limits_);
  return lineOf("machine", parts);
}

std::string MachineReport::addReading(const std::string &section) {
  readings_.push_back({section, facts_.cudaVersion ? nvml_.read() : NvmlReading{}});
  std::vector<std::string> parts;
  addReadingTo(parts, readings_.back().values, {});
  return lineOf("clocks after " + section, parts);
}

nlohmann::ordered_json MachineReport::json() const {
  auto clocks = nlohmann::ordered_json::array();
  for (const Reading &reading : readings_) {
    clocks.push_back({{"after", reading.after},
                      {"sm_megahertz", orNull(reading.values.smMegahertz)},
                      {"memory_megahertz", orNull(reading.values.memoryMegahertz)},
                      {"power_watts", orNull(reading.values.powerWatts)},
                      {"temperature_celsius", orNull(reading.values.temperatureCelsius)}});
  }
  return {{"name", name_},
          {"driver", orNull(driverVersion_)},
          {"cuda", orNull(facts_.cudaVersion)},
          {"sms", orNull(facts_.numSms)},
          {"registers_per_sm", orNull(facts_.sm.registers)},
          {"threads_per_sm", orNull(facts_.sm.threads)},
          {"blocks_per_sm", orNull(facts_.sm.blocks)},
          {"shared_bytes_per_sm", orNull(facts_.sm.sharedBytes)},
          {"reserved_shared_bytes_per_block", orNull(facts_.sm.reservedSharedBytesPerBlock)},
          {"l2_bytes", orNull(facts_.l2Bytes)},
          {"memory_bytes", orNull(facts_.memoryBytes)},
          {"ecc", orNull(facts_.hasEcc)},
          {"max_sm_megahertz", orNull(limits_.smMegahertz)},
          {"max_memory_megahertz", orNull(limits_.memoryMegahertz)},
          {"power_limit_watts", orNull(limits_.powerWatts)},
          {"clocks", std::move(clocks)}};
}

} // namespace cria::check
