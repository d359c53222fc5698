// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-form-dispatches="context=32 max-tokens=8" --allow-unregistered-dialect --split-input-file --verify-diagnostics

// expected-error @+1 {{expected at least one entry point}}
module @no_entries {}

// -----

// expected-error-re @+1 {{'forward'{{.*}}'llama.min_tokens' and 'llama.max_tokens'{{.*}}llama-specialize-entries}}
func.func @forward() {
  return
}

// -----

// expected-error-re @+1 {{'decode'{{.*}}forward contract{{.*}}got '(tensor<?xi32>) -> tensor<?xi32>'}}
func.func @decode(%tokens: tensor<?xi32>) -> tensor<?xi32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  return %tokens : tensor<?xi32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
!other = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f32>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}
// expected-error-re @+1 {{same cache type{{.*}}f32>' and '!llama.kv_cache{{.*}}f16>'}}
func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !other) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
// expected-error-re @+1 {{'prefill' takes up to 9 rows{{.*}}max_tokens = 8}}
func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 9 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
func.func @slice(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x16xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  %left, %right = llama.split %rows [16, 16] : (tensor<?x32xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>)
  // expected-error-re @+1 {{entry point 'slice'{{.*}}not an argument or a slice}}
  return %right : tensor<?x16xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
func.func @unknown_op(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x16xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  // expected-error @+1 {{has no counterpart in the opset of target 'ops'}}
  %other = "test.other"() : () -> tensor<?x16xf32>
  return %other : tensor<?x16xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
// expected-error-re @+1 {{random weight 'mixed'{{.*}}concatenated or interleaved}}
llama.weight @mixed : !llama.weight<48x32, f32> = #llama.concat<[#llama.random<1, "a", 16 x 32>, #llama.checkpoint<"embed", f32, [32, 32]>]>
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @mixed : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
// expected-error-re @+1 {{random weight 'seed'{{.*}}at most 4294967295{{.*}}got 4294967296 and 48}}
llama.weight @seed : !llama.weight<48x32, f32> = #llama.random<4294967296, "a", 48 x 32>
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @seed : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}
func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  // expected-error @+1 {{result shape differs from that of earlier entry points}}
  %rows = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
// expected-error-re @+1 {{entry point 'decode'{{.*}}one block that ends in a return}}
func.func private @decode(tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>, !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
// expected-error-re @+1 {{entry point 'decode'{{.*}}one block that ends in a return}}
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  cf.br ^next
^next:
  %rows = llama.embedding %outputs, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
// expected-error-re @+1 {{entry point 'decode'{{.*}}one block that ends in a return}}
func.func @decode(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  ub.unreachable
}
