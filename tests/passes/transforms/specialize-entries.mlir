// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-specialize-entries | FileCheck %s
// RUN: cria-opt %s --llama-specialize-entries="small-tokens=4 max-tokens=64" | FileCheck %s --check-prefix=OPTIONS
// RUN: cria-opt %s --llama-specialize-entries="max-tokens=1" | FileCheck %s --check-prefix=ONE
// RUN: cria-opt %s --llama-specialize-entries="max-tokens=3" | FileCheck %s --check-prefix=THREE
// RUN: not cria-opt %s --llama-specialize-entries="max-tokens=0" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: cria-opt %s --llama-decompose-fused-ops --llama-specialize-entries | FileCheck %s --check-prefix=PRIMITIVE

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>
llama.weight @embedding : !llama.weight<1024x128, f16> = #llama.checkpoint<"embed", f16, [1024, 128]>
llama.weight @rope : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512>
llama.weight @qkv : !llama.weight<256x128, f16> = #llama.checkpoint<"qkv", f16, [256, 128]>
llama.weight @o : !llama.weight<128x128, f16> = #llama.checkpoint<"o", f16, [128, 128]>
llama.weight @output : !llama.weight<1024x128, f16> = #llama.checkpoint<"output", f16, [1024, 128]>

// CHECK-NOT: @forward
// CHECK-LABEL: func @decode(
// CHECK-SAME: tensor<1xi32>, %{{[^:]*}}: tensor<1xi32>, %{{[^:]*}}: tensor<1xi32>, %{{[^:]*}}: tensor<1xi32>, %{{[^:]*}}: tensor<?xi32>, %{{[^:]*}}: tensor<?x?xi32>, %{{[^:]*}}: tensor<?xi32>,
// CHECK-SAME: -> tensor<?x1024xf32> attributes {llama.max_tokens = 1 : i64, llama.min_tokens = 1 : i64}
// CHECK: llama.embedding {{.*}} -> tensor<1x128xf32>
// CHECK: llama.linear {{.*}} -> tensor<1x256xf32>
// CHECK: llama.rope_attention{{.*}} -> tensor<1x128xf32>
// CHECK: llama.fused_linear {{.*}} -> tensor<1x128xf32>
// CHECK: llama.gather_rows {{.*}} (tensor<1x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
// CHECK: llama.linear {{.*}} -> tensor<?x1024xf32>
// CHECK-LABEL: func @small(
// CHECK-SAME: attributes {llama.max_tokens = 8 : i64, llama.min_tokens = 2 : i64}
// CHECK: llama.embedding {{.*}} -> tensor<?x128xf32>
// CHECK-LABEL: func @prefill(
// CHECK-SAME: attributes {llama.max_tokens = 512 : i64, llama.min_tokens = 1 : i64}
// CHECK-NOT: @forward

// OPTIONS-LABEL: func @small(
// OPTIONS-SAME: llama.max_tokens = 4 : i64
// OPTIONS-LABEL: func @prefill(
// OPTIONS-SAME: llama.max_tokens = 64 : i64

// ONE-LABEL: func @decode(
// ONE-NOT: func @small(
// ONE-LABEL: func @prefill(
// ONE-SAME: llama.max_tokens = 1 : i64

// THREE-LABEL: func @small(
// THREE-SAME: attributes {llama.max_tokens = 3 : i64, llama.min_tokens = 2 : i64}

// NONE: error: expected max-tokens of at least 1 and small-tokens of at least 0, got 0 and 8

// PRIMITIVE-LABEL: func @decode(
// PRIMITIVE: llama.split {{.*}} -> (tensor<1x128xf32>, tensor<1x64xf32>, tensor<1x64xf32>)
// PRIMITIVE: llama.rope {{.*}} -> tensor<1x128xf32>
// PRIMITIVE: llama.attention {{.*}} -> tensor<1x128xf32>
// PRIMITIVE: llama.add {{.*}} -> tensor<1x128xf32>
func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>,
    %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x1024xf32> {
  %embedding = llama.use_weight @embedding : !llama.weight<1024x128, f16>
  %table = llama.use_weight @rope : !llama.weight<512x32, f32>
  %wqkv = llama.use_weight @qkv : !llama.weight<256x128, f16>
  %wo = llama.use_weight @o : !llama.weight<128x128, f16>
  %output = llama.use_weight @output : !llama.weight<1024x128, f16>
  %hidden = llama.embedding %tokens, %embedding : (tensor<?xi32>, !llama.weight<1024x128, f16>) -> tensor<?x128xf32>
  %qkv = llama.linear %hidden, %wqkv : (tensor<?x128xf32>, !llama.weight<256x128, f16>) -> tensor<?x256xf32>
  %a = llama.rope_attention(%qkv), %table, %cache, %positions, %sequences, %slots, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x256xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %h = llama.fused_linear %a, %wo residual(%hidden) : (tensor<?x128xf32>, !llama.weight<128x128, f16>, tensor<?x128xf32>) -> tensor<?x128xf32>
  %rows = llama.gather_rows %h, %outputs : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %logits = llama.linear %rows, %output : (tensor<?x128xf32>, !llama.weight<1024x128, f16>) -> tensor<?x1024xf32>
  return %logits : tensor<?x1024xf32>
}
