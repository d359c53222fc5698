// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s | cria-opt | FileCheck %s
// RUN: cria-opt %s --mlir-print-op-generic | cria-opt | FileCheck %s

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @embedding
func.func @embedding(%tokens: tensor<?xi32>, %table: !llama.weight<1024x128, bf16>) -> tensor<?x128xf32> {
  // CHECK: llama.embedding %{{.*}}, %{{.*}} : (tensor<?xi32>, !llama.weight<1024x128, bf16>) -> tensor<?x128xf32>
  %0 = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<1024x128, bf16>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @rms_norm
func.func @rms_norm(%input: tensor<?x128xf32>, %weight: !llama.weight<128, f32>) -> tensor<?x128xf32> {
  // CHECK: llama.rms_norm %{{.*}}, %{{.*}} {epsilon = {{.*}} : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %0 = llama.rms_norm %input, %weight {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @linear
func.func @linear(%input: tensor<1x128xf32>, %weight: !llama.weight<352x128, f16, panel16>) -> tensor<1x352xf32> {
  // CHECK: llama.linear %{{.*}}, %{{.*}} : (tensor<1x128xf32>, !llama.weight<352x128, f16, panel16>) -> tensor<1x352xf32>
  %0 = llama.linear %input, %weight : (tensor<1x128xf32>, !llama.weight<352x128, f16, panel16>) -> tensor<1x352xf32>
  return %0 : tensor<1x352xf32>
}

// CHECK-LABEL: func @split
func.func @split(%input: tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>) {
  // CHECK: llama.split %{{.*}} [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
  %0:3 = llama.split %input [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func @rope
func.func @rope(%input: tensor<?x128xf32>, %positions: tensor<?xi32>, %table: !llama.weight<512x32, f32>) -> tensor<?x128xf32> {
  // CHECK: llama.rope %{{.*}}, %{{.*}}, %{{.*}} {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %0 = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @kv_append
func.func @kv_append(%cache: !cache, %key: tensor<?x64xf32>, %value: tensor<?x64xf32>, %slots: tensor<?xi32>) {
  // CHECK: llama.kv_append %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {layer = 5 : i64} : !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  llama.kv_append %cache, %key, %value, %slots {layer = 5 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  return
}

// CHECK-LABEL: func @attention
func.func @attention(%query: tensor<?x128xf32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %starts: tensor<?xi32>, %table: tensor<?x?xi32>) -> tensor<?x128xf32> {
  // CHECK: llama.attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {layer = 0 : i64, scale = 2.500000e-01 : f32} : (tensor<?x128xf32>, !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %0 = llama.attention %query, %cache, %positions, %sequences, %starts, %table {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @elementwise
func.func @elementwise(%a: tensor<?x352xf32>, %b: tensor<?x352xf32>) -> tensor<?x352xf32> {
  // CHECK: llama.silu %{{.*}} : (tensor<?x352xf32>) -> tensor<?x352xf32>
  %0 = llama.silu %a : (tensor<?x352xf32>) -> tensor<?x352xf32>
  // CHECK: llama.mul %{{.*}}, %{{.*}} : (tensor<?x352xf32>, tensor<?x352xf32>) -> tensor<?x352xf32>
  %1 = llama.mul %0, %b : (tensor<?x352xf32>, tensor<?x352xf32>) -> tensor<?x352xf32>
  // CHECK: llama.add %{{.*}}, %{{.*}} : (tensor<?x352xf32>, tensor<?x352xf32>) -> tensor<?x352xf32>
  %2 = llama.add %1, %a : (tensor<?x352xf32>, tensor<?x352xf32>) -> tensor<?x352xf32>
  return %2 : tensor<?x352xf32>
}

// CHECK-LABEL: func @gather_rows
func.func @gather_rows(%input: tensor<1x128xf32>, %rows: tensor<?xi32>) -> tensor<?x128xf32> {
  // CHECK: llama.gather_rows %{{.*}}, %{{.*}} : (tensor<1x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %0 = llama.gather_rows %input, %rows : (tensor<1x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}
