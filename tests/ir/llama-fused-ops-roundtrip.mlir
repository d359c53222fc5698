// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s | cria-opt | FileCheck %s
// RUN: cria-opt %s --mlir-print-op-generic | cria-opt | FileCheck %s

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @one_projection
func.func @one_projection(%qkv: tensor<?x256xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  // CHECK: llama.rope_attention(%{{[a-z0-9]+}}), %{{.*}} {layer = 1 : i64, scale = 2.500000e-01 : f32} : (tensor<?x256xf32>, {{.*}}) -> tensor<?x128xf32>
  %0 = llama.rope_attention(%qkv), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<?x256xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @three_projections
func.func @three_projections(%q: tensor<1x128xf32>, %k: tensor<1x64xf32>, %v: tensor<1x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<1x128xf32> {
  // CHECK: llama.rope_attention(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}), %{{.*}} {layer = 1 : i64, scale = 2.500000e-01 : f32} : (tensor<1x128xf32>, tensor<1x64xf32>, tensor<1x64xf32>, {{.*}}) -> tensor<1x128xf32>
  %0 = llama.rope_attention(%q, %k, %v), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<1x128xf32>, tensor<1x64xf32>, tensor<1x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x128xf32>
  return %0 : tensor<1x128xf32>
}

// CHECK-LABEL: func @fused_linear_bare
func.func @fused_linear_bare(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) -> tensor<?x64xf32> {
  // CHECK: llama.fused_linear %{{.*}}, %{{.*}} : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @fused_linear_norm
func.func @fused_linear_norm(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %n: !llama.weight<128, f32>) -> tensor<?x64xf32> {
  // CHECK: llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) {epsilon = {{.*}} : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  %0 = llama.fused_linear %x, %w norm(%n) {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @fused_linear_residual
func.func @fused_linear_residual(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK: llama.fused_linear %{{.*}}, %{{.*}} residual(%{{.*}}) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %0 = llama.fused_linear %x, %w residual(%r) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func @fused_linear_all
func.func @fused_linear_all(%x: tensor<?x128xf32>, %w: !llama.weight<96x128, f16>, %n: !llama.weight<128, f32>, %r: tensor<?x40xf32>) -> tensor<?x40xf32> {
  // CHECK: llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) activation(swiglu) residual(%{{.*}}) {epsilon = {{.*}} : f32, swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<96x128, f16>, !llama.weight<128, f32>, tensor<?x40xf32>) -> tensor<?x40xf32>
  %0 = llama.fused_linear %x, %w norm(%n) activation(swiglu) residual(%r) {epsilon = 1.0e-5 : f32, swiglu_block = 16 : i64}
    : (tensor<?x128xf32>, !llama.weight<96x128, f16>, !llama.weight<128, f32>, tensor<?x40xf32>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}
