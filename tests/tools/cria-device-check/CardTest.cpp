// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines that run on a GPU and in a rehearsal: they differ in shapes only, and fit time and memory.
#include "CardLines.h"

#include "tests/testing/Process.h"
#include "tools/cria-device-check/DeviceModules.h"
#include "tools/cria-device-check/Predictions.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>

namespace cria::test {
namespace {

const std::string kCard = CRIA_SOURCE_DIR "/tools/cria-device-check/card/";

std::vector<CardLine> cardLines() { return readCardLines(kCard + "card.lines"); }
std::vector<CardLine> rehearsedLines() { return readCardLines(kCard + "rehearse.lines"); }

/// A model in 16 bit.
struct ModelShape {
  double layers, width, kvWidth, inner, vocabulary, context;
  double weightBytes() const {
    return 2 * (2 * vocabulary * width + layers * (2 * width * (width + kvWidth) + 3 * width * inner));
  }
  double kvBytesPerToken() const { return 2 * 2 * layers * kvWidth; }
};
constexpr ModelShape kLlama7b{32, 4096, 4096, 11008, 32000, 4096}, kStories260k{5, 64, 32, 172, 512, 512};

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

double kvBytesOf(const CardLine &line, const ModelShape &model) {
  const std::string size = line.option("--kv-memory");
  return size.empty() ? model.context * model.kvBytesPerToken()
                      : std::stod(size) * (size.back() == 'G' ? 0x1p30 : 0x1p20);
}

/// How long a device takes for what lines do.
struct DeviceSpeed {
  double startSeconds, openSeconds, productSeconds;
  double sumCaseSeconds; // a case of linear layers or attention
  double caseSeconds;    // any other
  double realCaseSeconds, modelSeconds;
  /// The time of one row of `cria bench`.
  double (*rowSeconds)(const CardLine &line, double batch, double depth, double prompt, double generate);
};

double repetitionsOf(const CardLine &line) {
  constexpr double kDefaultRepetitions = 5;
  const auto repetitions = static_cast<double>(most(line.numbers("--repetitions")));
  return repetitions > 0 ? repetitions : kDefaultRepetitions;
}

// Generous guesses, of an A100 where it is slower than predicted.
constexpr double kStepSeconds = 0.012, kPromptRowsPerSecond = 8000;
constexpr double kLimitSeconds = 0.05, kKernelsSeconds = 1, kHostGapSeconds = 0.1;

/// Filling, a run that is not counted, the samples with the limits next to them.
double gpuRowSeconds(const CardLine &line, double batch, double depth, double prompt, double generate) {
  const double runs = 1 + repetitionsOf(line);
  const double slowness = batch <= 1 ? 1 : batch <= 4 ? 2 : batch <= 8 ? 3 : 6;
  const double run = batch * prompt / kPromptRowsPerSecond + generate * kStepSeconds * slowness;
  return batch * depth / kPromptRowsPerSecond + runs * (1.5 * run + kLimitSeconds + kHostGapSeconds) +
         (line.runs("--kernels") ? kKernelsSeconds : 0);
}

/// Of the simulator, with the steps that `cria bench` runs for the gap of the host (the middle one again, and
/// four of them queued) and for kernels (up to the middle one, three times the step, twice each kernel).
double simulatedRowSeconds(const CardLine &line, double batch, double depth, double prompt, double generate) {
  constexpr double kDecodedRow = 0.1, kPromptRow = 0.03, kQueuedSteps = 4, kStepsForKernels = 5;
  const double middle = std::ceil(generate / 2);
  const double gap = generate > 0 ? middle + kQueuedSteps : 0;
  const double kernels = line.runs("--kernels") ? kStepsForKernels : 0;
  const double runs = 1 + repetitionsOf(line);
  const double decoded = generate > 0 ? runs * (generate + gap) + (kernels > 0 ? middle + kernels : 0) : 0;
  return batch * (kDecodedRow * decoded + kPromptRow * (depth + prompt * (runs + kernels)));
}

constexpr DeviceSpeed kGpu{.startSeconds = 2,
                           .openSeconds = 6, // context, code, 13 GB of random weights
                           .productSeconds = 2,
                           .sumCaseSeconds = 0.3,
                           .caseSeconds = 0.3,
                           .realCaseSeconds = 3,
                           .modelSeconds = 0.5,
                           .rowSeconds = gpuRowSeconds};
constexpr DeviceSpeed kSimulator{.startSeconds = 0.2,
                                 .openSeconds = 0.5,
                                 .productSeconds = 2,
                                 .sumCaseSeconds = 2,
                                 .caseSeconds = 0.2,
                                 .realCaseSeconds = 0.4,
                                 .modelSeconds = 1,
                                 .rowSeconds = simulatedRowSeconds};

double benchSeconds(const CardLine &line, const DeviceSpeed &device) {
  double seconds = device.openSeconds;
  for (const int64_t batch : line.numbers("--batch")) {
    for (const int64_t depth : line.numbers("--depth")) {
      for (const int64_t prompt : line.numbers("--prompt")) {
        seconds += prompt == 0 ? 0 : device.rowSeconds(line, double(batch), double(depth), double(prompt), 0);
      }
      seconds +=
          device.rowSeconds(line, double(batch), double(depth), 0, double(most(line.numbers("--generate"))));
    }
  }
  return seconds;
}

/// Three runs of `cria bench`: for decoding, for batches, and for prompts.
double speedSeconds(const CardLine &line, const DeviceSpeed &device) {
  const double generate = static_cast<double>(most(line.numbers("--generate")));
  double seconds = 3 * device.openSeconds;
  for (const int64_t depth : line.numbers("--depth")) {
    seconds += device.rowSeconds(line, 1, static_cast<double>(depth), 0, generate);
  }
  for (const int64_t batch : line.numbers("--batch")) {
    seconds += device.rowSeconds(line, static_cast<double>(batch),
                                 static_cast<double>(line.numbers("--depth")[0]), 0, generate);
  }
  for (const int64_t prompt : line.numbers("--prompt")) {
    seconds += device.rowSeconds(line, 1, 0, static_cast<double>(prompt), 0);
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

/// Whether --filter and --exclude of a line select a case or model.
bool selects(const CardLine &line, const std::string &name) {
  const std::vector<std::string> wanted = listOf(line.option("--filter")),
                                 unwanted = listOf(line.option("--exclude"));
  const auto isPart = [&](const std::string &part) { return name.find(part) != std::string::npos; };
  return (wanted.empty() || std::any_of(wanted.begin(), wanted.end(), isPart)) &&
         std::none_of(unwanted.begin(), unwanted.end(), isPart);
}

std::vector<std::string> selectedOf(const CardLine &line,
                                    const std::vector<conformance::DeviceModule> &modules) {
  std::vector<std::string> names;
  for (const conformance::DeviceModule &module : modules) {
    if (selects(line, module.name)) {
      names.push_back(module.name);
    }
  }
  return names;
}
// Making the modules takes a second.
std::vector<std::string> casesOf(const CardLine &line) {
  static const std::vector<conformance::DeviceModule> kModules = conformance::deviceModules();
  return selectedOf(line, kModules);
}
std::vector<std::string> realCasesOf(const CardLine &line) {
  static const std::vector<conformance::DeviceModule> kModules =
      conformance::realModules(conformance::RealSet::real);
  return selectedOf(line, kModules);
}

double caseSeconds(const CardLine &line, const DeviceSpeed &device) {
  double seconds = device.realCaseSeconds * static_cast<double>(realCasesOf(line).size());
  for (const std::string &name : casesOf(line)) {
    const bool hasSums = std::regex_search(name, std::regex("linear|fused|attention"));
    seconds += hasSums ? device.sumCaseSeconds : device.caseSeconds;
  }
  return seconds;
}

double modelsOf(const CardLine &line) {
  const std::filesystem::directory_iterator files(CRIA_SOURCE_DIR "/tests/golden/logits");
  return static_cast<double>(std::count_if(begin(files), end(files), [&](const auto &file) {
    return selects(line, file.path().stem().string());
  }));
}

/// The targets that ./dev card compiles for: the variants, and how often a case runs.
double numTargets() {
  const std::string script = readFile(CRIA_SOURCE_DIR "/tools/dev/card.sh");
  std::smatch found;
  EXPECT_TRUE(std::regex_search(script, found, std::regex("CARD_TARGETS=\\(([^)]+)\\)")));
  std::istringstream targets(found[1]);
  return static_cast<double>(std::distance(std::istream_iterator<std::string>(targets), {}));
}

/// The time of a line without a profiler or memory checker; those are cut.
double estimatedSeconds(const CardLine &line, const DeviceSpeed &device) {
  if (line.runs("--only kernels")) {
    return device.startSeconds + numTargets() * caseSeconds(line, device);
  }
  if (line.runs("--only models")) {
    return device.startSeconds + numTargets() * modelsOf(line) * device.modelSeconds;
  }
  if (line.runs("--only speed")) { // the product of each target and of cuBLAS
    return device.startSeconds + (numTargets() + 1) * device.productSeconds + speedSeconds(line, device);
  }
  return line.runs(" bench ") ? benchSeconds(line, device) : 0;
}

bool isInstrumented(const CardLine &line) { return line.tool == "ncu" || line.tool == "compute-sanitizer"; }

TEST(CardLines, NameCasesThatExist) {
  int filters = 0;
  for (const char *file : {"card.lines", "rehearse.lines"}) {
    for (CardLine line : readCardLines(kCard + file)) {
      for (const std::string &part :
           line.runs("--only kernels") ? listOf(line.option("--filter")) : std::vector<std::string>()) {
        line.command = "check --filter " + part;
        EXPECT_GT(casesOf(line).size() + realCasesOf(line).size(), 0u)
            << file << ": " << line.name << ": " << part;
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
  const std::vector<CardLine> lines = cardLines(), rehearsed = rehearsedLines();
  ASSERT_EQ(lines.size(), rehearsed.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].name, rehearsed[i].name);
    EXPECT_EQ(lines[i].tool, rehearsed[i].tool);
    EXPECT_EQ(withoutShapes(lines[i].command), withoutShapes(rehearsed[i].command));
  }
}

void expectThatMemoryIsEnough(const std::vector<CardLine> &lines, const ModelShape &model, double deviceBytes,
                              double arenaBytes) {
  for (const CardLine &line : lines) {
    if (line.runs(" bench ") || line.runs("--only speed")) {
      EXPECT_GE(positionsOf(line), 1) << line.name;
      EXPECT_LE(positionsOf(line) * model.kvBytesPerToken(), kvBytesOf(line, model)) << line.name;
      EXPECT_LT(model.weightBytes() + kvBytesOf(line, model) + arenaBytes, deviceBytes) << line.name;
      EXPECT_LE(most(line.numbers("--batch")), 16) << line.name << ": the sequences of the package";
    }
  }
}

TEST(CardLines, FitTheMemoryOfTheirDevices) {
  expectThatMemoryIsEnough(cardLines(), kLlama7b, 140e9, 4e9);
  const std::string script = readFile(kCard + "run.sh");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(script, found, std::regex("FAKE_CUDA_MEMORY=([0-9]+)")));
  expectThatMemoryIsEnough(rehearsedLines(), kStories260k, std::stod(found[1]), 1e8);
}

void expectThatTimeIsEnough(const std::vector<CardLine> &lines, const DeviceSpeed &device, double slowness) {
  for (const CardLine &line : lines) {
    if (!isInstrumented(line)) {
      const double limit = line.name.back() == '*' ? line.seconds / numTargets() : line.seconds;
      EXPECT_LT(slowness * estimatedSeconds(line, device), limit) << line.name;
    }
  }
}

TEST(CardLines, TakeLessThanTheirLimits) {
  constexpr double kLoadOfTheMachine = 2; // of other processes during a rehearsal
  expectThatTimeIsEnough(cardLines(), kGpu, 1);
  expectThatTimeIsEnough(rehearsedLines(), kSimulator, kLoadOfTheMachine);
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
