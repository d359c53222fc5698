// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model of two layers as calls that share arrays. Every intermediate result has its own array, so that each
// op is checked against the inputs that it had.
#include "tools/cria-plugin-test/OpPrograms.h"

#include "tools/cria-plugin-test/ContractCases.h"
#include "tools/cria-plugin-test/RandomOps.h"

#include <algorithm>
#include <cmath>

namespace cria::conformance {
namespace {

constexpr uint64_t kLayers = 2, kHeads = 4, kKvHeads = 2, kHeadDim = 8, kWidth = 24, kInner = 40,
                   kVocabulary = 50, kBlock = 16;

class ModelProgram {
public:
  ModelProgram(Random &random, bool isFused, uint32_t cacheType)
      : random_(random), cacheType_(cacheType),
        batch_(randomBatch(random, {.sequences = 3, .paddingRows = 2})),
        table_(ropeTable(batch_.maxPosition + 1, kHeadDim)) {
    std::vector<int64_t> tokens(batch_.rows);
    std::generate(tokens.begin(), tokens.end(),
                  [&] { return static_cast<int64_t>(random.between(0, kVocabulary - 1)); });
    View x = result(batch_.rows, kWidth);
    add({"embedding",
         {{"tokens", integerView(tokens)}, {"table", weight(kVocabulary, kWidth)}, {"output", x, kWrite}},
         {}});
    addCache(random, batch_, cacheShape(), CRIA_ACCESS_READ_WRITE, holder_);
    fillPast(layerCache(1));
    for (uint64_t layer = 0; layer < kLayers; ++layer) {
      x = isFused ? fusedLayer(x, layer) : primitiveLayer(x, layer);
    }
    add({"linear",
         {{"input", gathered(norm(x))},
          {"weight", weight(kVocabulary, kWidth)},
          {"output", result(2, kVocabulary), kWrite}},
         {}});
  }

  std::vector<OpCall> &calls() { return calls_; }
  const std::vector<double> &cache() const { return holder_["cache"].array->values; }

  /// Checks every call against the current contents of its operands. `before`: the cache before the replay.
  void check(const std::vector<double> &before) const {
    std::vector<double> expected = before;
    for (const OpCall &call : calls_) {
      if (!updatedBy(call).empty()) {
        expected = expectedCache(call, expected);
      }
      if (call.find("output") != nullptr) {
        checkResult(call, {});
      }
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      const double found = cache()[i], slack = std::fabs(expected[i]) * 0x1p-10 + 1e-6; // of f16
      require(std::isnan(expected[i]) ? std::isnan(found) : std::fabs(found - expected[i]) <= slack,
              "element {} of the cache: expected {}, got {}", i, expected[i], found);
    }
  }

private:
  CacheShape cacheShape() const {
    return {.layers = kLayers, .layer = 0, .kvHeads = kKvHeads, .headDim = kHeadDim, .type = cacheType_};
  }
  // addCache fills one layer only.
  void fillPast(const View &cache) {
    for (const uint64_t slot : batch_.pastSlots) {
      for (uint64_t i = 0; i < 2 * kKvHeads * kHeadDim; ++i) {
        cache.array->values[cacheElement(cache, slot, i % 2 == 1, i / 2 / kHeadDim, i / 2 % kHeadDim)] =
            roundToType(cacheType_, random_.normal());
      }
    }
  }
  View result(uint64_t rows, uint64_t columns) { return resultMatrix(random_, rows, columns); }
  View weight(uint64_t rows, uint64_t columns) {
    return randomMatrix(random_, rows, columns, CRIA_TYPE_F32, 1 / std::sqrt(static_cast<double>(columns)));
  }
  void add(OpCall call) { calls_.push_back(std::move(call)); }

  // Returns one layer of the cache: a view of the same array with another first element.
  View layerCache(uint64_t layer) const {
    View cache = holder_["cache"];
    cache.first = layer * 2 * kKvHeads * cache.shape[3] * kHeadDim;
    return cache;
  }
  void addStep(OpCall &call) const {
    call.arguments.insert(call.arguments.end(), {{"positions", batch_.positions},
                                                 {"sequences", batch_.sequences},
                                                 {"sequence_starts", batch_.sequenceStarts},
                                                 {"block_table", batch_.blockTable}});
    call.attributes.push_back(floatAttribute("scale", 1 / std::sqrt(double{kHeadDim})));
  }

  View norm(const View &x) {
    const View y = result(x.rows(), kWidth);
    add({"rms_norm",
         {{"input", x}, {"weight", randomVector(random_, kWidth, 1)}, {"output", y, kWrite}},
         {floatAttribute("epsilon", 1e-5)}});
    return y;
  }
  View linear(const View &x, uint64_t columns) {
    const View y = result(x.rows(), columns);
    add({"linear", {{"input", x}, {"weight", weight(columns, x.columns())}, {"output", y, kWrite}}, {}});
    return y;
  }
  View binary(const char *op, const View &lhs, const View &rhs) {
    const View y = result(lhs.rows(), lhs.columns());
    add({op, {{"lhs", lhs}, {"rhs", rhs}, {"output", y, kWrite}}, {}});
    return y;
  }
  View rotate(const View &x) {
    const View y = result(x.rows(), x.columns());
    add({"rope",
         {{"input", x}, {"positions", batch_.positions}, {"table", table_}, {"output", y, kWrite}},
         {intAttribute("head_dim", kHeadDim)}});
    return y;
  }
  View gathered(const View &x) {
    const View y = result(2, kWidth);
    const auto last = static_cast<int64_t>(batch_.rows) - 3; // the last row that is not padding
    add({"gather_rows", {{"input", x}, {"rows", integerView({0, last})}, {"output", y, kWrite}}, {}});
    return y;
  }

  View primitiveLayer(const View &x, uint64_t layer) {
    const View h = norm(x);
    const View q = rotate(linear(h, kHeads * kHeadDim)), k = rotate(linear(h, kKvHeads * kHeadDim));
    const View v = linear(h, kKvHeads * kHeadDim);
    add({"kv_append",
         {{"key", k}, {"value", v}, {"slots", batch_.slots}, {"cache", layerCache(layer), kWrite}},
         {}});
    const View attended = result(x.rows(), kHeads * kHeadDim);
    OpCall attention{
        "attention", {{"query", q}, {"cache", layerCache(layer)}, {"output", attended, kWrite}}, {}};
    addStep(attention);
    add(std::move(attention));
    const View y = binary("add", x, linear(attended, kWidth));
    const View m = norm(y);
    const View gate = linear(m, kInner), up = linear(m, kInner), active = result(m.rows(), kInner);
    add({"silu", {{"input", gate}, {"output", active, kWrite}}, {}});
    return binary("add", y, linear(binary("mul", active, up), kWidth));
  }

  View fusedLinear(const View &x, uint64_t columns, bool hasNorm, bool isSwiglu, const View *residual) {
    const uint64_t rows = isSwiglu ? (columns + kBlock - 1) / kBlock * kBlock * 2 : columns;
    const View y = result(x.rows(), columns);
    OpCall call{"fused_linear",
                {{"input", x}, {"weight", weight(rows, x.columns())}, {"output", y, kWrite}},
                {textAttribute("activation", isSwiglu ? "swiglu" : "none")}};
    if (hasNorm) {
      call.arguments.push_back({"norm_weight", randomVector(random_, x.columns(), 1)});
      call.attributes.push_back(floatAttribute("epsilon", 1e-5));
    }
    if (isSwiglu) {
      call.attributes.push_back(intAttribute("swiglu_block", kBlock));
    }
    if (residual != nullptr) {
      call.arguments.push_back({"residual", *residual});
    }
    add(std::move(call));
    return y;
  }
  static View columnsOf(const View &whole, uint64_t first, uint64_t columns) {
    return {whole.array, whole.first + first, {whole.rows(), columns}, whole.strides};
  }

  // The five ops of a fused layer.
  View fusedLayer(const View &x, uint64_t layer) {
    constexpr uint64_t query = kHeads * kHeadDim, key = kKvHeads * kHeadDim;
    const View qkv = fusedLinear(x, query + 2 * key, true, false, nullptr);
    const View attended = result(x.rows(), query);
    OpCall attention{"rope_attention",
                     {{"query", columnsOf(qkv, 0, query)},
                      {"key", columnsOf(qkv, query, key)},
                      {"value", columnsOf(qkv, query + key, key)},
                      {"table", table_},
                      {"slots", batch_.slots},
                      {"cache", layerCache(layer), CRIA_ACCESS_READ_WRITE},
                      {"output", attended, kWrite}},
                     {}};
    addStep(attention);
    add(std::move(attention));
    const View y = fusedLinear(attended, kWidth, false, false, &x);
    const View mlp = fusedLinear(y, kInner, true, true, nullptr);
    return fusedLinear(mlp, kWidth, false, false, &y);
  }

  Random &random_;
  uint32_t cacheType_;
  Batch batch_;
  View table_;
  OpCall holder_; // of the operand `cache`
  std::vector<OpCall> calls_;
};

/// Returns f16, or f32 if the plugin manifest lists only that.
uint32_t cacheTypeOf(const BackendSubject &subject) {
  const auto listed = subject.types.find("kv_append/cache");
  const bool takesF16 = listed == subject.types.end() || listed->second.contains(CRIA_TYPE_F16);
  return takesF16 ? CRIA_TYPE_F16 : CRIA_TYPE_F32;
}

/// A program on a device of its own.
struct ProgramSession {
  Device device;
  Random random;
  ModelProgram program;
  RecordedCalls recorded;

  ProgramSession(const BackendSubject &subject, bool isFused, uint64_t seed)
      : device(subject.backend, subject.options()), random(seed),
        program(random, isFused, cacheTypeOf(subject)), recorded(device, program.calls()) {
    requireOk(recorded.outcome(), "recording a model of two layers");
  }
  void step() {
    const std::vector<double> before = program.cache();
    requireOk(recorded.replay(), "replaying a model of two layers");
    program.check(before);
  }
};

void runsAlone(const BackendSubject &subject, bool isFused) {
  ProgramSession session(subject, isFused, subject.seed);
  session.step();
  session.step(); // the same step again overwrites the cache with equal values
}

void takesTurns(const BackendSubject &subject, bool isFused) {
  ProgramSession one(subject, isFused, subject.seed);
  ProgramSession other(subject, isFused, subject.seed + 1);
  for (ProgramSession *session : {&one, &other, &one, &other}) {
    session->step();
  }
}

} // namespace

/// Returns whether the plugin manifest lists all ops of a program.
static bool listsAll(const BackendSubject &subject, bool isFused) {
  Random random(subject.seed);
  ModelProgram program(random, isFused, cacheTypeOf(subject));
  return std::ranges::all_of(program.calls(),
                             [&](const OpCall &call) { return subject.ops.contains(call.op); });
}

std::vector<Case> programCases(const BackendSubject &subject) {
  std::vector<Case> cases;
  const auto addCases = [&](const std::string &name, bool isFused) {
    cases.push_back({"programs/" + name, [&subject, isFused] { runsAlone(subject, isFused); }});
    cases.push_back(
        {"programs/" + name + "-sessions", [&subject, isFused] { takesTurns(subject, isFused); }});
  };
  if (listsAll(subject, false)) {
    addCases("primitive", false);
  }
  if (listsAll(subject, true) && subject.fusedParts.size() == 3) {
    addCases("fused", true);
  }
  return cases;
}

} // namespace cria::conformance
