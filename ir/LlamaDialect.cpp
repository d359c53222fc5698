// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the types, attributes and ops of the llama dialect, and verifies its module and function
// attributes.

#include "ir/LlamaDialect.h"

#include "format/ActivationClass.h"
#include "ir/LlamaOps.h"

using namespace mlir;
using namespace cria::llama;

#include "ir/LlamaDialect.cpp.inc"

void LlamaDialect::initialize() {
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "ir/LlamaOps.cpp.inc"
      >();
}

LogicalResult LlamaDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kConfigAttrName) {
    if (!isa<ModuleOp>(op)) {
      return op->emitOpError("unexpected attribute '") << name << "', which belongs to a module";
    }
    if (!isa<ConfigAttr>(attribute.getValue())) {
      return op->emitOpError("expected attribute '")
             << name << "' to be a #llama.config, got " << attribute.getValue();
    }
    return success();
  }
  if (name == kMinTokensAttrName || name == kMaxTokensAttrName) {
    auto count = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!count || !count.getType().isInteger(64) || count.getInt() < 1) {
      return op->emitOpError("expected attribute '")
             << name << "' to be a positive i64, got " << attribute.getValue();
    }
    return success();
  }
  if (name == kActivationsAttrName) {
    auto text = dyn_cast<StringAttr>(attribute.getValue());
    return isa<LinearOp, FusedLinearOp, ModuleOp>(op) && text && parseActivationClass(text.getValue())
               ? success()
               : op->emitOpError("expected attribute '")
                     << name << "' to be a class of activations of a linear, got " << attribute.getValue();
  }
  return op->emitOpError("unknown attribute '") << name << "' of the llama dialect";
}

cria::ActivationClass cria::llama::getActivations(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>(LlamaDialect::kActivationsAttrName);
  return name ? *parseActivationClass(name.getValue()) : ActivationClass::f32;
}

ConfigAttr cria::llama::getConfig(ModuleOp module) {
  return module->getAttrOfType<ConfigAttr>(LlamaDialect::kConfigAttrName);
}
