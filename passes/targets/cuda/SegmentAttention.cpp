// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of single rows, split over the context so that one sequence fills the card, and the merge of the
// parts. pitch / 8 lanes share a token: each holds 8 elements of its key and value. All query heads of a tile
// use one load of them. Softmax runs in base 2 with a running maximum, per group of lanes; groups and warps
// are merged in a fixed order at the end.
#include "passes/targets/cuda/EmitterSupport.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

constexpr int64_t kChunk = 8;
constexpr double kLog2E = 1.4426950408889634;
constexpr double kLowest = -1e30; ///< a score below any: finite, so that differences are numbers

/// Of one query head: what a lane has summed up.
struct State {
  Value maximum, weights;
  Values sums; // kChunk

  static State of(ArrayRef<Value> values) { return {values[0], values[1], Values(values.slice(2, kChunk))}; }
  void appendTo(Values &values) const {
    values.push_back(maximum);
    values.push_back(weights);
    llvm::append_range(values, sums);
  }
  static constexpr int64_t kSize = 2 + kChunk;
};

class SegmentEmitter {
public:
  SegmentEmitter(KernelFunction &kernel, const SegmentAttentionSpec &spec)
      : e(kernel.emitter()), kernel(kernel), spec(spec), lanesPerToken(spec.kv.pitch() / kChunk),
        tokensPerRound(SegmentAttentionSpec::kWarps * kWarp / lanesPerToken), row(e.blockId(1)),
        tile(e.blockId(0) % numTiles()), segment(e.blockId(0) / numTiles()),
        position(e.loadInt(kernel.buffer("positions"), row)),
        sequence(e.loadInt(kernel.buffer("sequences"), row)), dimension(e.laneId() % lanesPerToken * kChunk) {
  }

  void emit() {
    Int first = segment * SegmentAttentionSpec::kSegment;
    Value hasWork = e.both(first <= position, e.constant(-1) < sequence);
    e.ifThen(hasWork, [&] { emitSegment(first); });
  }

private:
  int64_t tilesPerKvHead() const { return spec.group() / spec.headTile(); }
  int64_t numTiles() const { return spec.kv.kvHeads * tilesPerKvHead(); }
  int64_t unroll() const { return spec.headTile() > 4 ? 2 : 4; }

  void emitSegment(Int first) {
    loadQueries();
    State empty{e.floatConst(kLowest), e.floatConst(0), Values(kChunk, e.floatConst(0))};
    Values init;
    for (int64_t head = 0; head < spec.headTile(); ++head) {
      empty.appendTo(init);
    }
    Int end = (position + 1).min(first + SegmentAttentionSpec::kSegment);
    Values states =
        e.loop(first, end, unroll() * tokensPerRound, init,
               [&](Int base, ArrayRef<Value> carried) { return visitTokens(base, end, carried); });
    mergeWithinWarp(states);
    writeWarp(states);
    e.barrier();
    mergeWarps();
  }

  // 8 elements of each query of the tile, zeros behind the head.
  void loadQueries() {
    int64_t dim = spec.kv.headDim, stride = strideOf(spec.queryStride, spec.heads * dim);
    Pointer query = e.at(kernel.buffer("query"), row * stride + tile * (spec.headTile() * dim));
    for (int64_t head = 0; head < spec.headTile(); ++head) {
      Values &elements = queries.emplace_back();
      for (int64_t j = 0; j < kChunk; ++j) {
        Int column = dimension + j;
        Value element = e.load(query, (dim == spec.kv.pitch() ? column : column.min(dim - 1)) + head * dim);
        elements.push_back(dim == spec.kv.pitch() ? element
                                                  : e.select(column < dim, element, e.floatConst(0)));
      }
    }
  }

  // Tokens behind the end are read as the last one and weigh nothing.
  struct Token {
    Value exists;
    Values key, value;
  };
  Token loadToken(Int at, Int end) {
    Int token = at.min(end - 1);
    Int entry = sequence * spec.maxPages + token / KvLayout::kPageTokens;
    Int page = e.loadInt(kernel.buffer("block_table"), entry);
    Pointer cache = e.atFar(kernel.buffer("cache"), page, spec.kv.pageElements());
    Int place = tile / tilesPerKvHead() * spec.kv.headElements() +
                token % KvLayout::kPageTokens * spec.kv.pitch() + dimension;
    return {at < end, loadChunk(cache, place),
            loadChunk(cache, place + KvLayout::kPageTokens * spec.kv.pitch())};
  }

  Values loadChunk(Pointer cache, Int at) {
    int64_t lanes = spec.kv.type == ElementType::f32 ? kChunk / 2 : kChunk;
    Values result;
    for (int64_t part = 0; part < kChunk; part += lanes) {
      Value wide = e.loadFloat(cache, at + part, lanes);
      for (int64_t j = 0; j < lanes; ++j) {
        result.push_back(e.lane(wide, j));
      }
    }
    return result;
  }

  // unroll() rounds of tokens at once: their loads fly together, and one rescaling serves them all.
  Values visitTokens(Int base, Int end, ArrayRef<Value> carried) {
    SmallVector<Token> tokens;
    Int own = base + e.warpId() * (kWarp / lanesPerToken) + e.laneId() / lanesPerToken;
    for (int64_t i = 0; i < unroll(); ++i) {
      tokens.push_back(loadToken(own + i * tokensPerRound, end));
    }
    Values next;
    for (int64_t head = 0; head < spec.headTile(); ++head) {
      State state = State::of(carried.slice(head * State::kSize, State::kSize));
      visit(state, queries[head], tokens).appendTo(next);
    }
    return next;
  }

  Value scoreOf(const Values &query, const Token &token) {
    Value sum = e.mul(query[0], token.key[0]);
    for (int64_t j = 1; j < kChunk; ++j) {
      sum = e.fma(query[j], token.key[j], sum);
    }
    Value score = e.mul(e.sumOverLanes(sum, lanesPerToken), e.floatConst(double(spec.scale) * kLog2E));
    return e.select(token.exists, score, e.floatConst(kLowest));
  }

  State visit(const State &state, const Values &query, ArrayRef<Token> tokens) {
    Values scores;
    Value maximum = state.maximum;
    for (const Token &token : tokens) {
      scores.push_back(scoreOf(query, token));
      maximum = e.max(maximum, scores.back());
    }
    Value shrink = e.exp2(e.sub(state.maximum, maximum));
    State next{maximum, e.mul(state.weights, shrink), {}};
    for (Value sum : state.sums) {
      next.sums.push_back(e.mul(sum, shrink));
    }
    for (auto [score, token] : llvm::zip(scores, tokens)) {
      Value weight = e.exp2(e.sub(score, maximum));
      weight = e.select(token.exists, weight, e.floatConst(0));
      next.weights = e.add(next.weights, weight);
      for (int64_t j = 0; j < kChunk; ++j) {
        next.sums[j] = e.fma(weight, token.value[j], next.sums[j]);
      }
    }
    return next;
  }

  // The groups of lanes of a warp, by halving distances; all lanes end up with the same.
  void mergeWithinWarp(Values &states) {
    for (int64_t distance = kWarp / 2; distance >= lanesPerToken; distance /= 2) {
      for (int64_t head = 0; head < spec.headTile(); ++head) {
        auto values = MutableArrayRef<Value>(states).slice(head * State::kSize, State::kSize);
        Value maximum = e.max(values[0], e.shuffleXor(values[0], distance));
        Value shrink = e.exp2(e.sub(values[0], maximum));
        values[0] = maximum;
        for (Value &value : values.drop_front()) {
          value = e.mul(value, shrink);
          value = e.add(value, e.shuffleXor(value, distance));
        }
      }
    }
  }

  // Shared memory: [warp][head][pitch sums, maximum, weights].
  int64_t recordSize() const { return spec.kv.pitch() + 2; }
  Int recordOf(Int warp, Int head) { return (warp * spec.headTile() + head) * recordSize(); }

  void writeWarp(const Values &states) {
    Pointer records = e.shared(0, e.f32());
    e.ifThen(e.laneId() < lanesPerToken, [&] {
      for (int64_t head = 0; head < spec.headTile(); ++head) {
        State state = State::of(ArrayRef<Value>(states).slice(head * State::kSize, State::kSize));
        Int record = recordOf(e.warpId(), e.constant(head));
        for (int64_t j = 0; j < kChunk; ++j) {
          e.store(state.sums[j], records, record + dimension + j);
        }
        e.ifThen(e.laneId() == 0, [&] {
          e.store(state.maximum, records, record + spec.kv.pitch());
          e.store(state.weights, records, record + (spec.kv.pitch() + 1));
        });
      }
    });
  }

  // One thread per element of the partial result; maximum and weights go beside it.
  void mergeWarps() {
    Pointer records = e.shared(0, e.f32());
    int64_t width = spec.kv.headDim + 2;
    Pointer partial = e.atFar(kernel.buffer("partial"), row, spec.partialWidth());
    e.forEach(e.threadId(), e.constant(spec.headTile() * width), spec.blockThreads(), [&](Int i) {
      Int head = i / width, column = i % width;
      Value maximum = e.load(records, recordOf(e.constant(0), head) + spec.kv.pitch());
      for (int64_t warp = 1; warp < SegmentAttentionSpec::kWarps; ++warp) {
        maximum = e.max(maximum, e.load(records, recordOf(e.constant(warp), head) + spec.kv.pitch()));
      }
      // Columns are the sums, the maximum itself, then the weights.
      Value isMaximum = column == spec.kv.headDim;
      Value isWeights = column == spec.kv.headDim + 1;
      Int from(e, e.select(isWeights, e.constant(spec.kv.pitch() + 1), column.min(spec.kv.headDim - 1)));
      Value sum = e.floatConst(0);
      for (int64_t warp = 0; warp < SegmentAttentionSpec::kWarps; ++warp) {
        Int record = recordOf(e.constant(warp), head);
        Value shrink = e.exp2(e.sub(e.load(records, record + spec.kv.pitch()), maximum));
        sum = e.fma(e.load(records, record + from), shrink, sum);
      }
      Int headIndex = tile * spec.headTile() + head;
      e.store(e.select(isMaximum, maximum, sum), partial,
              (headIndex * spec.segments() + segment) * width + column);
    });
  }

  DeviceEmitter &e;
  KernelFunction &kernel;
  const SegmentAttentionSpec &spec;
  int64_t lanesPerToken, tokensPerRound;
  Int row, tile, segment, position, sequence, dimension;
  SmallVector<Values> queries;
};

} // namespace

int64_t SegmentAttentionSpec::segments() const {
  return int64_t(llvm::divideCeil(maxPages * KvLayout::kPageTokens, kSegment));
}

int64_t SegmentAttentionSpec::headTile() const {
  constexpr int64_t kMostHeads = 8; // their queries and sums stay in registers
  return headTileUpTo(kMostHeads);
}

std::string AttentionShape::tag() const {
  std::string tag = llvm::formatv("q{0}_{1}_s{2}_p{3}", heads, kv.name(), floatTag(scale), maxPages);
  appendStride(tag, "i", queryStride, heads * kv.headDim);
  appendStride(tag, "o", outputStride, heads * kv.headDim);
  return tag;
}

int64_t AttentionShape::headTileUpTo(int64_t most) const {
  int64_t tile = std::min(group(), most);
  while (group() % tile != 0) {
    --tile;
  }
  return tile;
}

std::string SegmentAttentionSpec::name() const { return "attention_segment_" + tag(); }

void emitSegmentAttention(ModuleOp kernels, const SegmentAttentionSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec.name(),
                        {{"query", f32},
                         {"positions", i32},
                         {"sequences", i32},
                         {"block_table", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type)},
                         {"partial", f32, /*written=*/true}},
                        SegmentAttentionSpec::blockThreads());
  SegmentEmitter(kernel, spec).emit();
}

std::string MergeSegmentsSpec::name() const {
  std::string name = llvm::formatv("attention_merge_q{0}_d{1}_n{2}", heads, headDim, segments);
  appendStride(name, "o", outputStride, heads * headDim);
  return name;
}

void emitMergeSegments(ModuleOp kernels, const MergeSegmentsSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(
      kernels, spec.name(),
      {{"partial", f32}, {"positions", i32}, {"sequences", i32}, {"output", f32, /*written=*/true}},
      MergeSegmentsSpec::blockThreads());
  DeviceEmitter &e = kernel.emitter();
  int64_t width = spec.headDim + 2;
  Int row = e.blockId(1), head = e.blockId(0);
  Int sequence = e.loadInt(kernel.buffer("sequences"), row);
  Int position = e.loadInt(kernel.buffer("positions"), row);
  Int used = position / SegmentAttentionSpec::kSegment + 1;
  Pointer parts = e.at(e.atFar(kernel.buffer("partial"), row, spec.heads * spec.segments * width),
                       head * (spec.segments * width));
  Pointer output = e.at(kernel.buffer("output"),
                        row * strideOf(spec.outputStride, spec.heads * spec.headDim) + head * spec.headDim);
  auto forDimensions = [&](llvm::function_ref<Value(Int)> value) {
    e.forEach(e.threadId(), e.constant(spec.headDim), MergeSegmentsSpec::blockThreads(),
              [&](Int d) { e.store(value(d), output, d); });
  };
  auto merged = [&](Int d) {
    Values sums =
        e.loop(e.constant(0), used, 1, {e.floatConst(kLowest), e.floatConst(0), e.floatConst(0)},
               [&](Int segment, ArrayRef<Value> carried) {
                 Int part = segment * width;
                 Value own = e.load(parts, part + spec.headDim);
                 Value maximum = e.max(carried[0], own);
                 Value before = e.exp2(e.sub(carried[0], maximum)), now = e.exp2(e.sub(own, maximum));
                 Value weights =
                     e.fma(e.load(parts, part + (spec.headDim + 1)), now, e.mul(carried[1], before));
                 Value sum = e.fma(e.load(parts, part + d), now, e.mul(carried[2], before));
                 return Values{maximum, weights, sum};
               });
    return Value(e.mul(sums[2], e.reciprocal(sums[1])));
  };
  e.ifThen(
      e.constant(-1) < sequence, [&] { forDimensions(merged); },
      [&] { forDimensions([&](Int) { return e.floatConst(0); }); });
}

} // namespace cria::cuda
