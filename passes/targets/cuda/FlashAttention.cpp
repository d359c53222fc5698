// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of many rows on tensor cores, one pass over the context with a running softmax (Dao et al.,
// FlashAttention). A block has 64 pairs of token and query head that share a KV head; each of its four warps
// holds 16 of them. Keys and values go through shared memory in steps of 64 positions, two steps deep: while
// one is used, the next is on its way by cp.async. Steps begin at multiples of their length, so that a row's
// result does not depend on the other rows of the tile.
//
// A tile may have rows of several sequences. Each sequence is a separate pass over the tile, which starts
// from zero sums and writes only the rows of that sequence.
#include "passes/targets/cuda/Softmax.h"
#include "passes/targets/cuda/StepRows.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

constexpr int64_t kTileSide = 16;
constexpr int64_t kPairsPerWarp = 16; ///< of token and query head

class FlashEmitter {
public:
  FlashEmitter(KernelFunction &kernel, const FlashAttentionSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), pitch_(spec.kv.pitch()),
        keys_(FlashAttentionSpec::kKeysPerStep), half_(kernel.buffer("cache").element),
        numRows_(loadRowCount(kernel, ExtentKind::tokens)), firstToken_(tile() * spec.tokensPerTile()),
        endToken_((firstToken_ + spec.tokensPerTile()).min(numRows_)),
        kvHead_(e_.blockId(0) / tilesPerKvHead()), firstHead_(e_.blockId(0) * spec.headTile()),
        queryTile_(e_.shared(0, half_)),
        steps_(e_.shared(FlashAttentionSpec::kTileRows * pitch_ * 2, half_)) {}

  void emit() {
    stageQueries();
    e_.barrier();
    loadQueryTiles();
    e_.whileBelow(firstToken_, endToken_, [&](Index token) {
      Index sequence = e_.loadInt(kernel_.buffer("sequences"), token);
      return Index(e_, e_.ifElse(
                           e_.constant(-1) < sequence, [&] { return Values{visitSequence(token, sequence)}; },
                           [&] { return Values{clearRow(token)}; })[0]);
    });
  }

private:
  /// Blocks start in the order of their numbers: the last tokens of a prompt, whose tiles take longest,
  /// first.
  Index tile() {
    int64_t tokens = spec_.tokensPerTile();
    return (numRows_ + (tokens - 1)) / tokens - 1 - e_.blockId(1);
  }
  int64_t tilesPerKvHead() const { return spec_.group() / spec_.headTile(); }
  int64_t queryStride() const { return strideOf(spec_.queryStride, spec_.heads * spec_.kv.headDim); }
  int64_t outputStride() const { return strideOf(spec_.outputStride, spec_.heads * spec_.kv.headDim); }
  int64_t numKeyTiles() const { return keys_ / 8; }
  int64_t numValueTiles() const { return pitch_ / 8; }

  // Element `chunk` · 8 of row `row` of a tile with rows of `pitch`: chunks are permuted so that the rows of
  // one ldmatrix are in different banks.
  Index place(Index row, Index chunk) {
    int64_t chunks = pitch_ / kChunk;
    Index turn = chunks >= 8 ? row % 8 : row / (8 / chunks) % chunks;
    return row * pitch_ + (chunk ^ turn) * kChunk;
  }

  /// Row r of the tile: token firstToken + r / headTile, query head firstHead + r % headTile.
  Index tokenOf(Index row) { return firstToken_ + row / spec_.headTile(); }
  Index headOf(Index row) { return firstHead_ + row % spec_.headTile(); }
  // If the group does not divide 64, the last rows of a tile are unused; they repeat those of the last token.
  Index existing(Index token) { return token.min(endToken_ - 1); }

  //===- Queries
  //------------------------------------------------------------------------------------------===//

  // Scaled for a softmax in base 2, narrowed, into shared memory.
  void stageQueries() {
    int64_t chunks = pitch_ / kChunk, dim = spec_.kv.headDim;
    Value scale = e_.floatConst(double(spec_.scale) * kLog2E);
    e_.forEach(e_.threadId(), e_.constant(FlashAttentionSpec::kTileRows * chunks), spec_.blockThreads(),
               [&](Index i) {
                 Index row = i / chunks, chunk = i % chunks;
                 Index from = existing(tokenOf(row)) * queryStride() + headOf(row) * dim;
                 Values elements;
                 for (int64_t j = 0; j < kChunk; ++j) {
                   Index column = chunk * kChunk + j;
                   Value x = e_.load(kernel_.buffer("query"),
                                     from + (dim == pitch_ ? column : column.min(dim - 1)));
                   x = e_.mul(x, scale);
                   elements.push_back(
                       e_.narrow(dim == pitch_ ? x : e_.select(column < dim, x, e_.floatConst(0)), half_));
                 }
                 e_.store(e_.vector(elements), queryTile_, place(row, chunk));
               });
  }

  Index warpRow() { return e_.warpId() * kPairsPerWarp; }

  void loadQueryTiles() {
    for (int64_t k = 0; k < pitch_; k += kTileSide) {
      Index row = warpRow() + e_.laneId() % 16, chunk = e_.laneId() / 16 + k / kChunk;
      queries_.push_back(e_.loadMatrices(e_.at(queryTile_, place(row, chunk)), /*transposed=*/false));
    }
  }

  //===- One sequence
  //-------------------------------------------------------------------------------------===//

  /// The position that a row of this thread attends up to; -1 for a row of another sequence.
  Index limitOf(Index row, Index token, Index end) {
    Index own = tokenOf(row);
    Value inside = e_.both(token <= own, own < end);
    return Index(e_,
                 e_.select(inside, e_.loadInt(kernel_.buffer("positions"), existing(own)), e_.constant(-1)));
  }

  // Returns the first token after the sequence's rows.
  Index visitSequence(Index token, Index sequence) {
    Index end = e_.loadInt(kernel_.buffer("sequence_starts"), sequence + 1).min(endToken_);
    Index lastPosition = e_.loadInt(kernel_.buffer("positions"), end - 1);
    Index row = warpRow() + e_.laneId() / 4;
    Index limits[2] = {limitOf(row, token, end), limitOf(row + 8, token, end)};
    Pages pages{sequence * spec_.maxPages, lastPosition};
    e_.barrier(); // the previous pass has read its last step
    copyStep(pages, e_.constant(0), e_.constant(0));
    e_.commitCopies();
    Values state = {e_.floatConst(kLowest), e_.floatConst(kLowest), e_.floatConst(0), e_.floatConst(0)};
    state.append(numValueTiles() * kResults, e_.floatConst(0));
    state =
        e_.loop(e_.constant(0), lastPosition + 1, keys_, state, [&](Index first, ArrayRef<Value> carried) {
          Index buffer = first / keys_ % 2;
          e_.ifThen(first + keys_ <= lastPosition,
                    [&] { copyStep(pages, first + keys_, Index(e_, e_.constant(1)) - buffer); });
          e_.commitCopies();
          e_.waitForCopies(1);
          e_.barrier();
          Values next =
              visitStep(e_.at(steps_, buffer * (2 * keys_ * pitch_)), first, limits, Values(carried));
          e_.barrier(); // before the step is overwritten
          return next;
        });
    e_.waitForCopies(0);
    writeRows(state, row, limits);
    return end;
  }

  struct Pages {
    Index table;        ///< first element of the sequence's row of the block table
    Index lastPosition; ///< the last position that the rows of this tile attend to
  };

  // Keys, then values, of positions [first, first + keys); positions after the last one repeat it.
  void copyStep(const Pages &pages, Index first, Index buffer) {
    int64_t chunks = pitch_ / kChunk;
    Pointer to = e_.at(steps_, buffer * (2 * keys_ * pitch_));
    e_.forEach(e_.threadId(), e_.constant(keys_ * chunks), spec_.blockThreads(), [&](Index i) {
      Index row = i / chunks, chunk = i % chunks;
      Index position = (first + row).min(pages.lastPosition);
      Index page = e_.loadInt(kernel_.buffer("block_table"), pages.table + position / KvLayout::kPageTokens);
      Pointer head = e_.at(e_.atFar(kernel_.buffer("cache"), page, spec_.kv.pageElements()),
                           kvHead_ * spec_.kv.headElements());
      Index from = position % KvLayout::kPageTokens * pitch_ + chunk * kChunk;
      e_.copyAsync(e_.at(to, place(row, chunk)), e_.at(head, from));
      e_.copyAsync(e_.at(to, place(row, chunk) + keys_ * pitch_),
                   e_.at(head, from + KvLayout::kPageTokens * pitch_));
    });
  }

  // State: maxima of the thread's two rows, its parts of their sums of weights, then the sums of values.
  Values visitStep(Pointer step, Index first, const Index (&limits)[2], Values state) {
    Values scores = scoresOf(step);
    maskAndWeigh(scores, first, limits, state);
    addValues(e_.at(step, e_.constant(keys_ * pitch_)), scores, state);
    return state;
  }

  Values scoresOf(Pointer keyRows) {
    Values scores(numKeyTiles() * kResults, e_.floatConst(0));
    for (int64_t k = 0; k < pitch_; k += kTileSide) {
      for (int64_t tile = 0; tile < numKeyTiles(); tile += 2) {
        Index row = e_.laneId() % 8 + e_.laneId() / 16 * 8 + tile * 8;
        Index chunk = e_.laneId() / 8 % 2 + k / kChunk;
        Values b = e_.loadMatrices(e_.at(keyRows, place(row, chunk)), /*transposed=*/false);
        accumulate(scores, tile, queries_[k / kTileSide], {b[0], b[1]});
        accumulate(scores, tile + 1, queries_[k / kTileSide], {b[2], b[3]});
      }
    }
    return scores;
  }

  void accumulate(Values &results, int64_t tile, const Values &a, const Values &b) {
    auto c = MutableArrayRef<Value>(results).slice(tile * kResults, kResults);
    llvm::copy(e_.multiplyTile(a, b, c, half_), c.begin());
  }

  // Scores become weights 2^(score - maximum), 0 after the row's position; the state is rescaled.
  void maskAndWeigh(Values &scores, Index first, const Index (&limits)[2], Values &state) {
    for (int64_t which = 0; which < 2; ++which) {
      Values visible;
      Value maximum = state[which];
      for (int64_t i = 0; i < numKeyTiles() * 2; ++i) {
        Value &score = scores[i / 2 * kResults + which * 2 + i % 2];
        Index position = first + e_.laneId() % 4 * 2 + (i / 2 * 8 + i % 2);
        visible.push_back(position <= limits[which]);
        score = e_.select(visible.back(), score, e_.floatConst(kLowest));
        maximum = e_.max(maximum, score);
      }
      maximum = e_.maxOverLanes(maximum, 4);
      Value shrink = e_.exp2(e_.sub(state[which], maximum));
      state[which] = maximum;
      Value sum = e_.mul(state[2 + which], shrink);
      for (int64_t i = 0; i < numKeyTiles() * 2; ++i) {
        Value &score = scores[i / 2 * kResults + which * 2 + i % 2];
        score = e_.select(visible[i], e_.exp2(e_.sub(score, maximum)), e_.floatConst(0));
        sum = e_.add(sum, score);
      }
      state[2 + which] = sum;
      for (int64_t tile = 0; tile < numValueTiles(); ++tile) {
        for (int64_t column = 0; column < 2; ++column) {
          Value &value = state[4 + tile * kResults + which * 2 + column];
          value = e_.mul(value, shrink);
        }
      }
    }
  }

  // The registers of the weights of two neighbouring key tiles, narrowed, are those of a left-hand tile.
  void addValues(Pointer valueRows, const Values &weights, Values &state) {
    Values sums(ArrayRef<Value>(state).drop_front(4));
    for (int64_t k = 0; k < keys_ / kTileSide; ++k) {
      Values a;
      for (int64_t part = 0; part < 4; ++part) {
        const Value *pair = &weights[(2 * k + part / 2) * kResults + part % 2 * 2];
        a.push_back(e_.bitcast(e_.narrow(e_.vector({pair[0], pair[1]}), half_), e_.i32()));
      }
      for (int64_t tile = 0; tile < numValueTiles(); tile += 2) {
        Index row = e_.laneId() % 16 + k * kTileSide, chunk = e_.laneId() / 16 + tile;
        Values b = e_.loadMatrices(e_.at(valueRows, place(row, chunk)), /*transposed=*/true);
        accumulate(sums, tile, a, {b[0], b[1]});
        accumulate(sums, tile + 1, a, {b[2], b[3]});
      }
    }
    llvm::copy(sums, state.begin() + 4);
  }

  //===- Results
  //------------------------------------------------------------------------------------------===//

  void writeRows(const Values &state, Index firstRow, const Index (&limits)[2]) {
    for (int64_t which = 0; which < 2; ++which) {
      Value factor = e_.reciprocal(e_.sumOverLanes(state[2 + which], 4));
      Index row = firstRow + which * 8;
      e_.ifThen(e_.constant(-1) < limits[which], [&] {
        Index to = tokenOf(row) * outputStride() + headOf(row) * spec_.kv.headDim;
        for (int64_t tile = 0; tile < numValueTiles(); ++tile) {
          Index column = e_.laneId() % 4 * 2 + tile * 8;
          const Value *pair = &state[4 + tile * kResults + which * 2];
          Value scaled = e_.vector({e_.mul(pair[0], factor), e_.mul(pair[1], factor)});
          writePair(scaled, to, column);
        }
      });
    }
  }

  // Head dimensions are even, so both elements of a pair are in range, or neither is.
  void writePair(Value pair, Index to, Index column) {
    auto write = [&] {
      Pointer output = kernel_.buffer("output");
      if (outputStride() % 2 == 0) {
        return e_.store(pair, output, to + column);
      }
      e_.store(e_.lane(pair, 0), output, to + column);
      e_.store(e_.lane(pair, 1), output, to + column + 1);
    };
    spec_.kv.headDim == pitch_ ? write() : e_.ifThen(column < spec_.kv.headDim, write);
  }

  // A padding row becomes zeros.
  Index clearRow(Index token) {
    Index to = token * outputStride() + firstHead_ * spec_.kv.headDim;
    e_.forEach(e_.threadId(), e_.constant(spec_.headTile() * spec_.kv.headDim), spec_.blockThreads(),
               [&](Index i) { e_.store(e_.floatConst(0), kernel_.buffer("output"), to + i); });
    return token + 1;
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const FlashAttentionSpec &spec_;
  int64_t pitch_, keys_;
  Type half_;
  Index numRows_, firstToken_, endToken_, kvHead_, firstHead_;
  Pointer queryTile_, steps_;
  SmallVector<Values> queries_;
};

} // namespace

int64_t FlashAttentionSpec::headTile() const { return headTileUpTo(kTileRows); }
std::string FlashAttentionSpec::name() const { return "attention_flash_" + tag(); }

void emitFlashAttention(ModuleOp kernels, const FlashAttentionSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec,
                        {{"query", f32},
                         {"positions", i32},
                         {"sequences", i32},
                         {"sequence_starts", i32},
                         {"block_table", i32},
                         {"cache", mlirType(types.getContext(), spec.kv.type)},
                         {"output", f32, /*written=*/true},
                         {"step", i32}},
                        FlashAttentionSpec::blockThreads());
  FlashEmitter(kernel, spec).emit();
}

} // namespace cria::cuda
