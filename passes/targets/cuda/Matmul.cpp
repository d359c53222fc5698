// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers of many rows on tensor cores. A block computes 128 × 128 results; each of eight warps
// computes 64 × 32 of them as 4 × 4 tiles of mma.m16n8k16. The inner dimension goes through shared memory in
// slices of 32, four stages deep: while one slice is multiplied, three are on their way by cp.async. Within a
// slice, the 16-byte chunks of a row are permuted so that ldmatrix meets no bank conflict.
//
// Weights with codes go through registers, in pairs of slices: while a pair is multiplied, a thread loads the
// codes of its row and slice of the next pair, which it decodes and rounds to shared memory before the next
// barrier.
#include "passes/targets/cuda/StepRows.h"
#include "passes/targets/cuda/WeightRow.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

constexpr int64_t kDepth = MatmulSpec::kDepth, kStages = MatmulSpec::kStages;
constexpr int64_t kChunksPerRow = kDepth / kChunk;
constexpr int64_t kPair = MatmulSpec::blockThreads() / MatmulSpec::kTileColumns; ///< slices, decoded together
static_assert(PhysicalLayout::kTileColumns % (kPair * kDepth) == 0 && kStages == 2 * kPair,
              "rows have whole pairs, of which one is multiplied while the next is copied");
static_assert(WeightRow::kPart == kChunk, "a part of a row is 16 bytes in shared memory");
constexpr int64_t kTileElements = MatmulSpec::kTileRows * kDepth;
constexpr int64_t kStageElements = 2 * kTileElements; ///< rows of the input, then rows of the weight
constexpr int64_t kWarpRows = 64, kWarpColumns = 32, kWarpsAlongRows = 2;
constexpr int64_t kTilesDown = kWarpRows / 16, kTilesAcross = kWarpColumns / 8;
constexpr int64_t kSums = kTilesDown * kTilesAcross * kResults; ///< of a thread
static_assert(MatmulSpec::kTileRows == MatmulSpec::kTileColumns, "both sides are copied alike");

class MatmulEmitter {
public:
  MatmulEmitter(KernelFunction &kernel, const MatmulSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), format_(traitsOf(spec.weight)),
        type_(kernel.buffer("input").element), firstRow_(e_.blockId(0) * MatmulSpec::kTileRows),
        firstColumn_(e_.blockId(1) * MatmulSpec::kTileColumns), numRows_(loadRowCount(kernel, spec.rows)),
        shared_(e_.shared(0, type_)), warpRow_(e_.warpId() % kWarpsAlongRows * kWarpRows),
        warpColumn_(e_.warpId() / kWarpsAlongRows * kWarpColumns) {}

  void emit() {
    prepareCopies();
    Values sums = isDense(format_) ? multiplyDense() : multiplyCoded();
    e_.waitForCopies(0);
    switch (spec_.activation) {
    case llama::Activation::none:
      return writePlain(sums);
    case llama::Activation::swiglu:
      return writeGated(sums);
    }
  }

private:
  Values zeros() { return Values(kSums, e_.floatConst(0)); }
  Index stageOf(Index slice) { return slice & (kStages - 1); }

  Values multiplyDense() {
    int64_t slices = spec_.paddedInputs() / kDepth;
    for (int64_t slice = 0; slice < kStages - 1; ++slice) {
      if (slice < slices) {
        copySlice(e_.constant(slice));
      }
      e_.commitCopies();
    }
    return e_.loop(e_.constant(0), e_.constant(slices), 1, zeros(), [&](Index slice, ArrayRef<Value> sums) {
      e_.waitForCopies(kStages - 2);
      // All threads have copied the slice, and none reads the stage that is refilled next.
      e_.barrier();
      Index next = slice + (kStages - 1);
      e_.ifThen(next < slices, [&] { copySlice(next); });
      e_.commitCopies();
      return multiplySlice(stageOf(slice), Values(sums));
    });
  }

  // Carries the sums and the codes of the pair.
  Values multiplyCoded() {
    int64_t slices = spec_.paddedInputs() / kDepth;
    Index row = e_.threadId() % MatmulSpec::kTileColumns;
    WeightRow weight(kernel_, "weight", format_, spec_.inputs, firstColumn_ + row);
    copyPair(e_.constant(0));
    Values init = zeros();
    llvm::append_range(init, loadCodes(weight, e_.constant(0)));
    Values results =
        e_.loop(e_.constant(0), e_.constant(slices), kPair, init, [&](Index slice, ArrayRef<Value> carried) {
          decode(weight, row, slice, carried.drop_front(kSums));
          e_.waitForCopies(0);
          // All threads have copied and decoded the pair, and none reads the stages that are refilled next.
          e_.barrier();
          Index next = slice + kPair;
          e_.ifThen(next < slices, [&] { copyPair(next); });
          Values codes = loadCodes(weight, next.min(slices - kPair));
          e_.syncWarp(); // the loads stay here, as in a matvec
          Values sums(carried.take_front(kSums));
          for (int64_t i = 0; i < kPair; ++i) {
            sums = multiplySlice(stageOf(slice + i), sums);
          }
          llvm::append_range(sums, codes);
          return sums;
        });
    return Values(ArrayRef<Value>(results).take_front(kSums));
  }

  void copyPair(Index slice) {
    for (int64_t i = 0; i < kPair; ++i) {
      copySlice(slice + i);
    }
    e_.commitCopies();
  }

  // The slice of a pair whose weights this thread decodes; its warp decodes the same one.
  Index ownSlice(Index slice) { return slice + e_.threadId() / MatmulSpec::kTileColumns; }

  Values loadCodes(const WeightRow &weight, Index slice) {
    Values codes;
    for (int64_t at = 0; at < kDepth; at += WeightRow::chunkOf(format_)) {
      llvm::append_range(codes, weight.load(ownSlice(slice) * kDepth + at));
    }
    return codes;
  }

  void decode(const WeightRow &weight, Index row, Index slice, ArrayRef<Value> codes) {
    Pointer tile = e_.at(shared_, stageOf(ownSlice(slice)) * kStageElements + kTileElements);
    int64_t chunks = kDepth / WeightRow::chunkOf(format_), size = int64_t(codes.size()) / chunks;
    for (int64_t i = 0; i < kChunksPerRow; ++i) {
      ArrayRef<Value> chunk = codes.slice(i / weight.parts() * size, size);
      Values values = weight.values(chunk, i % weight.parts());
      clearPadding(values, ownSlice(slice) * kDepth + i * kChunk);
      e_.store(e_.narrow(e_.vector(values), type_), tile, swizzled(row, e_.constant(i)));
    }
  }

  // The padding of a row decodes to finite numbers, which may become infinite when they are rounded.
  void clearPadding(Values &values, Index first) {
    for (int64_t j = 0; spec_.inputs % kDepth != 0 && j < kChunk; ++j) {
      values[size_t(j)] = e_.select(first + j < spec_.inputs, values[size_t(j)], e_.floatConst(0));
    }
  }

  // Conflict-free for ldmatrix: eight neighbouring rows put equal chunks into different banks.
  Index swizzled(Index row, Index chunk) {
    return row * kDepth + (chunk ^ (row / 2 % kChunksPerRow)) * kChunk;
  }

  // A thread copies the same chunks of every slice: two of the input and two of a dense weight. Rows after
  // the last row of the input are read as the last one, and their results are not stored.
  void prepareCopies() {
    constexpr int64_t kCopies = kTileElements / kChunk / MatmulSpec::blockThreads();
    for (int64_t i = 0; i < kCopies; ++i) {
      Index chunk = e_.threadId() + i * MatmulSpec::blockThreads();
      Index row = chunk / kChunksPerRow, column = chunk % kChunksPerRow;
      Index place = swizzled(row, column);
      Index inputRow = (firstRow_ + row).min(numRows_ - 1);
      sources_.push_back(
          e_.at(e_.atFar(kernel_.buffer("input"), inputRow, spec_.paddedInputs()), column * kChunk));
      places_.push_back(place);
      if (isDense(format_)) {
        sources_.push_back(e_.at(e_.atFar(kernel_.buffer("weight"), firstColumn_ + row, spec_.paddedInputs()),
                                 column * kChunk));
        places_.push_back(place + kTileElements);
      }
    }
  }

  void copySlice(Index slice) {
    for (auto [source, place] : llvm::zip(sources_, places_)) {
      e_.copyAsync(e_.at(shared_, stageOf(slice) * kStageElements + place), e_.at(source, slice * kDepth));
    }
  }

  Values multiplySlice(Index stage, Values sums) {
    constexpr int64_t kTileDepth = 16;
    Pointer input = e_.at(shared_, stage * kStageElements);
    Pointer weight = e_.at(input, e_.constant(kTileElements));
    for (int64_t k = 0; k < kDepth; k += kTileDepth) {
      SmallVector<Values> a = isDense(format_) ? inputTiles(input, k / kChunk) : SmallVector<Values>{},
                          b = weightTiles(weight, k / kChunk);
      for (int64_t i = 0; i < kTilesDown; ++i) {
        // Codes leave no registers for more than a tile.
        Values row = isDense(format_) ? a[i] : inputTile(input, i, k / kChunk);
        for (int64_t j = 0; j < kTilesAcross; ++j) {
          auto tile = MutableArrayRef<Value>(sums).slice((i * kTilesAcross + j) * kResults, kResults);
          llvm::copy(e_.multiplyTile(row, b[j], tile, type_), tile.begin());
        }
      }
    }
    return sums;
  }

  // 16 × 16 tiles of the input: matrices in the order upper left, lower left, upper right, lower right.
  Values inputTile(Pointer input, int64_t i, int64_t firstChunk) {
    Index row = warpRow_ + e_.laneId() % 16 + i * 16, chunk = e_.laneId() / 16 + firstChunk;
    return e_.loadMatrices(e_.at(input, swizzled(row, chunk)), /*transposed=*/false);
  }

  SmallVector<Values> inputTiles(Pointer input, int64_t firstChunk) {
    SmallVector<Values> tiles;
    for (int64_t i = 0; i < kTilesDown; ++i) {
      tiles.push_back(inputTile(input, i, firstChunk));
    }
    return tiles;
  }

  // 16 × 8 tiles of the transposed weight, two from each load of 16 weight rows × 16.
  SmallVector<Values> weightTiles(Pointer weight, int64_t firstChunk) {
    SmallVector<Values> tiles;
    for (int64_t j = 0; j < kTilesAcross; j += 2) {
      Index row = warpColumn_ + e_.laneId() % 8 + e_.laneId() / 16 * 8 + j * 8;
      Index chunk = e_.laneId() / 8 % 2 + firstChunk;
      Values four = e_.loadMatrices(e_.at(weight, swizzled(row, chunk)), /*transposed=*/false);
      tiles.push_back({four[0], four[1]});
      tiles.push_back({four[2], four[3]});
    }
    return tiles;
  }

  // In a 16 × 8 tile a thread holds columns 2·(lane % 4) and the next of rows lane / 4 and lane / 4 + 8.
  Index tileRow(int64_t i, int64_t half) {
    return firstRow_ + warpRow_ + e_.laneId() / 4 + (i * 16 + half * 8);
  }

  void forRows(llvm::function_ref<void(Index row, int64_t i, int64_t half)> body) {
    for (int64_t i = 0; i < kTilesDown; ++i) {
      for (int64_t half = 0; half < 2; ++half) {
        Index row = tileRow(i, half);
        e_.ifThen(row < numRows_, [&] { body(row, i, half); });
      }
    }
  }

  static Value result(const Values &sums, int64_t i, int64_t j, int64_t half, int64_t column) {
    return sums[(i * kTilesAcross + j) * kResults + half * 2 + column];
  }

  void writePlain(const Values &sums) {
    forRows([&](Index row, int64_t i, int64_t half) {
      for (int64_t j = 0; j < kTilesAcross; ++j) {
        Index column = firstColumn_ + warpColumn_ + e_.laneId() % 4 * 2 + j * 8;
        writePair(row, column, result(sums, i, j, half, 0), result(sums, i, j, half, 1));
      }
    });
  }

  // A warp's 32 columns are 16 of gate and the same 16 of up.
  void writeGated(const Values &sums) {
    forRows([&](Index row, int64_t i, int64_t half) {
      for (int64_t j = 0; j < kTilesAcross / 2; ++j) {
        Index column = (firstColumn_ + warpColumn_) / 2 + e_.laneId() % 4 * 2 + j * 8;
        auto gated = [&](int64_t k) {
          return e_.mul(e_.silu(result(sums, i, j, half, k)), result(sums, i, j + kTilesAcross / 2, half, k));
        };
        writePair(row, column, gated(0), gated(1));
      }
    });
  }

  void writePair(Index row, Index column, Value low, Value high) {
    int64_t stride = strideOf(spec_.outputStride, spec_.outputs);
    int64_t residualStride = strideOf(spec_.residualStride, spec_.outputs);
    bool asPair = spec_.outputs % 2 == 0 && stride % 2 == 0 && residualStride % 2 == 0;
    Pointer output = kernel_.buffer("output");
    if (asPair) {
      e_.ifThen(column < spec_.outputs, [&] {
        Value pair = e_.vector({low, high});
        pair = spec_.residual
                   ? e_.add(pair, e_.load(kernel_.buffer("residual"), row * residualStride + column, 2))
                   : pair;
        e_.store(pair, output, row * stride + column);
      });
      return;
    }
    for (auto [offset, value] : {std::pair(0, low), std::pair(1, high)}) {
      Index at = column + offset;
      e_.ifThen(at < spec_.outputs, [&] {
        Value sum = spec_.residual
                        ? e_.add(value, e_.load(kernel_.buffer("residual"), row * residualStride + at))
                        : value;
        e_.store(sum, output, row * stride + at);
      });
    }
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const MatmulSpec &spec_;
  const WeightFormatTraits &format_;
  Type type_;
  Index firstRow_, firstColumn_, numRows_;
  Pointer shared_;
  Index warpRow_, warpColumn_;
  SmallVector<Pointer> sources_;
  SmallVector<Index> places_;
};

} // namespace

int64_t MatmulSpec::weightRows() const {
  return activation == llama::Activation::none ? outputs
                                               : 2 * int64_t(llvm::alignTo(outputs, llama::kSwigluBlock));
}

std::string MatmulSpec::name() const {
  std::string name = llvm::formatv("matmul_k{0}_n{1}_{2}", inputs, outputs, nameOf(weight));
  appendActivation(name, activation);
  name += residual ? "_residual" : "";
  appendStride(name, "r", residualStride, outputs);
  appendStride(name, "o", outputStride, outputs);
  appendRows(name, rows);
  return name;
}

std::vector<std::string> MatmulSpec::bindings() const {
  std::vector<std::string> names = {"input"};
  llvm::append_range(names, weightBindings("weight", traitsOf(weight)));
  if (residual) {
    names.push_back("residual");
  }
  names.insert(names.end(), {"output", "step"});
  return names;
}

void emitMatmul(ModuleOp kernels, const MatmulSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type(), input = mlirType(types.getContext(), spec.input);
  const WeightFormatTraits &format = traitsOf(spec.weight);
  const std::vector<std::string> weight = weightBindings("weight", format);
  SmallVector<KernelParameter> parameters = {
      {"input", input}, {"residual", f32}, {"output", f32, /*written=*/true}, {"step", types.getI32Type()}};
  llvm::append_range(parameters, weightParameters(types.getContext(), weight, format));
  // Scales of two levels take the registers of two blocks.
  const int64_t blocksPerSm = format.scale == ScaleKind::twoLevel ? 1 : 2;
  KernelFunction kernel(kernels, spec, parameters, MatmulSpec::blockThreads(), blocksPerSm);
  MatmulEmitter(kernel, spec).emit();
}

} // namespace cria::cuda
