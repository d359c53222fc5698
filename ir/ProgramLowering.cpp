// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each function lowers one kind of op or attribute.
#include "ir/ProgramLowering.h"

#include "ir/ElementTypes.h"
#include "ir/LlamaTypes.h"

#include "llvm/ADT/StringMap.h"

#include <charconv>
#include <cstdlib>

using namespace mlir;

std::string cria::weightFile(PhysicalLayout::Kind layout) {
  return "weights/" + std::string(nameOf(layout)) + ".safetensors";
}

namespace cria::program {
namespace {

cria::Extent dimensionOf(int64_t extent) {
  ExtentKind kind = extentKindOf(extent);
  return {.kind = kind, .value = kind == ExtentKind::constant ? uint64_t(extent) : 0};
}

std::vector<cria::Extent> shapeOf(ArrayRef<int64_t> shape) {
  std::vector<cria::Extent> dimensions;
  llvm::transform(shape, std::back_inserter(dimensions), dimensionOf);
  return dimensions;
}

/// A float as the shortest number that reads back as the same value of its own type, so that 1e-5 stays
/// 1e-05.
double shortestDouble(FloatAttr attribute) {
  double value = attribute.getValueAsDouble();
  if (!attribute.getType().isF32()) {
    return value;
  }
  char text[64];
  auto end = std::to_chars(text, text + sizeof(text) - 1, static_cast<float>(value)).ptr;
  *end = '\0';
  return std::strtod(text, nullptr);
}

ProgramAttribute attributeOf(NamedAttribute parameter) {
  ProgramAttribute attribute{.name = parameter.getName().str(), .value = {}};
  if (auto integer = dyn_cast<IntegerAttr>(parameter.getValue())) {
    attribute.value = integer.getInt();
  } else if (auto number = dyn_cast<FloatAttr>(parameter.getValue())) {
    attribute.value = shortestDouble(number);
  } else {
    attribute.value = cast<StringAttr>(parameter.getValue()).str();
  }
  return attribute;
}

cria::BufferKind kindOf(BufferKind kind) {
  switch (kind) {
  case BufferKind::arena:
    return cria::BufferKind::arena;
  case BufferKind::result:
    return cria::BufferKind::result;
  case BufferKind::constant:
    return cria::BufferKind::constant;
  }
  llvm_unreachable("not a kind of buffer");
}

GridDimension gridDimensionOf(GridDimAttr dim) {
  return {
      .times = uint64_t(dim.getTimes()), .of = extentKindOf(dim.getOf()), .tile = uint64_t(dim.getTile())};
}

class ProgramLowering {
public:
  explicit ProgramLowering(ModuleOp module) : module_(module) {}

  FailureOr<Program> lower() {
    if (failed(lowerModule()) || failed(lowerStep())) {
      return failure();
    }
    for (auto weight : module_.getOps<WeightOp>()) {
      lowerWeight(weight);
    }
    for (auto buffer : module_.getOps<BufferOp>()) {
      if (failed(lowerBuffer(buffer))) {
        return failure();
      }
    }
    for (auto kernel : module_.getOps<KernelOp>()) {
      lowerKernel(kernel);
    }
    for (auto entry : module_.getOps<EntryOp>()) {
      if (failed(lowerEntry(entry))) {
        return failure();
      }
    }
    return std::move(program_);
  }

private:
  LogicalResult lowerModule();
  LogicalResult lowerStep();
  void lowerWeight(WeightOp weight);
  LogicalResult lowerBuffer(BufferOp buffer);
  void lowerKernel(KernelOp kernel);
  LogicalResult lowerEntry(EntryOp entry);
  LogicalResult lowerDispatch(DispatchOp dispatch, ProgramDispatch &result);
  LogicalResult lowerBinding(DispatchOp dispatch, BindingAttr binding, ProgramBinding &result);

  ModuleOp module_;
  Program program_;
  llvm::StringMap<BufferReference> buffers_ = {{ProgramDialect::kStepBuffer, {BufferSpace::step, 0}},
                                               {ProgramDialect::kKvBuffer, {BufferSpace::kv, 0}}};
  llvm::StringMap<uint32_t> kernels_;
};

LogicalResult ProgramLowering::lowerModule() {
  auto limits = module_->getAttrOfType<LimitsAttr>(ProgramDialect::kLimitsAttr);
  auto kv = module_->getAttrOfType<KvAttr>(ProgramDialect::kKvAttr);
  auto target = module_->getAttrOfType<StringAttr>(ProgramDialect::kTargetAttr);
  if (!limits || !kv || !target) {
    return module_.emitError() << "expected a program to have the attributes '" << ProgramDialect::kTargetAttr
                               << "', '" << ProgramDialect::kLimitsAttr << "' and '"
                               << ProgramDialect::kKvAttr << "'";
  }
  if (Operation *taken = SymbolTable(module_).lookup(ProgramDialect::kKvBuffer)) {
    return taken->emitError() << "expected no symbol named '" << ProgramDialect::kKvBuffer
                              << "', the name of the KV pages";
  }
  program_.target = target.str();
  program_.limits = limitsOf(limits);
  program_.kv = {.pageTokens = uint32_t(kv.getPageTokens()),
                 .pageBytes = uint64_t(kv.getPageBytes()),
                 .type = elementTypeOf(kv.getType())};
  return success();
}

LogicalResult ProgramLowering::lowerStep() {
  int64_t steps = llvm::range_size(module_.getOps<StepOp>());
  auto step = SymbolTable(module_).lookup<StepOp>(ProgramDialect::kStepBuffer);
  if (steps != 1 || !step) {
    return module_.emitError() << "expected a program to have one 'program.step' named '"
                               << ProgramDialect::kStepBuffer << "', got " << steps;
  }
  program_.step.size = step.getSize();
  for (const StepFieldRule &rule : kStepFields) {
    FieldAttr field = step.lookupField(rule.name);
    if (!field) {
      return step.emitOpError() << "expected a field '" << StringRef(rule.name) << "'";
    }
    program_.step.fields[uint32_t(rule.kind)] = {.offset = uint64_t(field.getOffset()),
                                                 .length = uint64_t(field.getLength())};
  }
  return success();
}

void ProgramLowering::lowerWeight(WeightOp op) {
  auto type = cast<llama::WeightType>(op.getType());
  ProgramWeight weight{.name = op.getSymName().str(),
                       .format = type.getFormat(),
                       .layout = type.getPhysicalLayout().kind,
                       .shape = {type.getShape().begin(), type.getShape().end()}};
  bool isInitialized = op.getInitialized();
  weight.file = isInitialized ? "" : weightFile(weight.layout);
  weight.arrays =
      programArraysOf(weight.format, weight.layout, type.getShape(), isInitialized ? "" : weight.name);
  for (auto [index, array] : llvm::enumerate(weight.arrays)) {
    buffers_[arrayName(weight.name, array.suffix)] = {BufferSpace::weight, uint32_t(program_.weights.size()),
                                                      uint32_t(index)};
  }
  llvm::raw_string_ostream(weight.recipe) << op.getRecipe();
  program_.weights.push_back(std::move(weight));
}

LogicalResult ProgramLowering::lowerBuffer(BufferOp op) {
  if (op.getKind() == BufferKind::arena && !op.getOffset()) {
    return op.emitOpError() << "expected an offset in the arena: run program-plan-memory first";
  }
  ProgramBuffer buffer{.name = op.getSymName().str(),
                       .kind = kindOf(op.getKind()),
                       .type = elementTypeOf(op.getType()),
                       .shape = shapeOf(op.getShape()),
                       .size = op.getSize(),
                       .offset = uint64_t(op.getOffset().value_or(0))};
  if (std::optional<ArrayRef<int32_t>> words = op.getData()) {
    buffer.data.assign(words->begin(), words->end());
  }
  buffers_[buffer.name] = {BufferSpace::buffer, uint32_t(program_.buffers.size())};
  program_.buffers.push_back(std::move(buffer));
  return success();
}

void ProgramLowering::lowerKernel(KernelOp op) {
  ProgramKernel kernel{.name = op.getSymName().str()};
  if (op.getOpName()) {
    kernel.kind = KernelKind::op;
    kernel.op = op.getOpName()->str();
    llvm::transform(*op.getParameters(), std::back_inserter(kernel.attributes), attributeOf);
  } else {
    kernel.symbol = op.getSymbol()->str();
    kernel.scratchBytes = op.getScratchBytes();
    llvm::copy(op.getBlock().value_or(ArrayRef<int64_t>()), kernel.block.begin());
    kernel.registers = uint32_t(op.getRegisters().value_or(0));
  }
  kernels_[kernel.name] = uint32_t(program_.kernels.size());
  program_.kernels.push_back(std::move(kernel));
}

LogicalResult ProgramLowering::lowerEntry(EntryOp op) {
  ProgramEntry entry{.name = op.getSymName().str(),
                     .minTokens = uint32_t(op.getMinTokens()),
                     .maxTokens = uint32_t(op.getMaxTokens())};
  for (DispatchOp dispatch : op.getDispatches()) {
    if (failed(lowerDispatch(dispatch, entry.dispatches.emplace_back()))) {
      return failure();
    }
  }
  program_.entries.push_back(std::move(entry));
  return success();
}

LogicalResult ProgramLowering::lowerDispatch(DispatchOp op, ProgramDispatch &dispatch) {
  auto kernel = kernels_.find(op.getKernel());
  if (kernel == kernels_.end()) {
    return op.emitOpError() << "unknown kernel '" << op.getKernel() << "'";
  }
  dispatch.kernel = kernel->second;
  dispatch.inPlace = op.getInPlace();
  dispatch.gridRank = uint32_t(op.getGrid().size());
  llvm::copy(llvm::map_range(op.getGrid().getAsRange<GridDimAttr>(), gridDimensionOf), dispatch.grid.begin());
  for (BindingAttr binding : op.getBindingAttrs()) {
    if (failed(lowerBinding(op, binding, dispatch.bindings.emplace_back()))) {
      return failure();
    }
  }
  return success();
}

LogicalResult ProgramLowering::lowerBinding(DispatchOp dispatch, BindingAttr attribute,
                                            ProgramBinding &binding) {
  auto buffer = buffers_.find(attribute.getBuffer().getValue());
  if (buffer == buffers_.end()) {
    return dispatch.emitOpError() << "binding '" << attribute.getName() << "': unknown buffer '"
                                  << attribute.getBuffer().getValue() << "'";
  }
  binding.name = attribute.getName().str();
  binding.bufferName = attribute.getBuffer().getValue().str();
  binding.buffer = buffer->second;
  binding.access = uint32_t(attribute.getAccess());
  binding.type = elementTypeOf(attribute.getType());
  binding.shape = shapeOf(attribute.getShape());
  binding.strides.assign(attribute.getStrides().begin(), attribute.getStrides().end());
  binding.offset = uint64_t(attribute.getOffset());
  binding.toEnd = attribute.getSize() == kRest;
  binding.size = binding.toEnd ? 0 : uint64_t(attribute.getSize());
  return success();
}

static_assert(uint32_t(Access::read) == CRIA_ACCESS_READ && uint32_t(Access::write) == CRIA_ACCESS_WRITE &&
              uint32_t(Access::read_write) == CRIA_ACCESS_READ_WRITE);

} // namespace
} // namespace cria::program

llvm::FailureOr<cria::Program> cria::lowerProgram(ModuleOp module) {
  return program::ProgramLowering(module).lower();
}
