// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func @split_into_one
// CHECK-SAME: %[[INPUT:[a-z0-9]+]]: tensor<?x128xf32>
func.func @split_into_one(%input: tensor<?x128xf32>) -> tensor<?x128xf32> {
  // CHECK-NEXT: return %[[INPUT]]
  %0 = llama.split %input [128] : (tensor<?x128xf32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// -----

// CHECK-LABEL: func @no_split_into_two
func.func @no_split_into_two(%input: tensor<?x128xf32>) -> tensor<?x64xf32> {
  // CHECK: llama.split
  %0:2 = llama.split %input [64, 64] : (tensor<?x128xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>)
  return %0#1 : tensor<?x64xf32>
}

// -----

llama.weight @norm : !llama.weight<128, f32> = #llama.ones<128>

// CSE merges uses of one weight, and equal pure ops.
// CHECK-LABEL: func @equal_ops
func.func @equal_ops(%input: tensor<?x128xf32>) -> (tensor<?x128xf32>, tensor<?x128xf32>) {
  // CHECK-NEXT: %[[WEIGHT:.*]] = llama.use_weight @norm
  // CHECK-NEXT: %[[NORMED:.*]] = llama.rms_norm %{{.*}}, %[[WEIGHT]]
  // CHECK-NEXT: return %[[NORMED]], %[[NORMED]]
  %w0 = llama.use_weight @norm : !llama.weight<128, f32>
  %w1 = llama.use_weight @norm : !llama.weight<128, f32>
  %0 = llama.rms_norm %input, %w0 {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %1 = llama.rms_norm %input, %w1 {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  return %0, %1 : tensor<?x128xf32>, tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>

// An attention reads what earlier appends wrote: these ops are neither erased nor moved, but an unused attention is.
// CHECK-LABEL: func @cache_effects
func.func @cache_effects(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %cache: !cache, %i: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> (tensor<?x128xf32>, tensor<?x128xf32>) {
  // CHECK: llama.attention
  // CHECK-NEXT: llama.kv_append
  // CHECK-NEXT: llama.attention
  // CHECK-NEXT: return
  %0 = llama.attention %q, %cache, %i, %i, %i, %blocks {layer = 0 : i64, scale = 0.25 : f32} : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  llama.kv_append %cache, %k, %k, %i {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %1 = llama.attention %q, %cache, %i, %i, %i, %blocks {layer = 0 : i64, scale = 0.25 : f32} : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %unused = llama.attention %q, %cache, %i, %i, %i, %blocks {layer = 0 : i64, scale = 0.5 : f32} : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %0, %1 : tensor<?x128xf32>, tensor<?x128xf32>
}
