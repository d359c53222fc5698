// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the loader requires of the ops of a program, beyond the rules for all programs.
#include "format/OpsetVerifier.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uint32_t kVocabSize = 100;

/// A program with one product of a weight whose first array has a type.
Program programOf(ElementType type, std::vector<ProgramAttribute> attributes) {
  ProgramKernel kernel;
  kernel.name = "linear.0";
  kernel.kind = KernelKind::op;
  kernel.op = "linear";
  kernel.attributes = std::move(attributes);
  ProgramDispatch dispatch;
  dispatch.bindings.resize(1);
  dispatch.bindings[0].name = "weight";
  dispatch.bindings[0].type = type;
  Program program;
  program.kernels.push_back(std::move(kernel));
  program.entries.resize(1);
  program.entries[0].name = "decode";
  program.entries[0].dispatches.push_back(std::move(dispatch));
  return program;
}

std::string refusalOf(ElementType type, std::vector<ProgramAttribute> attributes) {
  return verifyOpset(programOf(type, std::move(attributes)), kVocabSize).message();
}

ProgramAttribute text(const std::string &name, const std::string &value) { return {name, value}; }

TEST(OpsetVerifierTest, AcceptsClassesThatMultiplyTheFormat) {
  EXPECT_EQ(refusalOf(ElementType::f16, {}), "");
  EXPECT_EQ(refusalOf(ElementType::f16, {text("activations", "f32")}), "");
  EXPECT_EQ(refusalOf(ElementType::bf16, {text("activations", "bf16")}), "");
  EXPECT_EQ(refusalOf(ElementType::i8, {text("activations", "int8"), text("format", "q8_0")}), "");
  EXPECT_EQ(refusalOf(ElementType::u8, {text("format", "q4_k"), text("activations", "int8")}), "");
}

TEST(OpsetVerifierTest, RefusesClassesThatDoNotMultiplyTheFormat) {
  EXPECT_THAT(
      refusalOf(ElementType::f16, {text("activations", "int8")}),
      AllOf(HasSubstr("entry 'decode': dispatch 0 ('linear.0')"),
            HasSubstr("expected activations of weights in format f16 to be one of f32, f16, got int8")));
  EXPECT_THAT(refusalOf(ElementType::i8, {text("activations", "bf16"), text("format", "q8_0")}),
              HasSubstr("weights in format q8_0 to be one of f32, int8, got bf16"));
  EXPECT_THAT(refusalOf(ElementType::f16, {text("activations", "bf16")}), HasSubstr("got bf16"));
}

// The backend names them.
TEST(OpsetVerifierTest, LeavesUnknownFormatsAndClassesToTheBackend) {
  EXPECT_EQ(refusalOf(ElementType::u8, {text("activations", "int8"), text("format", "q9_9")}), "");
  EXPECT_EQ(refusalOf(ElementType::f16, {text("activations", "int4")}), "");
}

} // namespace
} // namespace cria
