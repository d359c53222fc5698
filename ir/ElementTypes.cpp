// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Both directions go through one switch, so that they cannot disagree.
#include "ir/ElementTypes.h"

#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace cria {

static constexpr ElementType kAllTypes[] = {
    ElementType::f32, ElementType::f16, ElementType::bf16,    ElementType::i32,    ElementType::u32,
    ElementType::u8,  ElementType::i8,  ElementType::f64,     ElementType::i64,    ElementType::u64,
    ElementType::i16, ElementType::u16, ElementType::boolean, ElementType::f8e4m3, ElementType::f8e5m2};

Type mlirType(MLIRContext *context, ElementType type) {
  auto integer = [&](unsigned width) { return IntegerType::get(context, width); };
  auto unsignedInteger = [&](unsigned width) {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (type) {
  case ElementType::f32:
    return Float32Type::get(context);
  case ElementType::f16:
    return Float16Type::get(context);
  case ElementType::bf16:
    return BFloat16Type::get(context);
  case ElementType::i32:
    return integer(32);
  case ElementType::u32:
    return unsignedInteger(32);
  case ElementType::u8:
    return unsignedInteger(8);
  case ElementType::i8:
    return integer(8);
  case ElementType::f64:
    return Float64Type::get(context);
  case ElementType::i64:
    return integer(64);
  case ElementType::u64:
    return unsignedInteger(64);
  case ElementType::i16:
    return integer(16);
  case ElementType::u16:
    return unsignedInteger(16);
  case ElementType::boolean:
    return integer(1);
  case ElementType::f8e4m3:
    return Float8E4M3FNType::get(context);
  case ElementType::f8e5m2:
    return Float8E5M2Type::get(context);
  }
  llvm_unreachable("not an element type");
}

std::optional<ElementType> findElementType(Type type) {
  for (ElementType candidate : kAllTypes) {
    if (mlirType(type.getContext(), candidate) == type) {
      return candidate;
    }
  }
  return std::nullopt;
}

ElementType elementTypeOf(Type type) {
  if (std::optional<ElementType> found = findElementType(type)) {
    return *found;
  }
  std::string text;
  llvm::raw_string_ostream(text) << "expected an element type, got " << type;
  llvm::report_fatal_error(llvm::Twine(text));
}

} // namespace cria
