// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --cria-lower-kernels --split-input-file --verify-diagnostics

func.func @leftover(%data: memref<16xf32>, %scratch: memref<16xf32>, %x: i32, %y: i32, %z: i32) attributes {cria.kernel} {
  // expected-error @+1 {{operation 'tensor.empty' was left after lowering kernels to llvm}}
  %t = tensor.empty() : tensor<4xf32>
  %i = arith.constant 0 : index
  %value = tensor.extract %t[%i] : tensor<4xf32>
  memref.store %value, %data[%i] : memref<16xf32>
  return
}

// -----

// Dynamic shapes prevent the bare pointer calling convention.
// expected-error @+1 {{operation 'func.func' was left after lowering kernels to llvm}}
func.func @dynamic(%data: memref<?xf32>, %scratch: memref<16xf32>, %x: i32, %y: i32, %z: i32) attributes {cria.kernel} {
  return
}
