// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --cria-export-kernels --split-input-file --verify-diagnostics | FileCheck %s

// A kernel becomes an exported function of the kernel ABI that loads the bindings; its body is inlined there.
// CHECK-LABEL: llvm.func @scale(%arg0: !llvm.ptr, %arg1: !llvm.ptr, %arg2: i32, %arg3: i32, %arg4: i32)
// CHECK: llvm.load
// CHECK: llvm.call @scale.body
// CHECK: llvm.func internal @scale.body(
// Helpers become private.
// CHECK: llvm.func internal @helper(
llvm.func @scale(%input: !llvm.ptr, %output: !llvm.ptr, %scratch: !llvm.ptr, %x: i32, %y: i32, %z: i32) attributes {cria.kernel} {
  llvm.return
}
llvm.func @helper() {
  llvm.return
}

// -----

// expected-error-re @+1 {{bindings, scratch, x, y and z{{.*}}got 2}}
llvm.func @short(%input: !llvm.ptr, %output: !llvm.ptr) attributes {cria.kernel} {
  llvm.return
}
