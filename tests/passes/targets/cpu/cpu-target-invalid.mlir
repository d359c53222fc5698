// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops without a kernel on the cpu target, in entry points that were not prepared for it.
// RUN: cria-opt %s --llama-form-dispatches="target=cpu-x86-64-v4 context=32 max-tokens=8" --split-input-file --verify-diagnostics

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f16, panel16> = #llama.checkpoint<"t", f16, [48, 32]>
llama.weight @norm : !llama.weight<32, f32> = #llama.checkpoint<"n", f32, [32]>
func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<1x48xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f16, panel16>
  %norm = llama.use_weight @norm : !llama.weight<32, f32>
  %x = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x32, f16, panel16>) -> tensor<1x32xf32>
  // expected-error @+1 {{fused norm must be decomposed}}
  %y = llama.fused_linear %x, %table norm(%norm) {epsilon = 1.0e-5 : f32} : (tensor<1x32xf32>, !llama.weight<48x32, f16, panel16>, !llama.weight<32, f32>) -> tensor<1x48xf32>
  return %y : tensor<1x48xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f16, panel16> = #llama.checkpoint<"t", f16, [48, 32]>
func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<1x24xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f16, panel16>
  %x = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x32, f16, panel16>) -> tensor<1x32xf32>
  // expected-error @+1 {{expected swiglu_block to be 16 for this target, got 8}}
  %y = llama.fused_linear %x, %table activation(swiglu) {swiglu_block = 8 : i64} : (tensor<1x32xf32>, !llama.weight<48x32, f16, panel16>) -> tensor<1x24xf32>
  return %y : tensor<1x24xf32>
}

// -----

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f16, panel16> = #llama.checkpoint<"t", f16, [48, 32]>
func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<1x8xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f16, panel16>
  %x = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x32, f16, panel16>) -> tensor<1x32xf32>
  %parts:3 = llama.split %x [8, 8, 16] : (tensor<1x32xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x16xf32>)
  // expected-error @+1 {{not 64-byte aligned}}
  %y = llama.add %parts#0, %parts#1 : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}
