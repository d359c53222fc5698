// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines that run on a GPU and in a rehearsal: they differ in shapes only, and fit time and memory.
#include "CardLines.h"

#include "tools/cria-device-check/DeviceCases.h"
#include "tools/cria-device-check/Predictions.h"

#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <regex>
#include <set>

namespace cria::test {
namespace {

const std::string kCard = CRIA_SOURCE_DIR "/tools/cria-device-check/card/";

std::vector<CardLine> cardLines() { return readCardLines(kCard + "card.lines"); }

/// The shape of Llama-2-7B.
struct LargeModel {
  static constexpr double kLayers = 32, kWidth = 4096, kInner = 11008, kVocabulary = 32000, kBytes = 2;
  static constexpr double kWeightBytes =
      kBytes * (2 * kVocabulary * kWidth + kLayers * (4 * kWidth * kWidth + 3 * kWidth * kInner));
  static constexpr double kKvBytesPerToken = kBytes * 2 * kLayers * kWidth;
};

int64_t most(const std::vector<int64_t> &values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

/// Positions that a line of `cria bench` keeps at once. `check --only speed` has prompts at depth 0 only, and
/// batches at the first depth only.
double positionsOf(const CardLine &line) {
  const int64_t depth = most(line.numbers("--depth")), prompt = most(line.numbers("--prompt")),
                generate = most(line.numbers("--generate")), batch = most(line.numbers("--batch"));
  return static_cast<double>(
      line.runs("--only speed")
          ? std::max({depth + generate, prompt, batch * (line.numbers("--depth")[0] + generate)})
          : batch * (depth + std::max(prompt, generate)));
}

double kvBytesOf(const CardLine &line) {
  const std::string size = line.option("--kv-memory");
  return size.empty() ? 4096 * LargeModel::kKvBytesPerToken // a full context
                      : std::stod(size) * (size.back() == 'G' ? 0x1p30 : 0x1p20);
}

// Generous guesses, of an A100 where it is slower than predicted.
constexpr double kOpenSeconds = 6; // context, code, 13 GB of random weights
constexpr double kStepSeconds = 0.012, kPromptRowsPerSecond = 8000;
constexpr double kLimitSeconds = 0.05, kKernelsSeconds = 1, kHostGapSeconds = 0.1;

/// The time of one row: filling, a run that is not counted, the samples with the limits next to them.
double rowSeconds(const CardLine &line, double batch, double depth, double prompt, double generate) {
  constexpr double kDefaultRepetitions = 5;
  const double repetitions = static_cast<double>(most(line.numbers("--repetitions")));
  const double runs = 1 + (repetitions > 0 ? repetitions : kDefaultRepetitions);
  const double slowness = batch <= 1 ? 1 : batch <= 4 ? 2 : batch <= 8 ? 3 : 6;
  const double run = batch * prompt / kPromptRowsPerSecond + generate * kStepSeconds * slowness;
  return batch * depth / kPromptRowsPerSecond + runs * (1.5 * run + kLimitSeconds + kHostGapSeconds) +
         (line.runs("--kernels") ? kKernelsSeconds : 0);
}

double benchSeconds(const CardLine &line) {
  double seconds = kOpenSeconds;
  for (const int64_t batch : line.numbers("--batch")) {
    for (const int64_t depth : line.numbers("--depth")) {
      for (const int64_t prompt : line.numbers("--prompt")) {
        seconds += prompt == 0 ? 0 : rowSeconds(line, double(batch), double(depth), double(prompt), 0);
      }
      seconds += rowSeconds(line, double(batch), double(depth), 0, double(most(line.numbers("--generate"))));
    }
  }
  return seconds;
}

/// Three runs of `cria bench`: for decoding, for batches, and for prompts.
double speedSeconds(const CardLine &line) {
  const double generate = static_cast<double>(most(line.numbers("--generate")));
  double seconds = 3 * kOpenSeconds;
  for (const int64_t depth : line.numbers("--depth")) {
    seconds += rowSeconds(line, 1, static_cast<double>(depth), 0, generate);
  }
  for (const int64_t batch : line.numbers("--batch")) {
    seconds += rowSeconds(line, static_cast<double>(batch), static_cast<double>(line.numbers("--depth")[0]),
                          0, generate);
  }
  for (const int64_t prompt : line.numbers("--prompt")) {
    seconds += rowSeconds(line, 1, 0, static_cast<double>(prompt), 0);
  }
  return seconds;
}

std::vector<std::string> listOf(const std::string &text) {
  std::istringstream list(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(list, part, ',');) {
    parts.push_back(part);
  }
  return parts;
}

/// Cases that --filter and --exclude of a line select.
double casesOf(const CardLine &line) {
  constexpr double kRealCases = 8;
  if (line.option("--filter") == "real") {
    return kRealCases;
  }
  const std::vector<std::string> wanted = listOf(line.option("--filter")),
                                 unwanted = listOf(line.option("--exclude"));
  const std::vector<conformance::DeviceModule> all = conformance::deviceModules();
  return static_cast<double>(std::count_if(all.begin(), all.end(), [&](const auto &module) {
    const auto contains = [&](const std::string &part) {
      return module.name.find(part) != std::string::npos;
    };
    return (wanted.empty() || std::any_of(wanted.begin(), wanted.end(), contains)) &&
           std::none_of(unwanted.begin(), unwanted.end(), contains);
  }));
}

double goldenModels() {
  const std::filesystem::directory_iterator files(CRIA_SOURCE_DIR "/tests/golden/logits");
  return static_cast<double>(std::distance(begin(files), end(files)));
}

/// The time of a line without a profiler or memory checker; those are cut.
double estimatedSeconds(const CardLine &line) {
  constexpr double kStartSeconds = 2, kTargets = 2, kCaseSeconds = 0.3, kRealCaseSeconds = 3,
                   kModelSeconds = 0.5;
  constexpr double kProducts = 3, kProductSeconds = 2;
  if (line.runs("--only kernels")) {
    const double each = line.option("--filter") == "real" ? kRealCaseSeconds : kCaseSeconds;
    return kStartSeconds + kTargets * casesOf(line) * each;
  }
  if (line.runs("--only models")) {
    return kStartSeconds + kTargets * goldenModels() * kModelSeconds;
  }
  if (line.runs("--only speed")) {
    return kStartSeconds + kProducts * kProductSeconds + speedSeconds(line);
  }
  return line.runs(" bench ") ? benchSeconds(line) : 0;
}

bool isInstrumented(const CardLine &line) { return line.tool == "ncu" || line.tool == "compute-sanitizer"; }

TEST(CardLines, NameCasesThatExist) {
  int filters = 0;
  for (const char *file : {"card.lines", "rehearse.lines"}) {
    for (CardLine line : readCardLines(kCard + file)) {
      for (const std::string &part :
           line.runs("--only kernels") ? listOf(line.option("--filter")) : std::vector<std::string>()) {
        line.command = "check --filter " + part;
        EXPECT_GT(casesOf(line), 0) << file << ": " << line.name << ": " << part;
        ++filters;
      }
    }
  }
  EXPECT_GE(filters, 10);
}

TEST(CardLines, FitTenMinutes) {
  for (const char *file : {"card.lines", "rehearse.lines"}) {
    const std::vector<CardLine> lines = readCardLines(kCard + file);
    const int seconds = std::accumulate(lines.begin(), lines.end(), 0,
                                        [](int sum, const CardLine &line) { return sum + line.seconds; });
    EXPECT_LE(seconds, 540) << file;
    EXPECT_GE(lines.size(), 15u) << file;
  }
}

TEST(CardLines, NameKnownToolsAndDifferentFiles) {
  const std::set<std::string> tools = {"none", "nvidia-smi", "ncu", "compute-sanitizer", "cuBLAS"};
  std::set<std::string> names;
  for (const CardLine &line : cardLines()) {
    EXPECT_EQ(tools.count(line.tool), 1u) << line.name;
    EXPECT_TRUE(names.insert(line.name).second) << line.name;
  }
}

TEST(CardLines, CheckBeforeVariants) {
  const std::vector<CardLine> lines = cardLines();
  const auto positionOf = [&](const std::string &name) {
    return std::find_if(lines.begin(), lines.end(), [&](const CardLine &line) { return line.name == name; });
  };
  ASSERT_NE(positionOf("variant-*"), lines.end());
  for (const char *name : {"linear", "attention", "real", "kernels", "models"}) {
    EXPECT_LT(positionOf(name), positionOf("variant-*")) << name;
  }
}

/// A command without the values that a rehearsal may change.
std::string withoutShapes(const std::string &command) {
  const std::string text =
      std::regex_replace(command, std::regex(" (--(filter|exclude) \\S+|--small-ceilings)"), "");
  return std::regex_replace(
      text, std::regex(" (--prompt|--depth|--generate|--batch|--repetitions|--kv-memory) \\S+"), " $1");
}

TEST(CardLines, AreRehearsedAsTheyAre) {
  const std::vector<CardLine> lines = cardLines(), rehearsed = readCardLines(kCard + "rehearse.lines");
  ASSERT_EQ(lines.size(), rehearsed.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].name, rehearsed[i].name);
    EXPECT_EQ(lines[i].tool, rehearsed[i].tool);
    EXPECT_EQ(withoutShapes(lines[i].command), withoutShapes(rehearsed[i].command));
  }
}

TEST(CardLines, FitTheMemoryOfAGpu) {
  constexpr double kGpuBytes = 140e9, kArenaBytes = 4e9;
  for (const CardLine &line : cardLines()) {
    if (line.runs(" bench ") || line.runs("--only speed")) {
      EXPECT_GE(positionsOf(line), 1) << line.name;
      EXPECT_LE(positionsOf(line) * LargeModel::kKvBytesPerToken, kvBytesOf(line)) << line.name;
      EXPECT_LT(LargeModel::kWeightBytes + kvBytesOf(line) + kArenaBytes, kGpuBytes) << line.name;
      EXPECT_LE(most(line.numbers("--batch")), 16) << line.name << ": the sequences of the package";
    }
  }
}

TEST(CardLines, TakeLessThanTheirLimits) {
  constexpr double kVariants = 2;
  for (const CardLine &line : cardLines()) {
    if (!isInstrumented(line)) {
      const double limit = line.name.back() == '*' ? line.seconds / kVariants : line.seconds;
      EXPECT_LT(estimatedSeconds(line), limit) << line.name;
    }
  }
}

TEST(CardLines, MeasureWhatIsPredicted) {
  const StatusOr<check::Predictions> predictions = check::readPredictions(kCard + "predictions.json");
  ASSERT_TRUE(predictions.ok()) << predictions.status().message();
  EXPECT_THAT(predictions->devices, testing::ElementsAre("A100", "H200"));
  EXPECT_GE(predictions->all.size(), 30u);
  std::set<std::string> names;
  for (const CardLine &line : cardLines()) {
    names.insert(line.name);
  }
  for (const check::Prediction &prediction : predictions->all) {
    EXPECT_EQ(names.count(prediction.value.line), 1u) << prediction.name;
    EXPECT_EQ(names.count(prediction.over ? prediction.over->line : prediction.value.line), 1u);
    EXPECT_FALSE(prediction.ranges.empty()) << prediction.name;
    for (const auto &[device, range] : prediction.ranges) {
      EXPECT_LE(range.low, range.high) << prediction.name;
    }
  }
}

} // namespace
} // namespace cria::test
