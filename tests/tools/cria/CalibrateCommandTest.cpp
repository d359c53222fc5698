// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria calibrate, and cria compile --importance with its result.
#include "StoriesPackage.h"
#include "format/Safetensors.h"
#include "format/WeightCodec.h"

#include <cmath>
#include <cstring>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace cria::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

const std::string kText = CRIA_SOURCE_DIR "/tests/golden/prompts.stories.txt";

std::vector<float> valuesOf(const SafetensorsFile &file, const std::string &name) {
  const SafetensorsTensor *tensor = file.find(name);
  EXPECT_NE(tensor, nullptr) << name;
  std::vector<float> values(tensor == nullptr ? 0 : tensor->size / sizeof(float));
  if (!values.empty()) {
    std::memcpy(values.data(), file.data(*tensor).data(), tensor->size);
  }
  return values;
}

class CalibrateCommandTest : public testing::Test {
protected:
  std::string calibrate(const std::string &model, std::vector<std::string> options = {}) {
    const std::string path = folder_.path("importance");
    options.insert(options.begin(), {"calibrate", model, kText, "-o", path});
    const ProcessResult result = runCria(options);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    return path;
  }
  ProcessResult compile(const std::string &model, const std::string &package,
                        std::vector<std::string> options) {
    options.insert(options.begin(), {"compile", model, "-o", folder_.path(package), "--target", "ops"});
    return runCria(options);
  }
  /// The weights of a package that compiles.
  std::string weightsOf(const std::string &package, const std::vector<std::string> &options) {
    const ProcessResult result = compile(kStoriesCheckpoint, package, options);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    return readFile(folder_.path(package + "/weights/row_major.safetensors"));
  }

  TemporaryFolder folder_;
};

// Relative to the golden mean itself: sums of squares lose nothing to cancellation.
TEST_F(CalibrateCommandTest, HasTheGoldenMeans) {
  constexpr float kTolerance = 1e-4f;
  const std::string package = compileModel(kStoriesCheckpoint, {"--kv", "f32"});
  const auto file = SafetensorsFile::open(calibrate(package, {"--context", "64"})).value();
  const auto golden =
      SafetensorsFile::open(CRIA_SOURCE_DIR "/tests/golden/importance.stories.safetensors").value();
  ASSERT_EQ(golden->tensors().size(), 6 * 4 + 1u);
  for (const SafetensorsTensor &tensor : golden->tensors()) {
    const std::vector<float> expected = valuesOf(*golden, tensor.name), ours = valuesOf(*file, tensor.name);
    ASSERT_EQ(ours.size(), expected.size()) << tensor.name;
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_NEAR(ours[i], expected[i], kTolerance * expected[i]) << tensor.name << " " << i;
    }
  }
  for (const auto &[same, as] : {std::pair("k", "q"), {"v", "q"}, {"up", "gate"}}) {
    EXPECT_EQ(valuesOf(*file, std::string("layers.4.") + same),
              valuesOf(*file, std::string("layers.4.") + as));
  }
}

TEST_F(CalibrateCommandTest, DescribesItsFile) {
  const std::string path = folder_.path("importance");
  const ProcessResult result =
      runCria({"calibrate", storiesPackage(), "-", "-o", path, "--json"}, "Once upon a time");
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  const json row = json::parse(result.output);
  EXPECT_EQ(row["path"], path);
  EXPECT_EQ(row["matrices"], 6 * 7 + 1);
  const auto file = SafetensorsFile::open(path).value();
  EXPECT_EQ(file->metadata().at("tokens"), std::to_string(row["tokens"].get<int>()));
}

TEST_F(CalibrateCommandTest, ChangesWeightsThatAreSearched) {
  const std::string importance = calibrate(storiesPackage());
  const std::vector<std::string> with = {"--weights", "q4_0", "--importance", importance, "--threads", "1"};
  const std::string weights = weightsOf("with.cria", with);
  EXPECT_NE(weights, weightsOf("without.cria", {"--weights", "q4_0"}));
  std::vector<std::string> threads = with;
  threads.back() = "2";
  EXPECT_EQ(weights, weightsOf("threads.cria", threads));
  const json manifest = json::parse(readFile(folder_.path("with.cria/manifest.json")));
  EXPECT_EQ(manifest["options"]["weights"], "q4_0 with importance");
  EXPECT_THAT(runCria({"inspect", folder_.path("with.cria")}).output,
              HasSubstr("weights q4_0 with importance"));
}

/// Row `row` of a q4_0 matrix of a package; its planes lie in two tensors.
std::vector<float> decodedRow(const SafetensorsFile &file, const std::string &name, size_t row) {
  const SafetensorsTensor &codes = *file.find(name), &scales = *file.find(name + ".scales");
  std::vector<std::byte> encoded;
  for (const SafetensorsTensor *plane : {&codes, &scales}) {
    const size_t bytes = plane->size / size_t(plane->shape[0]);
    const std::span<const std::byte> source = file.data(*plane).subspan(row * bytes, bytes);
    encoded.insert(encoded.end(), source.begin(), source.end());
  }
  std::vector<float> values(size_t(codes.shape[1]) * 2);
  decodeRow(traitsOf(WeightFormat::q4_0), encoded.data(), values);
  return values;
}

/// The sum of squared errors of a matrix of a package, each weighted with the mean of its column.
double weightedError(const SafetensorsFile &package, const std::string &name,
                     const std::string &checkpointName, const std::vector<float> &means) {
  const auto checkpoint = SafetensorsFile::open(kStoriesCheckpoint + "/model.safetensors").value();
  const SafetensorsTensor &source = *checkpoint->find(checkpointName);
  std::vector<float> exact(means.size());
  double sum = 0;
  for (size_t row = 0; row < size_t(source.shape[0]); ++row) {
    const std::byte *halves = checkpoint->data(source).data() + row * means.size() * sizeof(uint16_t);
    decodeRow(traitsOf(WeightFormat::f16), halves, exact);
    const std::vector<float> decoded = decodedRow(package, name, row);
    for (size_t i = 0; i < means.size(); ++i) {
      sum += means[i] * (double(decoded[i]) - exact[i]) * (double(decoded[i]) - exact[i]);
    }
  }
  return sum;
}

// Each matrix is encoded with the means of its own input.
TEST_F(CalibrateCommandTest, LowersTheWeightedErrorOfEachMatrix) {
  const std::string importance = calibrate(storiesPackage());
  weightsOf("with.cria", {"--weights", "q4_0", "--importance", importance});
  weightsOf("without.cria", {"--weights", "q4_0"});
  const auto means = SafetensorsFile::open(importance).value();
  const auto with = SafetensorsFile::open(folder_.path("with.cria/weights/row_major.safetensors")).value();
  const auto without =
      SafetensorsFile::open(folder_.path("without.cria/weights/row_major.safetensors")).value();
  for (int layer = 0; layer < 6; ++layer) {
    for (const auto &[role, projection] : {std::pair("o", "self_attn.o_proj"), {"down", "mlp.down_proj"}}) {
      const std::string name = fmt::format("layers.{}.{}", layer, role);
      const std::string source = fmt::format("model.layers.{}.{}.weight", layer, projection);
      const std::vector<float> columns = valuesOf(*means, name);
      EXPECT_LT(weightedError(*with, name, source, columns), weightedError(*without, name, source, columns))
          << name;
    }
  }
}

TEST_F(CalibrateCommandTest, ANoteSaysThatNothingChanges) {
  const std::string importance = calibrate(storiesPackage());
  const ProcessResult result =
      compile(kStoriesCheckpoint, "with.cria", {"--weights", "q8", "--importance", importance});
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_THAT(result.errors, HasSubstr("--importance changes nothing"));
  EXPECT_EQ(readFile(folder_.path("with.cria/weights/row_major.safetensors")),
            weightsOf("without.cria", {"--weights", "q8"}));
}

TEST_F(CalibrateCommandTest, DataOfAnotherModelIsRefused) {
  const std::string importance = calibrate(storiesPackage());
  const ProcessResult other = compile(CRIA_SOURCE_DIR "/tests/golden/models/gqa", "other.cria",
                                      {"--no-tokenizer", "--weights", "q4", "--importance", importance});
  EXPECT_EQ(other.exitCode, 2);
  EXPECT_THAT(other.errors, AllOf(HasSubstr(importance), HasSubstr("another model"),
                                  HasSubstr("expected dim 64 as in the checkpoint, got 128")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("other.cria")));
  const ProcessResult random =
      runCria({"compile", "--preset", "stories-260k", "--random-weights", "1", "--importance", importance,
               "-o", folder_.path("random.cria"), "--target", "ops"});
  EXPECT_EQ(random.exitCode, 2);
  EXPECT_THAT(random.errors, HasSubstr("--importance requires a checkpoint"));
}

TEST_F(CalibrateCommandTest, RefusesWhatItCannotMeasure) {
  const std::string path = folder_.path("importance");
  const ProcessResult empty = runCria({"calibrate", storiesPackage(), "-", "-o", path}, "");
  EXPECT_EQ(empty.exitCode, 2);
  EXPECT_THAT(empty.errors, HasSubstr("-: expected at least 1 token"));
  const std::string nowhere = folder_.path("none/importance");
  const ProcessResult unwritable = runCria({"calibrate", storiesPackage(), kText, "-o", nowhere});
  EXPECT_EQ(unwritable.exitCode, 2);
  EXPECT_THAT(unwritable.errors, HasSubstr(nowhere));
  const ProcessResult fused = runCria(
      {"calibrate", storiesPackage(), kText, "-o", path, "--target", "ops", "--backend", "reference"});
  EXPECT_EQ(fused.exitCode, 2);
  EXPECT_THAT(fused.errors, HasSubstr("use a package for target cpu"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

} // namespace
} // namespace cria::test
