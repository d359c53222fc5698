// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares device kernels in the simulator with the reference backend, family by family. The simulator ends a
// step at the first access that is out of bounds, misaligned, uninitialized or racing.
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/DeviceCheck.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>

using namespace cria::conformance;

namespace {

CompiledProgram compile(const DeviceCase &testCase, const std::string &target) {
  CompiledProgram program = compileProgram(testCase.module, target, testCase.limits, false);
  EXPECT_EQ(program.error, "") << testCase.module;
  return program;
}

/// `letters`: the value of CRIA_GPUSIM.
std::vector<Matrix> runSimulated(const DeviceCase &testCase, const std::string &entry,
                                 const CompiledProgram &code, const char *letters) {
  setenv("CRIA_GPUSIM", letters, 1);
  std::vector<Matrix> results = runOnDevice(testCase, entry, code, "gpusim", {.numThreads = 1});
  unsetenv("CRIA_GPUSIM");
  return results;
}

std::string nameOf(const testing::TestParamInfo<DeviceCase> &info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class DeviceVsReference : public testing::TestWithParam<DeviceCase> {};
INSTANTIATE_TEST_SUITE_P(, DeviceVsReference, testing::ValuesIn(deviceCases()), nameOf);

TEST_P(DeviceVsReference, Agrees) {
  const CompiledProgram ops = compile(GetParam(), "ops"), code = compile(GetParam(), "gpusim-sm_80");
  ASSERT_TRUE(ops.error.empty() && code.error.empty());
  EXPECT_EQ(checkOnDevice(GetParam(), ops, code, "gpusim", {.numThreads = 1}).failure, "");
}

// Results are equal bit for bit when lanes, warps and blocks run in the opposite order, and when only
// barriers order memory within a warp, as PTX guarantees. The kernels for prompts have no bank conflicts.
TEST_P(DeviceVsReference, DoesNotDependOnTheSchedule) {
  const CompiledProgram code = compile(GetParam(), "gpusim-sm_80");
  ASSERT_EQ(code.error, "");
  for (const std::string entry : {"prefill", "small", "decode"}) {
    SCOPED_TRACE(entry);
    const std::vector<Matrix> forward = runSimulated(GetParam(), entry, code, "");
    const std::vector<Matrix> backward = runSimulated(
        GetParam(), entry, code, entry == "prefill" && GetParam().conflictFree ? "lwbsc" : "lwbs");
    ASSERT_EQ(forward.size(), backward.size());
    for (size_t i = 0; i < forward.size(); ++i) {
      EXPECT_TRUE(forward[i].values == backward[i].values) << "step " << i; // fails for NaN
    }
  }
}

} // namespace
