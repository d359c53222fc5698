// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --split-input-file --verify-diagnostics

func.func @embedding_c1(%tokens: tensor<?xi32>, %table: !llama.weight<128, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{table of rank 2{{.*}}got '!llama.weight<128, f32>'}}
  %0 = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @embedding_tokens(%tokens: tensor<?xi64>, %table: !llama.weight<64x128, f32>) {
  // expected-error-re @+1 {{operand #0 must be 1D tensor of 32-bit{{.*}}got 'tensor<?xi64>'}}
  %0 = llama.embedding %tokens, %table : (tensor<?xi64>, !llama.weight<64x128, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rms_norm_c1(%input: tensor<?x128xf32>, %weight: !llama.weight<128x128, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{weight of rank 1{{.*}}got '!llama.weight<128x128, f32>'}}
  %0 = llama.rms_norm %input, %weight {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128x128, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rms_norm_c1_type(%input: tensor<?x128xf32>, %weight: !llama.weight<128, f16>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{'llama.rms_norm' op expected weight of f32, got f16}}
  %0 = llama.rms_norm %input, %weight {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f16>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rms_norm_c2(%input: tensor<?x4096xf32>, %weight: !llama.weight<2048, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{weight of size 4096{{.*}}got 2048}}
  %0 = llama.rms_norm %input, %weight {epsilon = 1.0e-5 : f32} : (tensor<?x4096xf32>, !llama.weight<2048, f32>) -> tensor<?x4096xf32>
  return
}

// -----

func.func @rms_norm_c3(%input: tensor<?x128xf32>, %weight: !llama.weight<128, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{epsilon of at least 0{{.*}}got -1.000000e+00}}
  %0 = llama.rms_norm %input, %weight {epsilon = -1.0 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rms_norm_result(%input: tensor<?x128xf32>, %weight: !llama.weight<128, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{inferred type(s) 'tensor<?x128xf32>'{{.*}}'tensor<1x128xf32>'}}
  %0 = llama.rms_norm %input, %weight {epsilon = 1.0 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<1x128xf32>
  return
}

// -----

func.func @linear_c1(%input: tensor<?x128xf32>, %weight: !llama.weight<128, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{weight of rank 2{{.*}}got '!llama.weight<128, f32>'}}
  %0 = llama.linear %input, %weight : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @linear_c2(%input: tensor<?x128xf32>, %weight: !llama.weight<128x64, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{weight with 128 columns{{.*}}got 64}}
  %0 = llama.linear %input, %weight : (tensor<?x128xf32>, !llama.weight<128x64, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @split_c1_empty(%input: tensor<?x128xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{'llama.split' op expected at least one size}}
  llama.split %input [] : (tensor<?x128xf32>) -> ()
  return
}

// -----

func.func @split_c1(%input: tensor<?x128xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{'llama.split' op expected positive sizes, got -64}}
  %0:2 = llama.split %input [-64, 192] : (tensor<?x128xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>)
  return
}

// -----

func.func @split_c2(%input: tensor<?x128xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{sizes to add up to 128{{.*}}got 96}}
  %0:2 = llama.split %input [64, 32] : (tensor<?x128xf32>) -> (tensor<?x64xf32>, tensor<?x32xf32>)
  return
}

// -----

func.func @rope_c1_rank(%input: tensor<?x128xf32>, %positions: tensor<?xi32>, %table: !llama.weight<32, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{table of rank 2{{.*}}got '!llama.weight<32, f32>'}}
  %0 = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<32, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rope_c1_type(%input: tensor<?x128xf32>, %positions: tensor<?xi32>, %table: !llama.weight<512x32, f16>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{'llama.rope' op expected table of f32, got f16}}
  %0 = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f16>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rope_c1(%input: tensor<?x128xf32>, %positions: tensor<?xi32>, %table: !llama.weight<512x32, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{table with 64 columns{{.*}}got 32}}
  %0 = llama.rope %input, %positions, %table {head_dim = 64 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @rope_c2_even(%input: tensor<?x99xf32>, %positions: tensor<?xi32>, %table: !llama.weight<512x33, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{'llama.rope' op expected even head_dim, got 33}}
  %0 = llama.rope %input, %positions, %table {head_dim = 33 : i64} : (tensor<?x99xf32>, tensor<?xi32>, !llama.weight<512x33, f32>) -> tensor<?x99xf32>
  return
}

// -----

func.func @rope_c2(%input: tensor<?x100xf32>, %positions: tensor<?xi32>, %table: !llama.weight<512x32, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{head_dim to divide 100{{.*}}got 32}}
  %0 = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<?x100xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x100xf32>
  return
}

// -----

func.func @rope_c3(%input: tensor<4x128xf32>, %positions: tensor<3xi32>, %table: !llama.weight<512x32, f32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{positions of size 4{{.*}}got 3}}
  %0 = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<4x128xf32>, tensor<3xi32>, !llama.weight<512x32, f32>) -> tensor<4x128xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @kv_append_c1(%cache: !cache, %key: tensor<?x128xf32>, %value: tensor<?x64xf32>, %slots: tensor<?xi32>) {
  // expected-error-re @+1 {{key with 64 columns{{.*}}got 128}}
  llama.kv_append %cache, %key, %value, %slots {layer = 0 : i64} : !cache, tensor<?x128xf32>, tensor<?x64xf32>, tensor<?xi32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @kv_append_c1_value(%cache: !cache, %key: tensor<?x64xf32>, %value: tensor<?x32xf32>, %slots: tensor<?xi32>) {
  // expected-error-re @+1 {{value with 64 columns{{.*}}got 32}}
  llama.kv_append %cache, %key, %value, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x32xf32>, tensor<?xi32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @kv_append_c2(%cache: !cache, %key: tensor<2x64xf32>, %value: tensor<2x64xf32>, %slots: tensor<3xi32>) {
  // expected-error-re @+1 {{slots of size 2{{.*}}got 3}}
  llama.kv_append %cache, %key, %value, %slots {layer = 0 : i64} : !cache, tensor<2x64xf32>, tensor<2x64xf32>, tensor<3xi32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @kv_append_c2_value(%cache: !cache, %key: tensor<2x64xf32>, %value: tensor<3x64xf32>, %slots: tensor<?xi32>) {
  // expected-error-re @+1 {{value with 2 rows{{.*}}got 3}}
  llama.kv_append %cache, %key, %value, %slots {layer = 0 : i64} : !cache, tensor<2x64xf32>, tensor<3x64xf32>, tensor<?xi32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @kv_append_c3(%cache: !cache, %key: tensor<?x64xf32>, %value: tensor<?x64xf32>, %slots: tensor<?xi32>) {
  // expected-error-re @+1 {{layer below the cache's 6{{.*}}got 6}}
  llama.kv_append %cache, %key, %value, %slots {layer = 6 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @attention_c1(%query: tensor<?x96xf32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %starts: tensor<?xi32>, %table: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{query{{.*}}multiple of{{.*}}= 64{{.*}}got 96}}
  %0 = llama.attention %query, %cache, %positions, %sequences, %starts, %table {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x96xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @attention_c2(%query: tensor<2x64xf32>, %cache: !cache, %positions: tensor<2xi32>, %sequences: tensor<1xi32>, %starts: tensor<?xi32>, %table: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{sequences of size 2{{.*}}got 1}}
  %0 = llama.attention %query, %cache, %positions, %sequences, %starts, %table {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<2x64xf32>, !cache, tensor<2xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<2x64xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @attention_c3(%query: tensor<?x64xf32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %starts: tensor<?xi32>, %table: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{layer below the cache's 6{{.*}}got -1}}
  %0 = llama.attention %query, %cache, %positions, %sequences, %starts, %table {layer = -1 : i64, scale = 0.25 : f32}
    : (tensor<?x64xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  return
}

// -----

!cache = !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
func.func @attention_c4(%query: tensor<?x64xf32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %starts: tensor<?xi32>, %table: tensor<?x?xi32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{positive scale{{.*}}got 0.000000e+00}}
  %0 = llama.attention %query, %cache, %positions, %sequences, %starts, %table {layer = 0 : i64, scale = 0.0 : f32}
    : (tensor<?x64xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @mul_c1(%a: tensor<?x64xf32>, %b: tensor<?x32xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{operands of one type{{.*}}got 'tensor<?x64xf32>' and 'tensor<?x32xf32>'}}
  %0 = llama.mul %a, %b : (tensor<?x64xf32>, tensor<?x32xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @add_c1(%a: tensor<?x64xf32>, %b: tensor<1x64xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error-re @+1 {{operands of one type{{.*}}got 'tensor<?x64xf32>' and 'tensor<1x64xf32>'}}
  %0 = llama.add %a, %b : (tensor<?x64xf32>, tensor<1x64xf32>) -> tensor<?x64xf32>
  return
}
