// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares compiled CPU kernels with the reference backend, op by op: the same module is compiled for `ops`
// and for every level that this processor supports, both are run on the same steps, and rows are compared.
// Some shapes are at the edges of tiles, some are random (kSeed reproduces them). In addition, results on the
// CPU are equal bit for bit for a fused op and its decomposition, for any number of threads, and for a batch
// and its rows one by one.
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/OpCases.h"
#include "tools/cria-plugin-test/ExpectClose.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <iterator>

using namespace cria::conformance;

namespace {

/// Relative to the largest magnitude: sums in f32 in another order or without intermediate rounding, one
/// vector exp.
constexpr double kTolerance = 2e-5;
constexpr uint64_t kPages = 48;
constexpr uint64_t kSeed = 11;

struct Run {
  std::string target;
  bool decompose = false;
  uint32_t numThreads = 1;
};

bool runsHere(const CompiledProgram &program) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = program.abiVersion,
                                  .format = {program.format.data(), program.format.size()},
                                  .features = {program.features.data(), program.features.size()}};
  uint32_t score = 0;
  return Backend::named("cpu").api().probe(0, &info, &score, nullptr) == CRIA_STATUS_OK && score > 0;
}

std::vector<Matrix> runSteps(const CompiledProgram &program, const Tensors &tensors, uint32_t numThreads,
                             const std::string &entry, const std::vector<StepInputs> &steps) {
  Device device(Backend::named(program.code.empty() ? "reference" : "cpu"),
                {.numThreads = numThreads, .flags = CRIA_OPEN_POISON_SCRATCH});
  ProgramRunner runner(device, program, tensors, kPages);
  std::vector<Matrix> results;
  for (const StepInputs &step : steps) {
    results.push_back(runner.step(entry, step));
  }
  return results;
}

void expectRowsClose(const std::vector<Matrix> &found, const std::vector<Matrix> &expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const View view = denseView(CRIA_TYPE_F32, {found[i].rows, found[i].columns}, found[i].values);
    expectClose(view, expected[i], kTolerance);
  }
}

void expectEqualBits(const std::vector<Matrix> &found, const std::vector<Matrix> &expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].values, expected[i].values) << "step " << i; // no NaN passed the comparison before
  }
}

class CpuVsReference : public testing::Test {
protected:
  Random random_{kSeed};

  // Three steps of a ragged batch; the last one with padding rows.
  std::vector<StepInputs> randomSteps() {
    StepMaker maker(random_, 3, kPages);
    return {maker.next(12, 0), maker.next(1, 0), maker.next(15, random_.between(1, 3))};
  }

  static CompiledProgram compile(const OpProgram &op, const std::string &target, bool decompose) {
    CompiledProgram program = compileProgram(op.module(), target, op.limits(), decompose);
    EXPECT_EQ(program.error, "") << op.module();
    return program;
  }

  void check(const OpProgram &op, bool isFused = false) { check(op, isFused, randomSteps()); }

  void check(const OpProgram &op, bool isFused, const std::vector<StepInputs> &steps) {
    const CompiledProgram reference = compile(op, "ops", false);
    ASSERT_TRUE(reference.error.empty());
    const std::vector<Matrix> expected = runSteps(reference, op.tensors(), 1, "prefill", steps);
    size_t levels = 0;
    for (const std::string &target : builtInTargets()) {
      if (target.rfind("cpu-", 0) != 0) {
        continue;
      }
      const CompiledProgram program = compile(op, target, false);
      ASSERT_TRUE(program.error.empty());
      if (runsHere(program)) {
        SCOPED_TRACE(target);
        checkLevel(op, target, program, steps, expected, isFused);
        ++levels;
      }
    }
    EXPECT_GT(levels, 0u) << "no compiled target runs on this processor";
  }

  void checkLevel(const OpProgram &op, const std::string &target, const CompiledProgram &program,
                  const std::vector<StepInputs> &steps, const std::vector<Matrix> &expected, bool isFused) {
    const std::vector<Matrix> found = runSteps(program, op.tensors(), 1, "prefill", steps);
    ASSERT_NO_FATAL_FAILURE(expectRowsClose(found, expected));
    for (const uint32_t numThreads : {2u, 3u}) {
      SCOPED_TRACE(std::to_string(numThreads) + " threads");
      expectEqualBits(runSteps(program, op.tensors(), numThreads, "prefill", steps), found);
    }
    if (isFused) {
      SCOPED_TRACE("decomposed");
      expectEqualBits(runSteps(compile(op, target, true), op.tensors(), 2, "prefill", steps), found);
    }
    SCOPED_TRACE("row by row");
    checkRowByRow(op, program, steps, found);
  }

  // All rows of all steps through @decode, then those that the batch put out.
  void checkRowByRow(const OpProgram &op, const CompiledProgram &program,
                     const std::vector<StepInputs> &steps, const std::vector<Matrix> &found) {
    std::vector<StepInputs> rows;
    std::vector<size_t> starts;
    for (const StepInputs &step : steps) {
      starts.push_back(rows.size());
      const std::vector<StepInputs> more = rowByRow(step);
      rows.insert(rows.end(), more.begin(), more.end());
    }
    const std::vector<Matrix> single = runSteps(program, op.tensors(), 2, "decode", rows);
    for (size_t i = 0; i < steps.size(); ++i) {
      for (size_t output = 0; output < steps[i].outputs.size(); ++output) {
        const Matrix &row = single[starts[i] + static_cast<size_t>(steps[i].outputs[output])];
        for (uint64_t j = 0; j < row.columns; ++j) {
          ASSERT_EQ(row.at(0, j), found[i].at(output, j))
              << "step " << i << ", output " << output << ", column " << j;
        }
      }
    }
  }
};

TEST_F(CpuVsReference, Embedding) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    check(embeddingProgram(random_, type, 48));
  }
}

TEST_F(CpuVsReference, RmsNorm) {
  for (const uint64_t width :
       {uint64_t{16}, uint64_t{288}, random_.between(1, 400), random_.between(1, 40)}) {
    check(rmsNormProgram(random_, width));
  }
}

constexpr LinearShape kLinearShapes[] = {{"f32", 64, 64}, {"f16", 288, 200}, {"bf16", 40, 17}};
constexpr size_t kNumRandomLinears = 6;

TEST_F(CpuVsReference, Linear) {
  std::vector<LinearShape> shapes(std::begin(kLinearShapes), std::end(kLinearShapes));
  std::generate_n(std::back_inserter(shapes), kNumRandomLinears, [&] { return randomLinear(random_); });
  for (const LinearShape &shape : shapes) {
    SCOPED_TRACE(textOf(shape));
    check(linearProgram(random_, shape));
  }
}

TEST_F(CpuVsReference, LinearOnOutputs) { check(linearOnOutputsProgram(random_, {"f16", 96, 130})); }

class CpuVsReferenceFusedLinear : public CpuVsReference, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Parts, CpuVsReferenceFusedLinear, testing::Range(1, 16));

// Bits of the parameter: norm, SwiGLU, residual, a random shape.
TEST_P(CpuVsReferenceFusedLinear, AndItsDecomposition) {
  const LinearParts parts{(GetParam() & 1) != 0, (GetParam() & 2) != 0, (GetParam() & 4) != 0};
  Random shapes(kSeed + static_cast<uint64_t>(GetParam()));
  const LinearShape shape = (GetParam() & 8) != 0 ? randomLinear(shapes) : kLinearShapes[GetParam() % 3];
  SCOPED_TRACE(textOf(shape));
  check(fusedLinearProgram(random_, shape, parts), true);
}

TEST_F(CpuVsReference, SiluMulAdd) {
  for (const uint64_t width : {uint64_t{64}, uint64_t{37}, random_.between(1, 300)}) {
    check(elementwiseProgram(random_, width));
  }
}

TEST_F(CpuVsReference, Rope) {
  for (const uint64_t headDim : {uint64_t{16}, uint64_t{64}, 2 * random_.between(1, 70)}) {
    check(ropeProgram(random_, random_.between(1, 4), headDim));
  }
}

class CpuVsReferenceAttention : public CpuVsReference, public testing::WithParamInterface<AttentionShape> {};
INSTANTIATE_TEST_SUITE_P(
    Shapes, CpuVsReferenceAttention,
    testing::Values(AttentionShape{1, 2, 16, "f16", true}, AttentionShape{2, 2, 32, "f16", true},
                    AttentionShape{4, 1, 64, "f32", false}, AttentionShape{8, 1, 16, "f16", false},
                    AttentionShape{2, 2, 36, "i8", true}, AttentionShape{3, 1, 64, "i8", false}),
    [](const auto &info) {
      return "of" + std::to_string(info.param.group) + "dim" + std::to_string(info.param.headDim) +
             info.param.cacheType;
    });

TEST_F(CpuVsReference, AttentionOfRandomShapes) {
  for (int trial = 0; trial < 5; ++trial) {
    const AttentionShape shape{random_.between(1, 9), random_.between(1, 3), 2 * random_.between(1, 66),
                               random_.coin() ? "f16" : "f32", random_.coin()};
    SCOPED_TRACE(textOf(shape));
    check(ropeAttentionProgram(random_, shape, {}), true);
  }
}

TEST_P(CpuVsReferenceAttention, AndItsDecomposition) {
  check(ropeAttentionProgram(random_, GetParam(), {}), true);
}

// Past the 512 positions after which attention merges partial results; one sequence grows in chunks.
TEST_F(CpuVsReference, AttentionOverALongContext) {
  const CaseLimits limits{.maxTokens = 256, .maxSequences = 1, .context = 1200};
  StepMaker maker(random_, 1, kPages);
  std::vector<StepInputs> steps;
  while (steps.empty() || steps.back().positions.back() < 1050) {
    steps.push_back(maker.next(static_cast<uint64_t>(steps.size() % 2 == 0 ? 140 : 3), 0));
  }
  check(ropeAttentionProgram(random_, {2, 1, 16, "f16", true}, limits), true, steps);
}

} // namespace
