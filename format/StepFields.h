// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arrays of a step: their names, order, shapes and lengths. The graph builder, the step buffer, the
// verifiers and the runtime read this table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

struct ProgramLimits {
  uint32_t maxTokens = 0;    // rows of a step
  uint32_t maxSequences = 0; // sequences of a step
  uint32_t maxOutputs = 0;   // rows of logits of a step
  uint32_t maxPagesPerSequence = 0;
  uint32_t context = 0; // positions of a sequence
};

/// A limit, its name in programs and its maximum value; the minimum is 1. At the maxima, sizes in bytes are
/// far from overflow.
struct LimitRule {
  std::string_view name;
  uint32_t ProgramLimits::*value;
  uint32_t maximum;
};
constexpr std::array<LimitRule, 5> kLimitRules = {{
    {"max_tokens", &ProgramLimits::maxTokens, 1u << 20},
    {"max_sequences", &ProgramLimits::maxSequences, 1u << 16},
    {"max_outputs", &ProgramLimits::maxOutputs, 1u << 20},
    {"max_pages_per_sequence", &ProgramLimits::maxPagesPerSequence, 1u << 20},
    {"context", &ProgramLimits::context, 1u << 24},
}};
/// The maximum context of a program or model, in positions.
constexpr uint32_t kMaxContext = kLimitRules[4].maximum;

/// The kind of a dimension of a shape: a constant, or a quantity of the step.
enum class ExtentKind : uint8_t { constant, tokens, outputs, sequences, sequencesPlusOne, pages };

/// The fields of the step buffer, in the order of kStepFields: the fields of the header, then the arrays.
enum class StepFieldKind : uint32_t {
  numTokens,
  numOutputs,
  numSequences,
  tokens,
  positions,
  sequences,
  slots,
  sequenceStarts,
  blockTable,
  outputs,
};

struct StepFieldRule {
  StepFieldKind kind;
  std::string_view name;
  ExtentKind rows;               // the first dimension; constant for fields of the header
  bool hasPageColumns = false;   // has a second dimension of max_pages_per_sequence
  std::string_view operand = {}; // the name of the operand of the opset that is this array
};

constexpr uint32_t kNumStepFields = 10;
constexpr uint32_t kNumStepHeaderFields = 3;
constexpr uint32_t kNumStepArrays = kNumStepFields - kNumStepHeaderFields;
/// The number of arguments of a forward function: the arrays in order, then the KV cache.
constexpr uint32_t kNumForwardArguments = kNumStepArrays + 1;
/// The size of an element in bytes. Every field consists of 32-bit integers.
constexpr uint64_t kStepElementBytes = 4;

constexpr std::array<StepFieldRule, kNumStepFields> kStepFields = {{
    {StepFieldKind::numTokens, "num_tokens", ExtentKind::constant},
    {StepFieldKind::numOutputs, "num_outputs", ExtentKind::constant},
    {StepFieldKind::numSequences, "num_sequences", ExtentKind::constant},
    {StepFieldKind::tokens, "tokens", ExtentKind::tokens, false, "tokens"},
    {StepFieldKind::positions, "positions", ExtentKind::tokens, false, "positions"},
    {StepFieldKind::sequences, "sequences", ExtentKind::tokens, false, "sequences"},
    {StepFieldKind::slots, "slots", ExtentKind::tokens, false, "slots"},
    {StepFieldKind::sequenceStarts, "sequence_starts", ExtentKind::sequencesPlusOne, false,
     "sequence_starts"},
    {StepFieldKind::blockTable, "block_table", ExtentKind::sequences, true, "block_table"},
    {StepFieldKind::outputs, "outputs", ExtentKind::outputs, false, "rows"},
}};
static_assert([] {
  for (uint32_t i = 0; i < kNumStepFields; ++i) {
    bool isHeader = kStepFields[i].rows == ExtentKind::constant;
    if (kStepFields[i].kind != StepFieldKind(i) || isHeader != (i < kNumStepHeaderFields)) {
      return false;
    }
  }
  return true;
}());

/// The array of argument `index` of a forward function. REQUIRES: index < kNumStepArrays.
constexpr const StepFieldRule &stepArray(uint32_t index) { return kStepFields[kNumStepHeaderFields + index]; }
/// The index of the argument of a forward function that is the array `kind`. REQUIRES: `kind` is not a
/// field of the header.
constexpr uint32_t forwardArgument(StepFieldKind kind) { return uint32_t(kind) - kNumStepHeaderFields; }

/// The field of the header that holds a quantity. REQUIRES: `kind` is tokens, outputs or sequences.
constexpr StepFieldKind headerField(ExtentKind kind) {
  switch (kind) {
  case ExtentKind::tokens:
    return StepFieldKind::numTokens;
  case ExtentKind::outputs:
    return StepFieldKind::numOutputs;
  case ExtentKind::sequences:
    return StepFieldKind::numSequences;
  case ExtentKind::constant:
  case ExtentKind::sequencesPlusOne:
  case ExtentKind::pages:
    break;
  }
  __builtin_unreachable(); // no field holds it
}

constexpr const StepFieldRule &stepField(StepFieldKind kind) { return kStepFields[uint32_t(kind)]; }
constexpr std::optional<StepFieldKind> findStepField(std::string_view name) {
  for (const StepFieldRule &rule : kStepFields) {
    if (rule.name == name) {
      return rule.kind;
    }
  }
  return std::nullopt;
}

/// The rank of the array.
constexpr uint32_t rankOf(const StepFieldRule &rule) { return rule.hasPageColumns ? 2 : 1; }

/// The symbol of a quantity in shapes: "T", "R", "S", "S+1" or "P"; empty for constant.
constexpr std::string_view symbolOf(ExtentKind kind) {
  switch (kind) {
  case ExtentKind::tokens:
    return "T";
  case ExtentKind::outputs:
    return "R";
  case ExtentKind::sequences:
    return "S";
  case ExtentKind::sequencesPlusOne:
    return "S+1";
  case ExtentKind::pages:
    return "P";
  case ExtentKind::constant:
    break;
  }
  return "";
}

/// The maximum of a dimension that is a quantity of the step; 1 for a constant and for pages.
constexpr uint64_t maximumOf(ExtentKind kind, const ProgramLimits &limits) {
  switch (kind) {
  case ExtentKind::tokens:
    return limits.maxTokens;
  case ExtentKind::outputs:
    return limits.maxOutputs;
  case ExtentKind::sequences:
    return limits.maxSequences;
  case ExtentKind::sequencesPlusOne:
    return uint64_t(limits.maxSequences) + 1;
  case ExtentKind::constant:
  case ExtentKind::pages:
    break;
  }
  return 1;
}

/// The number of elements of a field at the limits.
constexpr uint64_t lengthOf(const StepFieldRule &rule, const ProgramLimits &limits) {
  return maximumOf(rule.rows, limits) * (rule.hasPageColumns ? limits.maxPagesPerSequence : 1);
}

} // namespace cria
