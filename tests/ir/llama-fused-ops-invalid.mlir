// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --split-input-file --verify-diagnostics

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c1(%p0: tensor<?x128xf32>, %p1: tensor<?x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{one or three projections{{.*}}got 2}}
  %0 = llama.rope_attention(%p0, %p1), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c2_fused(%p0: tensor<?x200xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{projections{{.*}}= 128 {{.*}}multiple of 64{{.*}}got 200}}
  %0 = llama.rope_attention(%p0), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x200xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c2_no_query(%p0: tensor<?x128xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{projections{{.*}}= 128 {{.*}}multiple of 64{{.*}}got 128}}
  %0 = llama.rope_attention(%p0), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c2_query(%p0: tensor<?x100xf32>, %p1: tensor<?x64xf32>, %p2: tensor<?x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{query{{.*}}multiple of{{.*}}= 64{{.*}}got 100}}
  %0 = llama.rope_attention(%p0, %p1, %p2), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x100xf32>, tensor<?x64xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c2_key(%p0: tensor<?x128xf32>, %p1: tensor<?x128xf32>, %p2: tensor<?x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{key and value with 64 columns{{.*}}got 128 and 64}}
  %0 = llama.rope_attention(%p0, %p1, %p2), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, tensor<?x128xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c3(%p0: tensor<?x128xf32>, %p1: tensor<?x64xf32>, %p2: tensor<?x64xf32>, %table: !llama.weight<512x64, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{table with 32 columns{{.*}}got 64}}
  %0 = llama.rope_attention(%p0, %p1, %p2), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>, !llama.weight<512x64, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c4(%p0: tensor<2x256xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<2xi32>, %sequences: tensor<2xi32>, %slots: tensor<3xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{slots of size 2{{.*}}got 3}}
  %0 = llama.rope_attention(%p0), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<2x256xf32>, !llama.weight<512x32, f32>, !cache, tensor<2xi32>, tensor<2xi32>, tensor<3xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<2x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c5_layer(%p0: tensor<?x128xf32>, %p1: tensor<?x64xf32>, %p2: tensor<?x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{layer below the cache's 6{{.*}}got 9}}
  %0 = llama.rope_attention(%p0, %p1, %p2), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 9 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @rope_attention_c5_scale(%p0: tensor<?x128xf32>, %p1: tensor<?x64xf32>, %p2: tensor<?x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{positive scale{{.*}}got -1.000000e+00}}
  %0 = llama.rope_attention(%p0, %p1, %p2), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = -1.0 : f32}
    : (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @fused_linear_c1(%x: tensor<?x128xf32>, %w: !llama.weight<128, f32>) {
  // expected-error-re @+1 {{weight of rank 2{{.*}}got '!llama.weight<128, f32>'}}
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c1_columns(%x: tensor<?x128xf32>, %w: !llama.weight<64x32, f16>) {
  // expected-error-re @+1 {{weight with 128 columns{{.*}}got 32}}
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x32, f16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c2_no_epsilon(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %n: !llama.weight<128, f32>) {
  // expected-error @+1 {{together, got only norm weight}}
  %0 = llama.fused_linear %x, %w norm(%n) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c2_no_norm(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error @+1 {{together, got only epsilon}}
  %0 = llama.fused_linear %x, %w {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c2_size(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %n: !llama.weight<64, f32>) {
  // expected-error-re @+1 {{weight of size 128{{.*}}got 64}}
  %0 = llama.fused_linear %x, %w norm(%n) {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<64, f32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c3(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{result with 64 columns{{.*}}got 32}}
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x32xf32>
  return
}

// -----

func.func @fused_linear_c4_none(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{no swiglu_block{{.*}}got 16}}
  %0 = llama.fused_linear %x, %w {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c4_block(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{positive swiglu_block{{.*}}got 0}}
  %0 = llama.fused_linear %x, %w activation(swiglu) : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x32xf32>
  return
}

// -----

func.func @fused_linear_c4(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{weight with 96 rows{{.*}}40 columns in blocks of 16{{.*}}got 64}}
  %0 = llama.fused_linear %x, %w activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x40xf32>
  return
}

// -----

func.func @fused_linear_c5(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{residual{{.*}}'tensor<?x64xf32>'{{.*}}got 'tensor<?x128xf32>'}}
  %0 = llama.fused_linear %x, %w residual(%x) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x128xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @fused_linear_c6(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error-re @+1 {{result with as many rows as input{{.*}}got 'tensor<1x64xf32>'}}
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<1x64xf32>
  return
}

// -----

func.func @fused_linear_activation(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) {
  // expected-error @+1 {{expected activation none or swiglu, got gelu}}
  %0 = llama.fused_linear %x, %w activation(gelu) : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return
}
