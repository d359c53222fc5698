// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A builder for kernel IR that lets kernels read like their algorithms: index arithmetic with operators,
// loops with carried values, and loads and stores of 16 floats in any element type. It creates only
// operations of arith, math, memref, scf and vector. Buffers are rank-1 memrefs with a static size larger
// than any buffer, indexed in elements.
#pragma once

#include "passes/targets/KernelParameters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace cria::cpu {

/// Floats in the one vector shape that all kernels use.
constexpr int64_t kLanes = 16;
/// Bytes of a cache line, which one prefetch loads.
constexpr int64_t kLineBytes = 64;

class Emitter;

/// A value of type index with arithmetic. Division and remainder are unsigned.
class Index {
public:
  Index(Emitter &emitter, mlir::Value value) : emitter_(&emitter), value_(value) {}
  operator mlir::Value() const { return value_; }
  Index operator+(Index other) const;
  Index operator+(int64_t other) const;
  Index operator-(Index other) const;
  Index operator-(int64_t other) const;
  Index operator*(Index other) const;
  Index operator*(int64_t other) const;
  Index operator/(int64_t other) const;
  Index operator/(Index other) const;
  Index operator%(int64_t other) const;
  Index operator%(Index other) const;
  mlir::Value operator<(Index other) const;
  mlir::Value operator==(int64_t other) const;
  Index min(Index other) const;
  Index min(int64_t other) const;

private:
  Emitter *emitter_;
  mlir::Value value_;
};

class Emitter : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Values = llvm::SmallVector<mlir::Value>;

  // Types and constants.
  mlir::VectorType vectorOf(mlir::Type element, int64_t lanes = kLanes) {
    return mlir::VectorType::get({lanes}, element);
  }
  mlir::Type f32() { return getF32Type(); }
  mlir::Type i32() { return getI32Type(); }
  Index index(int64_t value);
  mlir::Value intConst(int64_t value, mlir::Type type);
  mlir::Value floatConst(double value);
  mlir::Value splat(double value);           ///< vector of 16 equal floats
  mlir::Value splatInt(int64_t value);       ///< vector of 16 equal i32
  mlir::Value broadcast(mlir::Value scalar); ///< scalar to vector of 16
  Index fromUnsigned(mlir::Value integer);   ///< u32 to index
  Index fromSigned(mlir::Value integer);     ///< i32 to index
  mlir::Value toInt(Index value);            ///< index to i32

  // Arithmetic; scalars and vectors alike.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c); ///< a·b + c, rounded once
  mlir::Value max(mlir::Value a, mlir::Value b);                ///< a > b ? a : b
  mlir::Value addInt(mlir::Value a, mlir::Value b);
  mlir::Value mulInt(mlir::Value a, mlir::Value b);
  mlir::Value subInt(mlir::Value a, mlir::Value b);
  mlir::Value xorInt(mlir::Value a, mlir::Value b);
  mlir::Value andInt(mlir::Value a, mlir::Value b);
  mlir::Value orInt(mlir::Value a, mlir::Value b);
  mlir::Value maxUnsigned(mlir::Value a, mlir::Value b);
  mlir::Value clampInt(mlir::Value value, int64_t low, int64_t high); ///< of signed integers
  mlir::Value shiftRight(mlir::Value a, int64_t bits);                ///< logical
  mlir::Value shiftLeft(mlir::Value a, int64_t bits);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value intLike(mlir::Value like, int64_t value); ///< an integer constant of the shape of `like`
  mlir::Value toFloat(mlir::Value integer);             ///< of a signed integer
  mlir::Value roundToInt(mlir::Value value);            ///< f32 to i32, to nearest even
  mlir::Value resizeInt(mlir::Value value, unsigned bits, bool isSigned); ///< of the elements
  /// The same bits as another type of the same size.
  mlir::Value bitcast(mlir::Value value, mlir::Type type);
  /// Sum or unsigned maximum of the lanes of a vector of integers.
  mlir::Value sumLanes(mlir::Value vector);
  mlir::Value maxLanes(mlir::Value vector);
  /// Lanes [first, first + count), and two vectors as one.
  mlir::Value slice(mlir::Value vector, int64_t first, int64_t count);
  mlir::Value concat(mlir::Value low, mlir::Value high);
  /// Lane i of the first half, then lane i of the second, for each i.
  mlir::Value interleaveHalves(mlir::Value vector);
  mlir::Value laneAt(mlir::Value vector, Index lane);
  /// A call of an intrinsic of LLVM.
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type result, llvm::ArrayRef<mlir::Value> arguments);
  /// lane < count, as a vector of 16 i1: no lane for a count <= 0, all lanes for a count >= 16.
  mlir::Value laneBelow(Index count);
  /// Lane `lane` of `vector`.
  mlir::Value lane(mlir::Value vector, int64_t lane);

  // Memory. `at` counts elements of the buffer. Vectors are f32 for every element type.
  mlir::Value loadScalar(mlir::Value buffer, Index at); ///< as stored
  mlir::Value loadFloat(mlir::Value buffer, Index at);  ///< widened to f32
  void storeScalar(mlir::Value value, mlir::Value buffer, Index at);
  void storeFloat(mlir::Value value, mlir::Value buffer, Index at); ///< narrowed from f32
  /// Loads the first `count` of 16 lanes; the others are 0, and their memory is not accessed.
  mlir::Value load(mlir::Value buffer, Index at, int64_t count = kLanes);
  void store(mlir::Value vector, mlir::Value buffer, Index at, int64_t count = kLanes);
  /// The same with a mask made by laneBelow; f32 buffers only.
  mlir::Value loadMasked(mlir::Value buffer, Index at, mlir::Value mask);
  void storeMasked(mlir::Value vector, mlir::Value buffer, Index at, mlir::Value mask);
  void prefetch(mlir::Value buffer, Index at);
  /// `lanes` elements as they are stored, and the reverse.
  mlir::Value loadRaw(mlir::Value buffer, Index at, int64_t lanes);
  void storeRaw(mlir::Value vector, mlir::Value buffer, Index at);
  mlir::Value widen(mlir::Value value);                      ///< f16, bf16, f32 or i8 to f32
  mlir::Value narrow(mlir::Value value, mlir::Type element); ///< f32 to f16, bf16 or f32, to nearest even

  // Control.
  void forEach(Index from, Index to, int64_t step, llvm::function_ref<void(Index)> body);
  Values loop(Index from, Index to, int64_t step, llvm::ArrayRef<mlir::Value> init,
              llvm::function_ref<Values(Index, llvm::ArrayRef<mlir::Value>)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  /// Runs body(n) for the n in 1..limit that equals `value`; nothing for other values.
  void switchUpTo(Index value, int64_t limit, llvm::function_ref<void(int64_t)> body);
};

/// Builds one kernel function in module `kernels`. Its parameters are a buffer per binding, then scratch
/// (f32), x, y and z.
class KernelFunction {
public:
  KernelFunction(mlir::ModuleOp kernels, llvm::StringRef name, llvm::ArrayRef<KernelParameter> parameters);
  /// The function of a spec; see parametersOf().
  template <KernelSpec Spec>
  KernelFunction(mlir::ModuleOp kernels, const Spec &spec, llvm::ArrayRef<KernelParameter> known)
      : KernelFunction(kernels, spec.name(), parametersOf(spec, known)) {}
  /// Ends the function.
  ~KernelFunction();
  KernelFunction(const KernelFunction &) = delete;
  KernelFunction &operator=(const KernelFunction &) = delete;

  Emitter &emitter() { return builder_; }
  mlir::Value buffer(llvm::StringRef name);
  mlir::Value scratch();
  Index x() { return Index(builder_, workgroup_[0]); }
  Index y() { return Index(builder_, workgroup_[1]); }
  Index z() { return Index(builder_, workgroup_[2]); }

private:
  Emitter builder_;
  mlir::func::FuncOp function_;
  llvm::SmallVector<std::string> names_;
  llvm::SmallVector<mlir::Value, 3> workgroup_;
};

/// Unit attribute of functions that are kernels.
constexpr llvm::StringLiteral kKernelAttr = "cria.kernel";
/// The type of a buffer of `element`.
mlir::MemRefType bufferType(mlir::Type element);

} // namespace cria::cpu
