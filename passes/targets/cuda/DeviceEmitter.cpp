// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators, memory and control of the device builder.
#include "passes/targets/cuda/DeviceEmitter.h"

using namespace mlir;

namespace cria::cuda {

using Values = DeviceEmitter::Values;

//===----------------------------------------------------------------------------------------------------===//
// Index
//===----------------------------------------------------------------------------------------------------===//

template <typename OpTy> static Index binary(DeviceEmitter &e, Value a, Value b) {
  return Index(e, OpTy::create(e, a, b));
}
static Value compare(DeviceEmitter &e, arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(e, predicate, a, b);
}

Index Index::operator+(Index other) const { return binary<arith::AddIOp>(*emitter_, value_, other); }
Index Index::operator+(int64_t other) const { return other == 0 ? *this : *this + emitter_->constant(other); }
Index Index::operator-(Index other) const { return binary<arith::SubIOp>(*emitter_, value_, other); }
Index Index::operator-(int64_t other) const { return *this - emitter_->constant(other); }
Index Index::operator*(Index other) const { return binary<arith::MulIOp>(*emitter_, value_, other); }
Index Index::operator*(int64_t other) const { return other == 1 ? *this : *this * emitter_->constant(other); }
/// No operand is negative, so the cheaper unsigned forms give the same result.
Index Index::operator/(int64_t other) const {
  return other == 1 ? *this : binary<arith::DivUIOp>(*emitter_, value_, emitter_->constant(other));
}
Index Index::operator%(int64_t other) const {
  return binary<arith::RemUIOp>(*emitter_, value_, emitter_->constant(other));
}
Index Index::operator^(Index other) const { return binary<arith::XOrIOp>(*emitter_, value_, other); }
Index Index::operator&(int64_t other) const {
  return binary<arith::AndIOp>(*emitter_, value_, emitter_->constant(other));
}
Index Index::operator|(Index other) const { return binary<arith::OrIOp>(*emitter_, value_, other); }
Index Index::operator|(int64_t other) const { return *this | emitter_->constant(other); }
Index Index::operator<<(int64_t bits) const {
  return bits == 0 ? *this : binary<arith::ShLIOp>(*emitter_, value_, emitter_->constant(bits));
}
Index Index::operator>>(int64_t bits) const {
  return bits == 0 ? *this : binary<arith::ShRUIOp>(*emitter_, value_, emitter_->constant(bits));
}
Value Index::operator<(Index other) const {
  return compare(*emitter_, arith::CmpIPredicate::slt, value_, other);
}
Value Index::operator<(int64_t other) const { return *this < emitter_->constant(other); }
Value Index::operator<=(Index other) const {
  return compare(*emitter_, arith::CmpIPredicate::sle, value_, other);
}
Value Index::operator==(int64_t other) const {
  return compare(*emitter_, arith::CmpIPredicate::eq, value_, emitter_->constant(other));
}
Index Index::min(Index other) const { return binary<arith::MinSIOp>(*emitter_, value_, other); }
Index Index::min(int64_t other) const { return min(emitter_->constant(other)); }

//===----------------------------------------------------------------------------------------------------===//
// Constants and arithmetic
//===----------------------------------------------------------------------------------------------------===//

Index DeviceEmitter::constant(int64_t value) {
  return Index(*this, arith::ConstantOp::create(*this, getI32IntegerAttr(static_cast<int32_t>(value))));
}

Value DeviceEmitter::floatConst(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(static_cast<float>(value)));
}

Value DeviceEmitter::zeroOf(Type type) { return arith::ConstantOp::create(*this, getZeroAttr(type)); }

Value DeviceEmitter::add(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value DeviceEmitter::sub(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value DeviceEmitter::mul(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value DeviceEmitter::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(*this, a, b, c); }
Value DeviceEmitter::max(Value a, Value b) { return LLVM::MaxNumOp::create(*this, a, b); }

Value DeviceEmitter::neg(Value a) { return arith::NegFOp::create(*this, a); }

Value DeviceEmitter::callIntrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(*this, result, getStringAttr(name), operands)->getResult(0);
}
Value DeviceEmitter::addFlushed(Value a, Value b) {
  return callIntrinsic("llvm.nvvm.add.rn.ftz.f", f32(), {a, b});
}
Value DeviceEmitter::mulFlushed(Value a, Value b) {
  return callIntrinsic("llvm.nvvm.mul.rn.ftz.f", f32(), {a, b});
}
Index DeviceEmitter::permuteBytes(Index a, Index b, Index selector) {
  return Index(*this, callIntrinsic("llvm.nvvm.prmt", i32(), {a, b, selector}));
}
/// Hardware approximations that flush denormals: no library is linked.
Value DeviceEmitter::exp2(Value a) { return callIntrinsic("llvm.nvvm.ex2.approx.ftz.f", f32(), a); }
Value DeviceEmitter::rsqrt(Value a) { return callIntrinsic("llvm.nvvm.rsqrt.approx.ftz.f", f32(), a); }
Value DeviceEmitter::reciprocal(Value a) { return callIntrinsic("llvm.nvvm.rcp.approx.ftz.f", f32(), a); }

Value DeviceEmitter::silu(Value a) {
  constexpr double kMinusLog2E = -1.4426950408889634;
  Value power = exp2(mul(a, floatConst(kMinusLog2E)));
  return mul(a, reciprocal(add(floatConst(1.0), power)));
}

Value DeviceEmitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}
Value DeviceEmitter::both(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }

static Type withElement(Type like, Type element) {
  auto shaped = dyn_cast<VectorType>(like);
  return shaped ? Type(VectorType::get(shaped.getShape(), element)) : element;
}

Value DeviceEmitter::widen(Value value) {
  if (getElementTypeOrSelf(value.getType()).isF32()) {
    return value;
  }
  return arith::ExtFOp::create(*this, withElement(value.getType(), f32()), value);
}

Value DeviceEmitter::narrow(Value value, Type element) {
  return element.isF32()
             ? value
             : Value(arith::TruncFOp::create(*this, withElement(value.getType(), element), value));
}

Value DeviceEmitter::lane(Value vector, int64_t index) {
  return vector::ExtractOp::create(*this, vector, ArrayRef<int64_t>(index));
}
Value DeviceEmitter::vector(ArrayRef<Value> elements) {
  auto type = vectorOf(elements[0].getType(), int64_t(elements.size()));
  return vector::FromElementsOp::create(*this, type, elements);
}
Index DeviceEmitter::widenInt(Value value, bool isSigned) {
  return Index(*this, isSigned ? Value(arith::ExtSIOp::create(*this, i32(), value))
                               : Value(arith::ExtUIOp::create(*this, i32(), value)));
}
Value DeviceEmitter::toFloat(Index value) { return arith::SIToFPOp::create(*this, f32(), value); }
Value DeviceEmitter::bitcast(Value value, Type type) { return LLVM::BitcastOp::create(*this, type, value); }

//===----------------------------------------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------------------------------------===//

Value DeviceEmitter::address(Pointer base, Value index) {
  return LLVM::GEPOp::create(*this, base.address.getType(), base.element, base.address,
                             ArrayRef<LLVM::GEPArg>{index}, LLVM::GEPNoWrapFlags::inbounds);
}

Pointer DeviceEmitter::at(Pointer base, Index index) { return {address(base, index), base.element}; }

Pointer DeviceEmitter::atFar(Pointer base, Index index, int64_t scale) {
  Value wide = arith::ExtUIOp::create(*this, getI64Type(), index);
  Value step = arith::ConstantOp::create(*this, getI64IntegerAttr(scale));
  return {address(base, arith::MulIOp::create(*this, wide, step)), base.element};
}

static unsigned alignmentOf(Type type) {
  auto shaped = dyn_cast<VectorType>(type);
  unsigned bytes = getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
  return shaped ? bytes * unsigned(shaped.getNumElements()) : bytes;
}

Value DeviceEmitter::load(Pointer base, Index index, int64_t lanes) {
  Type type = lanes == 1 ? base.element : Type(vectorOf(base.element, lanes));
  unsigned alignment = alignmentOf(type);
  constexpr unsigned kWidest = 16;
  return LLVM::LoadOp::create(*this, type, address(base, index), std::min(alignment, kWidest));
}

void DeviceEmitter::store(Value value, Pointer base, Index index) {
  constexpr unsigned kWidest = 16;
  LLVM::StoreOp::create(*this, value, address(base, index), std::min(alignmentOf(value.getType()), kWidest));
}

Value DeviceEmitter::loadFloat(Pointer base, Index index, int64_t lanes) {
  return widen(load(base, index, lanes));
}
void DeviceEmitter::storeFloat(Value value, Pointer base, Index index) {
  store(narrow(value, base.element), base, index);
}

Pointer DeviceEmitter::shared(int64_t offset, Type element) {
  auto type = LLVM::LLVMPointerType::get(getContext(), kSharedSpace);
  Value base = LLVM::AddressOfOp::create(*this, type, kSharedMemory);
  return {address({base, getI8Type()}, constant(offset)), element};
}

//===----------------------------------------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------------------------------------===//

void DeviceEmitter::forEach(Index from, Index to, int64_t step, function_ref<void(Index)> body) {
  loop(from, to, step, {}, [&](Index i, ArrayRef<Value>) {
    body(i);
    return Values{};
  });
}

Values DeviceEmitter::loop(Index from, Index to, int64_t step, ArrayRef<Value> init,
                           function_ref<Values(Index, ArrayRef<Value>)> body) {
  auto loop = scf::ForOp::create(*this, from, to, constant(step), init);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  Values results = body(Index(*this, loop.getInductionVar()), Values(loop.getRegionIterArgs()));
  if (!init.empty()) {
    scf::YieldOp::create(*this, results);
  }
  return Values(loop.getResults());
}

void DeviceEmitter::ifThen(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  then();
  if (otherwise) {
    setInsertionPointToStart(branch.elseBlock());
    otherwise();
  }
}

Values DeviceEmitter::ifElse(Value condition, function_ref<Values()> then, function_ref<Values()> otherwise) {
  Values results[2];
  Block *blocks[2] = {new Block, new Block};
  for (int i = 0; i < 2; ++i) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPointToStart(blocks[i]);
    results[i] = i == 0 ? then() : otherwise();
    scf::YieldOp::create(*this, results[i]);
  }
  auto branch = scf::IfOp::create(*this, TypeRange(ValueRange(results[0])), condition);
  branch.getThenRegion().push_back(blocks[0]);
  branch.getElseRegion().push_back(blocks[1]);
  return Values(branch.getResults());
}

void DeviceEmitter::whileBelow(Index from, Index to, function_ref<Index(Index)> body) {
  auto loop = scf::WhileOp::create(*this, TypeRange{i32()}, ValueRange{from});
  OpBuilder::InsertionGuard guard(*this);
  Block *before = createBlock(&loop.getBefore(), {}, {i32()}, {getLoc()});
  scf::ConditionOp::create(*this, Index(*this, before->getArgument(0)) < to, before->getArguments());
  Block *after = createBlock(&loop.getAfter(), {}, {i32()}, {getLoc()});
  scf::YieldOp::create(*this, ValueRange{body(Index(*this, after->getArgument(0)))});
}

//===----------------------------------------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------------------------------------===//

/// Read-only parameters that do not overlap another binding are loaded through the read-only cache.
static void setParameterAttributes(func::FuncOp function, unsigned index, const KernelParameter &parameter) {
  Builder b(function.getContext());
  constexpr int64_t kBindingAlignment = 64;
  function.setArgAttr(index, "llvm.align", b.getI64IntegerAttr(kBindingAlignment));
  if (!parameter.shared) {
    function.setArgAttr(index, "llvm.noalias", b.getUnitAttr());
  }
  if (!parameter.shared && !parameter.written) {
    function.setArgAttr(index, "llvm.readonly", b.getUnitAttr());
  }
}

/// All dynamic shared memory is one external symbol: an internal symbol of size zero would overlap other
/// static data.
static void declareSharedMemory(ModuleOp kernels) {
  if (kernels.lookupSymbol(kSharedMemory)) {
    return;
  }
  ImplicitLocOpBuilder b(kernels.getLoc(), OpBuilder::atBlockBegin(kernels.getBody()));
  constexpr uint64_t kAlignment = 128;
  LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
                         LLVM::Linkage::External, kSharedMemory, Attribute(), kAlignment, kSharedSpace);
}

static DeviceEmitter beginBody(ModuleOp kernels, StringRef name, ArrayRef<KernelParameter> parameters,
                               func::FuncOp &function) {
  declareSharedMemory(kernels);
  DeviceEmitter builder(kernels.getLoc(), OpBuilder::atBlockEnd(kernels.getBody()));
  auto pointer = LLVM::LLVMPointerType::get(kernels.getContext(), kGlobalSpace);
  SmallVector<Type> inputs(parameters.size(), pointer);
  function = func::FuncOp::create(builder, name, builder.getFunctionType(inputs, {}));
  for (auto [index, parameter] : llvm::enumerate(parameters)) {
    setParameterAttributes(function, index, parameter);
  }
  builder.setInsertionPointToStart(function.addEntryBlock());
  return builder;
}

KernelFunction::KernelFunction(ModuleOp kernels, StringRef name, ArrayRef<KernelParameter> parameters,
                               int64_t blockThreads, int64_t blocksPerSm)
    : builder_(beginBody(kernels, name, parameters, function_)) {
  for (const KernelParameter &parameter : parameters) {
    names_.push_back(parameter.name.str());
    elements_.push_back(parameter.element);
  }
  function_->setAttr(kBlockThreadsAttr, builder_.getI64IntegerAttr(blockThreads));
  function_->setAttr(kBlocksPerSmAttr, builder_.getI64IntegerAttr(blocksPerSm));
}

KernelFunction::~KernelFunction() { func::ReturnOp::create(builder_); }

Pointer KernelFunction::buffer(StringRef name) {
  auto found = llvm::find(names_, name);
  assert(found != names_.end() && "no such binding");
  unsigned index = found - names_.begin();
  return {function_.getArgument(index), elements_[index]};
}

} // namespace cria::cuda
