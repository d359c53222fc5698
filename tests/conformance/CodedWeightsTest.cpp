// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights with codes have the values of format/WeightCodec.h on every target, bit for bit: rows that an
// embedding looks up, and products with inputs that are 1 in one column and 0 in the others.
#include "format/ActivationClass.h"
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "tools/cria-device-check/CodedFormats.h"
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/DeviceCases.h"
#include "tools/cria-device-check/OpCases.h"

#include <algorithm>
#include <bit>
#include <gtest/gtest.h>

using namespace cria::conformance;
using cria::WeightFormatTraits;

namespace {

constexpr uint64_t kSeed = 37, kVocabulary = OpProgram::kVocabulary;

/// Formats of the table; in a program that has others (MadeUpFormats.cpp), the others alone.
std::vector<std::string> codedNames() {
  std::vector<std::string> names, others;
  for (const cria::WeightFormat format : cria::conformance::codedFormats()) {
    (size_t(format) < cria::kWeightFormats.size() ? names : others).emplace_back(nameOf(format));
  }
  return others.empty() ? names : others;
}

/// Row by row, the bits of values; -0 counts as 0 if `addsToZero`.
std::vector<uint32_t> bitsOf(const Matrix &values, bool addsToZero) {
  std::vector<uint32_t> bits;
  for (const double value : values.values) {
    bits.push_back(std::bit_cast<uint32_t>(static_cast<float>(value) + (addsToZero ? 0.0f : -0.0f)));
  }
  return bits;
}

/// The values of a matrix after encoding and decoding.
Matrix decoded(const Matrix &matrix, const std::string &name) {
  const WeightFormatTraits &format = traitsOf(*cria::findWeightFormat(name));
  Matrix result = matrix;
  std::vector<float> row(matrix.columns);
  std::vector<std::byte> encoded(cria::rowBytes(format, static_cast<int64_t>(matrix.columns)));
  for (uint64_t i = 0; i < matrix.rows; ++i) {
    for (uint64_t j = 0; j < matrix.columns; ++j) {
      row[j] = static_cast<float>(matrix.at(i, j));
    }
    EXPECT_EQ(cria::encodeRow(format, row, encoded.data()), std::nullopt);
    cria::decodeRow(format, encoded.data(), row);
    std::copy(row.begin(), row.end(), result.values.begin() + static_cast<ptrdiff_t>(i * matrix.columns));
  }
  return result;
}

/// A step with every token once, whose rows are all put out.
StepInputs everyToken() {
  StepInputs step{.sequenceStarts = {0, kVocabulary}, .blockTable = {{0, 1}}};
  for (int64_t token = 0; token < static_cast<int64_t>(kVocabulary); ++token) {
    step.tokens.push_back(token);
    step.positions.push_back(token);
    step.sequences.push_back(0);
    step.slots.push_back(token);
    step.outputs.push_back(token);
  }
  return step;
}

CompiledProgram compile(const OpProgram &op, const std::string &target, const std::string &activations = "") {
  CompiledProgram program = compileProgram(op.module(), target, op.limits(), false, activations);
  EXPECT_EQ(program.error, "");
  return program;
}

std::string backendOf(const std::string &target) {
  return target == "ops" ? "reference" : target.starts_with("cpu-") ? "cpu" : "gpusim";
}

bool runsHere(const CompiledProgram &program, const std::string &target) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = program.abiVersion,
                                  .format = {program.format.data(), program.format.size()},
                                  .features = {program.features.data(), program.features.size()}};
  uint32_t score = 0;
  const Backend &backend = Backend::named(backendOf(target));
  return backend.api().probe(0, &info, &score, nullptr) == CRIA_STATUS_OK && score > 0;
}

/// The rows of all tokens, in one step of `prefill` or in steps of one row of `decode`.
Matrix run(const CompiledProgram &program, const std::string &target, const Tensors &tensors,
           const std::string &entry) {
  Device device(Backend::named(backendOf(target)), {.numThreads = 1});
  ProgramRunner runner(device, program, tensors, kCasePages);
  if (entry == "prefill") {
    return runner.step(entry, everyToken());
  }
  Matrix all;
  for (const StepInputs &step : rowByRow(everyToken())) {
    const Matrix row = runner.step(entry, step);
    all.columns = row.columns;
    all.rows += row.rows;
    all.values.insert(all.values.end(), row.values.begin(), row.values.end());
  }
  return all;
}

class CodedWeights : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, CodedWeights, testing::ValuesIn(codedNames()),
                         [](const auto &each) { return each.param; });

TEST_P(CodedWeights, AreLookedUpWithTheSameBitsOnEveryTarget) {
  for (const uint64_t width : {352, 50}) {
    Random random(kSeed);
    const OpProgram op = embeddingProgram(random, GetParam(), width);
    const std::vector<uint32_t> expected =
        bitsOf(decoded(op.tensors().at("x_table"), GetParam()), /*addsToZero=*/false);
    size_t levels = 0;
    for (const std::string target : {"ops", "cpu-x86-64-v3", "cpu-x86-64-v4-vnni", "gpusim-sm_80"}) {
      SCOPED_TRACE(target);
      const CompiledProgram program = compile(op, target);
      ASSERT_EQ(program.error, "");
      if (runsHere(program, target)) {
        EXPECT_TRUE(bitsOf(run(program, target, op.tensors(), "prefill"), false) == expected);
        ++levels;
      }
    }
    EXPECT_GE(levels, 2u) << "ops and the simulator run everywhere";
  }
}

/// A linear whose inputs are 1 in one column and 0 in the others, and the bits of its weight there.
struct UnitInputs {
  explicit UnitInputs(const std::string &format) : op(programOf(format)), tensors(op.tensors()) {
    const Matrix weight = decoded(tensors.at("w"), format);
    Matrix &inputs = tensors.at("x_table");
    std::fill(inputs.values.begin(), inputs.values.end(), 0);
    for (uint64_t token = 0; token < kVocabulary; ++token) {
      const uint64_t column = token * (kInner - 1) / (kVocabulary - 1);
      inputs.at(token, column) = 1;
      for (uint64_t n = 0; n < kOuter; ++n) {
        expected.values.push_back(weight.at(n, column));
      }
    }
  }

  static OpProgram programOf(const std::string &format) {
    Random random(kSeed);
    return linearProgram(random, {format.c_str(), kInner, kOuter});
  }

  void expectWeights(const CompiledProgram &program, const std::string &target,
                     const std::string &entry) const {
    EXPECT_TRUE(bitsOf(run(program, target, tensors, entry), /*addsToZero=*/true) ==
                bitsOf(expected, /*addsToZero=*/true))
        << target << " " << entry;
  }

  static constexpr uint64_t kInner = 338, kOuter = 9;
  OpProgram op;
  Tensors tensors;
  Matrix expected{kVocabulary, kOuter, {}};
};

// In class f32, and for single rows in every class, products with a weight are those with its value.
TEST_P(CodedWeights, AreMultipliedWithTheirValues) {
  const UnitInputs unit(GetParam());
  const CompiledProgram reference = compile(unit.op, "ops", "f32"),
                        single = compile(unit.op, "gpusim-sm_80", "f32"),
                        half = compile(unit.op, "gpusim-sm_80");
  ASSERT_TRUE(reference.error.empty() && single.error.empty() && half.error.empty());
  unit.expectWeights(reference, "ops", "prefill");
  unit.expectWeights(single, "gpusim-sm_80", "prefill");
  unit.expectWeights(half, "gpusim-sm_80", "decode");
  // Rounded to f16 otherwise: weights of about 1/sqrt(inner) by at most 2^-12.
  const Matrix rounded = run(half, "gpusim-sm_80", unit.tensors, "prefill");
  for (size_t i = 0; i < rounded.values.size(); ++i) {
    ASSERT_NEAR(rounded.values[i], unit.expected.values[i], std::abs(unit.expected.values[i]) * 0x1p-11);
  }
}

// In class int8 an input of 1 is 64 · 2^-6 where scales of activations are powers of two.
TEST_P(CodedWeights, AreMultipliedWithTheirValuesInInt8) {
  if (int8EncodingFor(traitsOf(*cria::findWeightFormat(GetParam()))) != cria::Int8Encoding::a8p) {
    GTEST_SKIP() << "an input of 1 is 127 · f32(1/127), not 1";
  }
  const UnitInputs unit(GetParam());
  for (const std::string target : {"ops", "cpu-x86-64-v3", "cpu-x86-64-v4-vnni"}) {
    const CompiledProgram program = compile(unit.op, target, "int8");
    ASSERT_EQ(program.error, "");
    for (const std::string entry : {"prefill", "decode"}) {
      if (runsHere(program, target)) {
        unit.expectWeights(program, target, entry);
      }
    }
  }
}

} // namespace
