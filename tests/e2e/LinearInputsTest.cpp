// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What Model::observeLinears() shows, and that it changes no result. Models are opened with NaN in their
// memory, so that padding rows are not finite.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"

#include <cmath>
#include <gmock/gmock.h>

namespace cria::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kStories = CRIA_SOURCE_DIR "/examples/stories/model";
const std::vector<int32_t> kTokens = {1,   77, 300, 5,  512, 33, 4,
                                      900, 12, 700, 45, 2,   8}; // 16 rows with padding

struct Seen {
  std::string weight;
  uint64_t columns = 0;
  std::vector<float> values;
};

class LinearInputsTest : public testing::Test {
protected:
  static std::unique_ptr<Model> openModel(const OpenOptions &options = {.target = ""}) {
    return openCompiled(compileModel(kStories, {"--target", "cpu,ops", "--kv", "f32"}), options);
  }
  void observe(Model &model) {
    model.observeLinears([this](const LinearInput &input) {
      seen_.push_back({std::string(input.weight), input.columns, {input.values.begin(), input.values.end()}});
      return Status();
    });
  }
  /// The inputs of one linear layer in all steps, one after the other.
  std::vector<float> inputsOf(const std::string &weight) const {
    std::vector<float> all;
    for (const Seen &each : seen_) {
      if (each.weight == weight) {
        all.insert(all.end(), each.values.begin(), each.values.end());
      }
    }
    return all;
  }

  std::vector<Seen> seen_;
};

TEST_F(LinearInputsTest, ShowsEachLinearLayerInOrder) {
  const auto model = openModel();
  observe(*model);
  prefillLogits(*model, kTokens);
  ASSERT_EQ(seen_.size(), 6 * 4 + 1u);
  const std::pair<std::string, uint64_t> expected[] = {{"layers.5.qkv", 128},
                                                       {"layers.5.o", 128},
                                                       {"layers.5.gate_up", 128},
                                                       {"layers.5.down", 352},
                                                       {"output", 128}};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(seen_[20 + i].weight, expected[i].first);
    EXPECT_EQ(seen_[20 + i].columns, expected[i].second);
  }
  for (const Seen &each : seen_) {
    EXPECT_EQ(each.values.size(), kTokens.size() * each.columns) << each.weight;
    EXPECT_TRUE(std::ranges::all_of(each.values, [](float value) { return std::isfinite(value); }))
        << each.weight;
  }
}

TEST_F(LinearInputsTest, ChangesNoLogits) {
  const auto model = openModel();
  const std::vector<float> logits = prefillLogits(*model, kTokens);
  observe(*model);
  EXPECT_EQ(prefillLogits(*model, kTokens), logits);
  EXPECT_EQ(prefillLogits(*model, kTokens, 5), logits);
  const size_t numSeen = seen_.size();
  model->observeLinears(nullptr);
  EXPECT_EQ(prefillLogits(*model, kTokens), logits);
  EXPECT_EQ(seen_.size(), numSeen);
}

TEST_F(LinearInputsTest, AreThoseOfDecoding) {
  const auto model = openModel();
  observe(*model);
  prefillLogits(*model, kTokens);
  const std::vector<float> down = inputsOf("layers.3.down"), qkv = inputsOf("layers.0.qkv");
  seen_.clear();
  Session session(*model);
  for (const int32_t token : kTokens) {
    ASSERT_TRUE(session.decode(token).ok());
  }
  EXPECT_EQ(inputsOf("layers.3.down"), down);
  EXPECT_EQ(inputsOf("layers.0.qkv"), qkv);
}

TEST_F(LinearInputsTest, OfTheOutputAreThoseOfItsRows) {
  const auto model = openModel();
  observe(*model);
  Session session(*model);
  ASSERT_TRUE(session.prefill(kTokens, [](uint32_t, std::span<const float>) { return Status(); }).ok());
  EXPECT_EQ(inputsOf("output").size(), 128u);
}

TEST_F(LinearInputsTest, AnErrorOfTheObserverEndsTheStep) {
  const auto model = openModel();
  const std::vector<float> logits = prefillLogits(*model, kTokens);
  int numSeen = 0;
  model->observeLinears(
      [&](const LinearInput &) { return ++numSeen < 3 ? Status() : invalidArgument("enough"); });
  {
    Session session(*model);
    const Status status = session.prefill(kTokens, [](uint32_t, std::span<const float>) { return Status(); });
    EXPECT_EQ(status.message(), "enough");
    EXPECT_EQ(session.length(), 0u);
  }
  EXPECT_EQ(numSeen, 3);
  EXPECT_FALSE(model->repeatStep(1).ok());
  model->observeLinears(nullptr);
  EXPECT_EQ(prefillLogits(*model, kTokens), logits);
}

TEST_F(LinearInputsTest, AreRefusedWhereANormIsPartOfTheLayer) {
  const auto model = openModel({.target = "ops", .backend = "reference"});
  observe(*model);
  Session session(*model);
  const Status status = session.prefill(kTokens, [](uint32_t, std::span<const float>) { return Status(); });
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("target ops"), HasSubstr("layers.0.qkv"), HasSubstr("target cpu")));
  EXPECT_TRUE(seen_.empty());
}

// Without the fusions every matrix has an input of its own.
TEST_F(LinearInputsTest, AreCloseOnOtherTargetsAndWithoutFusions) {
  const auto model = openModel();
  observe(*model);
  prefillLogits(*model, kTokens);
  const std::vector<float> expected = inputsOf("layers.5.gate_up");
  seen_.clear();
  const std::string plain = compileModel(
      kStories, {"--target", "ops", "--kv", "f32", "--disable-pass", "FuseNorm,FuseSwigluMlp,FuseQkv"});
  const auto other = openCompiled(plain, {.target = "ops", .backend = "reference"});
  observe(*other);
  prefillLogits(*other, kTokens);
  EXPECT_EQ(seen_.size(), 6 * 7 + 1u);
  for (const char *name : {"layers.5.gate", "layers.5.up"}) {
    EXPECT_THAT(inputsOf(name), testing::Pointwise(testing::FloatNear(1e-4f), expected)) << name;
  }
}

} // namespace
} // namespace cria::test
