// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps values of an entry point to windows of buffers, and adds the kernels, buffers and dispatches of a
// program.

#include "passes/targets/DispatchBuilder.h"

#include "ir/ElementTypes.h"
#include "passes/targets/StepLayout.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace cria::program;

namespace cria {

View columnsOf(const View &view, int64_t first, int64_t count) {
  assert(view.shape.size() == 2 && first + count <= view.columns());
  int64_t elementBytes = elementTypeBytes(view.type);
  View part = view;
  part.shape.back() = count;
  part.offset += first * elementBytes;
  part.size -= (view.columns() - count) * elementBytes;
  return part;
}

AlignedRows::AlignedRows(const View &source, int64_t alignment)
    : view(source), stride(source.strides.front()) {
  int64_t excess = view.offset % alignment;
  view.offset -= excess;
  view.size += excess;
  offset = excess / elementTypeBytes(view.type);
}

GridDim gridOverRows(const View &view, int64_t tile) {
  int64_t rows = view.rows();
  if (rows == kNumTokens || rows == kNumOutputs) {
    return {.times = 1, .of = rows, .tile = tile};
  }
  return {.times = int64_t(llvm::divideCeil(rows, tile)), .of = 1, .tile = 1};
}

static WeightView viewOf(StringRef name, llama::WeightType type) {
  WeightView weight{.logical = type, .arrays = {}};
  for (const WeightArray &array : type.getArrays()) {
    WeightArrayView &view = weight.arrays.emplace_back();
    view.suffix = array.suffix;
    view.buffer = arrayName(name.str(), array.suffix);
    view.type = mlirType(type.getContext(), array.type);
    SmallVector<int64_t> strides = denseStrides(array.shape);
    view.shape.assign(array.shape.begin(), array.shape.end());
    view.strides.assign(strides.begin(), strides.end());
    view.size = int64_t(array.size);
  }
  return weight;
}

WeightView viewOf(program::WeightOp weight) {
  return viewOf(weight.getSymName(), cast<llama::WeightType>(weight.getType()));
}

//===----------------------------------------------------------------------===//
// ProgramBuilder
//===----------------------------------------------------------------------===//

ProgramBuilder::ProgramBuilder(ModuleOp module, StringRef targetName, LimitsAttr limits, KvAttr kv)
    : module_(module), limits_(limits), kv_(kv) {
  for (StringRef reserved :
       {ProgramDialect::kStepBuffer, ProgramDialect::kKvBuffer, ProgramDialect::kKernelsModule}) {
    names_.insert(reserved);
  }
  for (auto function : module.getOps<func::FuncOp>()) {
    names_.insert(function.getSymName());
  }
  names_.insert(EntryOp::kInitialize);
  for (auto weight : module.getOps<llama::WeightOp>()) {
    llamaWeights_[weight.getSymName()] = weight;
    weightNames_[weight.getSymName()] = uniqueName(weight.getSymName());
    for (const WeightArray &array : weight.getWeightType().getArrays()) {
      names_.insert(arrayName(weightNames_[weight.getSymName()], array.suffix));
    }
  }
  OpBuilder builder = atEnd();
  module->setAttr(ProgramDialect::kTargetAttr, builder.getStringAttr(targetName));
  module->setAttr(ProgramDialect::kLimitsAttr, limits);
  module->setAttr(ProgramDialect::kKvAttr, kv);
  step_ = createStep(builder, module.getLoc(), limits);
}

std::string ProgramBuilder::uniqueName(StringRef name) {
  std::string candidate = name.str();
  for (int64_t suffix = 0; !names_.insert(candidate).second; ++suffix) {
    candidate = (name + "." + Twine(suffix)).str();
  }
  return candidate;
}

/// Whether the rows of a recipe are computed on the device: its sources are random(seed) or ones.
static bool isMadeOnDevice(Attribute recipe) {
  bool found = false;
  recipe.walk([&](Attribute part) { found |= isa<llama::RandomAttr, llama::OnesAttr>(part); });
  return found;
}

FailureOr<WeightView> ProgramBuilder::weight(StringRef name) {
  auto known = weights_.find(name);
  if (known != weights_.end()) {
    return known->second;
  }
  llama::WeightOp source = llamaWeights_.lookup(name);
  if (!source) {
    return failure();
  }
  llama::WeightType type = source.getWeightType();
  OpBuilder builder = atEnd();
  auto made = program::WeightOp::create(builder, source.getLoc(), weightNames_.lookup(name), type,
                                        type.getPhysicalBytes(), source.getRecipe(),
                                        isMadeOnDevice(source.getRecipe()));
  return weights_[name] = viewOf(made);
}

FailureOr<View> ProgramBuilder::result(Operation *op, Type type, ArrayRef<int64_t> shape) {
  if (!result_) {
    result_ = addBuffer("logits", program::BufferKind::result, type, shape);
  }
  if (result_->type != type || ArrayRef<int64_t>(result_->shape) != shape) {
    op->emitOpError() << "result shape differs from that of earlier entry points";
    return failure();
  }
  return *result_;
}

View ProgramBuilder::addBuffer(StringRef name, program::BufferKind kind, Type type, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides = denseStrides(shape);
  View view;
  view.buffer = uniqueName(name);
  view.type = type;
  view.shape.assign(shape.begin(), shape.end());
  view.strides.assign(strides.begin(), strides.end());
  view.size = spanBytes(type, shape, strides, limits_);
  OpBuilder builder = atEnd();
  BufferOp::create(builder, module_.getLoc(), view.buffer, kind, type, shape, view.size, IntegerAttr(),
                   DenseI32ArrayAttr());
  return view;
}

View ProgramBuilder::constants(ArrayRef<uint32_t> words) {
  constexpr int64_t kWordsPerRecord = kAlignment / 4;
  if (constantsName_.empty()) {
    constantsName_ = uniqueName("constants");
  }
  int64_t length = llvm::alignTo(words.size(), kWordsPerRecord);
  SmallVector<int32_t> record(words.begin(), words.end());
  record.resize(length, 0);
  int64_t first = 0, total = constantWords_.size();
  while (first < total &&
         ArrayRef<int32_t>(constantWords_).slice(first).take_front(length) != ArrayRef<int32_t>(record)) {
    first += kWordsPerRecord;
  }
  if (first >= total) {
    first = total;
    llvm::append_range(constantWords_, record);
  }
  View view;
  view.buffer = constantsName_;
  view.type = IntegerType::get(module_.getContext(), 32, IntegerType::Unsigned);
  view.shape = {int64_t(words.size())};
  view.strides = {1};
  view.offset = 4 * first;
  view.size = 4 * words.size();
  return view;
}

ModuleOp ProgramBuilder::kernelsModule() {
  if (!kernelsModule_) {
    OpBuilder builder = atEnd();
    kernelsModule_ = ModuleOp::create(builder, module_.getLoc(), ProgramDialect::kKernelsModule);
  }
  return kernelsModule_;
}

FailureOr<KernelRef> ProgramBuilder::getOrCreateKernel(Location location, StringRef name,
                                                       const KernelLaunch &launch,
                                                       function_ref<LogicalResult(OpBuilder &)> build) {
  auto known = kernels_.find(name);
  if (known != kernels_.end()) {
    return known->second;
  }
  OpBuilder body = OpBuilder::atBlockEnd(kernelsModule().getBody());
  if (failed(build(body))) {
    return failure();
  }
  OpBuilder builder = atEnd();
  DenseI64ArrayAttr block =
      launch.blockThreads ? builder.getDenseI64ArrayAttr({launch.blockThreads, 1, 1}) : DenseI64ArrayAttr();
  auto kernel = KernelOp::create(builder, location, uniqueName(name), builder.getStringAttr(name),
                                 launch.scratchBytes, StringAttr(), DictionaryAttr(), block, IntegerAttr());
  return kernels_[name] = FlatSymbolRefAttr::get(kernel.getSymNameAttr());
}

KernelRef ProgramBuilder::getOrCreateOp(Location location, StringRef op, DictionaryAttr parameters) {
  Builder attributes(module_.getContext());
  KernelRef &kernel = ops_[attributes.getArrayAttr({attributes.getStringAttr(op), parameters})];
  if (!kernel) {
    OpBuilder builder = atEnd();
    auto made = KernelOp::create(builder, location, uniqueName(op), StringAttr(), 0,
                                 builder.getStringAttr(op), parameters, DenseI64ArrayAttr(), IntegerAttr());
    kernel = FlatSymbolRefAttr::get(made.getSymNameAttr());
  }
  return kernel;
}

EntryOp ProgramBuilder::addEntry(Location location, StringRef name, int64_t minTokens, int64_t maxTokens) {
  OpBuilder builder = atEnd();
  return EntryOp::create(builder, location, name, minTokens, maxTokens);
}

template <typename... OpTys> static void moveToEnd(ModuleOp module) {
  SmallVector<Operation *> ops;
  for (Operation &op : *module.getBody()) {
    if (isa<OpTys...>(op)) {
      ops.push_back(&op);
    }
  }
  for (Operation *op : ops) {
    op->moveBefore(module.getBody(), module.getBody()->end());
  }
}

void ProgramBuilder::finish() {
  if (!constantWords_.empty()) {
    OpBuilder builder = atEnd();
    int64_t words = constantWords_.size();
    BufferOp::create(builder, module_.getLoc(), constantsName_, program::BufferKind::constant,
                     builder.getIntegerType(32, /*isSigned=*/false), ArrayRef<int64_t>(words), 4 * words,
                     IntegerAttr(), builder.getDenseI32ArrayAttr(constantWords_));
  }
  moveToEnd<StepOp>(module_);
  moveToEnd<program::WeightOp>(module_);
  moveToEnd<BufferOp>(module_);
  moveToEnd<KernelOp>(module_);
  moveToEnd<EntryOp>(module_);
  moveToEnd<ModuleOp>(module_);
}

//===----------------------------------------------------------------------===//
// DispatchBuilder
//===----------------------------------------------------------------------===//

DispatchBuilder::DispatchBuilder(ProgramBuilder &program, EntryOp entry)
    : program_(program), entry_(entry), location_(entry.getLoc()) {}

View DispatchBuilder::view(Value value) {
  auto known = views_.find(value);
  if (known != views_.end()) {
    return known->second;
  }
  View made = makeView(value);
  views_[value] = made;
  return made;
}

View DispatchBuilder::makeView(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    return argumentView(argument);
  }
  auto result = cast<OpResult>(value);
  auto split = dyn_cast<llama::SplitOp>(result.getOwner());
  if (!split) {
    return resultView(result);
  }
  int64_t first = 0;
  for (int64_t size : split.getSizes().take_front(result.getResultNumber())) {
    first += size;
  }
  return columnsOf(view(split.getInput()), first, split.getSizes()[result.getResultNumber()]);
}

View DispatchBuilder::argumentView(BlockArgument argument) {
  const StepFieldRule &rule = stepArray(argument.getArgNumber());
  auto type = cast<RankedTensorType>(argument.getType());
  View view;
  view.buffer = ProgramDialect::kStepBuffer.str();
  view.type = type.getElementType();
  view.shape.push_back(type.isDynamicDim(0) ? extentOf(rule.rows) : type.getDimSize(0));
  if (rule.hasPageColumns) {
    view.shape.push_back(limits().getMaxPagesPerSequence());
  }
  SmallVector<int64_t> strides = denseStrides(view.shape);
  view.strides.assign(strides.begin(), strides.end());
  view.offset = program_.step().lookupField(rule.name).getOffset();
  view.size = spanBytes(view.type, view.shape, view.strides, limits());
  return view;
}

/// The first dimension of an op's result: the number in its type, or that of the operand it follows.
int64_t DispatchBuilder::rowsOf(OpResult result) {
  auto type = cast<RankedTensorType>(result.getType());
  return type.isDynamicDim(0)
             ? view(cast<llama::RowwiseOpInterface>(result.getOwner()).getRowsOperand()).rows()
             : type.getDimSize(0);
}

View DispatchBuilder::resultView(OpResult result) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<int64_t> shape = {rowsOf(result), type.getDimSize(1)};
  bool isReturned =
      llvm::any_of(result.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
  if (!isReturned) {
    return temporary(result.getOwner()->getName().stripDialect(), type.getElementType(), shape);
  }
  FailureOr<View> view = program_.result(result.getOwner(), type.getElementType(), shape);
  if (succeeded(view)) {
    return *view;
  }
  failed_ = true;
  return temporary("result", type.getElementType(),
                   shape); // so that the target can continue and report its own errors
}

SmallVector<View> DispatchBuilder::projections(llama::RopeAttentionOp op) {
  SmallVector<View> views;
  int64_t first = 0;
  for (auto [index, columns] : llvm::enumerate(op.getProjectionColumns())) {
    views.push_back(op.hasFusedProjections() ? columnsOf(view(op.getProjections()[0]), first, columns)
                                             : view(op.getProjections()[index]));
    first += columns;
  }
  return views;
}

WeightView DispatchBuilder::weight(Value value) {
  auto use = value.getDefiningOp<llama::UseWeightOp>();
  FailureOr<WeightView> view = use ? program_.weight(use.getName()) : FailureOr<WeightView>();
  if (succeeded(view)) {
    return *view;
  }
  emitError(value.getLoc())
      << "expected a weight to be the result of 'llama.use_weight' of a weight of the module";
  failed_ = true;
  return viewOf("missing", cast<llama::WeightType>(value.getType()));
}

View DispatchBuilder::stepHeader() {
  View view;
  view.buffer = ProgramDialect::kStepBuffer.str();
  view.type = IntegerType::get(context(), 32, IntegerType::Unsigned);
  view.shape = {kAlignment / 4};
  view.strides = {1};
  view.size = kAlignment;
  return view;
}

View DispatchBuilder::kvPages(int64_t offset, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, Type type) {
  View view;
  view.buffer = ProgramDialect::kKvBuffer.str();
  view.type = type ? type : kv().getType();
  view.shape = {kNumPages};
  view.shape.append(shape.begin(), shape.end());
  view.strides = {kv().getPageBytes() / elementTypeBytes(view.type)};
  view.strides.append(strides.begin(), strides.end());
  view.offset = offset;
  view.size = kRest;
  return view;
}

std::pair<View, bool> DispatchBuilder::derived(Value value, StringRef form,
                                               llvm::function_ref<View()> create) {
  auto [found, isNew] = derived_.try_emplace({value.getAsOpaquePointer(), form.str()});
  if (isNew) {
    found->second = create();
  }
  return {found->second, isNew};
}

View DispatchBuilder::temporary(StringRef name, Type type, ArrayRef<int64_t> shape) {
  std::string fullName = (entryName() + "." + Twine(numBuffers_++) + "." + name).str();
  return program_.addBuffer(fullName, program::BufferKind::arena, type, shape);
}

void DispatchBuilder::addDispatch(KernelRef kernel, ArrayRef<GridDim> grid, ArrayRef<Binding> bindings,
                                  bool inPlace) {
  OpBuilder builder = OpBuilder::atBlockEnd(&entry_.getBody().front());
  SmallVector<Attribute> dims, operands;
  for (const GridDim &dim : grid) {
    dims.push_back(GridDimAttr::get(context(), dim.times, dim.of, dim.tile));
  }
  for (const Binding &binding : bindings) {
    const View &view = binding.view;
    operands.push_back(BindingAttr::get(context(), binding.name,
                                        FlatSymbolRefAttr::get(context(), view.buffer), binding.access,
                                        view.type, view.shape, view.strides, view.offset, view.size));
  }
  DispatchOp::create(builder, location_, kernel.getValue(), builder.getArrayAttr(dims),
                     builder.getArrayAttr(operands), inPlace);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Operands &Operands::bind(StringRef name, const View &view, Access access) {
  bindings_.push_back({name.str(), view, access});
  return *this;
}

Operands &Operands::weight(StringRef name, const WeightView &weight, Access access) {
  for (const WeightArrayView &array : weight.arrays) {
    bind(arrayName(name.str(), array.suffix), array, access);
  }
  return *this;
}

FailureOr<SmallVector<Binding>> Operands::inOrder(ArrayRef<std::string> names) const {
  Location location = builder_.location();
  SmallVector<Binding> ordered;
  for (const std::string &name : names) {
    auto isNamed = [&](const Binding &binding) { return binding.name == name; };
    if (llvm::count_if(bindings_, isNamed) != 1) {
      return emitError(location) << "expected the dispatch to bind kernel operand '" << name << "' once, got "
                                 << llvm::count_if(bindings_, isNamed) << " bindings";
    }
    ordered.push_back(*llvm::find_if(bindings_, isNamed));
  }
  if (ordered.size() != bindings_.size()) {
    return emitError(location) << "the dispatch binds " << bindings_.size() << " operands, expected the "
                               << names.size() << " of its kernel";
  }
  return ordered;
}

} // namespace cria
