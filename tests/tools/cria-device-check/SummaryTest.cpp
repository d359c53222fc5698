// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The report of a run on a GPU: recorded/ holds the results of lines that passed, failed, were skipped, were
// cut, and were interrupted while they wrote.
#include "tools/cria-device-check/Summary.h"
#include "tools/cria-device-check/KernelSummary.h"

#include "tests/testing/Process.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kRecorded = CRIA_SOURCE_DIR "/tests/tools/cria-device-check/recorded";

nlohmann::ordered_json recordedSummary() {
  const StatusOr<check::Predictions> predictions = check::readPredictions(kRecorded + "/predictions.json");
  EXPECT_TRUE(predictions.ok()) << predictions.status().message();
  StatusOr<nlohmann::ordered_json> summary = check::summaryOf(kRecorded, *predictions);
  EXPECT_TRUE(summary.ok()) << summary.status().message();
  return *summary;
}

nlohmann::ordered_json comparisonOf(const std::string &name) {
  const nlohmann::ordered_json summary = recordedSummary();
  for (const nlohmann::ordered_json &comparison : summary.at("comparisons")) {
    if (comparison.at("name") == name) {
      return comparison;
    }
  }
  return nullptr;
}

TEST(CardSummary, IsATable) {
  EXPECT_EQ(check::summaryTable(recordedSummary()), readFile(kRecorded + "/expected-table.txt"));
}

TEST(CardSummary, HoldsTheLinesInTheirOrder) {
  const nlohmann::ordered_json summary = recordedSummary();
  std::vector<std::string> names;
  for (const nlohmann::ordered_json &line : summary.at("lines")) {
    names.push_back(line.at("name"));
  }
  EXPECT_THAT(names, testing::ElementsAre("smi", "ceilings", "linear", "decode", "batch", "kernels"));
  EXPECT_EQ(summary.at("device"), "NVIDIA H200 (sm_90, 132 SMs, driver 13.0)");
  EXPECT_EQ(summary.at("machine").at("driver_version"), "580.65.06");
  EXPECT_EQ(summary.at("checks").at("FAILED"), 1);
  EXPECT_EQ(summary.at("checks").at("ok"), 1);
  EXPECT_TRUE(summary.at("lines")[0].at("result").is_null());
}

TEST(CardSummary, UsesWhatACutLineHasMeasured) {
  const nlohmann::ordered_json summary = recordedSummary();
  EXPECT_EQ(summary.at("lines")[4].at("result").size(), 1u);
  EXPECT_TRUE(summary.at("lines")[5].at("result").is_null()) << "a file that was being written";
}

nlohmann::ordered_json residentBlocksOf(const std::string &kernelName, const nlohmann::ordered_json &result) {
  for (const nlohmann::ordered_json &kernel : result.at(0).at("kernels")) {
    if (kernel.at("name") == kernelName) {
      return kernel.at("resident_blocks_per_sm");
    }
  }
  return "no such kernel";
}

TEST(CardSummary, StatesTheResidentBlocksOfKernels) {
  const nlohmann::ordered_json summary = recordedSummary();
  const nlohmann::ordered_json &decode = summary.at("lines")[3].at("result");
  EXPECT_EQ(residentBlocksOf("matvec_k4096_n12288_f16_norm_row", decode), 3);
  EXPECT_EQ(residentBlocksOf("rope_append_d128", decode), 8);
  EXPECT_TRUE(residentBlocksOf("matvec_k4096_n32000_f32_norm_row", decode).is_null()) << "from PTX";
}

TEST(CardSummary, KeepsTheResidentBlocksThatTheDriverStates) {
  auto result =
      nlohmann::ordered_json::parse(R"([{"kernels": [{"name": "rope", "resident_blocks_per_sm": 5}]}])");
  check::addResidentBlocks(nullptr, result);
  EXPECT_EQ(residentBlocksOf("rope", result), 5);
}

TEST(CardSummary, KnowsNoResidentBlocksWithoutAMachine) {
  auto result = nlohmann::ordered_json::parse(R"([{"kernels": [
      {"name": "rope", "registers": 32, "threads_per_block": 256, "shared_bytes_per_block": 0}]}])");
  check::addResidentBlocks(nullptr, result);
  EXPECT_TRUE(residentBlocksOf("rope", result).is_null());
}

TEST(CardSummary, ComparesWithThePredictionsForTheDevice) {
  EXPECT_EQ(comparisonOf("decode, context 128").at("verdict"), "within");
  EXPECT_EQ(comparisonOf("QKV, context 128").at("verdict"), "below");
  EXPECT_EQ(comparisonOf("rope and append, context 128").at("verdict"), "above");
  EXPECT_DOUBLE_EQ(comparisonOf("batch 8: time of a step over that of batch 1").at("measured"), 4.0);
  EXPECT_TRUE(comparisonOf("prefill 512").at("measured").is_null());
  EXPECT_TRUE(comparisonOf("prefill 512").at("verdict").is_null());
}

TEST(CardSummary, IsWrittenNextToTheResults) {
  const TemporaryFolder folder;
  fs::copy(kRecorded, folder.path("results"));
  const Status status = check::summarize(folder.path("results"), kRecorded + "/predictions.json");
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(readFile(folder.path("results/card.txt")), readFile(kRecorded + "/expected-table.txt"));
  EXPECT_EQ(nlohmann::ordered_json::parse(readFile(folder.path("results/card.json"))), recordedSummary());
}

TEST(CardSummary, RefusesAFolderWithoutResults) {
  const TemporaryFolder folder;
  const Status status = check::summarize(folder.path(), kRecorded + "/predictions.json");
  EXPECT_EQ(status.code(), StatusCode::notFound);
  EXPECT_THAT(status.message(), HasSubstr("expected results of card/run.sh, found no *.line"));
}

TEST(CardPredictions, AreReadStrictly) {
  const TemporaryFolder folder;
  const auto refusalOf = [&](const std::string &range) {
    writeFile(folder.path("p.json"), R"({"devices": ["H200"], "tolerance": 0, "predictions": [
      {"name": "a", "unit": "us", "predicted": {)" +
                                         range + R"(}, "value": {"line": "x", "steps": ["y"]}}]})");
    return check::readPredictions(folder.path("p.json")).status().message();
  };
  EXPECT_THAT(refusalOf(R"("H200": [1])"), HasSubstr("a number or [lowest, highest]"));
  EXPECT_THAT(refusalOf(R"("B200": 1)"), HasSubstr("B200"));
  EXPECT_EQ(refusalOf(R"("H200": 1)"), "");
}

} // namespace
} // namespace cria::test
