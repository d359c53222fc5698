// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builders and verifiers of the `program` ops, each looking at one op alone; ProgramVerifier.cpp checks whole
// programs.

#include "ir/ProgramOps.h"
#include "format/Program.h"
#include "ir/LlamaTypes.h"
#include "ir/ProgramAssembly.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/ProgramOps.cpp.inc"

namespace cria::program {

static LogicalResult verifyPositiveSize(Operation *op, int64_t size) {
  if (size > 0) {
    return success();
  }
  return op->emitOpError() << "expected a positive size, got " << size;
}

FieldAttr StepOp::lookupField(StringRef name) {
  for (auto field : getFields().getAsRange<FieldAttr>()) {
    if (field.getName() == name) {
      return field;
    }
  }
  return {};
}

LogicalResult StepOp::verify() {
  int64_t size = getSize();
  if (size <= 0 || size % kAlignment != 0) { // step_c1
    return emitOpError() << "expected a size that is a positive multiple of " << kAlignment << ", got "
                         << size;
  }
  SmallVector<FieldAttr> fields(getFields().getAsRange<FieldAttr>());
  llvm::StringSet<> names;
  for (FieldAttr field : fields) { // step_c2
    if (!names.insert(field.getName()).second) {
      return emitOpError() << "duplicate field '" << field.getName() << "'";
    }
    if (field.getOffset() < 0 || field.getLength() < 0 || field.getOffset() % 4 != 0 ||
        field.getOffset() > size || field.getLength() > (size - field.getOffset()) / 4) {
      return emitOpError() << "expected field '" << field.getName() << "' to lie inside " << size
                           << " bytes at a multiple of 4, got offset " << field.getOffset() << " and length "
                           << field.getLength();
    }
  }
  llvm::sort(fields, [](FieldAttr a, FieldAttr b) { return a.getOffset() < b.getOffset(); });
  for (size_t i = 1; i < fields.size(); ++i) {
    if (fields[i - 1].getOffset() + 4 * fields[i - 1].getLength() > fields[i].getOffset()) {
      return emitOpError() << "field '" << fields[i - 1].getName() << "' overlaps field '"
                           << fields[i].getName() << "'";
    }
  }
  return success();
}

LogicalResult WeightOp::verify() {
  auto type = dyn_cast<llama::WeightType>(getType());
  if (!type) { // weight_c1
    return emitOpError() << "expected a weight type, got " << getType();
  }
  if (int64_t(getSize()) != type.getPhysicalBytes()) { // weight_c2
    return emitOpError() << "expected size " << type.getPhysicalBytes() << " of " << type << ", got "
                         << getSize();
  }
  if (!llama::isRecipe(getRecipe())) { // weight_c3
    return emitOpError() << "expected a recipe, got " << getRecipe();
  }
  return success();
}

LogicalResult BufferOp::verify() {
  if (failed(verifyPositiveSize(*this, getSize()))) { // buffer_c1
    return failure();
  }
  if (!isProgramType(getType())) {
    return emitOpError() << "expected an element type of programs, got " << getType();
  }
  if (std::optional<int64_t> offset = getOffset()) { // buffer_c2
    if (getKind() != BufferKind::arena) {
      return emitOpError() << "expected an offset only on an arena buffer, got one on a buffer of kind '"
                           << stringifyBufferKind(getKind()) << "'";
    }
    if (*offset < 0 || *offset % kAlignment != 0) {
      return emitOpError() << "expected an offset that is a multiple of " << kAlignment << ", got "
                           << *offset;
    }
  }
  bool isConstant = getKind() == BufferKind::constant; // buffer_c3
  if (isConstant != getData().has_value()) {
    return emitOpError() << (isConstant ? "expected a constant buffer to have data"
                                        : "expected data only on a constant buffer");
  }
  if (!isConstant) {
    return success();
  }
  int64_t words = getData()->size();
  if (elementTypeBytes(getType()) != 4 || getShape() != ArrayRef<int64_t>(words) ||
      int64_t(getSize()) != 4 * words) {
    return emitOpError() << "expected a constant of " << words << " words of 32 bits to have shape [" << words
                         << "] and size " << 4 * words;
  }
  return success();
}

static LogicalResult verifyLaunch(KernelOp kernel) {
  constexpr int64_t kMaxThreads = cria::kMaxThreadsPerBlock;
  if (!kernel.getBlock()) {
    return kernel.getRegisters() // kernel_c6
               ? kernel.emitOpError("expected registers only of a kernel with a block")
               : success();
  }
  ArrayRef<int64_t> block = *kernel.getBlock();
  int64_t threads = 1;
  for (int64_t extent : block) {
    threads = extent > 0 && extent <= kMaxThreads ? threads * extent : kMaxThreads + 1;
  }
  if (kernel.getOpName() || block.size() != 3 || threads > kMaxThreads) { // kernel_c5
    return kernel.emitOpError() << "expected a block of three positive dimensions with a product of at most "
                                << kMaxThreads << " and a symbol, got [" << block << "]";
  }
  return success();
}

LogicalResult KernelOp::verify() {
  if (getSymbol().has_value() == getOpName().has_value()) { // kernel_c1
    return emitOpError() << "expected exactly one of 'symbol' and 'op'";
  }
  if (getOpName().has_value() != getParameters().has_value()) { // kernel_c2
    return emitOpError() << "expected parameters of an op, and of nothing else";
  }
  for (NamedAttribute parameter : getParameters().value_or(DictionaryAttr::get(getContext()))) {
    if (!isa<IntegerAttr, FloatAttr, StringAttr>(parameter.getValue())) {
      return emitOpError() << "expected parameter '" << parameter.getName().getValue()
                           << "' to be an integer, a float or a string, got " << parameter.getValue();
    }
  }
  int64_t scratch = getScratchBytes(); // kernel_c3
  if (scratch < 0 || (scratch != 0 && getOpName())) {
    return emitOpError() << "expected scratch bytes " << (getOpName() ? "of 0 for an op" : ">= 0") << ", got "
                         << scratch;
  }
  return verifyLaunch(*this);
}

void EntryOp::build(OpBuilder &builder, OperationState &state, StringRef name, int64_t minTokens,
                    int64_t maxTokens) {
  state.addAttribute(getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(getMinTokensAttrName(state.name), builder.getI64IntegerAttr(minTokens));
  state.addAttribute(getMaxTokensAttrName(state.name), builder.getI64IntegerAttr(maxTokens));
  state.addRegion()->emplaceBlock();
}

LogicalResult EntryOp::verify() {
  int64_t minimum = getMinTokens(), maximum = getMaxTokens();
  constexpr int64_t kMaxTokens = kLimitRules[0].maximum;
  if (minimum < 0 || minimum > maximum || maximum > kMaxTokens) { // entry_c1
    return emitOpError() << "expected 0 <= min_tokens <= max_tokens <= " << kMaxTokens << ", got " << minimum
                         << " and " << maximum;
  }
  for (Operation &op : getBody().front()) { // entry_c2
    if (!isa<DispatchOp>(op)) {
      return emitOpError() << "expected dispatches only, got '" << op.getName() << "'";
    }
  }
  return success();
}

static LogicalResult verifyBinding(DispatchOp dispatch, BindingAttr binding) {
  using cria::kMaxRank;
  auto error = [&] { return dispatch.emitOpError() << "binding '" << binding.getName() << "': "; };
  if (!isProgramType(binding.getType())) {
    return error() << "expected an element type of programs, got " << binding.getType();
  }
  if (binding.getShape().size() != binding.getStrides().size() ||
      binding.getShape().size() > kMaxRank) { // dispatch_c2
    return error() << "expected shape and strides of one rank, at most " << kMaxRank << ", got "
                   << binding.getShape().size() << " and " << binding.getStrides().size();
  }
  if (llvm::any_of(binding.getStrides(), [](int64_t stride) { return stride < 0; })) {
    return error() << "expected numbers as strides, got a symbol";
  }
  if (binding.getOffset() < 0 || binding.getSize() < kRest) {
    return error() << "expected offset and size >= 0, got " << binding.getOffset() << " and "
                   << binding.getSize();
  }
  return success();
}

LogicalResult DispatchOp::verify() {
  if (getGrid().empty() || getGrid().size() > 3) { // dispatch_c1
    return emitOpError() << "expected a grid of one to three dimensions, got " << getGrid().size();
  }
  llvm::StringSet<> names;
  for (BindingAttr binding : getBindingAttrs()) {
    if (failed(verifyBinding(*this, binding))) {
      return failure();
    }
    if (!names.insert(binding.getName()).second) { // dispatch_c3
      return emitOpError() << "duplicate binding '" << binding.getName() << "'";
    }
  }
  return success();
}

} // namespace cria::program
