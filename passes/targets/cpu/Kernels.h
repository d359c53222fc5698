// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel families of the cpu target. A spec holds every constant that is compiled into a kernel: equal
// specs give equal kernels, different specs give different values of `name()`. `emit…` appends the kernel's
// function to the module of kernels; its parameters are the bindings in the order of `bindings()`. Layers,
// addresses and row counts are never compiled in. The comment on each spec describes its workgroups.
//
// Strides and offsets are in elements. A stride of 0 means dense rows. An offset is the distance from the
// start of the binding to the first row: a slice of columns need not be aligned as bindings are.
//
// Kernels read T and R from the step header (binding "step", u32 words), except those with one row per
// workgroup, whose grid has as many workgroups as there are rows.
#pragma once

#include "format/ActivationClass.h"
#include "format/WeightFormat.h"
#include "passes/targets/KernelSpecs.h"
#include "passes/targets/cpu/Isa.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace cria::cpu {

/// y = activation(W·x) [+ residual] for panel16 weights. Weights with codes are multiplied with packed rows
/// (PackRowsSpec), in the class int8; weights in bf16 also with rounded rows (PackBfloatSpec), in class bf16.
struct LinearSpec {
  static constexpr int64_t kPanels = 4; ///< of 16 weight rows, of a workgroup
  int64_t inputs;                       ///< K
  int64_t outputs; ///< columns of the result: N, or F with Swiglu (W then has 2·roundUp(F, 16) rows, in
                   ///< blocks of 16)
  WeightFormat weight = WeightFormat::f32;
  ActivationClass activations = ActivationClass::f32; ///< of dense weights: f32 or bf16
  llama::Activation activation = llama::Activation::none;
  bool residual = false;
  /// One row per workgroup: x = group of 64 weight rows, y = row. Else y = block of rowsPerWorkgroup() rows.
  bool singleRow = false;
  ExtentKind rows = ExtentKind::tokens; ///< or outputs
  int64_t inputStride = 0, residualStride = 0, outputStride = 0;

  int64_t weightRows() const;
  bool hasBfloatInputs() const { return roundsToBfloat(activations); }
  static constexpr int64_t weightRowsPerGroup() { return kPanels * 16; }
  int64_t groups() const { return (weightRows() + weightRowsPerGroup() - 1) / weightRowsPerGroup(); }
  int64_t rowsPerWorkgroup() const;
  std::string name() const;
  std::vector<std::string> bindings() const;
  int64_t scratchBytes() const;
};
void emitLinear(mlir::ModuleOp kernels, const Isa &isa, const LinearSpec &spec);

/// Packs rows of activations for weights with codes; x = row.
struct PackRowsSpec {
  int64_t columns;
  Int8Encoding encoding = Int8Encoding::a8;
  int64_t zero = 0; ///< of the codes of weights: sums of products start at −zero · Σ q
  int64_t inputStride = 0;
  int64_t words() const; ///< i32, of a row of the output
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "output"}; }
};
/// The rows that linears on weights of a format multiply.
PackRowsSpec packingFor(const Isa &isa, const WeightFormatTraits &format, int64_t columns,
                        int64_t inputStride = 0);
void emitPackRows(mlir::ModuleOp kernels, const PackRowsSpec &spec);

/// RMSNorm and the packing of its result, which is not kept; x = row.
struct NormPackSpec {
  NormSpec norm;        ///< its output is dense
  PackRowsSpec packing; ///< of dense rows
  std::string name() const { return norm.name() + "_" + packing.name(); }
  std::vector<std::string> bindings() const { return norm.bindings(); }
  int64_t scratchBytes() const { return norm.width * int64_t(sizeof(float)); }
};
void emitNormPack(mlir::ModuleOp kernels, const NormPackSpec &spec);

/// Rounds rows of activations for class bf16; x = row.
struct PackBfloatSpec {
  int64_t columns;
  bool pairs = false; ///< two columns in a word
  int64_t inputStride = 0;
  int64_t words() const; ///< of a row of the output
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "output"}; }
};
void emitPackBfloat(mlir::ModuleOp kernels, const PackBfloatSpec &spec);

void emitNorm(mlir::ModuleOp kernels, const NormSpec &spec);

void emitElementwise(mlir::ModuleOp kernels, const ElementwiseSpec &spec);

/// One row of a table per token, widened to f32; x = row.
struct EmbeddingSpec {
  int64_t width;
  WeightFormat table;
  bool panels; ///< layout panel16, else row_major; weights with codes are in panels
  int64_t outputStride = 0;
  int64_t scratchBytes() const;
  std::string name() const;
  std::vector<std::string> bindings() const { return {"tokens", "table", "output"}; }
};
void emitEmbedding(mlir::ModuleOp kernels, const Isa &isa, const EmbeddingSpec &spec);

/// output[r] = input[rows[r]]; x = r.
struct GatherSpec {
  int64_t width;
  int64_t inputStride = 0, outputStride = 0;
  std::string name() const;
  std::vector<std::string> bindings() const { return {"input", "rows", "output"}; }
};
void emitGather(mlir::ModuleOp kernels, const GatherSpec &spec);

/// The layout of a KV page: of each layer [KV head][K: headDim × 32 | V: 32 × headDim], then the scales, if
/// any. The bindings start at the layer and at its scales.
struct KvLayout : KvCacheSpec {
  int64_t headElements() const { return 2 * kPageTokens * headDim; }
  int64_t pageBytes() const { return layers * layerBytes(headElements()); }
  int64_t pageElements() const { return pageBytes() / elementBytes(); } ///< from a page to the next
  int64_t pageScales() const { return pageBytes() / int64_t(sizeOf(kKvScaleType)); } ///< the same of scales
  int64_t elementBytes() const { return int64_t(sizeOf(type)); }
};

void emitRope(mlir::ModuleOp kernels, const RopeSpec &spec);

void emitKvAppend(mlir::ModuleOp kernels, const KvAppendSpec &spec);
/// Bytes of its scratch memory.
int64_t scratchBytesOf(const KvAppendSpec &spec);

/// Causal attention over the cached positions of each row's sequence. Rows with sequence -1 become zeros.
/// y = tile of headTile() query heads, which share a KV head. Either one kernel computes rows, x = block of
/// rowBlock() rows, or two split a row over its context:
///
/// - segments: x = one of splits() parts of the segments that the row has, of 512 positions each, z = row.
///   Writes their results to "partial", f32 [rows, tiles(), segments(), resultSize()], and no others. A
///   thread
///   that takes neighboring workgroups reads neighboring pages.
/// - merge: x = row. Merges the segments that the row has, in ascending order.
struct AttentionSpec {
  enum class Part { rows, segments, merge };
  /// Below every score; finite, so that differences are not NaN.
  static constexpr double kNotSeen = -1e30;

  KvLayout kv;
  int64_t heads;
  float scale;
  int64_t maxPages;       ///< width of the block table
  bool singleRow = false; ///< one row per workgroup for every number of heads
  int64_t queryStride = 0, outputStride = 0;
  Part part = Part::rows;
  int64_t headTile() const;
  int64_t rowBlock() const;
  int64_t tiles() const { return heads / headTile(); }
  int64_t segments() const;   ///< of the longest context
  int64_t splits() const;     ///< workgroups of a row and tile that compute segments
  int64_t resultSize() const; ///< floats, of one segment of a row and tile
  std::string name() const;
  std::vector<std::string> bindings() const;
  int64_t scratchBytes() const;
};
void emitAttention(mlir::ModuleOp kernels, const Isa &isa, const AttentionSpec &spec);

/// Fills a weight with random values, or with ones. Random: x = block of 16 rows of the source tensor;
/// binding "constants" holds a RandomSegment; other rows of the weight are unchanged. Ones: x = row of
/// `columns` elements.
struct FillSpec {
  int64_t columns;
  WeightFormat format;
  bool panels; ///< weights with codes are in panels
  bool ones = false;
  std::string name() const;
  std::vector<std::string> bindings() const;
};
void emitFill(mlir::ModuleOp kernels, const FillSpec &spec);

} // namespace cria::cpu
