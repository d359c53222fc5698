// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// On the CPU, the bits of the logits depend on the model and the tokens only: not on entry point, chunking,
// threads, fusions or the instruction set level. On a GPU, in class f32 with an f32 cache, neither; in the
// class of its tensor cores, not on the chunks of a prompt.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"

#include <gtest/gtest.h>

namespace cria::test {
namespace {

constexpr std::string_view kInClass = "_in_"; // "bf16_in_bf16": weights, class of activations
constexpr std::string_view kInCache = "_kv_"; // "f16_kv_q8": weights, type of the cache
constexpr size_t kNumTokens = 100;            // several pages, several row tiles

class BitwiseTest : public testing::TestWithParam<std::tuple<std::string, std::string, std::string>> {
protected:
  void SetUp() override {
    if (!runsHere(target())) {
      GTEST_SKIP() << "this processor does not run " << target();
    }
  }

  const std::string &modelName() const { return std::get<0>(GetParam()); }
  const std::string &target() const { return std::get<1>(GetParam()); }
  const std::string &weights() const { return std::get<2>(GetParam()); }

  std::unique_ptr<Model> open(uint32_t threads = 2, const std::vector<std::string> &arguments = {}) {
    return openCompiled(compile(arguments), {.target = target(), .threads = threads});
  }

  std::string compile(const std::vector<std::string> &arguments) {
    std::vector<std::string> all = {"--no-tokenizer", "--target", "cpu", "--weights", weights()};
    for (const auto &[word, option] : {std::pair(kInClass, "--activations"), {kInCache, "--kv"}}) {
      if (const size_t mark = weights().find(word); mark != std::string::npos) {
        all[4].resize(mark);
        all.insert(all.end(), {option, weights().substr(mark + word.size())});
      }
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    return compileModel(goldenModelPath(modelName()), all);
  }
};

std::vector<int32_t> tokensFor(const Model &model, size_t count = kNumTokens) {
  std::vector<int32_t> tokens = {1};
  for (size_t i = 1; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>((i * 37 + i * i * 11) % model.vocabSize()));
  }
  return tokens;
}

std::vector<float> decodeLogits(Model &model, std::span<const int32_t> tokens) {
  std::vector<float> all = prefillLogits(model, tokens.first(1));
  Session session(model);
  EXPECT_TRUE(
      session.prefill(tokens.first(1), [](uint32_t, std::span<const float>) { return Status(); }).ok());
  for (const int32_t token : tokens.subspan(1)) {
    const StatusOr<std::span<const float>> logits = session.decode(token);
    EXPECT_TRUE(logits.ok()) << logits.status().message();
    all.insert(all.end(), logits->begin(), logits->end());
  }
  return all;
}

/// Compares bits: NaN equals NaN, -0 differs from 0.
void expectSameBits(const std::vector<float> &actual, const std::vector<float> &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  EXPECT_EQ(std::memcmp(actual.data(), expected.data(), expected.size() * sizeof(float)), 0);
  EXPECT_TRUE(std::all_of(expected.begin(), expected.end(), [](float x) { return std::isfinite(x); }));
}

std::string nameOfCase(const testing::TestParamInfo<BitwiseTest::ParamType> &info) {
  std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" + std::get<2>(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

TEST_P(BitwiseTest, ChunksOfAPrompt) {
  const std::unique_ptr<Model> model = open();
  const std::vector<int32_t> tokens = tokensFor(*model);
  const std::vector<float> whole = prefillLogits(*model, tokens);
  for (const size_t chunk : {1, 7, 64}) {
    SCOPED_TRACE(chunk);
    expectSameBits(prefillLogits(*model, tokens, chunk), whole);
  }
}

TEST_P(BitwiseTest, DecodeAndPrefill) {
  const std::unique_ptr<Model> model = open();
  const std::vector<int32_t> tokens = tokensFor(*model);
  expectSameBits(decodeLogits(*model, tokens), prefillLogits(*model, tokens));
}

/// Attention of few rows is split over contexts beyond 512.
class LongContextTest : public BitwiseTest {};

TEST_P(LongContextTest, DecodeAndFewRows) {
  constexpr size_t kNumLong = 1100;
  const std::unique_ptr<Model> model = open(3, {"--context", std::to_string(kNumLong)});
  const std::vector<int32_t> tokens = tokensFor(*model, kNumLong);
  const std::vector<float> whole = prefillLogits(*model, tokens);
  expectSameBits(decodeLogits(*model, tokens), whole);
  expectSameBits(prefillLogits(*model, tokens, 5), whole);
}

TEST_P(BitwiseTest, Threads) {
  const std::unique_ptr<Model> one = open(1);
  const std::vector<int32_t> tokens = tokensFor(*one);
  const std::vector<float> expected = prefillLogits(*one, tokens);
  for (const uint32_t threads : {2u, 3u}) {
    SCOPED_TRACE(threads);
    const std::unique_ptr<Model> model = open(threads);
    expectSameBits(prefillLogits(*model, tokens), expected);
    expectSameBits(decodeLogits(*model, tokens), expected);
  }
}

// Weights with codes are multiplied exactly up to one fixed chain of fused multiply-adds.
TEST_P(BitwiseTest, Levels) {
  const std::unique_ptr<Model> model = open();
  const std::vector<int32_t> tokens = tokensFor(*model);
  const std::unique_ptr<Model> lowest = openCompiled(compile({}), {.target = "cpu-x86-64-v3"});
  expectSameBits(prefillLogits(*model, tokens), prefillLogits(*lowest, tokens));
}

TEST_P(BitwiseTest, FusionsOnAndOff) {
  const std::unique_ptr<Model> fused = open();
  const std::vector<int32_t> tokens = tokensFor(*fused);
  const std::unique_ptr<Model> unfused =
      open(2, {"--disable-pass", "llama-fuse-qkv", "--disable-pass", "llama-fuse-rope-attention",
               "--disable-pass", "llama-fuse-swiglu-mlp", "--disable-pass", "llama-fuse-norm",
               "--disable-pass", "llama-fuse-residual"});
  const std::vector<float> expected = prefillLogits(*fused, tokens);
  expectSameBits(prefillLogits(*unfused, tokens), expected);
  expectSameBits(decodeLogits(*unfused, tokens), expected);
}

constexpr size_t kNumSimulated = 40; // more than a page; the simulator is slow

class BitwiseOnDeviceTest : public testing::TestWithParam<std::string> {
protected:
  static std::unique_ptr<Model> open(const std::vector<std::string> &arguments) {
    std::vector<std::string> all = {"--no-tokenizer", "--target", "gpusim", "--weights", GetParam()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return openCompiled(compileModel(goldenModelPath("gqa"), all),
                        {.target = "gpusim-sm_80", .backend = "gpusim"});
  }
};

TEST_P(BitwiseOnDeviceTest, ChunksOfAPrompt) {
  const std::unique_ptr<Model> model = open({});
  const std::vector<int32_t> tokens = tokensFor(*model, kNumSimulated);
  const std::vector<float> whole = prefillLogits(*model, tokens);
  for (const size_t chunk : {10, 20}) { // up to 8 rows are multiplied in f32
    SCOPED_TRACE(chunk);
    expectSameBits(prefillLogits(*model, tokens, chunk), whole);
  }
}

TEST_P(BitwiseOnDeviceTest, DecodeAndPrefillInF32) {
  const std::unique_ptr<Model> model = open({"--activations", "f32", "--kv", "f32"});
  const std::vector<int32_t> tokens = tokensFor(*model, kNumSimulated);
  const std::vector<float> whole = prefillLogits(*model, tokens);
  expectSameBits(decodeLogits(*model, tokens), whole);
  expectSameBits(prefillLogits(*model, tokens, 7), whole);
}

INSTANTIATE_TEST_SUITE_P(, BitwiseOnDeviceTest, testing::Values("q8", "q4", "q4_k_m", "q4_1", "q6_k"),
                         [](const auto &each) { return each.param; });
INSTANTIATE_TEST_SUITE_P(, BitwiseTest,
                         testing::Combine(testing::Values("gqa", "odd-vocab", "head-dim", "bf16"),
                                          testing::Values("cpu-x86-64-v3", "cpu-x86-64-v4"),
                                          testing::Values("f16")),
                         nameOfCase);
INSTANTIATE_TEST_SUITE_P(Bfloat, BitwiseTest,
                         testing::Combine(testing::Values("gqa", "odd-vocab"),
                                          testing::Values("cpu-x86-64-v4", "cpu-x86-64-v4-vnni-bf16"),
                                          testing::Values("bf16_in_bf16")),
                         nameOfCase);
INSTANTIATE_TEST_SUITE_P(CodedCache, BitwiseTest,
                         testing::Combine(testing::Values("gqa"),
                                          testing::Values("cpu-x86-64-v3", "cpu-x86-64-v4"),
                                          testing::Values("f16_kv_q8")),
                         nameOfCase);
INSTANTIATE_TEST_SUITE_P(, LongContextTest,
                         testing::Combine(testing::Values("gqa"),
                                          testing::Values("cpu-x86-64-v3", "cpu-x86-64-v4"),
                                          testing::Values("f16", "f16_kv_q8")),
                         nameOfCase);
INSTANTIATE_TEST_SUITE_P(Codes, BitwiseTest,
                         testing::Combine(testing::Values("gqa", "odd-vocab"),
                                          testing::Values("cpu-x86-64-v3", "cpu-x86-64-v4-vnni"),
                                          testing::Values("q8", "q4_k_m")),
                         nameOfCase);

} // namespace
} // namespace cria::test
