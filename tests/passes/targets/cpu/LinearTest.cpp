// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares linear kernels with a scalar chain of fused multiply-adds: equal bits for every number of rows,
// element type, ragged shape, epilogue and instruction set level.
#include "tests/passes/targets/cpu/KernelHarness.h"
#include "tests/passes/targets/cpu/ScalarKernels.h"

#include "gtest/gtest.h"

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

struct Problem {
  LinearSpec spec;
  int64_t rows;
};

/// One call over all workgroups; the output starts as NaN.
std::vector<float> run(const KernelLibrary &library, const Problem &problem, Buffer<float> &input,
                       Buffer<std::byte> &weight, Buffer<float> &residual) {
  const LinearSpec &spec = problem.spec;
  Buffer<float> output(problem.rows * spec.outputs, kNan);
  Buffer<float> scratch(std::max<int64_t>(spec.scratchBytes() / 4, 16), kNan);
  Buffer<uint32_t> step(16, 0u);
  step[0] = spec.rows == ExtentKind::tokens ? problem.rows : 99;
  step[1] = spec.rows == ExtentKind::outputs ? problem.rows : 77;
  std::vector<void *> bindings = {input.data(), weight.data()};
  if (spec.residual) {
    bindings.push_back(residual.data());
  }
  bindings.push_back(output.data());
  bindings.push_back(step.data());
  int64_t rowsAtOnce = spec.rowsPerWorkgroup();
  for (int64_t group = 0; group < spec.groups(); ++group) {
    for (int64_t y = 0; y * rowsAtOnce < problem.rows; ++y) {
      library.kernel(spec.name())(bindings.data(), scratch.data(), group, y, 0);
    }
  }
  EXPECT_TRUE(output.intact() && scratch.intact() && input.intact());
  return std::vector<float>(output.begin(), output.end());
}

void check(const Isa &isa, LinearSpec spec, const std::vector<int64_t> &rowCounts) {
  DenormalsAreZero scope;
  LinearSpec single = spec;
  single.singleRow = true;
  KernelLibrary library(isa, [&](mlir::ModuleOp kernels) {
    emitLinear(kernels, isa, spec);
    emitLinear(kernels, isa, single);
  });
  Random random(spec.inputs * 131 + spec.outputs);
  Buffer<std::byte> weight =
      randomPanels(spec.weightRows(), spec.inputs, traitsOf(spec.weight).element, random, spec);
  for (int64_t rows : rowCounts) {
    Buffer<float> input = randomFloats(rows * spec.inputs, random);
    Buffer<float> residual = randomFloats(rows * spec.outputs, random);
    std::vector<float> expected = scalarLinear(spec, rows, input, weight, residual);
    std::vector<float> all = run(library, {spec, rows}, input, weight, residual);
    std::vector<float> one = run(library, {single, rows}, input, weight, residual);
    ASSERT_TRUE(sameBits(all, one)) << isa.name.str() << " " << spec.name() << " rows " << rows;
    // The scalar code takes its exponential from libm.
    bool exact = spec.activation == llama::Activation::none;
    ASSERT_TRUE(exact ? sameBits(all, expected) : close(all, expected, 2e-6f))
        << isa.name.str() << " " << spec.name() << " rows " << rows;
  }
}

TEST(Linear, EqualsTheScalarChain) {
  for (const Isa *isa : runnableIsas()) {
    for (WeightFormat type : {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16}) {
      check(*isa, {.inputs = 100, .outputs = 192, .weight = type}, {1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 29});
      check(*isa, {.inputs = 7, .outputs = 131, .weight = type, .residual = true},
            {1, 5, 12, 17, 258, 261, 600});
      check(*isa,
            {.inputs = 1030, .outputs = 20, .weight = type, .residual = true, .rows = ExtentKind::outputs},
            {1, 6, 14});
    }
  }
}

TEST(Linear, SwigluPairsBlocksOfGateAndUp) {
  for (const Isa *isa : runnableIsas()) {
    for (WeightFormat type : {WeightFormat::f32, WeightFormat::f16}) {
      check(*isa, {.inputs = 64, .outputs = 352, .weight = type, .activation = llama::Activation::swiglu},
            {1, 6, 19});
      check(*isa,
            {.inputs = 513,
             .outputs = 43,
             .weight = type,
             .activation = llama::Activation::swiglu,
             .residual = true},
            {1, 4, 13, 31});
    }
  }
}

} // namespace
