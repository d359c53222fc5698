// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A builder for device IR that lets kernels read like their algorithms: 32-bit index arithmetic with
// operators, loops with carried values, typed loads and stores through pointers, and warp-wide operations. It
// creates operations of arith, vector, scf, gpu, nvvm and llvm.
//
// Buffers are pointers to global memory, not memrefs: indices have 32 bits, and only a window with a large
// offset (a KV page) is addressed by a 64-bit offset (docs/decisions/0005-device-pointers.md).
#pragma once

#include "passes/targets/KernelParameters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace cria::cuda {

constexpr int64_t kWarp = 32;
constexpr int64_t kChunk = 8;   ///< 16-bit elements of 16 bytes, which a lane loads or copies at once
constexpr int64_t kResults = 4; ///< f32 of a lane in the 16×8 result of multiplyTile

class DeviceEmitter;

/// An i32 value with arithmetic. Comparisons are signed. Division and remainder are unsigned, as their
/// operands are never negative.
class Index {
public:
  Index(DeviceEmitter &emitter, mlir::Value value) : emitter_(&emitter), value_(value) {}
  operator mlir::Value() const { return value_; }
  Index operator+(Index other) const;
  Index operator+(int64_t other) const;
  Index operator-(Index other) const;
  Index operator-(int64_t other) const;
  Index operator*(Index other) const;
  Index operator*(int64_t other) const;
  Index operator/(int64_t other) const;
  Index operator%(int64_t other) const;
  Index operator^(Index other) const;
  Index operator&(int64_t other) const;
  Index operator|(Index other) const;
  Index operator|(int64_t other) const;
  Index operator<<(int64_t bits) const;
  Index operator>>(int64_t bits) const; ///< logical
  mlir::Value operator<(Index other) const;
  mlir::Value operator<(int64_t other) const;
  mlir::Value operator<=(Index other) const;
  mlir::Value operator==(int64_t other) const;
  Index min(Index other) const;
  Index min(int64_t other) const;

private:
  DeviceEmitter *emitter_;
  mlir::Value value_;
};

/// Memory that holds elements of one type: a pointer, and the address space in its type.
struct Pointer {
  mlir::Value address;
  mlir::Type element;
};

class DeviceEmitter : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Values = llvm::SmallVector<mlir::Value>;

  // Types and constants.
  mlir::Type f32() { return getF32Type(); }
  mlir::Type i32() { return getI32Type(); }
  mlir::VectorType vectorOf(mlir::Type element, int64_t lanes) {
    return mlir::VectorType::get({lanes}, element);
  }
  Index constant(int64_t value);
  mlir::Value floatConst(double value);
  mlir::Value zeroOf(mlir::Type type);

  // The position of this thread.
  Index threadId();
  Index blockId(int dimension);
  Index laneId() { return threadId() % kWarp; }
  Index warpId() { return threadId() / kWarp; }

  // Arithmetic on f32, scalars or vectors.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c); ///< a·b + c, rounded once
  /// a + b and a·b of scalars; subnormal operands and results become zeros.
  mlir::Value addFlushed(mlir::Value a, mlir::Value b);
  mlir::Value mulFlushed(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value max(mlir::Value a, mlir::Value b); ///< of numbers; either one for a NaN
  mlir::Value exp2(mlir::Value a);               ///< 2^a, 2 units in the last place
  mlir::Value rsqrt(mlir::Value a);
  mlir::Value reciprocal(mlir::Value a);
  mlir::Value silu(mlir::Value a); ///< a / (1 + e^-a)
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b); ///< of two i1
  mlir::Value widen(mlir::Value value);           ///< f16, bf16 or f32 to f32, scalar or vector
  mlir::Value narrow(mlir::Value value, mlir::Type element);
  mlir::Value lane(mlir::Value vector, int64_t index);
  mlir::Value vector(llvm::ArrayRef<mlir::Value> elements);
  mlir::Value bitcast(mlir::Value value, mlir::Type type);
  /// An integer of at most 32 bits as an i32.
  Index widenInt(mlir::Value value, bool isSigned);
  mlir::Value toFloat(Index value); ///< of a signed integer
  /// Four bytes of the eight of b:a. Nibble i of the selector is the number of byte i; those of `a` come
  /// first.
  Index permuteBytes(Index a, Index b, Index selector);

  // Memory. Indices count elements. `lanes` above 1 make one vector access, aligned to its size.
  Pointer at(Pointer base, Index index);
  /// The same with a 64-bit offset of index · scale elements.
  Pointer atFar(Pointer base, Index index, int64_t scale);
  mlir::Value load(Pointer base, Index index, int64_t lanes = 1);
  void store(mlir::Value value, Pointer base, Index index);
  Index loadInt(Pointer base, Index index) { return Index(*this, load(base, index)); }
  /// load() widened to f32; store() narrowed from f32.
  mlir::Value loadFloat(Pointer base, Index index, int64_t lanes = 1);
  void storeFloat(mlir::Value value, Pointer base, Index index);
  /// The block's dynamic shared memory from byte `offset`, a multiple of 16, as elements.
  Pointer shared(int64_t offset, mlir::Type element);

  // Control.
  void forEach(Index from, Index to, int64_t step, llvm::function_ref<void(Index)> body);
  Values loop(Index from, Index to, int64_t step, llvm::ArrayRef<mlir::Value> init,
              llvm::function_ref<Values(Index, llvm::ArrayRef<mlir::Value>)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  /// The values of one branch or the other.
  Values ifElse(mlir::Value condition, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// Repeats body(i) -> next i while i < to.
  void whileBelow(Index from, Index to, llvm::function_ref<Index(Index)> body);

  // Cooperation of threads.
  void barrier();
  /// Waits for the lanes of the warp. No access to memory moves across it.
  void syncWarp();
  mlir::Value shuffleXor(mlir::Value value, int64_t distance);
  /// Sum or maximum over groups of `width` neighbouring lanes, by halving distances; all lanes get it.
  mlir::Value sumOverLanes(mlir::Value value, int64_t width = kWarp);
  mlir::Value maxOverLanes(mlir::Value value, int64_t width);
  /// Starts copying 16 bytes from global to shared memory; both addresses are multiples of 16.
  void copyAsync(Pointer destination, Pointer source);
  void commitCopies();
  /// Waits for all but the `pending` latest groups of this thread's copies.
  void waitForCopies(int64_t pending);
  /// Four 8×8 matrices of 16-bit elements: lane l names row l % 8 of matrix l / 8. Results are i32.
  Values loadMatrices(Pointer row, bool transposed);
  /// 16×8 tile: c + a·b, a 16×16 in four registers, b 16×8 in two, both of `element` (f16 or bf16), c four
  /// f32.
  Values multiplyTile(llvm::ArrayRef<mlir::Value> a, llvm::ArrayRef<mlir::Value> b,
                      llvm::ArrayRef<mlir::Value> c, mlir::Type element);

  // Programmatic dependent launch; from sm_90 on.
  /// Lets the next kernel of the stream start when every block has come here or ended.
  void launchDependents();
  /// Waits until the kernels before this one in the stream have ended, with all that they have written.
  void waitForDependencies();

private:
  mlir::Value callIntrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  mlir::Value address(Pointer base, mlir::Value index);
};

/// Builds one kernel in module `kernels`, with one pointer per binding.
class KernelFunction {
public:
  /// The function of a spec; see parametersOf().
  template <KernelSpec Spec>
  KernelFunction(mlir::ModuleOp kernels, const Spec &spec, llvm::ArrayRef<KernelParameter> known,
                 int64_t blockThreads, int64_t blocksPerSm = 1)
      : KernelFunction(kernels, spec.name(), parametersOf(spec, known), blockThreads, blocksPerSm) {}
  /// Ends the function.
  ~KernelFunction();
  KernelFunction(const KernelFunction &) = delete;
  KernelFunction &operator=(const KernelFunction &) = delete;

  DeviceEmitter &emitter() { return builder_; }
  Pointer buffer(llvm::StringRef name);

private:
  KernelFunction(mlir::ModuleOp kernels, llvm::StringRef name, llvm::ArrayRef<KernelParameter> parameters,
                 int64_t blockThreads, int64_t blocksPerSm);

  mlir::func::FuncOp function_; // initialized by the constructor of builder_
  DeviceEmitter builder_;
  llvm::SmallVector<std::string> names_;
  llvm::SmallVector<mlir::Type> elements_;
};

/// Attributes of functions that are kernels: threads of a block; minimum number of resident blocks per SM.
constexpr llvm::StringLiteral kBlockThreadsAttr = "cria.block_threads";
constexpr llvm::StringLiteral kBlocksPerSmAttr = "cria.blocks_per_sm";
/// The symbol of a block's dynamic shared memory.
constexpr llvm::StringLiteral kSharedMemory = "cria_shared";
constexpr unsigned kGlobalSpace = 1, kSharedSpace = 3;

} // namespace cria::cuda
