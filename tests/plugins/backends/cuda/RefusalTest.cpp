// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// When the plugin loads, and its message when it cannot. It opens the driver once per process, so every case
// has a process of its own.
#include "plugins/api/cria_plugin.h"
#include "tests/plugins/backends/cuda/fake_driver/Control.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using cria::fake_cuda::Control;
using testing::AllOf;
using testing::HasSubstr;

namespace {

const std::string kDrivers = CRIA_BINARY_DIR "/test-drivers/";
const std::string kFake = kDrivers + "fake_cuda_driver.so";

using Change = std::function<void(Control &)>;

std::string ask() {
  void *plugin = dlopen(CRIA_BINARY_DIR "/plugins/cria_backend_cuda.so", RTLD_NOW | RTLD_LOCAL);
  const auto query = reinterpret_cast<cria_plugin_query_fn>(dlsym(plugin, "cria_plugin_query"));
  const cria_host host{.struct_size = sizeof(host),
                       .abi_major = CRIA_ABI_MAJOR,
                       .abi_minor_min = CRIA_ABI_MINOR,
                       .abi_minor_max = CRIA_ABI_MINOR};
  std::array<char, 1024> text{};
  cria_message message{
      .struct_size = sizeof(message), .reserved = 0, .data = text.data(), .capacity = text.size(), .size = 0};
  cria_plugin out{};
  out.struct_size = sizeof(out);
  const cria_status status = query(&host, &out, &message);
  const cria_status again = query(&host, &out, nullptr);
  const std::string answer = status == CRIA_STATUS_OK            ? "loaded"
                             : status == CRIA_STATUS_UNSUPPORTED ? std::string(text.data(), message.size)
                                                                 : "status " + std::to_string(status);
  const bool isUntouched = status == CRIA_STATUS_OK || out.api == nullptr;
  return answer + (again != status ? " but not the same again" : "") +
         (isUntouched ? "" : " but with a table");
}

/// What the plugin answers in a process of its own with this driver.
std::string answerWith(const std::string &driver, const Change &change = {}) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    setenv("CRIA_CUDA_DRIVER", driver.c_str(), 1);
    if (change) {
      change(*reinterpret_cast<FakeCudaControl>(dlsym(dlopen(kFake.c_str(), RTLD_NOW), "cria_fake_cuda"))());
    }
    const std::string answer = ask();
    _exit(write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 4096> text{};
  const ssize_t size = read(ends[0], text.data(), text.size());
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return std::string(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
}

TEST(CudaRefusal, LoadsWhereADriverAndACardAre) { EXPECT_EQ(answerWith(kFake), "loaded"); }

TEST(CudaRefusal, NamesTheMissingLibrary) {
  EXPECT_THAT(answerWith("/nowhere/libcuda.so.1"), AllOf(HasSubstr("no CUDA driver: /nowhere/libcuda.so.1"),
                                                         HasSubstr("install the NVIDIA driver")));
}

TEST(CudaRefusal, AsksForANewerDriver) {
  EXPECT_THAT(
      answerWith(kDrivers + "old_cuda_driver.so"),
      AllOf(HasSubstr("supports CUDA 10.2"), HasSubstr("expected 11.4 or newer"), HasSubstr("update")));
  EXPECT_THAT(answerWith(kFake, [](Control &control) { control.driverVersion = 11030; }),
              HasSubstr("supports CUDA 11.3, expected 11.4"));
}

TEST(CudaRefusal, ReportsWhyTheDriverDoesNotStart) {
  EXPECT_THAT(answerWith(kFake, [](Control &control) { control.initResult = 100; }),
              AllOf(HasSubstr("CUDA_ERROR_NO_DEVICE"), HasSubstr("CUDA_VISIBLE_DEVICES")));
  EXPECT_THAT(answerWith(kFake, [](Control &control) { control.initResult = 803; }),
              AllOf(HasSubstr("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"), HasSubstr("nvidia-smi")));
  EXPECT_THAT(answerWith(kFake, [](Control &control) { control.initResult = 12345; }),
              HasSubstr("CUDA error 12345 (no text)"));
}

TEST(CudaRefusal, ReportsThatThereIsNoDevice) {
  EXPECT_THAT(answerWith(kFake, [](Control &control) { control.numDevices = 0; }),
              HasSubstr("reports no device"));
}

TEST(CudaRefusal, NamesADeviceThatCannotBeRead) {
  for (const char *function :
       {"cuDeviceGet", "cuDeviceGetName", "cuDeviceGetAttribute", "cuDeviceTotalMem_v2"}) {
    EXPECT_THAT(answerWith(kFake,
                           [&](Control &control) {
                             control.failFunction = function;
                             control.failCall = 1;
                             control.failResult = 719;
                           }),
                AllOf(HasSubstr("CUDA device 0"), HasSubstr("CUDA_ERROR_LAUNCH_FAILED")));
  }
}

} // namespace
