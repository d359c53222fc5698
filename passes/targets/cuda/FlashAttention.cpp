// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention of many rows on tensor cores, one pass over the context with a running softmax (Dao et al.,
// FlashAttention). A block has 64 pairs of token and query head that share a KV head; each of its four warps
// holds 16 of them. Keys and values go through shared memory in steps of 64 positions, two steps deep: while
// one is used, the next is on its way by cp.async. Steps begin at multiples of their length, so that a row's
// result does not depend on the rows beside it.
//
// Rows of several sequences may meet in a tile: each sequence is a pass of its own over the tile, from fresh
// sums, and writes its own rows only.
#include "passes/targets/cuda/EmitterSupport.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

constexpr int64_t kChunk = 8, kTileSide = 16, kResults = 4;
constexpr int64_t kWarpRows = 16;
constexpr double kLog2E = 1.4426950408889634;
constexpr double kLowest = -1e30;

class FlashEmitter {
public:
  FlashEmitter(KernelFunction &kernel, const FlashAttentionSpec &spec)
      : e(kernel.emitter()), kernel(kernel), spec(spec), pitch(spec.kv.pitch()),
        keys(FlashAttentionSpec::kKeysPerStep), half(kernel.buffer("cache").element),
        numRows(loadRowCount(kernel, RowCount::Tokens)), firstToken(e.blockId(1) * spec.tokensPerTile()),
        endToken((firstToken + spec.tokensPerTile()).min(numRows)), kvHead(e.blockId(0) / tilesPerKvHead()),
        firstHead(e.blockId(0) * spec.headTile()), queryTile(e.shared(0, half)),
        steps(e.shared(FlashAttentionSpec::kTileRows * pitch * 2, half)) {}

  void emit() {
    stageQueries();
    e.barrier();
    loadQueryTiles();
    e.whileBelow(firstToken, endToken, [&](Int token) {
      Int sequence = e.loadInt(kernel.buffer("sequences"), token);
      return Int(e, e.ifElse(
                        e.constant(-1) < sequence, [&] { return Values{visitSequence(token, sequence)}; },
                        [&] { return Values{clearRow(token)}; })[0]);
    });
  }

private:
  int64_t tilesPerKvHead() const { return spec.group() / spec.headTile(); }
  int64_t queryStride() const { return strideOf(spec.queryStride, spec.heads * spec.kv.headDim); }
  int64_t outputStride() const { return strideOf(spec.outputStride, spec.heads * spec.kv.headDim); }
  int64_t numKeyTiles() const { return keys / 8; }
  int64_t numValueTiles() const { return pitch / 8; }

  // Element `chunk` · 8 of row `row` of a tile with rows of `pitch`: chunks are permuted so that the rows of
  // one ldmatrix lie in different banks.
  Int place(Int row, Int chunk) {
    int64_t chunks = pitch / kChunk;
    Int turn = chunks >= 8 ? row % 8 : row / (8 / chunks) % chunks;
    return row * pitch + (chunk ^ turn) * kChunk;
  }

  /// Row r of the tile: token firstToken + r / headTile, query head firstHead + r % headTile.
  Int tokenOf(Int row) { return firstToken + row / spec.headTile(); }
  Int headOf(Int row) { return firstHead + row % spec.headTile(); }
  // Tiles of a group that does not divide 64 end early; those rows repeat the last token's.
  Int existing(Int token) { return token.min(endToken - 1); }

  //===- Queries
  //------------------------------------------------------------------------------------------===//

  // Scaled for a softmax in base 2, narrowed, into shared memory.
  void stageQueries() {
    int64_t chunks = pitch / kChunk, dim = spec.kv.headDim;
    Value scale = e.floatConst(double(spec.scale) * kLog2E);
    e.forEach(
        e.threadId(), e.constant(FlashAttentionSpec::kTileRows * chunks), spec.blockThreads(), [&](Int i) {
          Int row = i / chunks, chunk = i % chunks;
          Int from = existing(tokenOf(row)) * queryStride() + headOf(row) * dim;
          Values elements;
          for (int64_t j = 0; j < kChunk; ++j) {
            Int column = chunk * kChunk + j;
            Value x = e.load(kernel.buffer("query"), from + (dim == pitch ? column : column.min(dim - 1)));
            x = e.mul(x, scale);
            elements.push_back(e.narrow(dim == pitch ? x : e.select(column < dim, x, e.floatConst(0)), half));
          }
          e.store(e.vector(elements), queryTile, place(row, chunk));
        });
  }

  Int warpRow() { return e.warpId() * kWarpRows; }

  void loadQueryTiles() {
    for (int64_t k = 0; k < pitch; k += kTileSide) {
      Int row = warpRow() + e.laneId() % 16, chunk = e.laneId() / 16 + k / kChunk;
      queries.push_back(e.loadMatrices(e.at(queryTile, place(row, chunk)), /*transposed=*/false));
    }
  }

  //===- One sequence
  //-------------------------------------------------------------------------------------===//

  /// The position that a row of this thread attends up to; -1 for a row of another sequence.
  Int limitOf(Int row, Int token, Int end) {
    Int own = tokenOf(row);
    Value inside = e.both(token <= own, own < end);
    return Int(e, e.select(inside, e.loadInt(kernel.buffer("positions"), existing(own)), e.constant(-1)));
  }

  // Returns the first token behind the sequence's rows.
  Int visitSequence(Int token, Int sequence) {
    Int end = e.loadInt(kernel.buffer("sequence_starts"), sequence + 1).min(endToken);
    Int lastPosition = e.loadInt(kernel.buffer("positions"), end - 1);
    Int row = warpRow() + e.laneId() / 4;
    Int limits[2] = {limitOf(row, token, end), limitOf(row + 8, token, end)};
    Pages pages{sequence * spec.maxPages, lastPosition};
    e.barrier(); // the pass before has read its last step
    copyStep(pages, e.constant(0), e.constant(0));
    e.commitCopies();
    Values state = {e.floatConst(kLowest), e.floatConst(kLowest), e.floatConst(0), e.floatConst(0)};
    state.append(numValueTiles() * kResults, e.floatConst(0));
    state = e.loop(e.constant(0), lastPosition + 1, keys, state, [&](Int first, ArrayRef<Value> carried) {
      Int buffer = first / keys % 2;
      e.ifThen(first + keys <= lastPosition,
               [&] { copyStep(pages, first + keys, Int(e, e.constant(1)) - buffer); });
      e.commitCopies();
      e.waitForCopies(1);
      e.barrier();
      Values next = visitStep(e.at(steps, buffer * (2 * keys * pitch)), first, limits, Values(carried));
      e.barrier(); // before the step is overwritten
      return next;
    });
    e.waitForCopies(0);
    writeRows(state, row, limits);
    return end;
  }

  struct Pages {
    Int table;        ///< where the sequence's row of the block table begins
    Int lastPosition; ///< the last one that exists for this tile
  };

  // Keys, then values of positions first .. first + keys; those behind the last one repeat it.
  void copyStep(const Pages &pages, Int first, Int buffer) {
    int64_t chunks = pitch / kChunk;
    Pointer to = e.at(steps, buffer * (2 * keys * pitch));
    e.forEach(e.threadId(), e.constant(keys * chunks), spec.blockThreads(), [&](Int i) {
      Int row = i / chunks, chunk = i % chunks;
      Int position = (first + row).min(pages.lastPosition);
      Int page = e.loadInt(kernel.buffer("block_table"), pages.table + position / KvLayout::kPageTokens);
      Pointer head = e.at(e.atFar(kernel.buffer("cache"), page, spec.kv.pageElements()),
                          kvHead * spec.kv.headElements());
      Int from = position % KvLayout::kPageTokens * pitch + chunk * kChunk;
      e.copyAsync(e.at(to, place(row, chunk)), e.at(head, from));
      e.copyAsync(e.at(to, place(row, chunk) + keys * pitch),
                  e.at(head, from + KvLayout::kPageTokens * pitch));
    });
  }

  // State: maxima of the thread's two rows, its parts of their sums of weights, then the sums of values.
  Values visitStep(Pointer step, Int first, const Int (&limits)[2], Values state) {
    Values scores = scoresOf(step);
    maskAndWeigh(scores, first, limits, state);
    addValues(e.at(step, e.constant(keys * pitch)), scores, state);
    return state;
  }

  Values scoresOf(Pointer keyRows) {
    Values scores(numKeyTiles() * kResults, e.floatConst(0));
    for (int64_t k = 0; k < pitch; k += kTileSide) {
      for (int64_t tile = 0; tile < numKeyTiles(); tile += 2) {
        Int row = e.laneId() % 8 + e.laneId() / 16 * 8 + tile * 8;
        Int chunk = e.laneId() / 8 % 2 + k / kChunk;
        Values b = e.loadMatrices(e.at(keyRows, place(row, chunk)), /*transposed=*/false);
        accumulate(scores, tile, queries[k / kTileSide], {b[0], b[1]});
        accumulate(scores, tile + 1, queries[k / kTileSide], {b[2], b[3]});
      }
    }
    return scores;
  }

  void accumulate(Values &results, int64_t tile, const Values &a, const Values &b) {
    auto c = MutableArrayRef<Value>(results).slice(tile * kResults, kResults);
    llvm::copy(e.multiplyTile(a, b, c, half), c.begin());
  }

  // Scores become weights 2^(score - maximum), 0 behind the row's position; the state is rescaled.
  void maskAndWeigh(Values &scores, Int first, const Int (&limits)[2], Values &state) {
    for (int64_t which = 0; which < 2; ++which) {
      Values visible;
      Value maximum = state[which];
      for (int64_t i = 0; i < numKeyTiles() * 2; ++i) {
        Value &score = scores[i / 2 * kResults + which * 2 + i % 2];
        Int position = first + e.laneId() % 4 * 2 + (i / 2 * 8 + i % 2);
        visible.push_back(position <= limits[which]);
        score = e.select(visible.back(), score, e.floatConst(kLowest));
        maximum = e.max(maximum, score);
      }
      maximum = e.maxOverLanes(maximum, 4);
      Value shrink = e.exp2(e.sub(state[which], maximum));
      state[which] = maximum;
      Value sum = e.mul(state[2 + which], shrink);
      for (int64_t i = 0; i < numKeyTiles() * 2; ++i) {
        Value &score = scores[i / 2 * kResults + which * 2 + i % 2];
        score = e.select(visible[i], e.exp2(e.sub(score, maximum)), e.floatConst(0));
        sum = e.add(sum, score);
      }
      state[2 + which] = sum;
      for (int64_t tile = 0; tile < numValueTiles(); ++tile) {
        for (int64_t column = 0; column < 2; ++column) {
          Value &value = state[4 + tile * kResults + which * 2 + column];
          value = e.mul(value, shrink);
        }
      }
    }
  }

  // The weights of two neighbouring key tiles are, narrowed, a left-hand tile as they lie.
  void addValues(Pointer valueRows, const Values &weights, Values &state) {
    Values sums(ArrayRef<Value>(state).drop_front(4));
    for (int64_t k = 0; k < keys / kTileSide; ++k) {
      Values a;
      for (int64_t part = 0; part < 4; ++part) {
        const Value *pair = &weights[(2 * k + part / 2) * kResults + part % 2 * 2];
        a.push_back(e.bitcast(e.narrow(e.vector({pair[0], pair[1]}), half), e.i32()));
      }
      for (int64_t tile = 0; tile < numValueTiles(); tile += 2) {
        Int row = e.laneId() % 16 + k * kTileSide, chunk = e.laneId() / 16 + tile;
        Values b = e.loadMatrices(e.at(valueRows, place(row, chunk)), /*transposed=*/true);
        accumulate(sums, tile, a, {b[0], b[1]});
        accumulate(sums, tile + 1, a, {b[2], b[3]});
      }
    }
    llvm::copy(sums, state.begin() + 4);
  }

  //===- Results
  //------------------------------------------------------------------------------------------===//

  void writeRows(const Values &state, Int firstRow, const Int (&limits)[2]) {
    for (int64_t which = 0; which < 2; ++which) {
      Value factor = e.reciprocal(e.sumOverLanes(state[2 + which], 4));
      Int row = firstRow + which * 8;
      e.ifThen(e.constant(-1) < limits[which], [&] {
        Int to = tokenOf(row) * outputStride() + headOf(row) * spec.kv.headDim;
        for (int64_t tile = 0; tile < numValueTiles(); ++tile) {
          Int column = e.laneId() % 4 * 2 + tile * 8;
          const Value *pair = &state[4 + tile * kResults + which * 2];
          Value scaled = e.vector({e.mul(pair[0], factor), e.mul(pair[1], factor)});
          writePair(scaled, to, column);
        }
      });
    }
  }

  // Head dimensions are even, so a pair is inside or outside as a whole.
  void writePair(Value pair, Int to, Int column) {
    auto write = [&] {
      Pointer output = kernel.buffer("output");
      if (outputStride() % 2 == 0) {
        return e.store(pair, output, to + column);
      }
      e.store(e.lane(pair, 0), output, to + column);
      e.store(e.lane(pair, 1), output, to + column + 1);
    };
    spec.kv.headDim == pitch ? write() : e.ifThen(column < spec.kv.headDim, write);
  }

  // A padding row becomes zeros.
  Int clearRow(Int token) {
    Int to = token * outputStride() + firstHead * spec.kv.headDim;
    e.forEach(e.threadId(), e.constant(spec.headTile() * spec.kv.headDim), spec.blockThreads(),
              [&](Int i) { e.store(e.floatConst(0), kernel.buffer("output"), to + i); });
    return token + 1;
  }

  DeviceEmitter &e;
  KernelFunction &kernel;
  const FlashAttentionSpec &spec;
  int64_t pitch, keys;
  Type half;
  Int numRows, firstToken, endToken, kvHead, firstHead;
  Pointer queryTile, steps;
  SmallVector<Values> queries;
};

} // namespace

int64_t FlashAttentionSpec::headTile() const { return headTileUpTo(kTileRows); }
std::string FlashAttentionSpec::name() const { return "attention_flash_" + tag(); }

void emitFlashAttention(ModuleOp kernels, const FlashAttentionSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), i32 = types.getI32Type();
  KernelFunction kernel(kernels, spec.name(),
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
