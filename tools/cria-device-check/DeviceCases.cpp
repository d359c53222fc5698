// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/DeviceCases.h"

#include "format/ElementType.h"
#include "tools/cria-device-check/CodedFormats.h"

#include <map>

namespace cria::conformance {
namespace {

constexpr uint64_t kSeed = 23;
/// If f32 rounding moves a rotated key across the midpoint of two neighbouring f16 numbers, its relative
/// error is up to 2^-10. With queries and keys of up to 4 and the scale 1/4, a score changes by up to 2^-8,
/// and a mean of two values by a quarter of that. The same shapes with an f32 cache meet kSingleTolerance.
constexpr double kHalfCache = 0x1p-11;

/// The flash attention kernel supports 16-bit caches and heads of up to 128 dimensions.
bool isForFlash(const AttentionShape &shape) {
  return sizeOf(*parseElementType(shape.cacheType)) == 2 && shape.headDim <= 128;
}

/// Limits for a few hundred rows in one step, more than the 256 positions of a segment.
const CaseLimits kManyRows{.maxTokens = 320, .maxSequences = 2, .context = 600};
constexpr uint64_t kMaxRows = 150; // for each of two sequences
constexpr uint64_t kMinRows = 200; // in one step

/// By the type of what kernels for prompts multiply.
const std::map<std::string, double> kTolerances{
    {"f32", kSingleTolerance}, {"f16", kHalfTolerance}, {"bf16", kBfloatTolerance}};
const std::map<std::string, double> kCacheTolerances{{"f32", kSingleTolerance}, {"f16", kHalfCache}};

/// Collects cases. Each seeds its own random numbers, so that adding a case does not change the others.
class Cases {
public:
  /// Adds a case for the program make(Random &): steps with a ragged batch, the last one with padding rows.
  template <typename Make> DeviceCase &add(const std::string &name, double tolerance, const Make &make) {
    Random random(kSeed);
    DeviceCase &added = addModule(name, tolerance, make(random));
    StepMaker prompts(random, 2, kCasePages), few(random, 2, kCasePages);
    added.prompts = {prompts.next(22, 0), prompts.next(1, 0), prompts.next(15, random.between(1, 3))};
    added.few = {few.next(4, 0), few.next(1, 0), few.next(3, 1)};
    return added;
  }

  /// Adds a case with two steps of a few hundred rows each.
  template <typename Make> DeviceCase &addLong(const std::string &name, double tolerance, const Make &make) {
    Random random(kSeed);
    DeviceCase &added = addModule(name + "-long", tolerance, make(random));
    while (added.prompts.empty() || added.prompts.front().tokens.size() < kMinRows) {
      StepMaker maker(random, 2, kCasePages);
      added.prompts = {maker.next(kMaxRows, 0), maker.next(kMaxRows, 2)};
    }
    added.alone = false;
    return added;
  }

  std::vector<DeviceCase> all;

private:
  DeviceCase &addModule(const std::string &name, double tolerance, const OpProgram &op) {
    DeviceCase &added = all.emplace_back();
    added.name = name;
    added.module = op.module();
    added.limits = op.limits();
    added.tensors = op.tensors();
    added.tolerance = tolerance;
    return added;
  }
};

std::string text(uint64_t number) { return std::to_string(number); }

void addRows(Cases &cases) {
  for (const std::string type : {"f32", "f16", "bf16"}) {
    cases.add("embedding-" + type, kSingleTolerance,
              [&](Random &random) { return embeddingProgram(random, type, 48); });
  }
  for (const std::string type : {"f32", "f16", "bf16"}) {
    cases.add("random-weights-" + type, 0, // equal bits
              [&](Random &random) { return randomWeightsProgram(random, type, 77); });
  }
  for (const uint64_t width : {16, 288, 333}) {
    cases.add("norm-" + text(width), kSingleTolerance,
              [&](Random &random) { return rmsNormProgram(random, width); });
  }
  for (const uint64_t width : {37, 270}) {
    cases.add("silu-mul-add-" + text(width), kSingleTolerance,
              [&](Random &random) { return elementwiseProgram(random, width); });
  }
  for (const uint64_t headDim : {32, 128, 90}) {
    cases.add("rope-" + text(headDim), kSingleTolerance,
              [&](Random &random) { return ropeProgram(random, random.between(1, 4), headDim); });
  }
}

/// Input sizes near multiples of 256 and 512, output sizes near tiles of 128.
void addLinear(Cases &cases) {
  const LinearShape shapes[] = {{"f32", 64, 64},    {"f16", 288, 200}, {"bf16", 40, 17},
                                {"f16", 1032, 130}, {"f32", 517, 9},   {"bf16", 777, 129},
                                {"f16", 1, 1},      {"f16", 119, 187}, {"bf16", 128, 256}};
  for (const LinearShape &shape : shapes) {
    cases.add("linear-" + std::string(shape.type) + "-" + text(shape.outer) + "x" + text(shape.inner),
              kTolerances.at(shape.type), [&](Random &random) { return linearProgram(random, shape); });
  }
  cases.add("linear-on-outputs", kSingleTolerance,
            [](Random &random) { return linearOnOutputsProgram(random, {"f16", 96, 130}); });
}

/// The names of the formats with codes, which are constants.
std::vector<const char *> codedNames() {
  std::vector<const char *> names;
  for (const WeightFormat format : codedFormats()) {
    names.push_back(cria::nameOf(format).data());
  }
  return names;
}

/// Values and their codes are the same everywhere, so that looked up rows are equal. Products are rounded to
/// f16. Short last groups, chunks and pairs of slices; one column; more than a step of a warp.
void addCoded(Cases &cases) {
  constexpr uint64_t kInner[] = {352, 576, 50, 1, 1032}, kOuter[] = {100, 2, 33, 130};
  for (size_t i = 0; const char *format : codedNames()) {
    const LinearShape shape{format, kInner[i % std::size(kInner)], kOuter[i % std::size(kOuter)]};
    cases
        .add("linear-" + std::string(format) + "-" + text(shape.outer) + "x" + text(shape.inner),
             kHalfTolerance, [&](Random &random) { return linearProgram(random, shape); })
        .alone = i % 4 == 0;
    cases
        .add("embedding-" + std::string(format), 0, // equal bits
             [&](Random &random) { return embeddingProgram(random, format, i % 2 == 0 ? 300 : 352); })
        .fewTolerance = 0;
    ++i;
  }
  DeviceCase &wide = cases.add("linear-q4_0-5x11008", kHalfTolerance,
                               [](Random &random) { return linearProgram(random, {"q4_0", 11008, 5}); });
  wide.prompts.resize(1);
  wide.few.resize(1);
  wide.alone = false;
}

std::string textOf(const LinearParts &parts) {
  return std::string(parts.norm ? "-norm" : "") + (parts.swiglu ? "-swiglu" : "") +
         (parts.residual ? "-residual" : "");
}

void addFusedLinear(Cases &cases) {
  constexpr unsigned kCombinations = 8;
  for (unsigned bits = 1; bits < kCombinations; ++bits) {
    const LinearParts parts{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    for (const LinearShape &shape : {LinearShape{"f16", 264, 88}, LinearShape{"bf16", 101, 50 + 7 * bits}}) {
      cases.add("fused-" + std::string(shape.type) + textOf(parts), kTolerances.at(shape.type),
                [&](Random &random) { return fusedLinearProgram(random, shape, parts); });
    }
  }
  for (const LinearShape &shape : {LinearShape{"iq4_xs", 608, 88}, LinearShape{"q4_k", 101, 57}}) {
    cases.add("fused-" + std::string(shape.type) + "-all", kHalfTolerance,
              [&](Random &random) { return fusedLinearProgram(random, shape, {true, true, true}); });
  }
}

std::string nameOf(const AttentionShape &shape) {
  return "attention-" + text(shape.group) + "-of-" + text(shape.headDim) + "-" + shape.cacheType;
}

void addAttention(Cases &cases) {
  for (const AttentionShape &shape :
       {AttentionShape{1, 2, 32, "f16", true}, AttentionShape{2, 2, 64, "f16", false},
        AttentionShape{4, 1, 128, "f16", true}, AttentionShape{8, 1, 32, "f16", true},
        AttentionShape{8, 1, 128, "f16", true}, AttentionShape{3, 2, 20, "f16", true},
        AttentionShape{1, 1, 256, "f16", true}, AttentionShape{2, 1, 48, "f32", true}}) {
    cases
        .add(nameOf(shape), kTolerances.at(shape.cacheType),
             [&](Random &random) { return ropeAttentionProgram(random, shape, {}); })
        .conflictFree = isForFlash(shape);
  }
}

void addLong(Cases &cases) {
  cases.addLong("embedding", kSingleTolerance,
                [](Random &random) { return embeddingProgram(random, "f16", 24, kManyRows); });
  cases.addLong("norm", kSingleTolerance,
                [](Random &random) { return rmsNormProgram(random, 40, kManyRows); });
  cases.addLong("silu-mul-add", kSingleTolerance,
                [](Random &random) { return elementwiseProgram(random, 20, kManyRows); });
  cases.addLong("rope", kSingleTolerance,
                [](Random &random) { return ropeProgram(random, 1, 32, kManyRows); });
  cases.addLong("linear", kHalfTolerance,
                [](Random &random) { return linearProgram(random, {"f16", 72, 150}, kManyRows); });
  cases.addLong("linear-f32", kSingleTolerance,
                [](Random &random) { return linearProgram(random, {"f32", 40, 30}, kManyRows); });
  cases.addLong("linear-q6_k", kHalfTolerance,
                [](Random &random) { return linearProgram(random, {"q6_k", 352, 70}, kManyRows); });
  cases.addLong("fused", kBfloatTolerance, [](Random &random) {
    return fusedLinearProgram(random, {"bf16", 40, 24}, {true, true, true}, kManyRows);
  });
}

/// Many iterations of the flash attention kernel and several segments, for every number of query heads for
/// each KV head.
void addLongAttention(Cases &cases) {
  for (const AttentionShape &shape :
       {AttentionShape{2, 1, 32, "f16", true}, AttentionShape{1, 1, 128, "f16", true},
        AttentionShape{4, 1, 64, "f16", false}, AttentionShape{8, 1, 128, "f16", true},
        AttentionShape{1, 1, 256, "f16", true}, AttentionShape{1, 1, 128, "f32", true},
        AttentionShape{4, 1, 64, "f32", false}}) {
    DeviceCase &added = cases.addLong(nameOf(shape), kTolerances.at(shape.cacheType), [&](Random &random) {
      return ropeAttentionProgram(random, shape, kManyRows);
    });
    added.conflictFree = isForFlash(shape);
    added.alone = shape.headDim == 32; // tiles with rows of several sequences; one shape only, as it is slow
    added.fewTolerance = kCacheTolerances.at(shape.cacheType);
    Random random(kSeed);
    StepMaker maker(random, 1, kCasePages);
    while (added.few.empty() || added.few.back().positions.back() < 300) { // more than a segment
      added.few.push_back(maker.next(8, 0));
    }
  }
}

} // namespace

std::vector<DeviceCase> deviceCases() {
  Cases cases;
  addRows(cases);
  addLinear(cases);
  addCoded(cases);
  addFusedLinear(cases);
  addAttention(cases);
  addLong(cases);
  addLongAttention(cases);
  return std::move(cases.all);
}

std::vector<DeviceModule> deviceModules() {
  const std::vector<DeviceCase> cases = deviceCases();
  return {cases.begin(), cases.end()};
}

std::vector<DeviceModule> codedModules() {
  std::vector<DeviceModule> modules;
  for (const char *format : codedNames()) {
    Random random(kSeed);
    const OpProgram op = fusedLinearProgram(random, {format, 4096, 20}, {true, true, true});
    modules.push_back({format, op.module(), op.limits()});
  }
  return modules;
}

} // namespace cria::conformance
