// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Classifies the driver's results.
#include "Failure.h"

namespace cria::cuda {

static std::string textOr(Result (*lookUp)(Result, const char **), Result result, const char *otherwise) {
  const char *text = nullptr;
  return lookUp(result, &text) == kSuccess && text != nullptr ? text : otherwise;
}

std::string describe(const DriverApi &driver, Result result) {
  const std::string fallback = "CUDA error " + std::to_string(result);
  return textOr(driver.getErrorName, result, fallback.c_str()) + " (" +
         textOr(driver.getErrorString, result, "no text") + ")";
}

bool isLost(Result result) {
  switch (result) {
  case kDeinitialized:
  case kDeviceUnavailable:
  case kEccUncorrectable:
  case kNvlinkUncorrectable:
  case kContained:
  case kIllegalAddress:
  case kLaunchTimeout:
  case kContextIsDestroyed:
  case kAssert:
  case kHardwareStackError:
  case kIllegalInstruction:
  case kMisalignedAddress:
  case kInvalidAddressSpace:
  case kInvalidPc:
  case kLaunchFailed:
  case kUnknown: // reported for a GPU that has fallen off the bus
    return true;
  default:
    return false;
  }
}

Check checkResult(const DriverApi &driver, Result result, std::string_view what) {
  if (result == kSuccess) {
    return {};
  }
  const std::string found = std::string(what) + ": " + describe(driver, result);
  if (isLost(result)) {
    return refuse(
        CRIA_STATUS_DEVICE_LOST,
        "the CUDA device was lost during " + found +
            "; close all models on this device and open them again; if that fails, restart the program");
  }
  return refuse(result == kOutOfMemory ? CRIA_STATUS_OUT_OF_MEMORY : CRIA_STATUS_INTERNAL, found);
}

} // namespace cria::cuda
