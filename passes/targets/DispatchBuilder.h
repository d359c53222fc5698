// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DispatchBuilder: builds a program for a target. It maps the SSA values of an entry point to windows of
// buffers, and adds kernels, temporaries, constants and dispatches.
//
//  1. Views are values: to bind a part of a buffer, change a copy. Offsets and sizes are in bytes, strides in
//     elements.
//  2. Every tensor value is a dense f32 buffer [rows, columns]; results of llama.split are strided views of
//     their source. The first dimension is a number if the type is static, else program::kNumTokens or
//     kNumOutputs.
//  3. Dispatches run in the order in which they are added. Entry points share kernels by name.
//  4. The names of buffers and kernels in a View or KernelRef are those in the finished program.
#pragma once

#include "ir/LlamaOps.h"
#include "ir/ProgramOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <optional>
#include <string>

namespace cria {

/// A typed window of a buffer, which becomes a binding of a dispatch.
struct View {
  std::string buffer;
  mlir::Type type;
  llvm::SmallVector<int64_t, 4> shape; ///< numbers, or program::Extent for symbolic dimensions
  llvm::SmallVector<int64_t, 4> strides;
  int64_t offset = 0;
  int64_t size = 0; ///< or program::kRest

  int64_t rows() const { return shape.front(); }
  int64_t columns() const { return shape.back(); }
};

/// The whole of an array of a weight (format/WeightArrays.h).
struct WeightArrayView : View {
  std::string suffix; ///< empty for the first array
};

/// A weight: its logical type, and its arrays in the order of the type's getArrays().
struct WeightView {
  llama::WeightType logical;
  llvm::SmallVector<WeightArrayView, 1> arrays;

  /// The one array of a weight in a dense format, for targets that take no other.
  const View &dense() const {
    assert(arrays.size() == 1);
    return arrays.front();
  }
};

struct Binding {
  std::string name;
  View view;
  program::Access access;
};

/// times * ceildiv(of, tile); `of` is 1, program::kNumTokens or kNumOutputs.
struct GridDim {
  int64_t times = 1;
  int64_t of = 1;
  int64_t tile = 1;
};

/// The parameters of a launch other than the grid.
struct KernelLaunch {
  int64_t scratchBytes = 0; ///< per worker; on a GPU, dynamic shared memory of a block
  int64_t blockThreads = 0; ///< threads of a block on a GPU; 0 on a processor
};

using KernelRef = mlir::FlatSymbolRefAttr;

/// A rank-2 operand whose binding starts at a multiple of `alignment` bytes, at or before its first element.
struct AlignedRows {
  AlignedRows(const View &source, int64_t alignment);
  View view;
  int64_t stride;
  int64_t offset; ///< in elements, from the start of the binding to the first element
};

/// Columns [first, first + count) of a rank-2 view.
View columnsOf(const View &view, int64_t first, int64_t count);
/// The view of a weight of the program.
WeightView viewOf(program::WeightOp weight);
/// The grid dimension for tiles of `tile` rows of a view: symbolic if the number of rows is, else
/// `ceildiv(rows, tile)`.
GridDim gridOverRows(const View &view, int64_t tile = 1);
/// The parts of a program that its entry points share. FormDispatches creates it, and calls finish() at the
/// end.
class ProgramBuilder {
public:
  /// Adds the program to `module`, whose body holds the llama weights and entry point functions. Weights keep
  /// their names.
  ProgramBuilder(mlir::ModuleOp module, llvm::StringRef targetName, program::LimitsAttr limits,
                 program::KvAttr kv);

  mlir::ModuleOp module() const { return module_; }
  program::LimitsAttr limits() const { return limits_; }
  program::KvAttr kv() const { return kv_; }
  program::StepOp step() const { return step_; }

  /// A fresh symbol name that begins with `name`.
  std::string uniqueName(llvm::StringRef name);
  /// The view of a program.weight, which is added on first use. Fails if no llama.weight has that name.
  llvm::FailureOr<WeightView> weight(llvm::StringRef name);
  /// The buffer of kind `result`, which is added on first use. Fails if `shape` differs from that of an
  /// earlier entry point.
  llvm::FailureOr<View> result(mlir::Operation *op, mlir::Type type, llvm::ArrayRef<int64_t> shape);
  View addBuffer(llvm::StringRef name, program::BufferKind kind, mlir::Type type,
                 llvm::ArrayRef<int64_t> shape);
  /// A record of constant words, aligned to 64 bytes; equal records share memory.
  View constants(llvm::ArrayRef<uint32_t> words);
  llvm::FailureOr<KernelRef>
  getOrCreateKernel(mlir::Location location, llvm::StringRef name, const KernelLaunch &launch,
                    llvm::function_ref<llvm::LogicalResult(mlir::OpBuilder &)> build);
  KernelRef getOrCreateOp(mlir::Location location, llvm::StringRef op, mlir::DictionaryAttr parameters);
  program::EntryOp addEntry(mlir::Location location, llvm::StringRef name, int64_t minTokens,
                            int64_t maxTokens);
  /// Adds the buffer of constants, and sorts the program's ops: step, weights, buffers, kernels, entry
  /// points, code.
  void finish();

private:
  mlir::ModuleOp kernelsModule();
  mlir::OpBuilder atEnd() { return mlir::OpBuilder::atBlockEnd(module_.getBody()); }

  mlir::ModuleOp module_;
  program::LimitsAttr limits_;
  program::KvAttr kv_;
  program::StepOp step_;
  mlir::ModuleOp kernelsModule_;
  std::optional<View> result_;
  llvm::StringMap<llama::WeightOp> llamaWeights_;
  llvm::StringMap<std::string> weightNames_;
  llvm::StringMap<WeightView> weights_;
  llvm::StringMap<KernelRef> kernels_;
  llvm::DenseMap<mlir::Attribute, KernelRef> ops_;
  llvm::StringSet<> names_;
  llvm::SmallVector<int32_t> constantWords_;
  std::string constantsName_;
};

/// Builds one entry point of a program. Target::emitDispatches borrows it.
class DispatchBuilder {
public:
  /// The function of the entry point has the arguments of the forward contract, which become views of `step`
  /// and `kv`.
  DispatchBuilder(ProgramBuilder &program, program::EntryOp entry);

  mlir::MLIRContext *context() const { return program_.module().getContext(); }
  llvm::StringRef entryName() { return entry_.getSymName(); }
  int64_t maxTokens() { return entry_.getMaxTokens(); }
  program::LimitsAttr limits() const { return program_.limits(); }
  program::KvAttr kv() const { return program_.kv(); }

  /// The view of a tensor value. The result of an op gets its buffer on first use; the returned value is the
  /// result buffer.
  View view(mlir::Value value);
  /// The views of queries, keys and values of a rope_attention: three values, or columns of one.
  llvm::SmallVector<View> projections(llama::RopeAttentionOp op);
  /// The weight that a `!llama.weight` value refers to, in the layout of its type.
  WeightView weight(mlir::Value value);
  /// The header of the step buffer: u32 [16], words as in cria_step_header.
  View stepHeader();
  /// All KV pages, from byte `offset` of a page: shape [P, shape...], with `strides` for the dimensions
  /// inside a page and size kRest. `type`: that of the cache if null.
  View kvPages(int64_t offset, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides,
               mlir::Type type = {});
  /// A new, dense arena buffer. Only the first dimension may be symbolic.
  View temporary(llvm::StringRef name, mlir::Type type, llvm::ArrayRef<int64_t> shape);
  /// A buffer that is computed from a value, such as its rows in another form: what `create` returns the
  /// first time for a value and a form, and whether this is that time.
  std::pair<View, bool> derived(mlir::Value value, llvm::StringRef form, llvm::function_ref<View()> create);
  /// Constant words, as ui32 [n].
  View constants(llvm::ArrayRef<uint32_t> words) { return program_.constants(words); }

  /// A kernel with code, whose symbol is `name`. On first use of the name, calls `build` with a builder at
  /// the end of the module @kernels; `build` adds a func.func of that name, and private helpers if it needs
  /// any. Fails if `build` fails.
  llvm::FailureOr<KernelRef>
  getOrCreateKernel(llvm::StringRef name, const KernelLaunch &launch,
                    llvm::function_ref<llvm::LogicalResult(mlir::OpBuilder &)> build) {
    return program_.getOrCreateKernel(location_, name, launch, build);
  }
  /// A kernel that is an op of the opset. Equal ops with equal parameters share one kernel.
  KernelRef getOrCreateOp(llvm::StringRef op, llvm::ArrayRef<mlir::NamedAttribute> parameters) {
    return program_.getOrCreateOp(location_, op, mlir::DictionaryAttr::get(context(), parameters));
  }

  void addDispatch(KernelRef kernel, llvm::ArrayRef<GridDim> grid, llvm::ArrayRef<Binding> bindings,
                   bool inPlace = false);

  /// The location of the next dispatches.
  mlir::Location location() const { return location_; }

  /// For FormDispatches: sets the location of the next dispatches; returns whether a view could not be
  /// created (a diagnostic was emitted).
  void setLocation(mlir::Location location) { location_ = location; }
  bool hasFailed() const { return failed_; }

private:
  View makeView(mlir::Value value);
  View argumentView(mlir::BlockArgument argument);
  View resultView(mlir::OpResult result);
  int64_t rowsOf(mlir::OpResult result);

  ProgramBuilder &program_;
  program::EntryOp entry_;
  mlir::Location location_;
  llvm::DenseMap<mlir::Value, View> views_;
  std::map<std::pair<const void *, std::string>, View> derived_;
  int64_t numBuffers_ = 0;
  bool failed_ = false;
};

/// The operands of one dispatch, each bound to a view under the name of the kernel's parameter.
class Operands {
public:
  explicit Operands(DispatchBuilder &builder) : builder_(builder) {}

  Operands &read(llvm::StringRef name, const View &view) { return bind(name, view, program::Access::read); }
  Operands &read(llvm::StringRef name, mlir::Value value) { return read(name, builder_.view(value)); }
  /// Binds every array of the weight: `name`, `name`.scales, ...
  Operands &weight(llvm::StringRef name, mlir::Value value) {
    return weight(name, builder_.weight(value), program::Access::read);
  }
  Operands &weight(llvm::StringRef name, const WeightView &weight, program::Access access);
  Operands &write(llvm::StringRef name, const View &view) { return bind(name, view, program::Access::write); }
  Operands &write(llvm::StringRef name, mlir::Value value) { return write(name, builder_.view(value)); }
  Operands &bind(llvm::StringRef name, const View &view, program::Access access);

  llvm::ArrayRef<Binding> bindings() const { return bindings_; }
  /// The bindings in the order of `names`. Emits an error and fails unless each name is bound exactly once.
  llvm::FailureOr<llvm::SmallVector<Binding>> inOrder(llvm::ArrayRef<std::string> names) const;

private:
  DispatchBuilder &builder_;
  llvm::SmallVector<Binding> bindings_;
};

} // namespace cria
