// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/RealCases.h"

#include "tools/cria-device-check/DeviceCases.h"
#include "tools/cria-device-check/SampledResults.h"

#include <fmt/format.h>

namespace cria::conformance {
namespace {

constexpr uint64_t kTensorSeed = 29;
constexpr uint64_t kFewRows = 8; // the maximum of `small`
constexpr uint64_t kHeadDim = 128;
constexpr uint64_t kGroup = 8; // query heads for each KV head in 70B
/// 1 / sqrt(128), with which scores have a variance of about 1.
constexpr const char *kScale = "0.08838835";
/// f32 rounding moves some of the thousands of rotated keys across the midpoint of two neighbouring f16
/// numbers.
constexpr double kLongCacheTolerance = 0x1p-10;

uint64_t pagesFor(uint64_t positions) { return (positions + kPageTokens - 1) / kPageTokens; }

/// Makes steps of one sequence, whose pages are in descending order.
class RealSteps {
public:
  explicit RealSteps(uint64_t positions) : pages_(pagesFor(positions)) {}

  /// Returns the step of the rows from position `first`. `outputs` are indices of rows.
  StepInputs next(uint64_t first, uint64_t rows, std::vector<int64_t> outputs) const {
    StepInputs step{.sequences = std::vector<int64_t>(rows, 0),
                    .sequenceStarts = {0, static_cast<int64_t>(rows)},
                    .outputs = std::move(outputs)};
    for (uint64_t position = first; position < first + rows; ++position) {
      step.tokens.push_back(static_cast<int64_t>((position * 17 + position / 7) % OpProgram::kVocabulary));
      step.positions.push_back(static_cast<int64_t>(position));
      step.slots.push_back(static_cast<int64_t>(page(position) * kPageTokens + position % kPageTokens));
    }
    std::vector<int64_t> &pages = step.blockTable.emplace_back();
    for (uint64_t position = 0; position < first + rows; position += kPageTokens) {
      pages.push_back(static_cast<int64_t>(page(position)));
    }
    return step;
  }

private:
  uint64_t page(uint64_t position) const { return pages_ - 1 - position / kPageTokens; }

  uint64_t pages_;
};

/// The sampled rows of a prompt: the first and last, and those next to the edges of tiles.
std::vector<int64_t> sampledRows(uint64_t rows) {
  std::vector<int64_t> sampled;
  for (const uint64_t row :
       {uint64_t{0}, uint64_t{15}, uint64_t{64}, uint64_t{127}, uint64_t{300}, rows - 1}) {
    if (row < rows && (sampled.empty() || sampled.back() < static_cast<int64_t>(row))) {
      sampled.push_back(static_cast<int64_t>(row));
    }
  }
  return sampled;
}

/// The sampled columns of a linear layer: the first and last, and those next to the edges of tiles.
std::vector<uint64_t> sampledColumns(uint64_t columns) {
  return {0, 1, 127, 128, columns / 2 + 1, columns - 2, columns - 1};
}

/// Returns a case whose steps fill `prompts` times `tokens` positions. The caller adds what is sampled.
RealCase makeCase(const std::string &name, const OpProgram &op, uint64_t prompts, uint64_t tokens) {
  RealCase added;
  added.name = "real-" + name;
  added.module = op.module();
  added.limits = op.limits();
  added.tensors = op.tensors();
  added.pages = pagesFor(op.context());
  const RealSteps steps(op.context());
  for (uint64_t i = 0; i < prompts; ++i) {
    added.prompts.push_back(steps.next(i * tokens, tokens, sampledRows(tokens)));
  }
  added.few = steps.next(prompts * tokens, kFewRows, {0, 1, 2, 3, 4, 5, 6, 7});
  return added;
}

CaseLimits limitsOf(uint64_t prompts, uint64_t tokens) {
  return {.maxTokens = static_cast<int64_t>(tokens),
          .maxSequences = 1,
          .context = static_cast<int64_t>(prompts * tokens + kFewRows)};
}

struct RealLinear {
  const char *name;
  LinearShape shape;
  LinearParts parts;
  double tolerance; // for what the kernels round to 16 bits
  bool isOnOutputs = false;
};

OpProgram programOf(Random &random, const RealLinear &linear, const CaseLimits &limits) {
  return linear.isOnOutputs ? linearOnOutputsProgram(random, linear.shape, limits)
                            : fusedLinearProgram(random, linear.shape, linear.parts, limits);
}

RealCase linearCase(const RealLinear &linear, uint64_t tokens) {
  Random random(kTensorSeed);
  const LinearShape &shape = linear.shape;
  RealCase added = makeCase(fmt::format("{}-{}-{}x{}", linear.name, shape.type, shape.outer, shape.inner),
                            programOf(random, linear, limitsOf(1, tokens)), 1, tokens);
  added.tolerance = linear.tolerance;
  added.fewTolerance = kSingleTolerance;
  added.columns = sampledColumns(shape.outer);
  added.expected = [tensors = added.tensors, columns = added.columns, shape,
                    parts = linear.parts](const StepInputs &step) {
    return sampledLinear(tensors, shape, parts, step, columns);
  };
  return added;
}

/// Samples the first and the last query head of the last KV head.
RealCase attentionCase(const RealSizes &sizes, uint64_t group, uint64_t kvHeads) {
  Random random(kTensorSeed);
  const AttentionShape shape{group, kvHeads, kHeadDim, "f16", true, kScale};
  const uint64_t prompts = sizes.context / sizes.tokens;
  RealCase added =
      makeCase(fmt::format("attention-group{}-{}", group, sizes.context),
               ropeAttentionProgram(random, shape, limitsOf(prompts, sizes.tokens)), prompts, sizes.tokens);
  added.tolerance = kHalfTolerance;
  added.fewTolerance = kLongCacheTolerance;
  std::vector<StepInputs> all = added.prompts;
  all.push_back(added.few);
  added.columns = SampledAttention::columnsOf(shape);
  added.expected = [tensors = added.tensors, shape, all = std::move(all), pages = added.pages](
                       const StepInputs &step) { return SampledAttention(tensors, shape, all, pages)(step); };
  return added;
}

} // namespace

std::vector<RealCase> realCases(const RealSizes &sizes) {
  const auto [dim, ffnDim, vocabSize, kvHeads, tokens, context] = sizes;
  const RealLinear linears[] = {
      {"qkv", {"f16", dim, 3 * dim, true}, {.norm = true}, kHalfTolerance},
      {"gate-up", {"f16", dim, ffnDim, true}, {.norm = true, .swiglu = true}, kHalfTolerance},
      {"o", {"f16", dim, dim, true}, {.residual = true}, kHalfTolerance},
      {"down", {"f16", ffnDim, dim, true}, {.residual = true}, kHalfTolerance},
      {"down", {"bf16", ffnDim, dim, true}, {.residual = true}, kBfloatTolerance},
      {"output", {"f16", dim, vocabSize, true}, {}, kSingleTolerance, /*isOnOutputs=*/true},
  };
  std::vector<RealCase> cases;
  for (const RealLinear &linear : linears) {
    cases.push_back(linearCase(linear, tokens));
  }
  cases.push_back(attentionCase(sizes, 1, kvHeads * 4));
  cases.push_back(attentionCase(sizes, kGroup, kvHeads));
  return cases;
}

std::vector<DeviceModule> realModules(RealSet set) {
  const std::vector<RealCase> cases = realCases(set == RealSet::real ? kRealSizes : kRehearsalSizes);
  return {cases.begin(), cases.end()};
}

} // namespace cria::conformance
