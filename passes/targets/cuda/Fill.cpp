// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels of the entry point `initialize`: random weights as format/RandomWeights.h defines them, and ones.
// Weights with codes have the layout row_padded.
#include "format/RandomWeights.h"
#include "passes/targets/cuda/StepRows.h"
#include "passes/targets/cuda/WeightRow.h"

#include <cstddef>

using namespace mlir;

namespace cria::cuda {
namespace {

/// Writes one source row into the weight.
class RandomFillEmitter {
public:
  RandomFillEmitter(KernelFunction &kernel, const FillSpec &spec)
      : e_(kernel.emitter()), kernel_(kernel), spec_(spec), format_(traitsOf(spec.format)) {}

  void emit() {
    Index row = e_.blockId(0), destination = destinationRow(row);
    Value rowKey = mix(word(offsetof(RandomSegment, tensorKey)) + row);
    if (isDense(format_)) {
      emitValues(rowKey, e_.atFar(kernel_.buffer("weight"), destination, spec_.pitch));
      return;
    }
    const int64_t shape[] = {1, spec_.columns};
    for (auto [plane, array] :
         llvm::zip_equal(planesOf(format_), arraysOf(format_, PhysicalLayout::Kind::rowPadded, shape))) {
      Pointer buffer = kernel_.buffer(arrayName("weight", plane.suffix));
      const int64_t bytes = buffer.element.getIntOrFloatBitWidth() / 8;
      const int64_t pitch = array.placement.paddedColumns() * int64_t(sizeOf(plane.type)) / bytes;
      Pointer to = e_.atFar(buffer, destination, pitch);
      plane.suffix.empty() ? emitCodes(rowKey, to) : emitTerms(plane, to);
    }
  }

private:
  static constexpr int64_t kWordBits = 32;

  void emitValues(Value rowKey, Pointer to) {
    e_.forEach(e_.threadId(), e_.constant(spec_.columns), kRowThreads, [&](Index column) {
      Value byte = arith::ShRSIOp::create(e_, hash(rowKey, column), e_.constant(24));
      Value number = arith::SIToFPOp::create(e_, e_.f32(), byte);
      e_.storeFloat(e_.mul(number, e_.floatConst(randomScale(uint64_t(spec_.columns)))), to, column);
    });
  }

  /// A thread writes the words of 32 columns. Those beyond the row have code 0.
  void emitCodes(Value rowKey, Pointer to) {
    const int64_t bits = format_.bits;
    e_.forEach(e_.threadId(), e_.constant(llvm::divideCeil(spec_.columns, kWordBits)), kRowThreads,
               [&](Index chunk) {
                 DeviceEmitter::Values words(size_t(bits), e_.constant(0));
                 for (int64_t i = 0; i < kWordBits; ++i) {
                   Index column = chunk * kWordBits + i,
                         code = Index(e_, hash(rowKey, column)) >> (32 - bits);
                   Value there = e_.select(column < spec_.columns, code, e_.constant(0));
                   addCode(words, i * bits, Index(e_, there));
                 }
                 for (auto [i, value] : llvm::enumerate(words)) {
                   e_.store(value, to, chunk * bits + int64_t(i));
                 }
               });
  }

  /// Adds a code from bit `first` of the words on.
  void addCode(DeviceEmitter::Values &words, int64_t first, Index code) {
    const int64_t bit = first % kWordBits;
    Value &low = words[size_t(first / kWordBits)];
    low = Index(e_, low) | (code << bit);
    if (bit + format_.bits > kWordBits) {
      words[size_t(first / kWordBits) + 1] = code >> (kWordBits - bit);
    }
  }

  /// All elements of a plane of scales, minimums or zero points are the same.
  void emitTerms(const WeightPlane &plane, Pointer to) {
    const RandomTerms terms = randomTerms(format_, uint64_t(spec_.columns));
    const double value = plane.suffix == "scales"         ? terms.scale
                         : plane.suffix == "minimums"     ? terms.minimum
                         : plane.suffix == "sub_scales"   ? terms.subScale
                         : plane.suffix == "sub_minimums" ? terms.subMinimum
                                                          : terms.zeroPoint;
    e_.forEach(e_.threadId(), e_.constant(plane.elementsOf(spec_.columns)), kRowThreads, [&](Index element) {
      if (!to.element.isInteger()) {
        e_.storeFloat(e_.floatConst(value), to, element);
        return;
      }
      Value integer = arith::ConstantOp::create(e_, e_.getIntegerAttr(to.element, int64_t(value)));
      e_.store(integer, to, element);
    });
  }

  Value hash(Value rowKey, Index column) {
    constexpr int64_t kColumnFactor = 0x9E3779B1u;
    return mix(Index(e_, rowKey) ^ (column * kColumnFactor));
  }

  Index word(size_t byteOffset) {
    return e_.loadInt(kernel_.buffer("constants"), e_.constant(int64_t(byteOffset / sizeof(uint32_t))));
  }

  Index destinationRow(Index row) {
    Value block = word(offsetof(RandomSegment, block));
    Index quotient(e_, arith::DivUIOp::create(e_, row, block));
    return word(offsetof(RandomSegment, firstRow)) + quotient * word(offsetof(RandomSegment, stride)) +
           Index(e_, arith::RemUIOp::create(e_, row, block));
  }

  // mix32() of RandomWeights.h.
  Value mix(Index h) {
    constexpr int64_t kFirstFactor = 0x85EBCA6B, kSecondFactor = 0xC2B2AE35;
    auto shifted = [&](Index value, int64_t bits) {
      return value ^ Index(e_, arith::ShRUIOp::create(e_, value, e_.constant(bits)));
    };
    return shifted(shifted(shifted(h, 16) * kFirstFactor, 13) * kSecondFactor, 16);
  }

  DeviceEmitter &e_;
  KernelFunction &kernel_;
  const FillSpec &spec_;
  const WeightFormatTraits &format_;
};

} // namespace

std::string FillSpec::name() const {
  return llvm::formatv("{0}_k{1}_{2}_p{3}", ones ? "fill_ones" : "fill_random", columns, nameOf(format),
                       pitch);
}

std::vector<std::string> FillSpec::bindings() const {
  std::vector<std::string> names = weightBindings("weight", traitsOf(format));
  if (!ones) {
    names.insert(names.begin(), "constants");
  }
  return names;
}

void emitFill(ModuleOp kernels, const FillSpec &spec) {
  OpBuilder types(kernels.getContext());
  const std::vector<std::string> names = weightBindings("weight", traitsOf(spec.format));
  SmallVector<KernelParameter> parameters =
      weightParameters(types.getContext(), names, traitsOf(spec.format));
  for (KernelParameter &parameter : parameters) {
    parameter.written = true;
  }
  parameters.push_back({"constants", types.getI32Type()});
  KernelFunction kernel(kernels, spec, parameters, kRowThreads);
  if (!spec.ones) {
    RandomFillEmitter(kernel, spec).emit();
    return;
  }
  DeviceEmitter &e = kernel.emitter();
  Pointer to = e.atFar(kernel.buffer("weight"), e.blockId(0), spec.pitch);
  e.forEach(e.threadId(), e.constant(spec.columns), kRowThreads,
            [&](Index column) { e.storeFloat(e.floatConst(1.0), to, column); });
}

} // namespace cria::cuda
