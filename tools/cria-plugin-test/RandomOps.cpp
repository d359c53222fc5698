// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes are small and irregular, so that dimensions are rarely multiples of a tile size.
#include "tools/cria-plugin-test/RandomOps.h"

#include "format/ElementType.h"
#include "plugins/sdk/cria_opset.hpp"
#include "tools/cria-plugin-test/Suite.h"

#include <algorithm>
#include <cmath>

namespace cria::conformance {
namespace {

constexpr uint64_t kMaxRows = 9;
constexpr uint64_t kTablePositions = 100;
/// Minimum number of sums in a result. With fewer, all sums could be small because their terms cancel, and so
/// would be the tolerance, which is relative to the largest one.
constexpr uint64_t kMinWidth = 8;

std::vector<int64_t> randomIndices(Random &random, uint64_t count, uint64_t below) {
  std::vector<int64_t> indices(count);
  for (int64_t &index : indices) {
    index = static_cast<int64_t>(random.between(0, below - 1));
  }
  return indices;
}

OpCall embedding(Random &random, const OpVariant &variant) {
  const uint64_t rows = random.between(1, kMaxRows), width = random.between(1, 40),
                 vocabulary = random.between(1, 50);
  return {"embedding",
          {{"tokens", integerView(randomIndices(random, rows, vocabulary))},
           {"table", randomMatrix(random, vocabulary, width, variant.type)},
           {"output", resultMatrix(random, rows, width), kWrite}},
          {}};
}

OpCall gatherRows(Random &random, const OpVariant &) {
  const uint64_t rows = random.between(1, kMaxRows), width = random.between(1, 40),
                 sources = random.between(1, 20);
  return {"gather_rows",
          {{"input", randomMatrix(random, sources, width)},
           {"rows", integerView(randomIndices(random, rows, sources))},
           {"output", resultMatrix(random, rows, width), kWrite}},
          {}};
}

/// Whether all operands of an op are f32 matrices of one shape, and any values are valid.
constexpr bool isElementwise(const opset::Op &op) {
  return std::ranges::all_of(op.operands, [&](const opset::Operand &operand) {
    return operand.types == opset::Types::f32 && operand.extents == "TD";
  });
}

OpCall elementwise(Random &random, const OpVariant &variant) {
  const uint64_t rows = random.between(1, kMaxRows), width = random.between(1, 40);
  constexpr double kWide = 10; // saturates a sigmoid at both ends
  OpCall call{variant.op, {}, {}};
  for (const opset::Operand &operand : opset::find(variant.op)->operands) {
    const bool isRead = operand.access == CRIA_ACCESS_READ;
    call.arguments.push_back(
        {std::string(operand.name),
         isRead ? randomMatrix(random, rows, width, CRIA_TYPE_F32, kWide) : resultMatrix(random, rows, width),
         operand.access});
  }
  return call;
}

OpCall rmsNorm(Random &random, const OpVariant &) {
  const uint64_t rows = random.between(1, kMaxRows), width = random.between(1, 300);
  const double scale = random.between(0, 3) == 0 ? 1e-3 : 1; // where epsilon matters
  return {"rms_norm",
          {{"input", randomMatrix(random, rows, width, CRIA_TYPE_F32, scale)},
           {"weight", randomVector(random, width, 1)},
           {"output", resultMatrix(random, rows, width), kWrite}},
          {floatAttribute("epsilon", 1e-5)}};
}

OpCall linear(Random &random, const OpVariant &variant) {
  const uint64_t rows = random.between(1, kMaxRows), inner = random.between(1, 300),
                 width = random.between(kMinWidth, 50);
  return {"linear",
          {{"input", randomMatrix(random, rows, inner)},
           {"weight", randomMatrix(random, width, inner, variant.type)},
           {"output", resultMatrix(random, rows, width), kWrite}},
          {}};
}

OpCall fusedLinear(Random &random, const OpVariant &variant) {
  const uint64_t rows = random.between(1, 7), inner = random.between(1, 200),
                 width = random.between(kMinWidth, 70);
  const uint64_t block = random.coin() ? 16 : random.between(1, 20);
  const uint64_t weightRows = variant.swiglu ? (width + block - 1) / block * block * 2 : width;
  const double scale = 1 / std::sqrt(static_cast<double>(inner));
  OpCall call{"fused_linear",
              {{"input", randomMatrix(random, rows, inner)},
               {"weight", randomMatrix(random, weightRows, inner, variant.type, scale)},
               {"output", resultMatrix(random, rows, width), kWrite}},
              {textAttribute("activation", variant.swiglu ? "swiglu" : "none")}};
  if (variant.norm) {
    call.arguments.push_back({"norm_weight", randomVector(random, inner, 1)});
    call.attributes.push_back(floatAttribute("epsilon", 1e-6));
  }
  if (variant.swiglu) {
    call.attributes.push_back(intAttribute("swiglu_block", static_cast<int64_t>(block)));
  }
  if (variant.residual) {
    call.arguments.push_back({"residual", randomMatrix(random, rows, width)});
  }
  return call;
}

OpCall rope(Random &random, const OpVariant &) {
  const uint64_t rows = random.between(1, kMaxRows), heads = random.between(1, 8),
                 headDim = 2 * random.between(1, 32);
  return {"rope",
          {{"input", randomMatrix(random, rows, heads * headDim)},
           {"positions", integerView(randomIndices(random, rows, kTablePositions))},
           {"table", ropeTable(kTablePositions, headDim)},
           {"output", resultMatrix(random, rows, heads * headDim), kWrite}},
          {intAttribute("head_dim", static_cast<int64_t>(headDim))}};
}

/// The ragged batch and the cache of an op that reads or appends to the cache.
struct CacheParts {
  CacheShape cache;
  Batch batch;
  uint64_t keyWidth() const { return cache.kvHeads * cache.headDim; }

  CacheParts(Random &random, uint32_t type) {
    cache.layers = random.between(1, 3);
    cache.layer = random.between(0, cache.layers - 1);
    cache.kvHeads = random.between(1, 3);
    cache.headDim = 2 * random.between(1, 16);
    cache.type = type;
    batch = randomBatch(random, {.sequences = random.between(1, 4),
                                 .maxPast = random.coin() ? 3 * cache.pageTokens : 0,
                                 .maxNew = random.between(1, cache.pageTokens + 3),
                                 .paddingRows = random.between(0, 2),
                                 .pageTokens = cache.pageTokens});
  }
  void addStep(OpCall &call) const {
    call.arguments.insert(call.arguments.end(), {{"positions", batch.positions},
                                                 {"sequences", batch.sequences},
                                                 {"sequence_starts", batch.sequenceStarts},
                                                 {"block_table", batch.blockTable}});
    call.attributes.push_back(floatAttribute("scale", 1 / std::sqrt(static_cast<double>(cache.headDim))));
  }
};

OpCall kvAppend(Random &random, const OpVariant &variant) {
  const CacheParts parts(random, variant.type);
  OpCall call{"kv_append",
              {{"key", randomMatrix(random, parts.batch.rows, parts.keyWidth())},
               {"value", randomMatrix(random, parts.batch.rows, parts.keyWidth())},
               {"slots", parts.batch.slots}},
              {}};
  addCache(random, parts.batch, parts.cache, kWrite, call);
  return call;
}

OpCall attention(Random &random, const OpVariant &variant) {
  CacheParts parts(random, variant.type);
  Batch &batch = parts.batch;
  for (uint64_t row = 0; row < batch.rows; ++row) { // the rows' own keys were appended by an earlier op
    if (batch.slots.integer(row) >= 0) {
      batch.pastSlots.push_back(static_cast<uint64_t>(batch.slots.integer(row)));
    }
  }
  const uint64_t width = variant.group * parts.keyWidth();
  OpCall call{"attention", {{"query", randomMatrix(random, batch.rows, width)}}, {}};
  parts.addStep(call);
  addCache(random, batch, parts.cache, CRIA_ACCESS_READ, call);
  call.arguments.push_back({"output", resultMatrix(random, batch.rows, width), kWrite});
  return call;
}

/// Returns a view of columns first .. first+columns-1 of a matrix.
View slice(const View &whole, uint64_t first, uint64_t columns) {
  return {whole.array, whole.first + first, {whole.rows(), columns}, whole.strides};
}

/// q, k and v are columns of one buffer, as a fused projection writes them.
OpCall ropeAttention(Random &random, const OpVariant &variant) {
  const CacheParts parts(random, variant.type);
  const Batch &batch = parts.batch;
  const uint64_t query = variant.group * parts.keyWidth(), key = parts.keyWidth();
  const View qkv = randomMatrix(random, batch.rows, query + 2 * key);
  OpCall call{"rope_attention",
              {{"query", slice(qkv, 0, query)},
               {"key", slice(qkv, query, key)},
               {"value", slice(qkv, query + key, key)},
               {"table", ropeTable(batch.maxPosition + 1, parts.cache.headDim)},
               {"slots", batch.slots}},
              {}};
  parts.addStep(call);
  addCache(random, batch, parts.cache, CRIA_ACCESS_READ_WRITE, call);
  call.arguments.push_back({"output", resultMatrix(random, batch.rows, query), kWrite});
  return call;
}

OpCall fillOnes(Random &random, const OpVariant &variant) {
  const uint64_t size = random.between(1, 300);
  return {
      "fill_ones", {{"weight", denseView(variant.type, {size}, std::vector<double>(size, 0)), kWrite}}, {}};
}

/// A tensor whose rows are in blocks, with space for other tensors between them.
OpCall fillRandom(Random &random, const OpVariant &variant) {
  const uint64_t rows = random.between(1, 20), block = random.between(1, rows), first = random.between(0, 3),
                 stride = block * random.between(1, 3), key = random.between(0, UINT32_MAX);
  const uint64_t last = first + (rows - 1) / block * stride + (rows - 1) % block;
  const View weight = randomMatrix(random, last + random.between(1, 3), random.between(1, 300), variant.type,
                                   /*scale=*/0);
  const std::vector<uint64_t> words{key, rows, first, block, stride, 0, 0, 0};
  return {"fill_random",
          {{"constants", denseView(CRIA_TYPE_U32, {8}, {words.begin(), words.end()})},
           {"weight", weight, kWrite}},
          {}};
}

constexpr uint32_t kFloats[] = {CRIA_TYPE_F32, CRIA_TYPE_F16, CRIA_TYPE_BF16};

struct Maker {
  std::string_view op;
  OpCall (*make)(Random &, const OpVariant &);
};
constexpr Maker kMakers[] = {
    {"embedding", embedding}, {"gather_rows", gatherRows},   {"rms_norm", rmsNorm},
    {"linear", linear},       {"fused_linear", fusedLinear}, {"rope", rope},
    {"kv_append", kvAppend},  {"attention", attention},      {"rope_attention", ropeAttention},
    {"fill_ones", fillOnes},  {"fill_random", fillRandom},
};

/// The function that makes random calls of an op; null: there is none.
constexpr OpCall (*makerOf(const opset::Op &op))(Random &, const OpVariant &) {
  for (const Maker &maker : kMakers) {
    if (maker.op == op.name) {
      return maker.make;
    }
  }
  return isElementwise(op) ? elementwise : nullptr;
}
static_assert(std::ranges::all_of(opset::kOps, [](const opset::Op &op) { return makerOf(op) != nullptr; }));

/// Types of the operand that has a choice; f32 when none has.
std::vector<uint32_t> typesOf(const opset::Op &op) {
  for (const opset::Operand &operand : op.operands) {
    if (opset::hasChoice(operand.types)) {
      std::vector<uint32_t> types(std::begin(kFloats), std::end(kFloats));
      std::erase_if(types, [&](uint32_t type) { return !opset::accepts(operand.types, type); });
      return types;
    }
  }
  return {CRIA_TYPE_F32};
}

/// The variants of an op in one type: ratios of heads of an op that attends, parts of a fused linear.
std::vector<OpVariant> variantsOf(const opset::Op &op, uint32_t type) {
  std::vector<OpVariant> variants;
  const bool attends = opset::findOperand(op, "query") != nullptr;
  const bool isFused = opset::findOperand(op, "residual") != nullptr;
  for (const uint64_t group : attends ? std::vector<uint64_t>{1, 2, 3, 4, 8} : std::vector<uint64_t>{1}) {
    for (int parts = 0; parts < (isFused ? 8 : 1); ++parts) {
      variants.push_back({.op = std::string(op.name),
                          .type = type,
                          .group = group,
                          .norm = (parts & 1) != 0,
                          .swiglu = (parts & 2) != 0,
                          .residual = (parts & 4) != 0});
    }
  }
  return variants;
}

} // namespace

std::string nameOf(const OpVariant &variant) {
  std::string name = fmt::format("{}/{}", variant.op, cria::nameOf(ElementType(variant.type)));
  name += variant.group > 1 ? fmt::format("-group{}", variant.group) : "";
  name += variant.norm ? "-norm" : "";
  name += variant.swiglu ? "-swiglu" : "";
  name += variant.residual ? "-residual" : "";
  return name;
}

std::vector<OpVariant> allVariants() {
  std::vector<OpVariant> variants;
  for (const opset::Op &op : opset::kOps) {
    for (const uint32_t type : typesOf(op)) {
      const std::vector<OpVariant> more = variantsOf(op, type);
      variants.insert(variants.end(), more.begin(), more.end());
    }
  }
  return variants;
}

OpCall randomCall(Random &random, const OpVariant &variant) {
  OpCall call = makerOf(*opset::find(variant.op))(random, variant);
  versionOf(call); // its names are those of the opset
  return call;
}

uint32_t versionOf(const OpCall &call) {
  std::vector<opset::Use> operands;
  for (const Argument &argument : call.arguments) {
    operands.push_back({argument.name, argument.view.array->type});
  }
  std::vector<opset::AttributeUse> attributes;
  for (const Attribute &attribute : call.attributes) {
    attributes.push_back({attribute.name, attribute.text});
  }
  const opset::Op *op = opset::find(call.op);
  const auto version = op == nullptr ? std::nullopt : opset::versionOf(*op, operands, attributes);
  if (!version) {
    throw std::logic_error("the opset has no op '" + call.op + "' with these operands and attributes");
  }
  return *version;
}

/// Changes the data that the op reads, except tables, indices and elements that are NaN. Clears a weight that
/// the op fills.
void changeValues(Random &random, OpCall &call) {
  for (Argument &argument : call.arguments) {
    Array &array = *argument.view.array;
    const bool isData =
        argument.access == CRIA_ACCESS_READ && isFloat(array.type) && argument.name != "table";
    const bool isFilled = argument.access == kWrite && argument.name == "weight";
    for (double &value : array.values) {
      if ((isData || isFilled) && !std::isnan(value)) {
        value = isData ? roundToType(array.type, random.normal()) : 0;
      }
    }
  }
}

} // namespace cria::conformance
