// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of single rows, split over the context so that one sequence occupies the whole GPU, and the merge
// of the parts. pitch / 8 lanes share a token: each holds 8 elements of its key and value. All query heads of
// a tile use one load of them. Softmax runs in base 2 with a running maximum, per group of lanes; groups and
// warps are merged in a fixed order at the end.
#include "passes/targets/cuda/Softmax.h"
#include "passes/targets/cuda/StepRows.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

/// The partial sums of a lane for one query head.
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
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), lanesPerToken_(spec.kv.pitch() / kChunk),
        tokensPerRound_(SegmentAttentionSpec::kWarps * kWarp / lanesPerToken_), row_(e_.blockId(1)),
        tile_(e_.blockId(0) % numTiles()), segment_(e_.blockId(0) / numTiles()),
        position_(e_.loadInt(kernel.buffer("positions"), row_)),
        sequence_(e_.loadInt(kernel.buffer("sequences"), row_)),
        dimension_(e_.laneId() % lanesPerToken_ * kChunk) {}

  void emit() {
    Index first = segment_ * SegmentAttentionSpec::kSegment;
    Value hasWork = e_.both(first <= position_, e_.constant(-1) < sequence_);
    e_.ifThen(hasWork, [&] { emitSegment(first); });
  }

private:
  int64_t tilesPerKvHead() const { return spec_.group() / spec_.headTile(); }
  int64_t numTiles() const { return spec_.kv.kvHeads * tilesPerKvHead(); }
  int64_t unroll() const { return spec_.headTile() > 4 ? 2 : 4; }

  void emitSegment(Index first) {
    loadQueries();
    State empty{e_.floatConst(kLowest), e_.floatConst(0), Values(kChunk, e_.floatConst(0))};
    Values init;
    for (int64_t head = 0; head < spec_.headTile(); ++head) {
      empty.appendTo(init);
    }
    Index end = (position_ + 1).min(first + SegmentAttentionSpec::kSegment);
    Values states =
        e_.loop(first, end, unroll() * tokensPerRound_, init,
                [&](Index base, ArrayRef<Value> carried) { return visitTokens(base, end, carried); });
    mergeWithinWarp(states);
    writeWarp(states);
    e_.barrier();
    mergeWarps();
  }

  // 8 elements of each query of the tile, zeros after the end of the head.
  void loadQueries() {
    int64_t dim = spec_.kv.headDim, stride = strideOf(spec_.queryStride, spec_.heads * dim);
    Pointer query = e_.at(kernel_.buffer("query"), row_ * stride + tile_ * (spec_.headTile() * dim));
    for (int64_t head = 0; head < spec_.headTile(); ++head) {
      Values &elements = queries_.emplace_back();
      for (int64_t j = 0; j < kChunk; ++j) {
        Index column = dimension_ + j;
        Value element = e_.load(query, (dim == spec_.kv.pitch() ? column : column.min(dim - 1)) + head * dim);
        elements.push_back(dim == spec_.kv.pitch() ? element
                                                   : e_.select(column < dim, element, e_.floatConst(0)));
      }
    }
  }

  /// Tokens after the end are read as the last one, with weight 0.
  struct Token {
    Value exists;
    Values key, value;
  };
  Token loadToken(Index at, Index end) {
    Index token = at.min(end - 1);
    Index entry = sequence_ * spec_.maxPages + token / KvLayout::kPageTokens;
    Index page = e_.loadInt(kernel_.buffer("block_table"), entry);
    Pointer cache = e_.atFar(kernel_.buffer("cache"), page, spec_.kv.pageElements());
    Index place = tile_ / tilesPerKvHead() * spec_.kv.headElements() +
                  token % KvLayout::kPageTokens * spec_.kv.pitch() + dimension_;
    return {at < end, loadChunk(cache, place),
            loadChunk(cache, place + KvLayout::kPageTokens * spec_.kv.pitch())};
  }

  Values loadChunk(Pointer cache, Index at) {
    int64_t lanes = spec_.kv.type == ElementType::f32 ? kChunk / 2 : kChunk;
    Values result;
    for (int64_t part = 0; part < kChunk; part += lanes) {
      Value wide = e_.loadFloat(cache, at + part, lanes);
      for (int64_t j = 0; j < lanes; ++j) {
        result.push_back(e_.lane(wide, j));
      }
    }
    return result;
  }

  // unroll() rounds of tokens at once: their loads are in flight together, and the state is rescaled once for
  // all.
  Values visitTokens(Index base, Index end, ArrayRef<Value> carried) {
    SmallVector<Token> tokens;
    Index own = base + e_.warpId() * (kWarp / lanesPerToken_) + e_.laneId() / lanesPerToken_;
    for (int64_t i = 0; i < unroll(); ++i) {
      tokens.push_back(loadToken(own + i * tokensPerRound_, end));
    }
    Values next;
    for (int64_t head = 0; head < spec_.headTile(); ++head) {
      State state = State::of(carried.slice(head * State::kSize, State::kSize));
      visit(state, queries_[head], tokens).appendTo(next);
    }
    return next;
  }

  Value scoreOf(const Values &query, const Token &token) {
    Value sum = e_.mul(query[0], token.key[0]);
    for (int64_t j = 1; j < kChunk; ++j) {
      sum = e_.fma(query[j], token.key[j], sum);
    }
    Value score = e_.mul(e_.sumOverLanes(sum, lanesPerToken_), e_.floatConst(double(spec_.scale) * kLog2E));
    return e_.select(token.exists, score, e_.floatConst(kLowest));
  }

  State visit(const State &state, const Values &query, ArrayRef<Token> tokens) {
    Values scores;
    Value maximum = state.maximum;
    for (const Token &token : tokens) {
      scores.push_back(scoreOf(query, token));
      maximum = e_.max(maximum, scores.back());
    }
    Value shrink = e_.exp2(e_.sub(state.maximum, maximum));
    State next{maximum, e_.mul(state.weights, shrink), {}};
    for (Value sum : state.sums) {
      next.sums.push_back(e_.mul(sum, shrink));
    }
    for (auto [score, token] : llvm::zip(scores, tokens)) {
      Value weight = e_.exp2(e_.sub(score, maximum));
      weight = e_.select(token.exists, weight, e_.floatConst(0));
      next.weights = e_.add(next.weights, weight);
      for (int64_t j = 0; j < kChunk; ++j) {
        next.sums[j] = e_.fma(weight, token.value[j], next.sums[j]);
      }
    }
    return next;
  }

  // Merges the groups of lanes of a warp by halving distances; all lanes get the result.
  void mergeWithinWarp(Values &states) {
    for (int64_t distance = kWarp / 2; distance >= lanesPerToken_; distance /= 2) {
      for (int64_t head = 0; head < spec_.headTile(); ++head) {
        auto values = MutableArrayRef<Value>(states).slice(head * State::kSize, State::kSize);
        Value maximum = e_.max(values[0], e_.shuffleXor(values[0], distance));
        Value shrink = e_.exp2(e_.sub(values[0], maximum));
        values[0] = maximum;
        for (Value &value : values.drop_front()) {
          value = e_.mul(value, shrink);
          value = e_.add(value, e_.shuffleXor(value, distance));
        }
      }
    }
  }

  // Shared memory: [warp][head][pitch sums, maximum, weights].
  int64_t recordSize() const { return spec_.kv.pitch() + 2; }
  Index recordOf(Index warp, Index head) { return (warp * spec_.headTile() + head) * recordSize(); }

  void writeWarp(const Values &states) {
    Pointer records = e_.shared(0, e_.f32());
    e_.ifThen(e_.laneId() < lanesPerToken_, [&] {
      for (int64_t head = 0; head < spec_.headTile(); ++head) {
        State state = State::of(ArrayRef<Value>(states).slice(head * State::kSize, State::kSize));
        Index record = recordOf(e_.warpId(), e_.constant(head));
        for (int64_t j = 0; j < kChunk; ++j) {
          e_.store(state.sums[j], records, record + dimension_ + j);
        }
        e_.ifThen(e_.laneId() == 0, [&] {
          e_.store(state.maximum, records, record + spec_.kv.pitch());
          e_.store(state.weights, records, record + (spec_.kv.pitch() + 1));
        });
      }
    });
  }

  // One thread per element of the partial result; maximum and sum of weights follow it.
  void mergeWarps() {
    Pointer records = e_.shared(0, e_.f32());
    int64_t width = spec_.kv.headDim + 2;
    Pointer partial = e_.atFar(kernel_.buffer("partial"), row_, spec_.partialWidth());
    e_.forEach(e_.threadId(), e_.constant(spec_.headTile() * width), spec_.blockThreads(), [&](Index i) {
      Index head = i / width, column = i % width;
      Value maximum = e_.load(records, recordOf(e_.constant(0), head) + spec_.kv.pitch());
      for (int64_t warp = 1; warp < SegmentAttentionSpec::kWarps; ++warp) {
        maximum = e_.max(maximum, e_.load(records, recordOf(e_.constant(warp), head) + spec_.kv.pitch()));
      }
      // Columns are the sums, the maximum itself, then the weights.
      Value isMaximum = column == spec_.kv.headDim;
      Value isWeights = column == spec_.kv.headDim + 1;
      Index from(e_,
                 e_.select(isWeights, e_.constant(spec_.kv.pitch() + 1), column.min(spec_.kv.headDim - 1)));
      Value sum = e_.floatConst(0);
      for (int64_t warp = 0; warp < SegmentAttentionSpec::kWarps; ++warp) {
        Index record = recordOf(e_.constant(warp), head);
        Value shrink = e_.exp2(e_.sub(e_.load(records, record + spec_.kv.pitch()), maximum));
        sum = e_.fma(e_.load(records, record + from), shrink, sum);
      }
      Index headIndex = tile_ * spec_.headTile() + head;
      e_.store(e_.select(isMaximum, maximum, sum), partial,
               (headIndex * spec_.segments() + segment_) * width + column);
    });
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const SegmentAttentionSpec &spec_;
  int64_t lanesPerToken_, tokensPerRound_;
  Index row_, tile_, segment_, position_, sequence_, dimension_;
  SmallVector<Values> queries_;
};

} // namespace

int64_t SegmentAttentionSpec::segments() const {
  return int64_t(llvm::divideCeil(maxPages * KvLayout::kPageTokens, kSegment));
}

int64_t SegmentAttentionSpec::headTile() const {
  constexpr int64_t kMaxHeads = 8; // their queries and sums stay in registers
  return headTileUpTo(kMaxHeads);
}

std::string AttentionSpec::tag() const {
  std::string tag = llvm::formatv("q{0}_{1}_s{2}_p{3}", heads, kv.name(), floatTag(scale), maxPages);
  appendStride(tag, "i", queryStride, heads * kv.headDim);
  appendStride(tag, "o", outputStride, heads * kv.headDim);
  return tag;
}

int64_t AttentionSpec::headTileUpTo(int64_t most) const {
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
  KernelFunction kernel(kernels, spec,
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
      kernels, spec,
      {{"partial", f32}, {"positions", i32}, {"sequences", i32}, {"output", f32, /*written=*/true}},
      MergeSegmentsSpec::blockThreads());
  DeviceEmitter &e = kernel.emitter();
  int64_t width = spec.headDim + 2;
  Index row = e.blockId(1), head = e.blockId(0);
  Index sequence = e.loadInt(kernel.buffer("sequences"), row);
  Index position = e.loadInt(kernel.buffer("positions"), row);
  Index used = position / SegmentAttentionSpec::kSegment + 1;
  Pointer parts = e.at(e.atFar(kernel.buffer("partial"), row, spec.heads * spec.segments * width),
                       head * (spec.segments * width));
  Pointer output = e.at(kernel.buffer("output"),
                        row * strideOf(spec.outputStride, spec.heads * spec.headDim) + head * spec.headDim);
  auto forDimensions = [&](llvm::function_ref<Value(Index)> value) {
    e.forEach(e.threadId(), e.constant(spec.headDim), MergeSegmentsSpec::blockThreads(),
              [&](Index d) { e.store(value(d), output, d); });
  };
  auto merged = [&](Index d) {
    Values sums =
        e.loop(e.constant(0), used, 1, {e.floatConst(kLowest), e.floatConst(0), e.floatConst(0)},
               [&](Index segment, ArrayRef<Value> carried) {
                 Index part = segment * width;
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
      [&] { forDimensions([&](Index) { return e.floatConst(0); }); });
}

} // namespace cria::cuda
