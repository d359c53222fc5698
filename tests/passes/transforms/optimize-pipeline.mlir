// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A layer becomes five ops, and each pass can be disabled.
// RUN: cria-opt %s --llama-optimize-pipeline | FileCheck %s --implicit-check-not=llama.linear --implicit-check-not=llama.rms_norm
// RUN: cria-opt %s --llama-optimize-pipeline="disable=FuseQkv" | FileCheck %s --check-prefix=NO_QKV
// RUN: cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-rope-attention" | FileCheck %s --check-prefix=NO_ROPE
// RUN: cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-swiglu-mlp" | FileCheck %s --check-prefix=NO_SWIGLU
// RUN: cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-norm" | FileCheck %s --check-prefix=NO_NORM
// RUN: cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-residual" | FileCheck %s --check-prefix=NO_RESIDUAL
// RUN: cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-qkv,llama-fuse-rope-attention,llama-fuse-swiglu-mlp,llama-fuse-norm,llama-fuse-residual" | FileCheck %s --check-prefix=NONE
// RUN: not cria-opt %s --llama-optimize-pipeline="disable=llama-fuse-everything" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: cria-opt %s --llama-optimize-pipeline="swiglu-block=64" | FileCheck %s --check-prefix=BLOCK

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>

llama.weight @embedding : !llama.weight<1024x128, f16> = #llama.checkpoint<"embed", f16, [1024, 128]>
llama.weight @rope : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512>
llama.weight @layers.0.attention_norm : !llama.weight<128, f32> = #llama.checkpoint<"an", f16, [128]>
llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
llama.weight @layers.0.o : !llama.weight<128x128, f16> = #llama.checkpoint<"o", f16, [128, 128]>
llama.weight @layers.0.mlp_norm : !llama.weight<128, f32> = #llama.checkpoint<"mn", f16, [128]>
llama.weight @layers.0.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.0.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>
llama.weight @layers.0.down : !llama.weight<128x344, f16> = #llama.checkpoint<"down", f16, [128, 344]>
llama.weight @final_norm : !llama.weight<128, f32> = #llama.checkpoint<"norm", f16, [128]>
llama.weight @output : !llama.weight<1024x128, f16> = #llama.checkpoint<"output", f16, [1024, 128]>

// CHECK-NOT: @layers.0.q :
// CHECK: llama.weight @layers.0.qkv : !llama.weight<256x128, f16> = #llama.concat<[#llama.checkpoint<"q", f16, [128, 128]>, #llama.checkpoint<"k", f16, [64, 128]>, #llama.checkpoint<"v", f16, [64, 128]>]>
// CHECK-NOT: @layers.0.k :
// CHECK: llama.weight @layers.0.gate_up : !llama.weight<704x128, f16> = #llama.interleave<[#llama.checkpoint<"gate", f16, [344, 128]>, #llama.checkpoint<"up", f16, [344, 128]>], block = 16>
// BLOCK: llama.weight @layers.0.gate_up : !llama.weight<768x128, f16>

// CHECK-LABEL: func @forward
// CHECK-SAME: %[[TOKENS:[a-z0-9]+]]: tensor<?xi32>
// CHECK: %[[HIDDEN:.*]] = llama.embedding %[[TOKENS]]
// CHECK: %[[QKV:.*]] = llama.fused_linear %[[HIDDEN]], %{{.*}} norm(%{{.*}}) {epsilon
// CHECK: %[[ATTENTION:.*]] = llama.rope_attention(%[[QKV]])
// CHECK: %[[MIDDLE:.*]] = llama.fused_linear %[[ATTENTION]], %{{.*}} residual(%[[HIDDEN]])
// CHECK: %[[MLP:.*]] = llama.fused_linear %[[MIDDLE]], %{{.*}} norm(%{{.*}}) activation(swiglu)
// CHECK: %[[LAST:.*]] = llama.fused_linear %[[MLP]], %{{.*}} residual(%[[MIDDLE]])
// CHECK: %[[ROWS:.*]] = llama.gather_rows %[[LAST]]
// CHECK: llama.fused_linear %[[ROWS]], %{{.*}} norm(
// CHECK-NEXT: return

// NO_QKV-LABEL: func @forward
// NO_QKV-COUNT-3: llama.fused_linear {{.*}} norm(
// NO_QKV: llama.rope_attention(%{{.*}}, %{{.*}}, %{{.*}})

// NO_ROPE-LABEL: func @forward
// NO_ROPE: llama.split
// NO_ROPE: llama.kv_append
// NO_ROPE: llama.attention

// NO_SWIGLU-LABEL: func @forward
// NO_SWIGLU: llama.rope_attention
// NO_SWIGLU: llama.silu
// NO_SWIGLU: llama.mul

// NO_NORM-LABEL: func @forward
// NO_NORM: llama.rms_norm
// NO_NORM-NEXT: llama.use_weight @layers.0.qkv
// NO_NORM-NEXT: llama.linear
// NO_NORM: llama.fused_linear {{.*}} activation(swiglu) {swiglu_block

// NO_RESIDUAL-LABEL: func @forward
// NO_RESIDUAL-COUNT-2: llama.add

// NONE-LABEL: func @forward
// NONE-NOT: fused_linear
// NONE-NOT: rope_attention
// NONE: llama.linear
// NONE: return

// UNKNOWN: expected a pass that can be disabled, such as llama-fuse-qkv, got llama-fuse-everything

func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>,
    %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x1024xf32> {
  %embedding = llama.use_weight @embedding : !llama.weight<1024x128, f16>
  %hidden = llama.embedding %tokens, %embedding : (tensor<?xi32>, !llama.weight<1024x128, f16>) -> tensor<?x128xf32>
  %table = llama.use_weight @rope : !llama.weight<512x32, f32>

  %attention_norm = llama.use_weight @layers.0.attention_norm : !llama.weight<128, f32>
  %n0 = llama.rms_norm %hidden, %attention_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %n0, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %n0, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %n0, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.176776695 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %wo = llama.use_weight @layers.0.o : !llama.weight<128x128, f16>
  %o = llama.linear %a, %wo : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %h0 = llama.add %hidden, %o : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>

  %mlp_norm = llama.use_weight @layers.0.mlp_norm : !llama.weight<128, f32>
  %n1 = llama.rms_norm %h0, %mlp_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %wg = llama.use_weight @layers.0.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.0.up : !llama.weight<344x128, f16>
  %wd = llama.use_weight @layers.0.down : !llama.weight<128x344, f16>
  %gate = llama.linear %n1, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %up = llama.linear %n1, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %gate : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %up : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  %d = llama.linear %m, %wd : (tensor<?x344xf32>, !llama.weight<128x344, f16>) -> tensor<?x128xf32>
  %h1 = llama.add %h0, %d : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>

  %rows = llama.gather_rows %h1, %outputs : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %final_norm = llama.use_weight @final_norm : !llama.weight<128, f32>
  %n2 = llama.rms_norm %rows, %final_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %output = llama.use_weight @output : !llama.weight<1024x128, f16>
  %logits = llama.linear %n2, %output : (tensor<?x128xf32>, !llama.weight<1024x128, f16>) -> tensor<?x1024xf32>
  return %logits : tensor<?x1024xf32>
}
