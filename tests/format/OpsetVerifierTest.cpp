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

/// A program that appends to a cache of type i8 or f16, with scales that a test changes.
class CacheOperands : public testing::Test {
protected:
  CacheOperands() {
    program_.kv = {.pageTokens = 32, .pageBytes = 2 * 2 * 32 * (8 + 2), .type = ElementType::i8};
    program_.kernels.push_back({.name = "kv_append.0", .kind = KernelKind::op, .op = "kv_append"});
    program_.entries.resize(1);
    program_.entries[0].dispatches.resize(1);
    bindings() = {pages("cache", ElementType::i8, {2, 2, 32, 8}),
                  pages("cache.scales", ElementType::f16, {2, 2, 32})};
  }
  std::vector<ProgramBinding> &bindings() { return program_.entries[0].dispatches[0].bindings; }
  ProgramBinding pages(const std::string &name, ElementType type, const std::vector<uint64_t> &inPage) const {
    ProgramBinding binding{.name = name, .buffer = {.space = BufferSpace::kv}, .type = type};
    binding.shape = {{.kind = ExtentKind::pages}};
    binding.strides.assign(inPage.size() + 1, program_.kv.pageBytes / sizeOf(type)); // of inner ones: unread
    for (const uint64_t extent : inPage) {
      binding.shape.push_back({.value = extent});
    }
    return binding;
  }
  std::string refusal() const { return verifyOpset(program_, kVocabSize).message(); }

  Program program_;
};

TEST_F(CacheOperands, CodesHaveScales) {
  EXPECT_EQ(refusal(), "");
  bindings().pop_back();
  EXPECT_THAT(refusal(),
              HasSubstr("operand 'cache': expected operand 'cache.scales' with a cache of type i8"));
}

TEST_F(CacheOperands, OtherCachesHaveNone) {
  program_.kv.type = ElementType::f16;
  bindings()[0] = pages("cache", ElementType::f16, {2, 2, 32, 8});
  EXPECT_THAT(refusal(),
              HasSubstr("expected operand 'cache.scales' only with i8, not with a cache of type f16"));
  bindings().pop_back();
  EXPECT_EQ(refusal(), "");
}

TEST_F(CacheOperands, ScalesHaveTheShapeOfTheCache) {
  for (const ProgramBinding &wrong : {pages("cache.scales", ElementType::f32, {2, 2, 32}),
                                      pages("cache.scales", ElementType::f16, {2, 1, 32}),
                                      pages("cache.scales", ElementType::f16, {2, 2, 16}),
                                      pages("cache.scales", ElementType::f16, {2, 2, 32, 1})}) {
    bindings()[1] = wrong;
    EXPECT_THAT(refusal(), HasSubstr("operand 'cache.scales': expected the scales of operand 'cache'"));
  }
}

TEST_F(CacheOperands, ScalesAreOfAllPages) {
  bindings()[1].strides[0] /= 2;
  EXPECT_THAT(refusal(), HasSubstr("expected the scales of operand 'cache', of all pages"));
}

// The backend names them.
TEST(OpsetVerifierTest, LeavesUnknownFormatsAndClassesToTheBackend) {
  EXPECT_EQ(refusalOf(ElementType::u8, {text("activations", "int8"), text("format", "q9_9")}), "");
  EXPECT_EQ(refusalOf(ElementType::f16, {text("activations", "int4")}), "");
}

} // namespace
} // namespace cria
