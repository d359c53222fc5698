// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of importance data: round trip, every refusal, and the weights of errors that follow from means.
#include "format/Importance.h"

#include "format/Safetensors.h"
#include "tests/testing/SmallModelConfig.h"
#include "tests/testing/TestFiles.h"

#include <cmath>
#include <gmock/gmock.h>

namespace cria::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

const VectorsByName kNorms = {{"layers.0.mlp_norm", {1, 2}}, {"norm", {3, 4}}};
const VectorsByName kMeans = {{"layers.0.down", {4, 5, 6}}, {"layers.0.q", {0, 1.5f}}};

CalibratedModel calibrated(const ModelConfig &config = smallModelConfig(),
                           const VectorsByName &norms = kNorms) {
  return {.identity = identityOf(config, norms), .columns = {{"layers.0.down", 3}, {"layers.0.q", 2}}};
}

class ImportanceTest : public testing::Test {
protected:
  Status write(const VectorsByName &means) { return writeImportance(path_, calibrated(), 7, means); }
  std::string refusal(const CalibratedModel &model = calibrated()) {
    return readImportance(path_, model).status().message();
  }
  /// Writes a file with other tensors or metadata than writeImportance() gives it.
  void writeFile(const VectorsByName &tensors, const std::map<std::string, std::string> &changed = {}) {
    std::map<std::string, std::string> metadata = calibrated().identity;
    metadata.insert({{"format", "cria importance"}, {"version", "1"}, {"tokens", "7"}});
    for (const auto &[member, value] : changed) {
      metadata[member] = value;
    }
    std::vector<SafetensorsDeclaration> declarations;
    for (const auto &[name, values] : tensors) {
      declarations.push_back({name, ElementType::f32, {int64_t(values.size())}});
    }
    auto writer = SafetensorsWriter::create(path_, declarations, metadata).value();
    for (size_t i = 0; const auto &[name, values] : tensors) {
      ASSERT_TRUE(writer->write(i++, 0, std::as_bytes(std::span(values))).ok());
    }
    ASSERT_TRUE(writer->finish().ok());
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("importance");
};

TEST_F(ImportanceTest, ReadsWhatWasWritten) {
  ASSERT_TRUE(write(kMeans).ok());
  EXPECT_EQ(readImportance(path_, calibrated()).value(), kMeans);
  EXPECT_EQ(SafetensorsFile::open(path_).value()->metadata().at("tokens"), "7");
}

TEST_F(ImportanceTest, RefusesOtherFiles) {
  folder_.write("importance", "text");
  EXPECT_THAT(refusal(), HasSubstr("not a safetensors file"));
  writeFile(kMeans, {{"format", "pt"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(path_), HasSubstr("expected importance data"), HasSubstr("pt")));
  writeFile(kMeans, {{"version", "2"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("version 1, got 2"), HasSubstr("run 'cria calibrate' again")));
}

TEST_F(ImportanceTest, RefusesDataOfAnotherModel) {
  ASSERT_TRUE(write(kMeans).ok());
  ModelConfig larger = smallModelConfig();
  larger.ffnDim = 96;
  EXPECT_THAT(refusal(calibrated(larger)), AllOf(HasSubstr(path_), HasSubstr("data of another model"),
                                                 HasSubstr("expected ffn_dim 96"), HasSubstr("got 64")));
  VectorsByName trained = kNorms;
  trained["norm"][1] = 4.5f;
  EXPECT_THAT(refusal(calibrated(smallModelConfig(), trained)), HasSubstr("expected norms_sha256"));
  VectorsByName exchanged = {{"layers.0.mlp_norm", kNorms.at("norm")},
                             {"norm", kNorms.at("layers.0.mlp_norm")}};
  EXPECT_THAT(refusal(calibrated(smallModelConfig(), exchanged)), HasSubstr("expected norms_sha256"));
}

TEST_F(ImportanceTest, RefusesOtherTensors) {
  writeFile({{"layers.0.q", {0, 1}}});
  EXPECT_THAT(refusal(), HasSubstr("tensor 'layers.0.down': expected the means of 3 columns"));
  writeFile({{"layers.0.down", {4, 5}}, {"layers.0.q", {0, 1}}});
  EXPECT_THAT(refusal(),
              HasSubstr("tensor 'layers.0.down': expected f32 and the shape [3], got f32 and [2]"));
  writeFile({{"layers.0.down", {4, 5, 6}}, {"layers.0.q", {0, 1}}, {"layers.1.q", {0, 1}}});
  EXPECT_THAT(refusal(), HasSubstr("tensor 'layers.1.q': the model has no such matrix"));
}

TEST_F(ImportanceTest, RefusesValuesThatAreNoMeansOfSquares) {
  for (const float bad : {NAN, INFINITY, -1.0f}) {
    const VectorsByName means = {{"layers.0.down", {4, 5, bad}}, {"layers.0.q", {0, 1}}};
    const auto names =
        AllOf(HasSubstr("layers.0.down"), HasSubstr("finite means of squares"), HasSubstr("in column 2"));
    EXPECT_THAT(write(means).message(), names);
    writeFile(means);
    EXPECT_THAT(refusal(), names);
  }
}

TEST_F(ImportanceTest, WritesAllMatricesOrNone) {
  EXPECT_THAT(write({{"layers.0.q", {0, 1}}}).message(),
              HasSubstr("means of 3 columns of 'layers.0.down', got 0"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(ErrorWeights, AreProportionalToMeansAboveALimit) {
  EXPECT_THAT(errorWeightsOf({2, 6, 4}), ElementsAre(FloatEq(0.5f), FloatEq(1.5f), FloatEq(1)));
  EXPECT_THAT(errorWeightsOf({0, 2e-30f}), ElementsAre(FloatEq(1e-3f), FloatEq(2)));
  EXPECT_THAT(errorWeightsOf({0, 0}), ElementsAre(1, 1));
}

} // namespace
} // namespace cria::tests
