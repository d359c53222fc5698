// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the table of step fields with the page of the package format.
#include "format/StepFields.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using ::testing::HasSubstr;

std::string readPage() {
  std::ifstream file(CRIA_SOURCE_DIR "/docs/package-format.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string lengthText(const StepFieldRule &rule) {
  switch (rule.rows) {
  case ExtentKind::constant:
    return "1";
  case ExtentKind::tokens:
    return "`max_tokens`";
  case ExtentKind::outputs:
    return "`max_outputs`";
  case ExtentKind::sequences:
    return rule.hasPageColumns ? "`max_sequences` · `max_pages_per_sequence`" : "`max_sequences`";
  case ExtentKind::sequencesPlusOne:
    return "`max_sequences` + 1";
  case ExtentKind::pages:
    break;
  }
  return "?";
}

TEST(StepFields, ArePrintedInOrderOnThePageOfThePackageFormat) {
  std::string rows;
  for (const StepFieldRule &rule : kStepFields) {
    std::string shape = rule.rows == ExtentKind::constant ? "1" : std::string(symbolOf(rule.rows));
    shape += rule.hasPageColumns ? ", max_pages_per_sequence" : "";
    rows += fmt::format("| `{}` | `[{}]` | {} |\n", rule.name, shape, lengthText(rule));
  }
  EXPECT_THAT(readPage(), HasSubstr(rows));
}

TEST(StepFields, LimitsAreOnThePageOfThePackageFormat) {
  for (const LimitRule &rule : kLimitRules) {
    EXPECT_THAT(readPage(), HasSubstr(fmt::format("`{}` {}", rule.name, rule.maximum)));
  }
}

TEST(StepFields, LengthsFollowFromTheLimits) {
  constexpr ProgramLimits kLimits{
      .maxTokens = 8, .maxSequences = 2, .maxOutputs = 4, .maxPagesPerSequence = 3, .context = 32};
  static_assert(lengthOf(stepField(StepFieldKind::numTokens), kLimits) == 1);
  static_assert(lengthOf(stepField(StepFieldKind::slots), kLimits) == 8);
  static_assert(lengthOf(stepField(StepFieldKind::sequenceStarts), kLimits) == 3);
  static_assert(lengthOf(stepField(StepFieldKind::blockTable), kLimits) == 6);
  static_assert(lengthOf(stepField(StepFieldKind::outputs), kLimits) == 4);
  EXPECT_EQ(findStepField("outputs"), StepFieldKind::outputs);
  EXPECT_EQ(findStepField("rows"), std::nullopt);
}

TEST(StepFields, TheHeaderHoldsTheQuantitiesOfTheStep) {
  static_assert(headerField(ExtentKind::tokens) == StepFieldKind::numTokens);
  static_assert(headerField(ExtentKind::outputs) == StepFieldKind::numOutputs);
  static_assert(headerField(ExtentKind::sequences) == StepFieldKind::numSequences);
}

} // namespace
} // namespace cria::test
