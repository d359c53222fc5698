// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parameters of a kernel's function. A spec lists the names of its bindings once; the parameters follow
// from it, so that the function and its dispatches have the same order.
#pragma once

#include "mlir/IR/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

#include <concepts>
#include <string>
#include <vector>

namespace cria {

/// The parameter of a kernel for one binding.
struct KernelParameter {
  llvm::StringRef name;
  mlir::Type element;
  bool written = false;
  bool shared = false; ///< may overlap another binding, or is read and written
};

/// A spec of a kernel: the name of its function, and the names of its bindings in order.
template <typename Spec>
concept KernelSpec = requires(const Spec &spec) {
  { spec.name() } -> std::convertible_to<std::string>;
  { spec.bindings() } -> std::convertible_to<std::vector<std::string>>;
};

/// The parameters of the function of a spec: for each binding, in order, the one of `known` with its name.
/// `known` may have more, for bindings that only some kernels of a family have. A binding that `known` lacks
/// is a fatal error.
template <KernelSpec Spec>
llvm::SmallVector<KernelParameter> parametersOf(const Spec &spec, llvm::ArrayRef<KernelParameter> known) {
  llvm::SmallVector<KernelParameter> parameters;
  for (const std::string &name : spec.bindings()) {
    auto found = llvm::find_if(known, [&](const KernelParameter &each) { return each.name == name; });
    if (found == known.end()) {
      llvm::reportFatalInternalError(llvm::Twine("kernel '") + spec.name() +
                                     "': expected a parameter for binding '" + name + "'");
    }
    parameters.push_back(*found);
  }
  return parameters;
}

} // namespace cria
