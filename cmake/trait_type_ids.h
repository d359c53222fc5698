// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes traits of ops known by one TypeID on both sides of the library border.
//
// MLIR finds the TypeID of a trait by the printed name of `Trait<Empty>`, Empty being a class local to
// TypeID::get. The packaged libMLIR is built with Clang, which prints that class as "Empty"; GCC prints the
// function around it as well. So with GCC no trait of an op of ours, such as IsTerminator or SymbolTable,
// would be seen by the library, nor one of its ops' by us. Here such names are printed as Clang does.
// Included before any other MLIR header, through the precompiled header.
#pragma once

#include "mlir/Support/TypeID.h"

#if defined(__GNUC__) && !defined(__clang__)

#include <string>
#include <string_view>
#include <type_traits>

namespace cria {

/// Whether T is the argument that TypeID::get gives to traits.
template <typename T> constexpr bool isTraitArgument() {
  constexpr llvm::StringRef name = llvm::getTypeName<T>();
  constexpr std::string_view view(name.data(), name.size());
  return view.starts_with("mlir::TypeID::get<") && view.ends_with("::Empty");
}

} // namespace cria

namespace mlir::detail {

template <template <typename> class Trait, typename Argument>
class TypeIDResolver<Trait<Argument>, std::enable_if_t<cria::isTraitArgument<Argument>()>>
    : public FallbackTypeIDResolver {
public:
  static TypeID resolveTypeID() {
    static const std::string name = printedName();
    static TypeID id = registerImplicitTypeID(name);
    return id;
  }

private:
  static std::string printedName() {
    llvm::StringRef name = llvm::getTypeName<Trait<Argument>>();
    llvm::StringRef argument = llvm::getTypeName<Argument>();
    return name.drop_back(argument.size() + 1).str() + "Empty>";
  }
};

} // namespace mlir::detail

#endif
