// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the class of activations of each matrix product: the requested one where the target has it for the
// format of the weight, otherwise the target's default for that format.

#include "passes/conversion/Conversion.h"
#include "passes/conversion/TargetOption.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace cria {

#define GEN_PASS_DEF_ASSIGNACTIVATIONSPASS
#include "passes/Passes.h.inc"

namespace {

/// A linear layer, and the format of its weight.
struct Product {
  Operation *op;
  WeightFormat format;
};

SmallVector<Product> productsOf(ModuleOp module) {
  SmallVector<Product> products;
  module.walk([&](Operation *op) {
    Value weight;
    if (auto linear = dyn_cast<llama::LinearOp>(op)) {
      weight = linear.getWeight();
    } else if (auto fused = dyn_cast<llama::FusedLinearOp>(op)) {
      weight = fused.getWeight();
    }
    if (weight) {
      products.push_back({op, cast<llama::WeightType>(weight.getType()).getFormat()});
    }
  });
  return products;
}

std::string namesOf(const std::vector<ActivationClass> &classes) {
  return llvm::join(llvm::map_range(classes, [](ActivationClass each) { return std::string(nameOf(each)); }),
                    ", ");
}

/// "f16 with activations in f32, weights in q8_0 with activations in f32, int8"
std::string possibleText(ArrayRef<Product> products, const Target &target) {
  llvm::SmallVector<std::string> parts;
  for (const Product &product : products) {
    std::string part = (Twine(nameOf(product.format)) + " with activations in " +
                        namesOf(target.activationsFor(product.format)))
                           .str();
    if (!llvm::is_contained(parts, part)) {
      parts.push_back(part);
    }
  }
  return llvm::join(parts, ", weights in ");
}

/// ", or with --weights q8_0" with the first format that the target multiplies in the class; "" if none.
std::string formatAdvice(ActivationClass wanted, const Target &target) {
  for (size_t i = 0; i < numWeightFormats(); ++i) {
    auto format = WeightFormat(i);
    if (target.takesFormat(format) && llvm::is_contained(target.activationsFor(format), wanted)) {
      return (Twine(", or with --weights ") + nameOf(format)).str();
    }
  }
  return "";
}

LogicalResult refuse(ArrayRef<Product> products, ActivationClass wanted, const Target &target) {
  return products.front().op->emitError()
         << "target '" << target.name() << "' multiplies weights in " << possibleText(products, target)
         << ", not in " << nameOf(wanted) << "; compile without --activations"
         << formatAdvice(wanted, target);
}

/// States a class; f32 is not stated.
void state(Operation *op, ActivationClass activations) {
  if (activations != ActivationClass::f32) {
    op->setAttr(llama::LlamaDialect::kActivationsAttrName,
                StringAttr::get(op->getContext(), nameOf(activations)));
  }
}

/// Sets the class of each product, and of the module the least precise one.
LogicalResult assign(ModuleOp module, std::optional<ActivationClass> wanted, const Target &target) {
  const llvm::SmallVector<Product> products = productsOf(module);
  bool isTaken = false;
  ActivationClass leastPrecise = ActivationClass::f32;
  for (const Product &product : products) {
    std::vector<ActivationClass> classes = target.activationsFor(product.format);
    bool takes = wanted && llvm::is_contained(classes, *wanted);
    ActivationClass chosen = takes ? *wanted : classes.front();
    isTaken |= takes;
    state(product.op, chosen);
    leastPrecise = std::max(leastPrecise, chosen);
  }
  state(module, leastPrecise);
  return !wanted || isTaken || products.empty() ? success() : refuse(products, *wanted, target);
}

struct AssignActivations : impl::AssignActivationsPassBase<AssignActivations> {
  using AssignActivationsPassBase::AssignActivationsPassBase;
  AssignActivations(const Target &target, AssignActivationsPassOptions options)
      : AssignActivationsPassBase(std::move(options)), target_(target) {}

  LogicalResult initialize(MLIRContext *context) override {
    wanted_ = parseActivationClass(activations);
    if (!wanted_ && !activations.empty()) {
      return emitError(UnknownLoc::get(context))
             << "expected option 'activations' to be one of " << llvm::join(kActivationClasses, ", ")
             << ", got '" << activations << "'";
    }
    return target_.resolve(context, target);
  }

  void runOnOperation() override {
    if (failed(assign(getOperation(), wanted_, *target_))) {
      signalPassFailure();
    }
  }

private:
  TargetOption target_;
  std::optional<ActivationClass> wanted_;
};

} // namespace

std::unique_ptr<Pass> createAssignActivationsPass(const Target &target,
                                                  AssignActivationsPassOptions options) {
  return std::make_unique<AssignActivations>(target, std::move(options));
}

} // namespace cria
