// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/LlamaTensors.h"
#include "tests/testing/SmallModelConfig.h"

#include <gmock/gmock.h>

using namespace cria;
using ::testing::ElementsAre;

namespace {

const ModelConfig kConfig = [] {
  ModelConfig config = cria::tests::smallModelConfig();
  config.layers = 2;
  return config;
}();

TEST(LlamaTensors, NamesFollowRoleAndLayer) {
  EXPECT_EQ(weightNameOf({TensorRole::embedding}), "embedding");
  EXPECT_EQ(weightNameOf({TensorRole::attnQ, 3}), "layers.3.q");
  EXPECT_EQ(huggingFaceNameOf({TensorRole::attnQ, 3}), "model.layers.3.self_attn.q_proj.weight");
  EXPECT_EQ(huggingFaceNameOf({TensorRole::output}), "lm_head.weight");
}

TEST(LlamaTensors, ShapesFollowTheConfiguration) {
  EXPECT_THAT(shapeOf({TensorRole::embedding}, kConfig), ElementsAre(96, 32));
  EXPECT_THAT(shapeOf({TensorRole::attnK, 1}, kConfig), ElementsAre(16, 32));
  EXPECT_THAT(shapeOf({TensorRole::mlpDown, 1}, kConfig), ElementsAre(32, 64));
  EXPECT_THAT(shapeOf({TensorRole::norm}, kConfig), ElementsAre(32));
}

TEST(LlamaTensors, AreInForwardOrder) {
  std::vector<LlamaTensor> tensors = llamaTensors(kConfig);
  ASSERT_EQ(tensors.size(), 1 + 2 * 9 + 2u);
  EXPECT_EQ(tensors[1], (LlamaTensor{TensorRole::attnNorm, 0}));
  EXPECT_EQ(tensors[10], (LlamaTensor{TensorRole::attnNorm, 1}));
  EXPECT_EQ(tensors.back(), (LlamaTensor{TensorRole::output}));
  ModelConfig tied = kConfig;
  tied.tiedEmbeddings = true;
  EXPECT_EQ(llamaTensors(tied).back(), (LlamaTensor{TensorRole::norm}));
}

TEST(LlamaTensors, HoldAllParameters) {
  int64_t parameters = 0;
  for (const LlamaTensor &tensor : llamaTensors(kConfig)) {
    int64_t elements = 1;
    for (const int64_t size : shapeOf(tensor, kConfig)) {
      elements *= size;
    }
    parameters += elements;
  }
  EXPECT_EQ(parameters, kConfig.parameters());
}

} // namespace
