// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reference backend against formulas in double precision, over random shapes: all ops without a cache.
// Tolerance: error relative to the largest magnitude in the expected result. Ops that only move values, and
// single additions and products, are exact.
#include "ExpectClose.h"
#include "RandomCalls.h"

#include <gtest/gtest.h>

using namespace cria::conformance;

namespace {

constexpr int kTrials = 25;
constexpr double kExact = 0;
constexpr double kElementwise = 1e-6; // a few roundings and one exp
constexpr double kSum = 1e-5;         // sums of up to 300 terms in f32

class ReferenceOps : public testing::Test {
protected:
  Device device{Backend::named("reference")};
  Random random{20};

  void expectFormula(OpCall call, double tolerance) {
    const Outcome outcome = run(device, call);
    ASSERT_TRUE(outcome.ok()) << call.op << ": " << outcome.message;
    expectClose(call["output"], expectedOutput(call), tolerance);
    expectGapsUntouched(call["output"]);
  }
  View result(uint64_t rows, uint64_t columns) { return resultMatrix(random, rows, columns); }
  std::vector<int64_t> randomIndices(uint64_t count, uint64_t below) {
    std::vector<int64_t> indices(count);
    for (int64_t &index : indices) {
      index = static_cast<int64_t>(random.between(0, below - 1));
    }
    return indices;
  }
  uint32_t anyFloat() { return static_cast<uint32_t>(random.between(CRIA_TYPE_F32, CRIA_TYPE_BF16)); }
};

constexpr uint32_t kWrite = CRIA_ACCESS_WRITE;

TEST_F(ReferenceOps, Embedding) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), width = random.between(1, 40),
                   vocabulary = random.between(1, 50);
    expectFormula({"embedding",
                   {{"tokens", integerView(randomIndices(rows, vocabulary))},
                    {"table", randomMatrix(random, vocabulary, width, anyFloat())},
                    {"output", result(rows, width), kWrite}},
                   {}},
                  kExact);
  }
}

TEST_F(ReferenceOps, GatherRows) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), width = random.between(1, 40),
                   sources = random.between(1, 20);
    expectFormula({"gather_rows",
                   {{"input", randomMatrix(random, sources, width)},
                    {"rows", integerView(randomIndices(rows, sources))},
                    {"output", result(rows, width), kWrite}},
                   {}},
                  kExact);
  }
}

TEST_F(ReferenceOps, Elementwise) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), width = random.between(1, 40);
    for (const std::string op : {"add", "mul"}) {
      OpCall call{op,
                  {{"lhs", randomMatrix(random, rows, width)},
                   {"rhs", randomMatrix(random, rows, width)},
                   {"output", result(rows, width), kWrite}},
                  {}};
      ASSERT_TRUE(run(device, call).ok());
      Matrix expected = expectedOutput(call);
      for (double &value : expected.values) {
        value = roundToType(CRIA_TYPE_F32, value);
      }
      expectClose(call["output"], expected, kExact);
    }
    expectFormula({"silu",
                   {{"input", randomMatrix(random, rows, width, CRIA_TYPE_F32, 10)},
                    {"output", result(rows, width), kWrite}},
                   {}},
                  kElementwise);
  }
}

TEST_F(ReferenceOps, RmsNorm) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), width = random.between(1, 300);
    const double scale = trial % 5 == 0 ? 1e-3 : 1; // where epsilon matters
    expectFormula({"rms_norm",
                   {{"input", randomMatrix(random, rows, width, CRIA_TYPE_F32, scale)},
                    {"weight", randomVector(random, width, 1)},
                    {"output", result(rows, width), kWrite}},
                   {floatAttribute("epsilon", 1e-5)}},
                  kSum);
  }
}

TEST_F(ReferenceOps, Linear) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), inner = random.between(1, 300), width = random.between(1, 50);
    expectFormula({"linear",
                   {{"input", randomMatrix(random, rows, inner)},
                    {"weight", randomMatrix(random, width, inner, anyFloat())},
                    {"output", result(rows, width), kWrite}},
                   {}},
                  kSum);
  }
}

// Every combination of norm, SwiGLU and residual.
TEST_F(ReferenceOps, FusedLinear) {
  for (int trial = 0; trial < 8 * 5; ++trial) {
    const bool norm = (trial & 1) != 0, swiglu = (trial & 2) != 0, residual = (trial & 4) != 0;
    const uint64_t rows = random.between(1, 7), inner = random.between(1, 200), width = random.between(1, 70);
    const uint64_t block = random.coin() ? 16 : random.between(1, 20);
    const uint64_t weightRows = swiglu ? (width + block - 1) / block * block * 2 : width;
    OpCall call{
        "fused_linear",
        {{"input", randomMatrix(random, rows, inner)},
         {"weight", randomMatrix(random, weightRows, inner, anyFloat(), 1 / std::sqrt(double(inner)))},
         {"output", result(rows, width), kWrite}},
        {textAttribute("activation", swiglu ? "swiglu" : "none")}};
    if (norm) {
      call.arguments.push_back({"norm_weight", randomVector(random, inner, 1)});
      call.attributes.push_back(floatAttribute("epsilon", 1e-6));
    }
    if (swiglu) {
      call.attributes.push_back(intAttribute("swiglu_block", static_cast<int64_t>(block)));
    }
    if (residual) {
      call.arguments.push_back({"residual", randomMatrix(random, rows, width)});
    }
    expectFormula(call, kSum);
  }
}

TEST_F(ReferenceOps, Rope) {
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t rows = random.between(1, 9), heads = random.between(1, 8),
                   headDim = 2 * random.between(1, 32);
    expectFormula({"rope",
                   {{"input", randomMatrix(random, rows, heads * headDim)},
                    {"positions", integerView(randomIndices(rows, 100))},
                    {"table", ropeTable(100, headDim)},
                    {"output", result(rows, heads * headDim), kWrite}},
                   {intAttribute("head_dim", static_cast<int64_t>(headDim))}},
                  kElementwise);
  }
}

} // namespace
