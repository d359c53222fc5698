// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Device kernels in the simulator against the reference backend, family by family. Beside the numbers: rows
// do not depend on the rows beside them, bit for bit, and a row of `small` is the row of `decode`. The
// simulator ends a step at the first access that is out of bounds, misaligned, uninitialized or racing.
#include "ExpectClose.h"
#include "OpCases.h"

#include <gtest/gtest.h>

using namespace cria::conformance;

namespace {

constexpr uint64_t kPages = 48;
constexpr uint64_t kSeed = 23;
constexpr const char *kTarget = "gpusim-sm_80";
// Relative to the largest magnitude of a step. Sums in f32 in another order:
constexpr double kSingle = 2e-5;
// Prompts multiply inputs rounded to the weights' type (f16: 2^-11, bf16: 2^-8), and queries and softmax
// weights rounded to the cache's.
constexpr double kHalf = 2e-3, kBfloat = 1.5e-2;

double promptTolerance(const std::string &type) {
  return type == "f32" ? kSingle : type == "f16" ? kHalf : kBfloat;
}

std::vector<Matrix> runSteps(const CompiledProgram &program, const std::string &backend,
                             const Tensors &tensors, const std::string &entry,
                             const std::vector<StepInputs> &steps) {
  Device device(Backend::named(backend), {.numThreads = 1, .flags = CRIA_OPEN_POISON_SCRATCH});
  ProgramRunner runner(device, program, tensors, kPages);
  std::vector<Matrix> results;
  for (const StepInputs &step : steps) {
    results.push_back(runner.step(entry, step));
  }
  return results;
}

void expectClose(const std::vector<Matrix> &found, const std::vector<Matrix> &expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    const View view = denseView(CRIA_TYPE_F32, {found[i].rows, found[i].columns}, found[i].values);
    cria::conformance::expectClose(view, expected[i], tolerance);
  }
}

class DeviceVsReference : public testing::Test {
protected:
  Random random{kSeed};

  // A ragged batch that grows; the last step with padding rows. No step has more rows than `small` takes, if
  // `few`.
  std::vector<StepInputs> randomSteps(bool few) {
    StepMaker maker(random, 2, kPages);
    if (few) {
      return {maker.next(4, 0), maker.next(1, 0), maker.next(3, 1)};
    }
    return {maker.next(22, 0), maker.next(1, 0), maker.next(15, random.between(1, 3))};
  }

  static CompiledProgram compile(const OpProgram &op, const std::string &target) {
    CompiledProgram program = compileProgram(op.module(), target, op.limits(), false);
    EXPECT_EQ(program.error, "") << op.module();
    return program;
  }

  void check(const OpProgram &op, double tolerance) {
    check(op, tolerance, randomSteps(false), randomSteps(true));
  }

  void check(const OpProgram &op, double tolerance, const std::vector<StepInputs> &prompts,
             const std::vector<StepInputs> &few) {
    const CompiledProgram reference = compile(op, "ops"), device = compile(op, kTarget);
    ASSERT_TRUE(reference.error.empty() && device.error.empty());
    const auto onReference = [&](const std::vector<StepInputs> &steps) {
      return runSteps(reference, "reference", op.tensors(), "prefill", steps);
    };
    const auto onDevice = [&](const char *entry, const std::vector<StepInputs> &steps) {
      return runSteps(device, "gpusim", op.tensors(), entry, steps);
    };
    {
      SCOPED_TRACE("prefill");
      const std::vector<Matrix> found = onDevice("prefill", prompts);
      ASSERT_NO_FATAL_FAILURE(expectClose(found, onReference(prompts), tolerance));
      expectRowsEqual(onDevice("prefill", allRows(prompts)), prompts, found);
    }
    SCOPED_TRACE("few rows");
    const std::vector<Matrix> found = onDevice("small", few);
    ASSERT_NO_FATAL_FAILURE(expectClose(found, onReference(few), kSingle));
    expectRowsEqual(onDevice("decode", allRows(few)), few, found);
  }

  static std::vector<StepInputs> allRows(const std::vector<StepInputs> &steps) {
    std::vector<StepInputs> rows;
    for (const StepInputs &step : steps) {
      const std::vector<StepInputs> more = rowByRow(step);
      rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
  }

  // `single`: the results of all rows of `steps`, one by one.
  static void expectRowsEqual(const std::vector<Matrix> &single, const std::vector<StepInputs> &steps,
                              const std::vector<Matrix> &found) {
    size_t first = 0;
    for (size_t i = 0; i < steps.size(); ++i) {
      for (size_t output = 0; output < steps[i].outputs.size(); ++output) {
        const Matrix &row = single[first + static_cast<size_t>(steps[i].outputs[output])];
        for (uint64_t j = 0; j < row.columns; ++j) {
          ASSERT_EQ(row.at(0, j), found[i].at(output, j))
              << "alone and in step " << i << ", output " << output << ", column " << j;
        }
      }
      first += rowByRow(steps[i]).size();
    }
  }
};

TEST_F(DeviceVsReference, Embedding) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    check(embeddingProgram(random, type, 48), kSingle);
  }
}

TEST_F(DeviceVsReference, RmsNorm) {
  for (const uint64_t width : {uint64_t{16}, uint64_t{288}, random.between(1, 400)}) {
    check(rmsNormProgram(random, width), kSingle);
  }
}

TEST_F(DeviceVsReference, SiluMulAdd) {
  for (const uint64_t width : {uint64_t{37}, random.between(1, 300)}) {
    check(elementwiseProgram(random, width), kSingle);
  }
}

TEST_F(DeviceVsReference, Rope) {
  for (const uint64_t headDim : {uint64_t{32}, 2 * random.between(1, 70)}) {
    check(ropeProgram(random, random.between(1, 4), headDim), kSingle);
  }
}

// Widths around steps of 256 and pairs of them, heights around tiles of 128.
TEST_F(DeviceVsReference, Linear) {
  for (const LinearShape &shape :
       {LinearShape{"f32", 64, 64}, LinearShape{"f16", 288, 200}, LinearShape{"bf16", 40, 17},
        LinearShape{"f16", 1032, 130}, LinearShape{"f32", 517, 9}, LinearShape{"bf16", 777, 129},
        randomLinear(random)}) {
    SCOPED_TRACE(textOf(shape));
    check(linearProgram(random, shape), promptTolerance(shape.type));
  }
}

// Several tiles of 128 rows, the last one ragged.
TEST_F(DeviceVsReference, LinearOfManyRows) {
  const ProgramLimits limits{.maxTokens = 320, .maxSequences = 2, .context = 600};
  const OpProgram op = linearProgram(random, {"f16", 72, 150}, limits);
  std::vector<StepInputs> prompts(1);
  while (prompts[0].tokens.size() <= 128) {
    prompts[0] = StepMaker(random, 2, kPages).next(150, 0);
  }
  const std::vector<Matrix> expected =
      runSteps(compile(op, "ops"), "reference", op.tensors(), "prefill", prompts);
  expectClose(runSteps(compile(op, kTarget), "gpusim", op.tensors(), "prefill", prompts), expected, kHalf);
}

TEST_F(DeviceVsReference, LinearOnOutputs) {
  check(linearOnOutputsProgram(random, {"f16", 96, 130}), kSingle);
}

class DeviceVsReferenceFusedLinear : public DeviceVsReference, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Parts, DeviceVsReferenceFusedLinear, testing::Range(1, 8));

// Bits of the parameter: norm, SwiGLU, residual.
TEST_P(DeviceVsReferenceFusedLinear, AgreesWithTheReference) {
  const LinearParts parts{(GetParam() & 1) != 0, (GetParam() & 2) != 0, (GetParam() & 4) != 0};
  Random shapes(kSeed + static_cast<uint64_t>(GetParam()));
  for (const LinearShape &shape : {LinearShape{"f16", 264, 88}, randomLinear(shapes)}) {
    SCOPED_TRACE(textOf(shape));
    check(fusedLinearProgram(random, shape, parts), promptTolerance(shape.type));
  }
}

class DeviceVsReferenceAttention : public DeviceVsReference,
                                   public testing::WithParamInterface<AttentionShape> {};
INSTANTIATE_TEST_SUITE_P(
    Shapes, DeviceVsReferenceAttention,
    testing::Values(AttentionShape{1, 2, 32, "f16", true}, AttentionShape{2, 2, 64, "f16", false},
                    AttentionShape{4, 1, 128, "f16", true}, AttentionShape{8, 1, 32, "f16", true},
                    AttentionShape{3, 2, 20, "f16", true}, AttentionShape{1, 1, 256, "f16", true},
                    AttentionShape{2, 1, 48, "f32", true}),
    [](const auto &info) {
      return "of" + std::to_string(info.param.group) + "dim" + std::to_string(info.param.headDim) +
             info.param.cacheType;
    });

TEST_P(DeviceVsReferenceAttention, AgreesWithTheReference) {
  const std::string type = GetParam().cacheType;
  check(ropeAttentionProgram(random, GetParam(), {}), promptTolerance(type));
}

// Past the 256 positions of a segment, and tiles that several sequences share.
TEST_F(DeviceVsReference, AttentionOverALongContext) {
  const ProgramLimits limits{.maxTokens = 320, .maxSequences = 2, .context = 600};
  StepMaker maker(random, 2, kPages);
  std::vector<StepInputs> prompts = {maker.next(150, 0), maker.next(150, 0), maker.next(150, 2)};
  StepMaker other(random, 1, kPages);
  std::vector<StepInputs> few;
  while (few.empty() || few.back().positions.back() < 300) {
    few.push_back(other.next(8, 0));
  }
  check(ropeAttentionProgram(random, {2, 1, 32, "f16", true}, limits), kHalf, prompts, few);
}

} // namespace
