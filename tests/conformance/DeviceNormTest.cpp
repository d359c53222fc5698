// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMSNorm of the CUDA kernels, in the simulator: the bits of a fused norm are those of a separate one, and
// squares are added in the order that docs/numerics.md states.
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/DeviceCases.h"
#include "tools/cria-device-check/OpCases.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::conformance;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr uint64_t kSeed = 31;

Matrix run(const OpProgram &op, const CompiledProgram &code, const std::string &entry,
           const StepInputs &step) {
  Device device(Backend::named("gpusim"), {.numThreads = 1});
  ProgramRunner runner(device, code, op.tensors(), kCasePages);
  return runner.step(entry, step);
}

CompiledProgram compile(const OpProgram &op, bool decompose) {
  CompiledProgram code = compileProgram(op.module(), "gpusim-sm_80", op.limits(), decompose);
  EXPECT_EQ(code.error, "") << op.module();
  return code;
}

/// A step of one row.
StepInputs singleRow(Random &random) { return StepMaker(random, 1, kCasePages).next(1, 0); }

class DeviceNorm : public testing::TestWithParam<uint64_t> {};
// One round of 1024 columns and less, a part of a second, and more than eight rounds.
INSTANTIATE_TEST_SUITE_P(Widths, DeviceNorm, testing::Values(37, 1024, 1032, 9000));

TEST_P(DeviceNorm, FusedIsEqualToSeparate) {
  Random random(kSeed);
  const OpProgram op = fusedLinearProgram(random, {"f16", GetParam(), 40}, {.norm = true});
  const CompiledProgram fused = compile(op, false), separate = compile(op, true);
  ASSERT_TRUE(fused.error.empty() && separate.error.empty());
  constexpr const char *kFused = "_norm3727c5ac"; // in names of products, with the bits of epsilon
  EXPECT_THAT(fused.json, HasSubstr(kFused));
  EXPECT_THAT(separate.json, Not(HasSubstr(kFused)));
  for (const std::string entry : {"prefill", "small", "decode"}) {
    SCOPED_TRACE(entry);
    const StepInputs step =
        entry == "decode" ? singleRow(random) : StepMaker(random, 2, kCasePages).next(4, 0);
    const Matrix expected = run(op, separate, entry, step), found = run(op, fused, entry, step);
    ASSERT_FALSE(expected.values.empty());
    EXPECT_TRUE(found.values == expected.values); // fails for NaN
  }
}

/// The sum of squares of a row as a block of 256 threads adds them.
float sumOfSquares(const std::vector<float> &row) {
  constexpr size_t kThreads = 256, kWarp = 32, kColumns = 4;
  float total = 0;
  for (size_t warp = 0; warp < kThreads / kWarp; ++warp) {
    std::array<float, kWarp> lanes{};
    for (size_t lane = 0; lane < kWarp; ++lane) {
      for (size_t first = (warp * kWarp + lane) * kColumns; first < row.size();
           first += kThreads * kColumns) {
        for (size_t j = first; j < std::min(first + kColumns, row.size()); ++j) {
          lanes[lane] = std::fma(row[j], row[j], lanes[lane]);
        }
      }
    }
    for (size_t distance = kWarp / 2; distance > 0; distance /= 2) {
      const std::array<float, kWarp> before = lanes;
      for (size_t lane = 0; lane < kWarp; ++lane) {
        lanes[lane] = before[lane] + before[lane ^ distance];
      }
    }
    total = warp == 0 ? lanes[0] : total + lanes[0];
  }
  return total;
}

TEST_P(DeviceNorm, AddsSquaresInTheStatedOrder) {
  Random random(kSeed);
  const OpProgram op = rmsNormProgram(random, GetParam());
  const StepInputs step = singleRow(random);
  const Matrix found = run(op, compile(op, false), "decode", step);
  ASSERT_EQ(found.columns, GetParam());
  const Matrix &table = op.tensors().at("x_table"), &weight = op.tensors().at("w");
  std::vector<float> row;
  for (uint64_t j = 0; j < GetParam(); ++j) {
    row.push_back(static_cast<float>(table.at(static_cast<uint64_t>(step.tokens[0]), j)));
  }
  const float mean = sumOfSquares(row) * static_cast<float>(1.0 / static_cast<double>(GetParam()));
  // As the simulator computes rsqrt.
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(mean + 1e-5f)));
  for (uint64_t j = 0; j < GetParam(); ++j) {
    const float product = row[j] * factor;
    ASSERT_EQ(static_cast<float>(found.at(0, j)), product * static_cast<float>(weight.at(0, j))) << j;
  }
}

} // namespace
