// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-remove-dead-weights | FileCheck %s

// CHECK-NOT: @unused
// CHECK: llama.weight @used
// CHECK-NOT: @unread
// CHECK: llama.weight @named
llama.weight @unused : !llama.weight<8, f32> = #llama.ones<8>
llama.weight @used : !llama.weight<8, f32> = #llama.ones<8>
llama.weight @unread : !llama.weight<8, f32> = #llama.ones<8>
llama.weight @named : !llama.weight<8, f32> = #llama.ones<8>

// CHECK-LABEL: func @users
// CHECK-SAME: attributes {keep = @named}
func.func @users() -> !llama.weight<8, f32> attributes {keep = @named} {
  // CHECK-NEXT: llama.use_weight @used
  // CHECK-NEXT: return
  %unread = llama.use_weight @unread : !llama.weight<8, f32>
  %used = llama.use_weight @used : !llama.weight<8, f32>
  return %used : !llama.weight<8, f32>
}
