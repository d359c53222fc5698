// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exports a function of the kernel ABI for each kernel, which loads the bindings and calls the body; helpers become internal.
// RUN: cria-opt %s --cria-lower-kernels | FileCheck %s

// CHECK: llvm.func @copy(%[[BINDINGS:.*]]: !llvm.ptr, %[[SCRATCH:.*]]: !llvm.ptr, %[[X:.*]]: i32, %[[Y:.*]]: i32, %[[Z:.*]]: i32)
// CHECK: %[[SLOT0:.*]] = llvm.getelementptr %[[BINDINGS]][0]
// CHECK: %[[FROM:.*]] = llvm.load %[[SLOT0]]
// CHECK: %[[SLOT1:.*]] = llvm.getelementptr %[[BINDINGS]][1]
// CHECK: %[[TO:.*]] = llvm.load %[[SLOT1]]
// CHECK: llvm.call @copy.body(%[[FROM]], %[[TO]], %[[SCRATCH]], %[[X]], %[[Y]], %[[Z]])
// CHECK: llvm.func internal @copy.body({{.*}}llvm.noalias{{.*}}attributes {always_inline}
// CHECK: llvm.call @helper
// CHECK: llvm.func internal @helper
func.func @copy(%from: memref<1024xf32> {llvm.noalias}, %to: memref<1024xf32>, %scratch: memref<1024xf32>, %x: i32, %y: i32, %z: i32) attributes {cria.kernel} {
  %i = arith.index_castui %x : i32 to index
  %value = vector.load %from[%i] : memref<1024xf32>, vector<16xf32>
  %result = func.call @helper(%value) : (vector<16xf32>) -> vector<16xf32>
  vector.store %result, %to[%i] : memref<1024xf32>, vector<16xf32>
  return
}
func.func @helper(%x: vector<16xf32>) -> vector<16xf32> {
  return %x : vector<16xf32>
}
