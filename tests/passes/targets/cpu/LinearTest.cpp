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

Buffer<float> packed(const KernelLibrary &library, const PackBfloatSpec &spec, Buffer<float> &input,
                     int64_t rows) {
  Buffer<float> words(size_t(rows * spec.words()), kNan);
  std::vector<void *> bindings = {input.data(), words.data()};
  for (int64_t row = 0; row < rows; ++row) {
    library.kernel(spec.name())(bindings.data(), nullptr, uint32_t(row), 0, 0);
  }
  EXPECT_TRUE(words.intact() && input.intact());
  return words;
}

void check(const Isa &isa, LinearSpec spec, const std::vector<int64_t> &rowCounts) {
  DenormalsAreZero scope;
  const PackBfloatSpec packing{.columns = spec.inputs, .pairs = isa.dotBfloat};
  spec.inputStride = spec.hasBfloatInputs() ? packing.words() : 0;
  LinearSpec single = spec;
  single.singleRow = true;
  KernelLibrary library(isa, [&](mlir::ModuleOp kernels) {
    emitLinear(kernels, isa, spec);
    emitLinear(kernels, isa, single);
    emitPackBfloat(kernels, packing);
  });
  Random random(spec.inputs * 131 + spec.outputs);
  Buffer<std::byte> weight =
      randomPanels(spec.weightRows(), spec.inputs, traitsOf(spec.weight).element, random, spec);
  for (int64_t rows : rowCounts) {
    Buffer<float> input = randomFloats(rows * spec.inputs, random);
    Buffer<float> residual = randomFloats(rows * spec.outputs, random);
    std::vector<float> expected = scalarLinear(spec, rows, input, weight, residual);
    Buffer<float> words = spec.hasBfloatInputs() ? packed(library, packing, input, rows) : std::move(input);
    std::vector<float> all = run(library, {spec, rows}, words, weight, residual);
    std::vector<float> one = run(library, {single, rows}, words, weight, residual);
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

TEST(Linear, EqualsTheDefinitionOfClassBf16) {
  for (const Isa *isa : runnableIsas()) {
    for (const int64_t inputs : {1, 2, 7, 100, 513, 1030}) {
      check(*isa,
            {.inputs = inputs,
             .outputs = 83,
             .weight = WeightFormat::bf16,
             .activations = ActivationClass::bf16,
             .residual = true},
            {1, 2, 6, 12, 13, 29, 261});
    }
    check(*isa,
          {.inputs = 65,
           .outputs = 43,
           .weight = WeightFormat::bf16,
           .activations = ActivationClass::bf16,
           .activation = llama::Activation::swiglu},
          {1, 4, 13, 31});
  }
}

// Ties, subnormal numbers, infinities and NaN.
TEST(Linear, RoundsActivationsToBf16) {
  DenormalsAreZero scope;
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> special = {
      0.0f, -0.0f, 1e-40f, -0x1p-127f, 0x1p-126f, 1.00390625f, 1.01171875f, 3e38f,           3.4e38f,
      inf,  -inf,  kNan,   -kNan,      -2.7f,     1.0f,        65504.0f,    0x1.fffffep-127f};
  for (const Isa *isa : runnableIsas()) {
    const PackBfloatSpec spec{.columns = int64_t(special.size()), .pairs = isa->dotBfloat};
    KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitPackBfloat(kernels, spec); });
    Buffer<float> input(special.size());
    std::copy(special.begin(), special.end(), input.begin());
    Buffer<float> words = packed(library, spec, input, 1);
    const auto *halves = reinterpret_cast<const uint16_t *>(words.data());
    for (size_t k = 0; k < special.size(); ++k) {
      const uint32_t expected = std::bit_cast<uint32_t>(roundToBf16(special[k]));
      const uint32_t got = spec.pairs ? uint32_t(halves[k]) << 16 : std::bit_cast<uint32_t>(words[k]);
      EXPECT_EQ(got, expected) << isa->name.str() << " " << special[k];
    }
    EXPECT_EQ(spec.pairs ? halves[special.size()] : std::bit_cast<uint32_t>(words[special.size()]), 0u);
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
