// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels whose loops LLVM's vectorizer would compile to other results keep theirs.
#include "tests/passes/targets/cpu/KernelHarness.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace cria::cpu::test;

namespace {

constexpr size_t kTerms = 16;  // of a sum
constexpr size_t kGroups = 16; // of four bytes

/// sums[x] = Σ_k (bytes[4 · (x mod 16) + k mod 4] >> (k div 4)) · factors[k]
constexpr const char *kSumOfFields = R"mlir(
func.func @sum(%bytes: memref<1024xi8>, %factors: memref<1024xi32>, %sums: memref<1024xi32>,
               %scratch: memref<1024xf32>, %x: i32, %y: i32, %z: i32) attributes {cria.kernel} {
  %zero = arith.constant 0 : i32
  %two = arith.constant 2 : i32
  %three = arith.constant 3 : i32
  %four = arith.constant 4 : i32
  %fifteen = arith.constant 15 : i32
  %begin = arith.constant 0 : index
  %end = arith.constant 16 : index
  %one = arith.constant 1 : index
  %group = arith.andi %x, %fifteen : i32
  %first = arith.muli %group, %four : i32
  %sum = scf.for %k = %begin to %end step %one iter_args(%before = %zero) -> (i32) {
    %term = arith.index_cast %k : index to i32
    %inGroup = arith.andi %term, %three : i32
    %place = arith.addi %first, %inGroup : i32
    %at = arith.index_castui %place : i32 to index
    %byte = memref.load %bytes[%at] : memref<1024xi8>
    %wide = arith.extui %byte : i8 to i32
    %quarter = arith.shrui %term, %two : i32
    %bits = arith.andi %quarter, %three : i32
    %field = arith.shrui %wide, %bits : i32
    %factor = memref.load %factors[%k] : memref<1024xi32>
    %product = arith.muli %field, %factor : i32
    %after = arith.addi %before, %product : i32
    scf.yield %after : i32
  }
  %row = arith.index_castui %x : i32 to index
  memref.store %sum, %sums[%row] : memref<1024xi32>
  return
}
)mlir";

void addSumOfFields(mlir::ModuleOp kernels) {
  auto parsed = mlir::parseSourceString<mlir::ModuleOp>(kSumOfFields, kernels.getContext());
  ASSERT_TRUE(parsed);
  kernels.getBody()->getOperations().splice(kernels.getBody()->end(), parsed->getBody()->getOperations());
}

std::vector<int32_t> sumsOfFields(Buffer<uint8_t> &bytes, Buffer<int32_t> &factors) {
  std::vector<int32_t> sums(kGroups, 0);
  for (size_t x = 0; x < kGroups; ++x) {
    for (size_t k = 0; k < kTerms; ++k) {
      sums[x] += (bytes[4 * x + k % 4] >> (k / 4)) * factors[k];
    }
  }
  return sums;
}

// LLVM 22.1.8 loads bytes[first + k mod 4] as if it were bytes[first + k], if it vectorizes the loop.
TEST(OptimizeIr, LoadsByARemainderAreNotConsecutive) {
  Buffer<uint8_t> bytes(4 * kGroups + kTerms); // with what wrong loads read
  Buffer<int32_t> factors(kTerms);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = uint8_t(i * 41 + 7);
  }
  for (size_t i = 0; i < kTerms; ++i) {
    factors[i] = int32_t(i * 37 % 255) - 127;
  }
  for (const cria::cpu::Isa *isa : runnableIsas()) {
    const KernelLibrary library(*isa, addSumOfFields);
    Buffer<int32_t> sums(kGroups, -1);
    std::vector<void *> bindings = {bytes.data(), factors.data(), sums.data()};
    for (size_t x = 0; x < kGroups; ++x) {
      library.kernel("sum")(bindings.data(), nullptr, uint32_t(x), 0, 0);
    }
    EXPECT_EQ(std::vector(sums.begin(), sums.end()), sumsOfFields(bytes, factors)) << isa->name.str();
  }
}

} // namespace
