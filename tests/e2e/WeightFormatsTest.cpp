// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights in formats with codes: a model has the logits of one whose checkpoint holds the decoded values, and
// on the simulator those of `reference` with the same weights, but for what a class rounds.
#include "format/Safetensors.h"
#include "format/WeightArrays.h"
#include "format/WeightCodec.h"
#include "frontends/FrontendRegistry.h"
#include "frontends/WeightRules.h"
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/GoldenLogits.h"
#include "tests/testing/TestFiles.h"

#include <gmock/gmock.h>
#include <map>

namespace cria::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kStories = CRIA_SOURCE_DIR "/examples/stories/model";

/// The values of a tensor of rank 2 after encoding and decoding, others as they are; in f32.
std::vector<float> decodedValues(const SafetensorsFile &file, const SafetensorsTensor &tensor,
                                 WeightFormat encoding) {
  const WeightFormatTraits &source = traitsOf(*denseFormatOf(tensor.type));
  const WeightFormatTraits &format = traitsOf(encoding);
  const int64_t columns = tensor.shape.back(), rows = tensor.shape.size() == 2 ? tensor.shape[0] : 1;
  std::vector<float> values(size_t(rows * columns));
  std::vector<std::byte> encoded(rowBytes(format, columns));
  for (int64_t row = 0; row < rows; ++row) {
    const std::span<float> target(values.data() + row * columns, size_t(columns));
    decodeRow(source, file.data(tensor).data() + uint64_t(row) * rowBytes(source, columns), target);
    if (tensor.shape.size() == 2) {
      EXPECT_EQ(encodeRow(format, target, encoded.data()), std::nullopt);
      decodeRow(format, encoded.data(), target);
    }
  }
  return values;
}

/// The format of each tensor of the checkpoint, by its name there.
std::map<std::string, WeightFormat> formatsOf(const std::string &weights) {
  const ModelConfig config = openCheckpoint(kStories, {}).value().config;
  const WeightRules rules = WeightRules::named(weights, config).value();
  std::map<std::string, WeightFormat> formats;
  for (const LlamaTensor tensor : llamaTensors(config)) {
    const bool isMatrix = shapeOf(tensor, config).size() == 2;
    formats[huggingFaceNameOf(tensor)] = isMatrix ? rules.formatOf(tensor) : WeightFormat::f32;
  }
  return formats;
}

/// Writes the model that ships with the decoded values of its weights.
void writeDecodedModel(const std::filesystem::path &folder, const std::string &weights) {
  const std::map<std::string, WeightFormat> formats = formatsOf(weights);
  std::filesystem::copy(kStories, folder);
  const auto file = SafetensorsFile::open(kStories + "/model.safetensors").value();
  std::vector<SafetensorsDeclaration> tensors;
  for (const SafetensorsTensor &tensor : file->tensors()) {
    tensors.push_back({tensor.name, ElementType::f32, tensor.shape});
  }
  std::filesystem::remove(folder / "model.safetensors");
  auto writer = SafetensorsWriter::create((folder / "model.safetensors").string(), tensors).value();
  for (size_t i = 0; i < file->tensors().size(); ++i) {
    const std::vector<float> values =
        decodedValues(*file, file->tensors()[i], formats.at(file->tensors()[i].name));
    ASSERT_TRUE(writer->write(i, 0, std::as_bytes(std::span(values))).ok());
  }
  ASSERT_TRUE(writer->finish().ok());
}

std::vector<float> logitsOf(const std::string &checkpoint, const std::string &weights) {
  const std::string package =
      compileModel(checkpoint, {"--weights", weights, "--kv", "f32", "--target", "ops"});
  const std::unique_ptr<Model> model = openCompiled(package, {.target = "ops", .backend = "reference"});
  return prefillLogits(*model, std::vector<int32_t>{1, 77, 300, 5, 512, 33});
}

/// Relative to the range of logits: the order of f32 sums.
constexpr float kSingleTolerance = 1e-4f;

/// The largest difference, relative to the range of the expected logits.
float errorOf(const std::vector<float> &found, const std::vector<float> &expected) {
  EXPECT_EQ(found.size(), expected.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const float difference = std::abs(found[i] - expected[i]);
    largest = difference <= largest ? largest : difference; // NaN counts
  }
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  return largest / (*high - *low);
}

class WeightFormatsTest : public testing::TestWithParam<std::string> {};

// The reference backend decodes a weight to f32 and multiplies that.
TEST_P(WeightFormatsTest, HasTheLogitsOfTheDecodedValues) {
  cria::tests::TemporaryFolder folder;
  const std::string decoded = folder.file("decoded");
  writeDecodedModel(decoded, GetParam());
  const std::vector<float> logits = logitsOf(kStories, GetParam());
  EXPECT_EQ(logits, logitsOf(decoded, "f32"));
  EXPECT_NE(logits, logitsOf(kStories, "f32"));
}

// Prompts in the class of tensor cores are within the tolerance of dense f16 weights; in class f32, as single
// rows are in every class, within that of sums in another order.
TEST_P(WeightFormatsTest, HasTheLogitsOfReferenceOnTheSimulator) {
  const std::vector<int32_t> tokens = {1, 77, 30, 5, 51, 33, 9, 41, 2, 68, 70, 31};
  const auto open = [&](const std::string &activations) {
    const std::string package =
        compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--weights", GetParam(), "--kv", "f32",
                                              "--target", "ops,gpusim", "--activations", activations});
    return std::pair{openCompiled(package, {.target = "ops", .backend = "reference"}),
                     openCompiled(package, {.target = "gpusim-sm_80", .backend = "gpusim"})};
  };
  const auto [reference, single] = open("f32");
  const std::vector<float> expected = prefillLogits(*reference, tokens);
  EXPECT_LE(errorOf(prefillLogits(*single, tokens), expected), kSingleTolerance);
  EXPECT_LE(errorOf(prefillLogits(*single, tokens, 1), expected), kSingleTolerance);
  const std::string package = compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--weights", GetParam(),
                                                                    "--kv", "f16", "--target", "gpusim"});
  const auto half = openCompiled(package, {.target = "gpusim-sm_80", .backend = "gpusim"});
  const float error = errorOf(prefillLogits(*half, tokens), expected);
  EXPECT_LE(error, kHalfTolerance);
  EXPECT_GT(error, kSingleTolerance) << "the prompt was not rounded";
}

// One of each kind of description, and a mix; ReferenceWeightsTest has all formats.
INSTANTIATE_TEST_SUITE_P(, WeightFormatsTest, testing::Values("q8", "q4_1", "q5_1", "q6_k", "q4", "q4_k_m"),
                         [](const auto &each) { return each.param; });

} // namespace
} // namespace cria::test
