// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds kernel IR; see Emitter.h.
#include "passes/targets/cpu/Emitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace cria::cpu {

/// Larger than any buffer, small enough that offsets in bytes stay within 63 bits.
static constexpr int64_t kFlatSize = int64_t(1) << 40;

MemRefType bufferType(Type element) { return MemRefType::get({kFlatSize}, element); }

//===----------------------------------------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------------------------------------===//

template <typename Op> static Index binary(Emitter *emitter, Value a, Value b) {
  return Index(*emitter, emitter->createOrFold<Op>(a, b));
}

Index Index::operator+(Index other) const { return binary<arith::AddIOp>(emitter_, value_, other); }
Index Index::operator-(Index other) const { return binary<arith::SubIOp>(emitter_, value_, other); }
Index Index::operator*(Index other) const { return binary<arith::MulIOp>(emitter_, value_, other); }
Index Index::operator/(Index other) const { return binary<arith::DivUIOp>(emitter_, value_, other); }
Index Index::operator%(Index other) const { return binary<arith::RemUIOp>(emitter_, value_, other); }
Index Index::min(Index other) const { return binary<arith::MinSIOp>(emitter_, value_, other); }
Index Index::operator+(int64_t other) const { return *this + emitter_->index(other); }
Index Index::operator-(int64_t other) const { return *this - emitter_->index(other); }
Index Index::operator*(int64_t other) const { return *this * emitter_->index(other); }
Index Index::operator/(int64_t other) const { return *this / emitter_->index(other); }
Index Index::operator%(int64_t other) const { return *this % emitter_->index(other); }
Index Index::min(int64_t other) const { return min(emitter_->index(other)); }

Value Index::operator<(Index other) const {
  return arith::CmpIOp::create(*emitter_, arith::CmpIPredicate::slt, value_, other);
}

Value Index::operator==(int64_t other) const {
  return arith::CmpIOp::create(*emitter_, arith::CmpIPredicate::eq, value_, emitter_->index(other));
}

//===----------------------------------------------------------------------------------------------------===//
// Constants and conversions
//===----------------------------------------------------------------------------------------------------===//

Index Emitter::index(int64_t value) { return Index(*this, arith::ConstantIndexOp::create(*this, value)); }

Value Emitter::intConst(int64_t value, Type type) {
  return arith::ConstantOp::create(*this, getIntegerAttr(type, value));
}

Value Emitter::floatConst(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(static_cast<float>(value)));
}

Value Emitter::splat(double value) {
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(vectorOf(f32()), static_cast<float>(value)));
}

Value Emitter::splatInt(int64_t value) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(vectorOf(i32()), static_cast<int32_t>(static_cast<uint32_t>(value))));
}

Value Emitter::broadcast(Value scalar) {
  return vector::BroadcastOp::create(*this, vectorOf(scalar.getType()), scalar);
}

Index Emitter::fromUnsigned(Value integer) {
  return Index(*this, arith::IndexCastUIOp::create(*this, getIndexType(), integer));
}

Index Emitter::fromSigned(Value integer) {
  return Index(*this, arith::IndexCastOp::create(*this, getIndexType(), integer));
}

Value Emitter::toInt(Index value) { return arith::IndexCastOp::create(*this, i32(), value); }

//===----------------------------------------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------------------------------------===//

Value Emitter::add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value Emitter::sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value Emitter::mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value Emitter::div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
Value Emitter::neg(Value a) { return arith::NegFOp::create(*this, a); }
Value Emitter::addInt(Value a, Value b) { return arith::AddIOp::create(*this, a, b); }
Value Emitter::mulInt(Value a, Value b) { return arith::MulIOp::create(*this, a, b); }
Value Emitter::xorInt(Value a, Value b) { return arith::XOrIOp::create(*this, a, b); }

/// math.fma, not vector.fma, which becomes llvm.fmuladd, and code generation may leave that unfused.
Value Emitter::fma(Value a, Value b, Value c) { return math::FmaOp::create(*this, a, b, c); }

/// One instruction in every instruction set; the result is `b` if either is NaN.
Value Emitter::max(Value a, Value b) {
  Value greater = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, a, b);
  return select(greater, a, b);
}

Value Emitter::subInt(Value a, Value b) { return arith::SubIOp::create(*this, a, b); }
Value Emitter::andInt(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
Value Emitter::orInt(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }
Value Emitter::maxUnsigned(Value a, Value b) { return arith::MaxUIOp::create(*this, a, b); }

Value Emitter::clampInt(Value value, int64_t low, int64_t high) {
  Value raised = arith::MaxSIOp::create(*this, value, intLike(value, low));
  return arith::MinSIOp::create(*this, raised, intLike(value, high));
}

Value Emitter::intLike(Value like, int64_t value) {
  Type type = like.getType();
  if (auto vector = dyn_cast<VectorType>(type)) {
    auto splat = DenseElementsAttr::get(vector, getIntegerAttr(vector.getElementType(), value));
    return arith::ConstantOp::create(*this, splat);
  }
  return intConst(value, type);
}

/// A type like `shape`'s (scalar or vector) with another element.
static Type withElement(Type shape, Type element) {
  auto vector = dyn_cast<VectorType>(shape);
  return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
}

Value Emitter::toFloat(Value integer) {
  return arith::SIToFPOp::create(*this, withElement(integer.getType(), f32()), integer);
}

Value Emitter::roundToInt(Value value) {
  Value rounded = math::RoundEvenOp::create(*this, value);
  return arith::FPToSIOp::create(*this, withElement(value.getType(), i32()), rounded);
}

Value Emitter::resizeInt(Value value, unsigned bits, bool isSigned) {
  Type type = withElement(value.getType(), getIntegerType(bits));
  unsigned before = getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
  if (bits < before) {
    return arith::TruncIOp::create(*this, type, value);
  }
  return bits == before ? value
         : isSigned     ? Value(arith::ExtSIOp::create(*this, type, value))
                        : Value(arith::ExtUIOp::create(*this, type, value));
}

Value Emitter::bitcast(Value value, Type type) {
  auto from = dyn_cast<VectorType>(value.getType()), to = dyn_cast<VectorType>(type);
  return from && to ? Value(vector::BitCastOp::create(*this, to, value))
                    : Value(arith::BitcastOp::create(*this, type, value));
}

Value Emitter::sumLanes(Value vector) {
  return vector::ReductionOp::create(*this, vector::CombiningKind::ADD, vector);
}

Value Emitter::maxLanes(Value vector) {
  return vector::ReductionOp::create(*this, vector::CombiningKind::MAXUI, vector);
}

Value Emitter::slice(Value vector, int64_t first, int64_t count) {
  return vector::ExtractStridedSliceOp::create(*this, vector, ArrayRef<int64_t>{first},
                                               ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
}

Value Emitter::concat(Value low, Value high) {
  int64_t lanes = cast<VectorType>(low.getType()).getNumElements();
  return vector::ShuffleOp::create(*this, low, high, llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes)));
}

Value Emitter::interleaveHalves(Value vector) {
  const int64_t half = cast<VectorType>(vector.getType()).getNumElements() / 2;
  SmallVector<int64_t> lanes;
  for (int64_t i = 0; i < half; ++i) {
    lanes.append({i, half + i});
  }
  return vector::ShuffleOp::create(*this, vector, vector, lanes);
}

Value Emitter::laneAt(Value vector, Index lane) {
  return vector::ExtractOp::create(*this, vector, ArrayRef<OpFoldResult>{Value(lane)});
}

Value Emitter::intrinsic(StringRef name, Type result, ArrayRef<Value> arguments) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), ValueRange(arguments))
      .getResult(0);
}

Value Emitter::shiftRight(Value a, int64_t bits) {
  return arith::ShRUIOp::create(*this, a, intLike(a, bits));
}

Value Emitter::shiftLeft(Value a, int64_t bits) { return arith::ShLIOp::create(*this, a, intLike(a, bits)); }

Value Emitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

Value Emitter::laneBelow(Index count) {
  return vector::CreateMaskOp::create(*this, vectorOf(getI1Type()), ValueRange{count});
}

Value Emitter::lane(Value vector, int64_t lane) { return vector::ExtractOp::create(*this, vector, lane); }

//===----------------------------------------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------------------------------------===//

static Type elementOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getElementType(); }

Value Emitter::widen(Value value) {
  Type type = value.getType();
  Type element = getElementTypeOrSelf(type);
  if (element.isF32()) {
    return value;
  }
  if (element.isF16()) {
    return arith::ExtFOp::create(*this, withElement(type, f32()), value);
  }
  if (element.isInteger(8)) {
    return toFloat(resizeInt(value, 32, /*isSigned=*/true));
  }
  // bf16 is the upper half of a float.
  Value bits = arith::BitcastOp::create(*this, withElement(type, getI16Type()), value);
  Value wide = arith::ExtUIOp::create(*this, withElement(type, i32()), bits);
  Value shifted = arith::ShLIOp::create(*this, wide, intLike(wide, 16));
  return arith::BitcastOp::create(*this, withElement(type, f32()), shifted);
}

/// The upper half, rounded to nearest even by integer arithmetic: no supported instruction set has the
/// conversion.
static Value narrowToBf16(Emitter &e, Value value) {
  Type type = value.getType();
  Value bits = arith::BitcastOp::create(e, withElement(type, e.i32()), value);
  Value upper = arith::ShRUIOp::create(e, bits, e.intLike(bits, 16));
  Value odd = arith::AndIOp::create(e, upper, e.intLike(bits, 1));
  Value rounded = e.addInt(e.addInt(bits, odd), e.intLike(bits, 0x7FFF));
  Value result = arith::ShRUIOp::create(e, rounded, e.intLike(bits, 16));
  Value narrow = arith::TruncIOp::create(e, withElement(type, e.getI16Type()), result);
  return arith::BitcastOp::create(e, withElement(type, e.getBF16Type()), narrow);
}

Value Emitter::narrow(Value value, Type element) {
  if (element.isF32()) {
    return value;
  }
  if (element.isBF16()) {
    return narrowToBf16(*this, value);
  }
  return arith::TruncFOp::create(*this, withElement(value.getType(), element), value);
}

Value Emitter::loadScalar(Value buffer, Index at) {
  return memref::LoadOp::create(*this, buffer, ValueRange{at});
}

Value Emitter::loadFloat(Value buffer, Index at) { return widen(loadScalar(buffer, at)); }

void Emitter::storeScalar(Value value, Value buffer, Index at) {
  memref::StoreOp::create(*this, value, buffer, ValueRange{at});
}

void Emitter::storeFloat(Value value, Value buffer, Index at) {
  storeScalar(narrow(value, elementOf(buffer)), buffer, at);
}

Value Emitter::load(Value buffer, Index at, int64_t count) {
  Value raw = vector::LoadOp::create(*this, vectorOf(elementOf(buffer), count), buffer, ValueRange{at});
  Value wide = widen(raw);
  if (count == kLanes) {
    return wide;
  }
  return vector::InsertStridedSliceOp::create(*this, wide, splat(0), ArrayRef<int64_t>{0},
                                              ArrayRef<int64_t>{1});
}

void Emitter::store(Value vector, Value buffer, Index at, int64_t count) {
  if (count != kLanes) {
    vector = vector::ExtractStridedSliceOp::create(*this, vector, ArrayRef<int64_t>{0},
                                                   ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
  }
  vector::StoreOp::create(*this, narrow(vector, elementOf(buffer)), buffer, ValueRange{at});
}

Value Emitter::loadMasked(Value buffer, Index at, Value mask) {
  return vector::MaskedLoadOp::create(*this, vectorOf(f32()), buffer, ValueRange{at}, mask, splat(0));
}

void Emitter::storeMasked(Value vector, Value buffer, Index at, Value mask) {
  vector::MaskedStoreOp::create(*this, buffer, ValueRange{at}, mask, vector);
}

void Emitter::prefetch(Value buffer, Index at) {
  memref::PrefetchOp::create(*this, buffer, ValueRange{at}, /*isWrite=*/false, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

Value Emitter::loadRaw(Value buffer, Index at, int64_t lanes) {
  return vector::LoadOp::create(*this, vectorOf(elementOf(buffer), lanes), buffer, ValueRange{at});
}

void Emitter::storeRaw(Value vector, Value buffer, Index at) {
  vector::StoreOp::create(*this, vector, buffer, ValueRange{at});
}

//===----------------------------------------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------------------------------------===//

void Emitter::forEach(Index from, Index to, int64_t step, llvm::function_ref<void(Index)> body) {
  loop(from, to, step, {}, [&](Index i, ArrayRef<Value>) {
    body(i);
    return Values();
  });
}

Emitter::Values Emitter::loop(Index from, Index to, int64_t step, ArrayRef<Value> init,
                              llvm::function_ref<Values(Index, ArrayRef<Value>)> body) {
  Value stride = index(step);
  auto loop = scf::ForOp::create(*this, from, to, stride, ValueRange(init));
  OpBuilder::InsertionGuard guard(*this);
  Block *block = loop.getBody();
  if (!block->empty()) {
    setInsertionPoint(&block->back()); // a loop without carried values is created with its yield
    body(Index(*this, loop.getInductionVar()), {});
    return {};
  }
  setInsertionPointToEnd(block);
  Values carried(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  scf::YieldOp::create(*this, body(Index(*this, loop.getInductionVar()), carried));
  return Values(loop.getResults().begin(), loop.getResults().end());
}

void Emitter::ifThen(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  then();
  if (otherwise) {
    setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}

void Emitter::switchUpTo(Index value, int64_t limit, llvm::function_ref<void(int64_t)> body) {
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, limit + 1));
  auto branch = scf::IndexSwitchOp::create(*this, TypeRange{}, value, cases, cases.size());
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(&branch.getDefaultRegion().emplaceBlock());
  scf::YieldOp::create(*this);
  for (auto [n, region] : llvm::zip(cases, branch.getCaseRegions())) {
    setInsertionPointToStart(&region.emplaceBlock());
    body(n);
    scf::YieldOp::create(*this);
  }
}

//===----------------------------------------------------------------------------------------------------===//
// Kernel functions
//===----------------------------------------------------------------------------------------------------===//

static DictionaryAttr argumentAttributes(OpBuilder &builder, const KernelParameter &parameter) {
  NamedAttrList attributes;
  attributes.set("llvm.align", builder.getI64IntegerAttr(64));
  if (!parameter.shared) {
    attributes.set("llvm.noalias", builder.getUnitAttr());
    if (!parameter.written) {
      attributes.set("llvm.readonly", builder.getUnitAttr());
    }
  }
  return attributes.getDictionary(builder.getContext());
}

KernelFunction::KernelFunction(ModuleOp kernels, StringRef name, ArrayRef<KernelParameter> parameters)
    : builder_(NameLoc::get(StringAttr::get(kernels.getContext(), name)), kernels.getContext()) {
  builder_.setInsertionPointToEnd(kernels.getBody());
  SmallVector<Type> inputs;
  SmallVector<Attribute> attributes;
  for (const KernelParameter &parameter : parameters) {
    inputs.push_back(bufferType(parameter.element));
    attributes.push_back(argumentAttributes(builder_, parameter));
    names_.push_back(parameter.name.str());
  }
  inputs.push_back(bufferType(builder_.f32()));
  attributes.push_back(argumentAttributes(builder_, {"scratch", builder_.f32(), /*written=*/true}));
  inputs.append(3, builder_.i32());
  attributes.append(3, builder_.getDictionaryAttr({}));
  function_ = func::FuncOp::create(builder_, name, builder_.getFunctionType(inputs, {}));
  function_.setAllArgAttrs(builder_.getArrayAttr(attributes));
  function_->setAttr(kKernelAttr, builder_.getUnitAttr());
  builder_.setInsertionPointToStart(function_.addEntryBlock());
  for (Value argument : function_.getArguments().take_back(3)) {
    workgroup_.push_back(builder_.fromUnsigned(argument));
  }
}

KernelFunction::~KernelFunction() { func::ReturnOp::create(builder_); }

Value KernelFunction::buffer(StringRef name) {
  auto *found = llvm::find(names_, name);
  assert(found != names_.end() && "a kernel names only bindings that it declares");
  return function_.getArgument(found - names_.begin());
}

Value KernelFunction::scratch() { return function_.getArgument(names_.size()); }

} // namespace cria::cpu
