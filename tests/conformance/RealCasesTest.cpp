// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cases at real shapes, at the sizes of a rehearsal: their samples agree with the reference and with the
// device kernels in the simulator, and differ from wrong results.
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/RealCheck.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

CompiledProgram compile(const DeviceModule &module, const std::string &target) {
  CompiledProgram program = compileProgram(module.module, target, module.limits, false);
  EXPECT_EQ(program.error, "") << module.module;
  return program;
}

std::string nameOf(const testing::TestParamInfo<RealCase> &info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class RealCases : public testing::TestWithParam<RealCase> {};
INSTANTIATE_TEST_SUITE_P(, RealCases, testing::ValuesIn(realCases(kRehearsalSizes)), nameOf);

TEST_P(RealCases, SamplesAreThoseOfTheReference) {
  const CompiledProgram ops = compile(GetParam(), "ops");
  const DeviceFindings findings = checkRealCase(GetParam(), ops, "reference", {.numThreads = 1});
  EXPECT_EQ(findings.failure, "");
  EXPECT_LE(findings.promptError, GetParam().fewTolerance); // nothing is rounded to 16 bits but the cache
}

TEST_P(RealCases, AgreeInTheSimulator) {
  const CompiledProgram code = compile(GetParam(), "gpusim-sm_80");
  EXPECT_EQ(checkRealCase(GetParam(), code, "gpusim", {.numThreads = 1}).failure, "");
}

TEST_P(RealCases, DifferFromWrongResults) {
  RealCase wrong = GetParam(); // whose `expected` keeps the right tensors
  for (auto &[name, tensor] : wrong.tensors) {
    std::rotate(tensor.values.begin(), tensor.values.begin() + 1, tensor.values.end());
  }
  const CompiledProgram ops = compile(wrong, "ops");
  EXPECT_THAT(checkRealCase(wrong, ops, "reference", {.numThreads = 1}).failure,
              HasSubstr("prefill: expected a relative error"));
}

TEST(RealShapes, AreFewAndThoseOfAModel) {
  const std::vector<RealCase> cases = realCases(kRealSizes);
  EXPECT_GE(cases.size(), 6u);
  EXPECT_LE(cases.size(), 10u);
  for (const RealCase &testCase : cases) {
    SCOPED_TRACE(testCase.name);
    EXPECT_TRUE(testCase.name.starts_with("real-"));
    EXPECT_EQ(testCase.prompts.back().tokens.size(), 512u);
    EXPECT_EQ(testCase.few.tokens.size(), 8u);
    EXPECT_LE(testCase.few.positions.back(), testCase.limits.context - 1);
    EXPECT_LE(testCase.prompts.back().outputs.size() * testCase.columns.size(), 2000u);
  }
  EXPECT_EQ(cases.back().few.positions.front(), 4096);
}

} // namespace
