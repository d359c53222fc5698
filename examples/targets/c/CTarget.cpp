// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The target `c`: emits a model as C and compiles it with the system's C compiler to a kernel library, which
// Cria's backend `cpu` runs. Fused ops are decomposed; each remaining op becomes a call of a function in
// Kernels.h with the sizes of the model.
#include "CCompiler.h"
#include "KernelsText.h"

#include "passes/Passes.h"
#include "passes/targets/TargetPlugin.h"
#include "plugins/api/kernel_abi.h"

#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

using namespace cria;
using namespace mlir;
using program::Access;

namespace {

constexpr int64_t kPageTokens = 32;
constexpr int64_t kLinearGroup = 32;      // results of a linear that one workgroup computes
constexpr const char *kSource = "source"; // attribute of a kernel: its C code

/// A call of a C function for one op: the operands in the order of the function's pointers, then the other
/// arguments.
class Call {
public:
  Call(DispatchBuilder &builder, std::string function) : builder_(builder), function_(std::move(function)) {}

  Call &read(StringRef name, const View &view) { return bind(name, view, Access::read); }
  Call &write(StringRef name, const View &view) { return bind(name, view, Access::write); }
  Call &number(int64_t value) {
    name_ += "_" + std::to_string(value);
    arguments_ += ", " + std::to_string(value);
    return *this;
  }
  Call &real(const APFloat &value) {
    name_ += "_" + llvm::utohexstr(value.bitcastToAPInt().getZExtValue());
    llvm::raw_string_ostream(arguments_) << ", " << llvm::format("%a", value.convertToDouble()) << "f";
    return *this;
  }
  LogicalResult add(ArrayRef<GridDim> grid) {
    const std::string symbol = function_ + name_;
    const std::string text = "KERNEL(" + symbol + ", " + function_ + "(" + pointers_ + "x" +
                             (grid.size() > 1 ? ", y" : "") + arguments_ + "))\n";
    FailureOr<KernelRef> kernel = builder_.getOrCreateKernel(symbol, {}, [&](OpBuilder &at) {
      auto made = func::FuncOp::create(at, at.getUnknownLoc(), symbol, at.getFunctionType({}, {}));
      made.setPrivate();
      made->setAttr(kSource, at.getStringAttr(text));
      return success();
    });
    if (failed(kernel)) {
      return failure();
    }
    builder_.addDispatch(*kernel, grid, bindings_);
    return success();
  }

private:
  Call &bind(StringRef name, const View &view, Access access) {
    pointers_ += "b[" + std::to_string(bindings_.size()) + "], ";
    bindings_.push_back({name.str(), view, access});
    return *this;
  }

  DispatchBuilder &builder_;
  std::string function_, name_, pointers_, arguments_;
  SmallVector<Binding> bindings_;
};

/// Returns the suffix of a function's name for an element type.
std::string suffixOf(Type type) {
  std::string text = "_";
  llvm::raw_string_ostream(text) << type;
  return text;
}

int64_t layerBytes(llama::KvCacheType cache) {
  return 2 * cache.getColumns() * kPageTokens * program::elementTypeBytes(cache.getElementType());
}

/// Lowers the remaining ops to calls.
class Writer {
public:
  explicit Writer(DispatchBuilder &builder) : builder_(builder) {}

  LogicalResult emit(llama::EmbeddingOp op) {
    const View table = builder_.weight(op.getTable()).dense();
    const View output = view(op.getOutput());
    return Call(builder_, "embedding" + suffixOf(table.type))
        .read("tokens", view(op.getTokens()))
        .read("table", table)
        .write("output", output)
        .number(output.columns())
        .add(gridOverRows(output));
  }

  LogicalResult emit(llama::RmsNormOp op) {
    const View input = view(op.getInput()), output = view(op.getOutput());
    return Call(builder_, "rms_norm")
        .read("input", input)
        .read("weight", builder_.weight(op.getWeight()).dense())
        .write("output", output)
        .number(output.columns())
        .number(input.strides.front())
        .real(op.getEpsilon())
        .add(gridOverRows(output));
  }

  LogicalResult emit(llama::LinearOp op) {
    const View weight = builder_.weight(op.getWeight()).dense();
    const View input = view(op.getInput()), output = view(op.getOutput());
    return Call(builder_, "linear" + suffixOf(weight.type))
        .read("input", input)
        .read("weight", weight)
        .write("output", output)
        .number(input.columns())
        .number(output.columns())
        .number(kLinearGroup)
        .number(input.strides.front())
        .add({gridOverRows(output), {.times = int64_t(llvm::divideCeil(output.columns(), kLinearGroup))}});
  }

  LogicalResult emit(llama::RopeOp op) {
    const AlignedRows input(view(op.getInput()), CRIA_KERNEL_ALIGNMENT);
    const View output = view(op.getOutput());
    return Call(builder_, "rope")
        .read("input", input.view)
        .read("positions", view(op.getPositions()))
        .read("table", builder_.weight(op.getTable()).dense())
        .write("output", output)
        .number(output.columns() / op.getHeadDim())
        .number(op.getHeadDim())
        .number(input.stride)
        .number(input.offset)
        .add(gridOverRows(output));
  }

  LogicalResult emit(llama::KvAppendOp op) {
    auto type = cast<llama::KvCacheType>(op.getCache().getType());
    const AlignedRows key(view(op.getKey()), CRIA_KERNEL_ALIGNMENT);
    const AlignedRows value(view(op.getValue()), CRIA_KERNEL_ALIGNMENT);
    return Call(builder_, "kv_append" + suffixOf(type.getElementType()))
        .read("key", key.view)
        .read("value", value.view)
        .read("slots", view(op.getSlots()))
        .write("cache", cache(type, op.getLayer()))
        .number(type.getKvHeads())
        .number(type.getHeadDim())
        .number(kPageTokens)
        .number(pageElements(type))
        .number(key.stride)
        .number(key.offset)
        .number(value.stride)
        .number(value.offset)
        .add(gridOverRows(view(op.getKey())));
  }

  LogicalResult emit(llama::AttentionOp op) {
    auto type = cast<llama::KvCacheType>(op.getCache().getType());
    const View query = view(op.getQuery()), blocks = view(op.getBlockTable()), output = view(op.getOutput());
    const int64_t heads = output.columns() / type.getHeadDim();
    return Call(builder_, "attention" + suffixOf(type.getElementType()))
        .read("query", query)
        .read("positions", view(op.getPositions()))
        .read("sequences", view(op.getSequences()))
        .read("block_table", blocks)
        .read("cache", cache(type, op.getLayer()))
        .write("output", output)
        .number(heads)
        .number(type.getKvHeads())
        .number(type.getHeadDim())
        .number(kPageTokens)
        .number(pageElements(type))
        .number(blocks.columns())
        .number(query.strides.front())
        .real(op.getScale())
        .add({gridOverRows(output), {.times = heads}});
  }

  LogicalResult emit(llama::SiluOp op) {
    const View input = view(op.getInput()), output = view(op.getOutput());
    return Call(builder_, "silu")
        .read("input", input)
        .write("output", output)
        .number(output.columns())
        .number(input.strides.front())
        .add(gridOverRows(output));
  }

  template <typename BinaryOp> LogicalResult emitBinary(BinaryOp op, const char *function) {
    const View lhs = view(op.getLhs()), rhs = view(op.getRhs()), output = view(op.getOutput());
    return Call(builder_, function)
        .read("lhs", lhs)
        .read("rhs", rhs)
        .write("output", output)
        .number(output.columns())
        .number(lhs.strides.front())
        .number(rhs.strides.front())
        .add(gridOverRows(output));
  }
  LogicalResult emit(llama::MulOp op) { return emitBinary(op, "mul"); }
  LogicalResult emit(llama::AddOp op) { return emitBinary(op, "add"); }

  LogicalResult emit(llama::GatherRowsOp op) {
    const View input = view(op.getInput()), output = view(op.getOutput());
    return Call(builder_, "gather_rows")
        .read("input", input)
        .read("rows", view(op.getRows()))
        .write("output", output)
        .number(output.columns())
        .number(input.strides.front())
        .add(gridOverRows(output));
  }

private:
  View view(Value value) { return builder_.view(value); }
  static int64_t pageElements(llama::KvCacheType type) {
    return type.getLayers() * layerBytes(type) / program::elementTypeBytes(type.getElementType());
  }
  /// Returns a view of one layer of all pages.
  View cache(llama::KvCacheType type, int64_t layer) {
    const int64_t shape[] = {2, type.getKvHeads(), kPageTokens, type.getHeadDim()};
    return builder_.kvPages(layer * layerBytes(type), shape, program::denseStrides(shape));
  }

  DispatchBuilder &builder_;
};

class CTarget : public Target {
public:
  std::string name() const override { return CRIA_TARGET_NAME; }
  // The format that the backend `cpu` runs.
  std::string format() const override { return "elf.x86_64"; }
  std::string features(llvm::StringRef) const override { return "x86-64-v3"; }
  uint32_t abiVersion(const Program &) const override { return CRIA_KERNEL_ABI_VERSION; }
  std::string codeExtension() const override { return ".so"; }

  int64_t pageTokens() const override { return kPageTokens; }
  int64_t pageBytes(llama::KvCacheType cache) const override { return cache.getLayers() * layerBytes(cache); }

  void addPreparePasses(OpPassManager &manager, func::FuncOp entry) const override {
    using llama::FusedPart;
    DecomposeFusedOpsPassOptions options;
    options.functions = {entry.getName().str()};
    options.parts = {FusedPart::residual, FusedPart::activation, FusedPart::norm, FusedPart::rope_attention};
    manager.addPass(createDecomposeFusedOpsPass(options));
    manager.addPass(createCSEPass()); // linears with the same input share one norm
  }

  LogicalResult emitDispatches(Operation *op, DispatchBuilder &builder) const override {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<llama::EmbeddingOp, llama::RmsNormOp, llama::LinearOp, llama::RopeOp, llama::KvAppendOp,
              llama::AttentionOp, llama::SiluOp, llama::MulOp, llama::AddOp, llama::GatherRowsOp>(
            [&](auto typed) { return Writer(builder).emit(typed); })
        .Default([](Operation *other) { return other->emitOpError("is not supported by the C target"); });
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment, const View &constants,
                               DispatchBuilder &builder) const override {
    const int64_t columns = weight.logical.getColumns();
    return Call(builder, "fill_random" + suffixOf(weight.dense().type))
        .read("constants", constants)
        .write("weight", weight.dense())
        .number(columns)
        .real(APFloat(randomScale(columns)))
        .add(GridDim{.times = segment.rows});
  }
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override {
    return Call(builder, "fill_ones")
        .write("weight", weight.dense())
        .number(weight.logical.getShape().back())
        .add(GridDim{});
  }

  FailureOr<TargetCode> emitCode(ModuleOp program, CodeStage stage) const override {
    if (stage == CodeStage::llvm) {
      return program.emitError("target '" + name() + "' has no LLVM IR; --emit kernels prints its C");
    }
    const std::string source = sourceOf(program);
    if (stage == CodeStage::kernels) {
      return TargetCode{source, {}};
    }
    std::string error;
    FailureOr<std::string> code = compileC(source, stage == CodeStage::assembly, error);
    return succeeded(code) ? FailureOr<TargetCode>(TargetCode{std::move(*code), {}})
                           : program.emitError(error);
  }

private:
  static std::string sourceOf(ModuleOp program) {
    std::string text = kKernelsText;
    auto kernels = program.lookupSymbol<ModuleOp>(program::ProgramDialect::kKernelsModule);
    for (auto kernel : kernels.getOps<func::FuncOp>()) {
      text += kernel->getAttrOfType<StringAttr>(kSource).str();
    }
    llvm::raw_string_ostream(text)
        << "__attribute__((visibility(\"default\"))) const struct {\n"
           "  uint32_t magic, version, sanitizer, reserved;\n  char features[48];\n"
           "} cria_kernel_library = {"
        << CRIA_KERNEL_LIBRARY_MAGIC << "u, " << CRIA_KERNEL_ABI_VERSION << "u, 0, 0, \"x86-64-v3\"};\n";
    return text;
  }
};

std::unique_ptr<Target> create() { return std::make_unique<CTarget>(); }

} // namespace

CRIA_TARGET_PLUGIN(CRIA_TARGET_NAME, "C source, compiled by the system's C compiler for x86-64-v3", create);
