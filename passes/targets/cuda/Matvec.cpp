// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers of few rows, whose time is that of reading the weights. A block reads each of its weights
// once, in loads of up to 16 bytes, for up to four rows of inputs; more rows read them again. A warp computes
// two weight rows; in every step, a lane loads a chunk of consecutive weights of each: 8 dense ones, or 16 or
// 32 with codes, which it decodes in registers. While a pair of steps is multiplied, the loads of the next
// pair are in flight; the first pair starts before the norm.
#include "passes/targets/cuda/StepRows.h"
#include "passes/targets/cuda/WeightRow.h"

using namespace mlir;

namespace cria::cuda {
namespace {

using Values = DeviceEmitter::Values;

constexpr int64_t kWeightRows = 2; ///< of a warp
constexpr int64_t kPart = WeightRow::kPart;
/// Of a chunk of codes, so that the registers hold the loads of two steps.
constexpr int64_t kMostBits = 128;

class MatvecEmitter {
public:
  MatvecEmitter(KernelFunction &kernel, const MatvecSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), format_(traitsOf(spec.weight)),
        chunk_(WeightRow::chunkOf(format_)), step_(chunk_ * kWarp),
        unroll_(chunk_ * format_.bits > kMostBits ? 1 : 2),
        output_(e_.blockId(1) * spec.warps() + e_.warpId()), firstRow_(e_.blockId(0) * spec.tileRows()),
        numRows_(spec.singleRow ? e_.constant(1) : rowCount()) {}

  void emit() {
    preparePointers();
    int64_t fullSteps = spec_.inputs / step_, pairs = fullSteps / unroll_;
    Values first = pairs > 0 ? loadPair(e_.constant(0)) : Values{};
    prepareNorm();
    Values sums(spec_.tileRows() * kWeightRows, e_.floatConst(0));
    if (pairs > 0) {
      sums = pairLoop(pairs, first, sums);
    }
    for (int64_t step = pairs * unroll_; step < fullSteps; ++step) {
      sums = multiply(loadStep(e_.constant(step)), e_.constant(step), sums);
    }
    if (spec_.inputs % step_ != 0) {
      sums = lastStep(fullSteps, sums);
    }
    finish(sums);
  }

private:
  Index rowCount() { return loadRowCount(kernel_, spec_.rows); }
  bool swiglu() const { return spec_.activation == llama::Activation::swiglu; }
  int64_t inputStride() const { return strideOf(spec_.inputStride, spec_.inputs); }
  FloatRow inputRow(int64_t t) const {
    return {inputRows_[t], spec_.inputs, inputStride() % kFourFloats == 0};
  }

  // The two rows of weights of this warp, and the rows of the input, clamped to those that exist.
  void preparePointers() {
    Index low =
        swiglu() ? output_ / llama::kSwigluBlock * (2 * llama::kSwigluBlock) + output_ % llama::kSwigluBlock
                 : output_ * 2;
    weightRows_.emplace_back(kernel_, "weight", format_, spec_.inputs, low);
    // From the first: a constant distance takes no registers.
    weightRows_.push_back(weightRows_.front().after(swiglu() ? llama::kSwigluBlock : 1));
    for (int64_t t = 0; t < spec_.tileRows(); ++t) {
      Index row = spec_.singleRow ? e_.blockId(0) : (firstRow_ + t).min(numRows_ - 1);
      inputRows_.push_back(e_.at(kernel_.buffer("input"), row * inputStride()));
    }
  }

  void prepareNorm() {
    if (!spec_.norm) {
      return;
    }
    constexpr int64_t kScratchBytes = 64;
    for (int64_t t = 0; t < spec_.tileRows(); ++t) {
      factors_.push_back(emitInverseRms(e_, inputRow(t), spec_.epsilon, spec_.blockThreads(),
                                        e_.shared(t * kScratchBytes, e_.f32())));
    }
  }

  Index chunkOf(Index step) { return step * step_ + e_.laneId() * chunk_; }

  Values loadStep(Index step) {
    Values chunks;
    for (const WeightRow &row : weightRows_) {
      llvm::append_range(chunks, row.load(chunkOf(step)));
    }
    return chunks;
  }

  Values loadPair(Index step) {
    Values chunks;
    for (int64_t i = 0; i < unroll_; ++i) {
      llvm::append_range(chunks, loadStep(step + i));
    }
    return chunks;
  }

  // Carries the sums and the weights of the next pair; the last iteration loads its own pair again.
  Values pairLoop(int64_t pairs, const Values &first, const Values &zeros) {
    Values init = first;
    llvm::append_range(init, zeros);
    size_t numChunks = first.size();
    Values results =
        e_.loop(e_.constant(0), e_.constant(pairs), 1, init, [&](Index pair, ArrayRef<Value> carried) {
          Values next = loadPair((pair + 1).min(pairs - 1) * unroll_);
          // Without it, LLVM makes "a load of the carried address" of "the carried load", and no load is in
          // flight.
          e_.syncWarp();
          Values sums(carried.drop_front(numChunks));
          for (int64_t i = 0; i < unroll_; ++i) {
            ArrayRef<Value> chunks = carried.slice(i * numChunks / unroll_, numChunks / unroll_);
            sums = multiply(Values(chunks), pair * unroll_ + i, sums);
          }
          llvm::append_range(next, sums);
          return next;
        });
    return Values(ArrayRef<Value>(results).drop_front(numChunks));
  }

  // The last step of a row: lanes past the end add nothing.
  Values lastStep(int64_t step, const Values &sums) {
    Index at = chunkOf(e_.constant(step));
    return e_.ifElse(
        at < spec_.inputs,
        [&] { return multiply(loadStep(e_.constant(step)), e_.constant(step), sums, true); },
        [&] { return sums; });
  }

  // sums[t][row] after the step; the weights are in registers. In the last step, a chunk may end after the
  // row.
  Values multiply(const Values &chunks, Index step, Values sums, bool isLast = false) {
    for (int64_t part = 0; part < chunk_ / kPart; ++part) {
      Index at = chunkOf(step) + part * kPart;
      auto multiplied = [&] { return multiplyPart(chunks, part, at, sums, isLast); };
      bool mayBePastTheEnd = isLast && part > 0 && spec_.inputs % chunk_ != 0;
      sums = mayBePastTheEnd ? e_.ifElse(at < spec_.inputs, multiplied, [&] { return sums; }) : multiplied();
    }
    return sums;
  }

  Values multiplyPart(ArrayRef<Value> chunks, int64_t part, Index at, Values sums, bool isLast) {
    FloatRow normRow{spec_.norm ? kernel_.buffer("norm_weight") : Pointer{}, spec_.inputs, true};
    Values normWeights = spec_.norm ? normRow.columns(e_, at, kPart, isLast) : Values{};
    SmallVector<Values> weights;
    size_t size = chunks.size() / kWeightRows;
    for (int64_t row = 0; row < kWeightRows; ++row) {
      weights.push_back(weightRows_[row].values(chunks.slice(row * size, size), part));
    }
    for (int64_t t = 0; t < spec_.tileRows(); ++t) {
      Values x = inputRow(t).columns(e_, at, kPart, isLast);
      for (int64_t j = 0; j < kPart; ++j) {
        Value value = spec_.norm ? e_.mul(e_.mul(x[j], factors_[t]), normWeights[j]) : x[j];
        for (int64_t row = 0; row < kWeightRows; ++row) {
          Value &sum = sums[t * kWeightRows + row];
          sum = e_.fma(weights[row][j], value, sum);
        }
      }
    }
    return sums;
  }

  // The first lane of a warp writes the warp's result.
  void finish(Values sums) {
    for (Value &sum : sums) {
      sum = e_.sumOverLanes(sum);
    }
    e_.ifThen(e_.laneId() == 0, [&] {
      for (int64_t t = 0; t < spec_.tileRows(); ++t) {
        Value low = sums[t * kWeightRows], high = sums[t * kWeightRows + 1];
        Index row = spec_.singleRow ? e_.blockId(0) : firstRow_ + t;
        auto write = [&] {
          if (swiglu()) {
            return writeOutput(row, output_, e_.mul(e_.silu(low), high));
          }
          writeOutput(row, output_ * 2, low);
          writeOutput(row, output_ * 2 + 1, high);
        };
        spec_.singleRow ? write() : e_.ifThen(row < numRows_, write);
      }
    });
  }

  void writeOutput(Index row, Index column, Value value) {
    e_.ifThen(column < spec_.outputs, [&] {
      Value result = value;
      if (spec_.residual) {
        Index at = row * strideOf(spec_.residualStride, spec_.outputs) + column;
        result = e_.add(result, e_.load(kernel_.buffer("residual"), at));
      }
      e_.store(result, kernel_.buffer("output"), row * strideOf(spec_.outputStride, spec_.outputs) + column);
    });
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const MatvecSpec &spec_;
  const WeightFormatTraits &format_;
  int64_t chunk_, step_; ///< weights of a row in a lane's loads of a step, and in those of the warp
  int64_t unroll_;       ///< steps whose loads are in flight together
  Index output_; ///< of this warp: column of the result with Swiglu, else half of the first of two columns
  Index firstRow_, numRows_;
  SmallVector<WeightRow, kWeightRows> weightRows_;
  SmallVector<Pointer> inputRows_;
  Values factors_;
};

} // namespace

std::string MatvecSpec::name() const {
  std::string name = llvm::formatv("matvec_k{0}_n{1}_{2}", inputs, outputs, nameOf(weight));
  name += norm ? "_norm" + floatTag(epsilon) : "";
  appendActivation(name, activation);
  name += residual ? "_residual" : "";
  appendStride(name, "i", inputStride, inputs);
  appendStride(name, "r", residualStride, outputs);
  appendStride(name, "o", outputStride, outputs);
  if (singleRow) {
    return name + "_row";
  }
  appendRows(name, rows);
  return name;
}

std::vector<std::string> MatvecSpec::bindings() const {
  std::vector<std::string> names = {"input"};
  llvm::append_range(names, weightBindings("weight", traitsOf(weight)));
  if (norm) {
    names.push_back("norm_weight");
  }
  if (residual) {
    names.push_back("residual");
  }
  names.push_back("output");
  if (!singleRow) {
    names.push_back("step");
  }
  return names;
}

void emitMatvec(ModuleOp kernels, const MatvecSpec &spec) {
  OpBuilder types(kernels.getContext());
  Type f32 = types.getF32Type();
  const WeightFormatTraits &format = traitsOf(spec.weight);
  const std::vector<std::string> weight = weightBindings("weight", format);
  SmallVector<KernelParameter> parameters = {{"input", f32},
                                             {"norm_weight", f32},
                                             {"residual", f32},
                                             {"output", f32, /*written=*/true},
                                             {"step", types.getI32Type()}};
  llvm::append_range(parameters, weightParameters(types.getContext(), weight, format));
  KernelFunction kernel(kernels, spec, parameters, spec.blockThreads(), spec.blocksPerSm());
  MatvecEmitter(kernel, spec).emit();
}

} // namespace cria::cuda
