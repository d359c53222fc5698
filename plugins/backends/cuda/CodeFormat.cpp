// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses "nv.cubin.sm_XX" and "sm_XX ptxNN" and compares them with the device.
#include "CodeFormat.h"

#include "plugins/api/kernel_abi.h"

#include <charconv>

namespace cria::cuda {
namespace {

using plugin::view;

constexpr std::string_view kCubinPrefix = "nv.cubin.";
constexpr uint32_t kPtxScore = 100;
constexpr uint32_t kCubinScore = 200;
constexpr int kVersionsPerMajor = 1000; // CUDA 13.0 is 13000

struct PtxVersion {
  int driver; // first CUDA version that supports it
  int isa;    // ten times the PTX ISA version
};
/// From the release notes of the PTX ISA. A driver newer than all of these supports at least the last.
constexpr PtxVersion kPtxVersions[] = {{11040, 74}, {11050, 75}, {11060, 76}, {11070, 77}, {11080, 78},
                                       {12000, 80}, {12010, 81}, {12020, 82}, {12030, 83}, {12040, 84},
                                       {12050, 85}, {12070, 86}, {12080, 87}, {12090, 88}, {13000, 90}};

/// A compute capability, and the devices that run code for it.
struct Sm {
  int major = 0;
  int minor = 0;
  char suffix = 0; // 'a': this capability only, 'f': its family, 0: as the format specifies
};

bool readNumber(std::string_view text, int &out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out > 0;
}

bool readSm(std::string_view text, Sm &out) {
  constexpr std::string_view kPrefix = "sm_";
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) {
    return false;
  }
  text.remove_prefix(kPrefix.size());
  if (text.back() == 'a' || text.back() == 'f') {
    out.suffix = text.back();
    text.remove_suffix(1);
  }
  int number = 0;
  constexpr int kSmallest = 10;
  if (!readNumber(text, number) || number < kSmallest) {
    return false;
  }
  out.major = number / 10;
  out.minor = number % 10;
  return true;
}

/// What code requires, from the words of its features.
struct Requirements {
  Sm sm;
  int ptx = 0;  // ten times the PTX ISA version
  int cuda = 0; // major version of the driver
};

/// Returns false if a word is unknown.
bool readFeatures(std::string_view features, Requirements &out) {
  while (!features.empty()) {
    const size_t end = std::min(features.find(' '), features.size());
    const std::string_view word = features.substr(0, end);
    const bool known = readSm(word, out.sm) ||
                       (word.starts_with("ptx") && readNumber(word.substr(3), out.ptx)) ||
                       (word.starts_with("cuda") && readNumber(word.substr(4), out.cuda));
    if (!known) {
      return false;
    }
    features.remove_prefix(std::min(end + 1, features.size()));
  }
  return true;
}

CodeScore refusal(std::string reason) { return {0, std::move(reason)}; }

bool isSame(const Sm &sm, const DeviceProperties &device) {
  return device.major == sm.major && device.minor == sm.minor;
}

bool isSameFamily(const Sm &sm, const DeviceProperties &device) {
  return device.major == sm.major && device.minor >= sm.minor;
}

bool ptxReaches(const Sm &sm, const DeviceProperties &device) {
  if (sm.suffix != 0) {
    return sm.suffix == 'a' ? isSame(sm, device) : isSameFamily(sm, device);
  }
  return device.major > sm.major || isSameFamily(sm, device);
}

/// Names the best target that the compiler has for a device.
std::string remedyFor(const DeviceProperties &device) {
  constexpr Sm kCompilerSms[] = {{8, 0}, {8, 6}, {8, 9}, {9, 0}};
  std::string best;
  for (const Sm &sm : kCompilerSms) {
    best = ptxReaches(sm, device) ? smText(sm.major, sm.minor) : best;
  }
  return best.empty() ? "kernels require a GPU of sm_80 (A100) or newer"
                      : "compile with --target cuda:" + best;
}

CodeScore wrongDevice(std::string_view code, const DeviceProperties &device) {
  return refusal("code is for " + std::string(code) + ", device " + device.name + " is " +
                 smText(device.major, device.minor) + "; " + remedyFor(device));
}

std::string ptxText(int isa) { return std::to_string(isa / 10) + "." + std::to_string(isa % 10); }

CodeScore scorePtx(std::string_view features, const DeviceProperties &device, int driverVersion) {
  Requirements needs;
  if (!readFeatures(features, needs) || needs.sm.major == 0 || needs.ptx == 0) {
    return refusal("expected features of PTX code such as 'sm_80 ptx70', got '" + std::string(features) +
                   "'");
  }
  if (!ptxReaches(needs.sm, device)) {
    return wrongDevice(features.substr(0, features.find(' ')), device);
  }
  if (needs.ptx > newestPtx(driverVersion)) {
    return refusal("code requires PTX " + ptxText(needs.ptx) + ", this driver (CUDA " +
                   versionText(driverVersion) + ") supports up to " + ptxText(newestPtx(driverVersion)) +
                   "; update the driver");
  }
  return {kPtxScore, ""};
}

CodeScore scoreCubin(std::string_view format, std::string_view features, const DeviceProperties &device,
                     int driverVersion) {
  const std::string_view name = format.substr(kCubinPrefix.size());
  Sm sm;
  Requirements needs;
  if (!readSm(name, sm) || !readFeatures(features, needs)) {
    return refusal("expected a format such as 'nv.cubin.sm_80', got '" + std::string(format) +
                   "' with features '" + std::string(features) + "'");
  }
  const bool fits = sm.suffix == 'a' ? isSame(sm, device) : isSameFamily(sm, device);
  if (!fits) {
    return wrongDevice(name, device);
  }
  if (driverVersion < needs.cuda * kVersionsPerMajor) {
    return refusal("cubin requires a driver of CUDA " + std::to_string(needs.cuda) +
                   " or newer, this one is of CUDA " + versionText(driverVersion) +
                   "; update the driver, or compile with PTX or with ptxas of CUDA 12");
  }
  return {kCubinScore + static_cast<uint32_t>(sm.minor), ""};
}

} // namespace

int newestPtx(int driverVersion) {
  int newest = 0;
  for (const PtxVersion &version : kPtxVersions) {
    newest = driverVersion >= version.driver ? version.isa : newest;
  }
  return newest;
}

CodeScore scoreCode(const cria_executable_info &info, const DeviceProperties &device, int driverVersion) {
  const std::string_view format = view(info.format);
  const bool isCubin = format.starts_with(kCubinPrefix);
  if (!isPtx(info) && !isCubin) {
    return refusal("expected format 'nv.ptx' or 'nv.cubin.sm_" + std::to_string(device.major) + "x', got '" +
                   std::string(format) + "'; " + remedyFor(device));
  }
  if (info.kernel_abi != CRIA_GPU_KERNEL_ABI_VERSION) {
    return refusal("expected GPU kernel ABI " + std::to_string(CRIA_GPU_KERNEL_ABI_VERSION) + ", got " +
                   std::to_string(info.kernel_abi) + "; compile the model again");
  }
  return isCubin ? scoreCubin(format, view(info.features), device, driverVersion)
                 : scorePtx(view(info.features), device, driverVersion);
}

} // namespace cria::cuda
