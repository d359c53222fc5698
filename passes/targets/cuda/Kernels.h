// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel families of the cuda target. A spec holds every constant that is compiled into a kernel: equal
// specs give equal kernels, different specs give different values of `name()`. `emit…` appends the kernel's
// function to the module of kernels; its parameters are the bindings in the order of `bindings()`. Layers,
// addresses and row counts are never compiled in. The comment on each spec describes its blocks and its grid.
//
// Strides are in elements; 0 means dense rows. Kernels whose blocks compute several rows read T and R from
// the step header (binding "step", u32 words); where a block computes one row, the grid has as many blocks as
// there are rows.
#pragma once

#include "format/WeightFormat.h"
#include "format/WeightLayout.h"
#include "passes/targets/KernelSpecs.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace cria::cuda {

/// The row pitch, in elements, of a row_padded weight with `columns` columns.
constexpr int64_t weightPitch(int64_t columns) {
  return PhysicalLayout{PhysicalLayout::Kind::rowPadded, 1, columns}.paddedColumns();
}

/// y = activation(W·norm(x)) [+ residual] with row_padded weights, for few rows, where reading W bounds the
/// time. x = tile of tileRows() rows, y = group of outputsPerBlock() columns of the result. A warp computes
/// two weight rows at a time. The order of operations does not depend on the number of rows: one chain of
/// fused multiply-adds per lane, then a fixed tree over the lanes.
struct MatvecSpec {
  int64_t inputs;  ///< K
  int64_t outputs; ///< columns of the result: N, or F with Swiglu (W then has 2·roundUp(F, 16) rows)
  WeightFormat weight = WeightFormat::f16;
  llama::Activation activation = llama::Activation::none;
  bool residual = false;
  bool norm = false;
  float epsilon = 0;
  bool singleRow = false;               ///< the grid never has more than one row
  ExtentKind rows = ExtentKind::tokens; ///< or outputs
  int64_t inputStride = 0, residualStride = 0, outputStride = 0;

  int64_t tileRows() const { return singleRow ? 1 : 4; }
  /// With a norm every block computes it, so blocks are larger.
  int64_t warps() const { return norm ? 8 : 4; }
  int64_t outputsPerBlock() const { return warps() * (activation == llama::Activation::swiglu ? 1 : 2); }
  int64_t blockThreads() const { return warps() * 32; }
  /// While a block computes the norm, the others of its SM read weights. Elements of four bytes take the
  /// registers of all of them; codes, while they are decoded, those of one more.
  int64_t blocksPerSm() const {
    if (!norm || weight == WeightFormat::f32) {
      return 1;
    }
    return (singleRow ? 3 : 2) - (isDense(weight) ? 0 : 1);
  }
  int64_t sharedBytes() const { return norm ? 64 * tileRows() : 0; }
  std::string name() const;
  std::vector<std::string> bindings() const;
};
void emitMatvec(mlir::ModuleOp kernels, const MatvecSpec &spec);

/// The same product for many rows on tensor cores: x = tile of 128 rows, y = tile of 128 weight rows. The
/// input is packed: rows of paddedInputs() elements of type `input`, zero from column K on. Weights with
/// codes are decoded to `input` in shared memory.
struct MatmulSpec {
  static constexpr int64_t kTileRows = 128, kTileColumns = 128, kDepth = 32, kStages = 4;
  int64_t inputs;
  int64_t outputs; ///< as in MatvecSpec
  WeightFormat weight = WeightFormat::f16;
  ElementType input = ElementType::f16; ///< what the kernel multiplies: f16 or bf16
  llama::Activation activation = llama::Activation::none;
  bool residual = false;
  ExtentKind rows = ExtentKind::tokens; ///< or outputs
  int64_t residualStride = 0, outputStride = 0;

  int64_t paddedInputs() const { return weightPitch(inputs); }
  int64_t weightRows() const;
  static constexpr int64_t blockThreads() { return 256; }
  static constexpr int64_t sharedBytes() { return kStages * (kTileRows + kTileColumns) * kDepth * 2; }
  std::string name() const;
  std::vector<std::string> bindings() const;
};
void emitMatmul(mlir::ModuleOp kernels, const MatmulSpec &spec);

constexpr int64_t kRowThreads = 256; ///< threads of a block that computes one row

/// input · 1/sqrt(mean(input²) + epsilon) · weight, or the input unchanged, to f32 or to packed rows; x =
/// row.
struct PackSpec {
  int64_t width;
  bool norm = false;
  float epsilon = 0;
  ElementType output = ElementType::f32;
  int64_t outputWidth = 0; ///< columns written, zero from `width` on; 0: `width`
  int64_t inputStride = 0, outputStride = 0;
  std::string name() const;
  std::vector<std::string> bindings() const;
  int64_t sharedBytes() const { return norm ? 64 : 0; }
};
void emitPack(mlir::ModuleOp kernels, const PackSpec &spec);

void emitElementwise(mlir::ModuleOp kernels, const ElementwiseSpec &spec);

/// One row of a table per index, widened to f32 or decoded; x = row. Also selects rows of activations, as an
/// f32 table.
struct LookupSpec {
  int64_t width;
  WeightFormat table;
  int64_t tableStride = 0; ///< elements from row to row; of a table with codes, unused: it is row_padded
  int64_t outputStride = 0;
  std::string name() const;
  std::vector<std::string> bindings() const;
};
void emitLookup(mlir::ModuleOp kernels, const LookupSpec &spec);

/// The layout of a KV page: [layer][KV head][K: 32 × pitch | V: 32 × pitch]. The row of a token has headDim
/// elements, then zeros up to the pitch, a power of two. The binding starts at the layer.
struct KvLayout : KvCacheSpec {
  static constexpr int64_t kMaxHeadDim = 256;
  int64_t pitch() const;
  int64_t headElements() const { return 2 * kPageTokens * pitch(); }
  int64_t layerElements() const { return kvHeads * headElements(); }
  int64_t pageElements() const { return layers * layerElements(); }
};

void emitRope(mlir::ModuleOp kernels, const RopeSpec &spec);

void emitKvAppend(mlir::ModuleOp kernels, const KvAppendSpec &spec);

/// Causal attention of rotated queries: the members that its kernels share.
struct AttentionSpec {
  KvLayout kv;
  int64_t heads;
  float scale;
  int64_t maxPages; ///< width of the block table
  int64_t queryStride = 0, outputStride = 0;
  int64_t group() const { return heads / kv.kvHeads; }
  /// The largest divisor of the group up to `most`.
  int64_t headTileUpTo(int64_t most) const;
  std::string tag() const; ///< the part of a kernel's name for these members
};

/// Attention of one row over one segment of positions, in f32: x = segment · KV head · tile of query heads,
/// y = row. Segments have a fixed length, so that results do not depend on the grid; a segment that begins
/// after the row's position does nothing. Partial results [rows, heads, segments, headDim + 2]: sums weighted
/// by 2^(score - maximum), the maximum, the sum of weights.
struct SegmentAttentionSpec : AttentionSpec {
  static constexpr int64_t kSegment = 256, kWarps = 4;
  int64_t segments() const;
  /// Query heads of one KV head that share its loads: the largest divisor of the group up to 8.
  int64_t headTile() const;
  int64_t partialWidth() const { return segments() * heads * (kv.headDim + 2); }
  static constexpr int64_t blockThreads() { return kWarps * 32; }
  int64_t sharedBytes() const { return kWarps * headTile() * (kv.pitch() + 2) * 4; }
  std::string name() const;
  std::vector<std::string> bindings() const {
    return {"query", "positions", "sequences", "block_table", "cache", "partial"};
  }
};
void emitSegmentAttention(mlir::ModuleOp kernels, const SegmentAttentionSpec &spec);

/// Merges the segments of a row in ascending order: x = query head, y = row. Rows with sequence -1 become
/// zeros.
struct MergeSegmentsSpec {
  int64_t heads, headDim, segments;
  int64_t outputStride = 0;
  static constexpr int64_t blockThreads() { return 64; }
  std::string name() const;
  std::vector<std::string> bindings() const { return {"partial", "positions", "sequences", "output"}; }
};
void emitMergeSegments(mlir::ModuleOp kernels, const MergeSegmentsSpec &spec);

/// Attention for many rows on tensor cores, f16 cache: x = KV head · tile of query heads, y = tile of
/// tokensPerTile() rows. 64 pairs of row and query head share one pass over keys and values. Rows with
/// sequence -1 become zeros.
struct FlashAttentionSpec : AttentionSpec {
  static constexpr int64_t kTileRows = 64, kKeysPerStep = 64;
  static constexpr int64_t kMaxHeadDim = 128; ///< wider sums do not fit into the registers
  int64_t headTile() const;                   ///< the largest divisor of the group up to 64
  int64_t tokensPerTile() const { return kTileRows / headTile(); }
  static constexpr int64_t blockThreads() { return 128; }
  int64_t sharedBytes() const { return (kTileRows + 4 * kKeysPerStep) * kv.pitch() * 2; }
  std::string name() const;
  std::vector<std::string> bindings() const {
    return {"query", "positions", "sequences", "sequence_starts", "block_table", "cache", "output", "step"};
  }
};
void emitFlashAttention(mlir::ModuleOp kernels, const FlashAttentionSpec &spec);

/// Fills a weight with random values or with ones; x = row of the source tensor. Random: binding "constants"
/// holds a RandomSegment; other rows of the weight are unchanged.
struct FillSpec {
  int64_t columns;
  int64_t pitch; ///< elements from row to row of a dense weight
  WeightFormat format;
  bool ones = false;
  std::string name() const;
  std::vector<std::string> bindings() const;
};
void emitFill(mlir::ModuleOp kernels, const FillSpec &spec);

} // namespace cria::cuda
