// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splits the recipes of random weights into segments, one for each source tensor, and adds the target's
// dispatches that fill them.

#include "passes/conversion/Initialize.h"

#include "ir/LlamaShapes.h"

#include <cstring>

using namespace mlir;

namespace cria {

namespace {

/// A source tensor and its rows in the weight.
struct Segment {
  llama::RandomAttr source;
  int64_t firstRow, block, stride;
};

constexpr int64_t kMaximum = UINT32_MAX;

/// The sources of a recipe whose first row is `firstRow` of the weight; fails for anything but random
/// sources, their concatenation and their interleaving.
LogicalResult collectSegments(Attribute recipe, int64_t firstRow, SmallVectorImpl<Segment> &segments) {
  if (auto random = dyn_cast<llama::RandomAttr>(recipe)) {
    segments.push_back({random, firstRow, random.getRows(), random.getRows()});
    return success();
  }
  if (auto concat = dyn_cast<llama::ConcatAttr>(recipe)) {
    for (Attribute input : concat.getInputs()) {
      if (failed(collectSegments(input, firstRow, segments))) {
        return failure();
      }
      firstRow += llama::recipeShape(input).front();
    }
    return success();
  }
  auto interleave = dyn_cast<llama::InterleaveAttr>(recipe);
  if (!interleave) {
    return failure();
  }
  int64_t block = interleave.getBlock(), stride = block * interleave.getInputs().size();
  for (auto [index, input] : llvm::enumerate(interleave.getInputs())) {
    auto random = dyn_cast<llama::RandomAttr>(input);
    if (!random) {
      return failure();
    }
    segments.push_back({random, firstRow + int64_t(index) * block, block, stride});
  }
  return success();
}

LogicalResult emitSegment(const WeightView &weight, const Segment &segment, const Target &target,
                          DispatchBuilder &builder, Location location) {
  if (segment.source.getSeed() > uint64_t(kMaximum) || weight.logical.getRows() > kMaximum) {
    return emitError(location) << "expected the seed and the rows of random weight '"
                               << weight.arrays.front().buffer << "' to be at most " << kMaximum << ", got "
                               << segment.source.getSeed() << " and " << weight.logical.getRows();
  }
  uint32_t key =
      randomTensorKey(uint32_t(segment.source.getSeed()), randomTensorId(segment.source.getTensor()));
  RandomSegment words = {.tensorKey = key,
                         .rows = uint32_t(segment.source.getRows()),
                         .firstRow = uint32_t(segment.firstRow),
                         .block = uint32_t(segment.block),
                         .stride = uint32_t(segment.stride),
                         .reserved = {}};
  std::array<uint32_t, sizeof(RandomSegment) / sizeof(uint32_t)> constants;
  std::memcpy(constants.data(), &words, sizeof(words));
  return target.emitFillRandom(weight, words, builder.constants(constants), builder);
}

LogicalResult checkFormat(program::WeightOp op, WeightFormat format, const Target &target) {
  if (target.generatesFormat(format)) {
    return success();
  }
  SmallVector<StringRef> generated;
  for (size_t i = 0; i < kWeightFormats.size(); ++i) {
    if (target.generatesFormat(WeightFormat(i))) {
      generated.push_back(kWeightFormats[i].name);
    }
  }
  return op.emitError() << "target '" << target.name() << "' has no kernel for random weights in format "
                        << nameOf(format) << "; compile random weights with --weights "
                        << llvm::join(ArrayRef(generated).drop_back(), ", ") << " or " << generated.back();
}

LogicalResult emitWeight(program::WeightOp op, const WeightView &weight, const Target &target,
                         DispatchBuilder &builder) {
  if (isa<llama::OnesAttr>(op.getRecipe())) {
    return target.emitFillOnes(weight, builder);
  }
  if (failed(checkFormat(op, weight.logical.getFormat(), target))) {
    return failure();
  }
  SmallVector<Segment> segments;
  if (failed(collectSegments(op.getRecipe(), 0, segments))) {
    return op.emitError() << "expected the recipe of random weight '" << op.getSymName()
                          << "' to be random tensors, concatenated or interleaved, got " << op.getRecipe();
  }
  for (const Segment &segment : segments) {
    if (failed(emitSegment(weight, segment, target, builder, op.getLoc()))) {
      return failure();
    }
  }
  return success();
}

} // namespace

LogicalResult emitInitialize(const Target &target, ProgramBuilder &program) {
  SmallVector<program::WeightOp> weights;
  for (auto weight : program.module().getOps<program::WeightOp>()) {
    if (weight.getInitialized()) {
      weights.push_back(weight);
    }
  }
  if (weights.empty()) {
    return success();
  }
  auto entry = program.addEntry(program.module().getLoc(), program::EntryOp::kInitialize, 0, 0);
  DispatchBuilder builder(program, entry);
  for (program::WeightOp weight : weights) {
    builder.setLocation(weight.getLoc());
    if (failed(emitWeight(weight, viewOf(weight), target, builder))) {
      return failure();
    }
  }
  return success();
}

} // namespace cria
