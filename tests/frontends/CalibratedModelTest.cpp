// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which tensors of a checkpoint importance data is for.
#include "frontends/CalibratedModel.h"

#include "format/JoinedWeights.h"
#include "format/Safetensors.h"
#include "frontends/FrontendRegistry.h"
#include "support/Half.h"
#include "tests/testing/SmallModelConfig.h"
#include "tests/testing/TestFiles.h"

#include <cstring>
#include <gmock/gmock.h>

namespace cria::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(CalibratedModel, HasTheColumnsOfTheMatricesOfLinearLayers) {
  EXPECT_THAT(calibratedModel(smallModelConfig(), {}).columns,
              UnorderedElementsAre(Pair("layers.0.q", 32), Pair("layers.0.k", 32), Pair("layers.0.v", 32),
                                   Pair("layers.0.o", 32), Pair("layers.0.gate", 32), Pair("layers.0.up", 32),
                                   Pair("layers.0.down", 64), Pair("output", 32)));
  ModelConfig tied = smallModelConfig();
  tied.tiedEmbeddings = true;
  const auto columns = calibratedModel(tied, {}).columns;
  EXPECT_EQ(columns.count("output"), 0u);
  EXPECT_EQ(columns.at("embedding"), 32);
}

TEST(CalibratedModel, JoinedWeightsHaveTheNamesOfTheirMatrices) {
  EXPECT_THAT(matricesIn("layers.3.qkv"), ElementsAre("layers.3.q", "layers.3.k", "layers.3.v"));
  EXPECT_THAT(matricesIn("layers.3.gate_up"), ElementsAre("layers.3.gate", "layers.3.up"));
  EXPECT_THAT(matricesIn("layers.3.down"), ElementsAre("layers.3.down"));
  EXPECT_THAT(matricesIn("output"), ElementsAre("output"));
}

class ErrorWeightsOfCheckpoint : public testing::Test {
protected:
  static Checkpoint open(const std::string &name) {
    return openCheckpoint(CRIA_SOURCE_DIR "/tests/golden/models/" + name, {.requireTokenizer = false})
        .value();
  }
  /// The norms as a package holds them.
  static VectorsByName normsOf(const std::string &name, const Checkpoint &checkpoint) {
    const auto file =
        SafetensorsFile::open(CRIA_SOURCE_DIR "/tests/golden/models/" + name + "/model.safetensors").value();
    VectorsByName norms;
    for (const LlamaTensor tensor : llamaTensors(checkpoint.config)) {
      const SafetensorsTensor &source = *file->find(huggingFaceNameOf(tensor));
      for (size_t i = 0; source.shape.size() == 1 && i < size_t(source.shape[0]); ++i) {
        norms[weightNameOf(tensor)].push_back(element(*file, source, i));
      }
    }
    return norms;
  }
  static float element(const SafetensorsFile &file, const SafetensorsTensor &tensor, size_t index) {
    uint32_t bits = 0;
    std::memcpy(&bits, file.data(tensor).data() + index * sizeOf(tensor.type), sizeOf(tensor.type));
    return tensor.type == ElementType::f16 ? floatFromHalf(uint16_t(bits)) : std::bit_cast<float>(bits);
  }
  /// Writes means that count up with the column.
  void write(const CalibratedModel &model) {
    VectorsByName means;
    for (const auto &[name, columns] : model.columns) {
      for (int64_t i = 0; i < columns; ++i) {
        means[name].push_back(float(i + 1));
      }
    }
    ASSERT_TRUE(writeImportance(path_, model, 1, means).ok());
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("importance");
};

TEST_F(ErrorWeightsOfCheckpoint, HaveTheNamesOfItsTensors) {
  for (const std::string name : {"gqa", "f16"}) {
    const Checkpoint checkpoint = open(name);
    write(calibratedModel(checkpoint.config, normsOf(name, checkpoint)));
    const auto weights = readErrorWeights(path_, checkpoint);
    ASSERT_TRUE(weights.ok()) << weights.status().message();
    EXPECT_EQ(weights->size(), size_t(7 * checkpoint.config.layers + 1));
    EXPECT_EQ(weights->count("model.embed_tokens.weight"), 0u);
    const std::vector<float> &down = weights->find("model.layers.1.mlp.down_proj.weight")->second;
    EXPECT_EQ(int64_t(down.size()), checkpoint.config.ffnDim);
    EXPECT_FLOAT_EQ(down[9], 10 * down[0]);
  }
}

TEST_F(ErrorWeightsOfCheckpoint, OfATiedMatrixAreThoseOfTheOutput) {
  const Checkpoint checkpoint = open("tied");
  write(calibratedModel(checkpoint.config, normsOf("tied", checkpoint)));
  const auto weights = readErrorWeights(path_, checkpoint);
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  EXPECT_EQ(weights->count("model.embed_tokens.weight"), 1u);
  EXPECT_EQ(weights->count("lm_head.weight"), 0u);
}

TEST_F(ErrorWeightsOfCheckpoint, AreRefusedForOtherWeightsOfTheSameShape) {
  const Checkpoint checkpoint = open("theta-1e6"), other = open("linear");
  write(calibratedModel(other.config, normsOf("linear", other)));
  EXPECT_THAT(readErrorWeights(path_, checkpoint).status().message(), HasSubstr("expected norms_sha256"));
}

} // namespace
} // namespace cria::tests
