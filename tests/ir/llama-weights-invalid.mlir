// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --split-input-file --verify-diagnostics

// expected-error-re @+1 {{recipe's shape [128, 64]{{.*}}got '!llama.weight<64x128, f16>'}}
llama.weight @weight_c1 : !llama.weight<64x128, f16> = #llama.checkpoint<"w", f16, [128, 64]>

// -----

// expected-error-re @+1 {{a RoPE table of f32{{.*}}got '!llama.weight<512x32, f16>'}}
llama.weight @weight_c2 : !llama.weight<512x32, f16> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512>

// -----

// expected-error @+1 {{attribute 'recipe' failed to satisfy constraint: weight recipe}}
llama.weight @no_recipe : !llama.weight<64, f32> = 7

// -----

// expected-error @+1 {{expected the name of a checkpoint tensor, got an empty one}}
llama.weight @checkpoint_name : !llama.weight<64, f32> = #llama.checkpoint<"", f32, [64]>

// -----

// expected-error-re @+1 {{expected weight format {{.*}}, got i8}}
llama.weight @checkpoint_format : !llama.weight<64, f32> = #llama.checkpoint<"w", i8, [64]>

// -----

// expected-error @+1 {{expected positive dimensions, got -1}}
llama.weight @checkpoint_shape : !llama.weight<64, f32> = #llama.checkpoint<"w", f32, [-1]>

// -----

// expected-error @+1 {{expected positive rows, got 0}}
llama.weight @random_rows : !llama.weight<64x64, f32> = #llama.random<1, "w", 0 x 64>

// -----

// expected-error @+1 {{expected positive columns, got 0}}
llama.weight @random_columns : !llama.weight<64x64, f32> = #llama.random<1, "w", 64 x 0>

// -----

// expected-error @+1 {{expected positive size, got 0}}
llama.weight @ones : !llama.weight<64, f32> = #llama.ones<0>

// -----

// expected-error @+1 {{expected positive theta, got 0}}
llama.weight @rope_theta : !llama.weight<512x32, f32> = #llama.rope_table<theta = 0.0, head_dim = 32, context = 512>

// -----

// expected-error @+1 {{expected even head_dim, got 3}}
llama.weight @rope_head_dim : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.0, head_dim = 3, context = 512>

// -----

// expected-error @+1 {{expected positive context, got 0}}
llama.weight @rope_context : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.0, head_dim = 32, context = 0>

// -----

// expected-error-re @+1 {{RoPE scaling{{.*}}#llama.llama3_scaling{{.*}}got "yarn"}}
llama.weight @rope_scaling : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.0, head_dim = 32, context = 512, scaling = "yarn">

// -----

// expected-error @+2 {{expected positive factor, got -2}}
// expected-error @+1 {{failed to parse Llama_RopeTableAttr parameter 'scaling'}}
llama.weight @linear_scaling : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.0, head_dim = 32, context = 512, scaling = #llama.linear_scaling<factor = -2.0>>

// -----

// expected-error @+2 {{yarn_scaling: expected 0 < beta_slow <= beta_fast in rope_scaling, got 2 and 1}}
// expected-error @+1 {{failed to parse Llama_RopeTableAttr parameter 'scaling'}}
llama.weight @yarn_scaling : !llama.weight<512x32, f32> = #llama.rope_table<theta = 2.0, head_dim = 32, context = 512, scaling = #llama.yarn_scaling<factor = 8.0, original_context = 64, beta_fast = 1.0, beta_slow = 2.0, attention_factor = 1.0, truncate = true>>

// -----

// expected-error @+2 {{expected low_freq_factor below high_freq_factor, got 4}}
// expected-error @+1 {{failed to parse Llama_RopeTableAttr parameter 'scaling'}}
llama.weight @llama3_scaling : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.0, head_dim = 32, context = 512, scaling = #llama.llama3_scaling<factor = 8.0, low_freq_factor = 4.0, high_freq_factor = 4.0, original_context = 8192>>

// -----

// expected-error @+2 {{expected attribute value}}
// expected-error @+1 {{failed to parse Llama_ConcatAttr parameter 'inputs'}}
llama.weight @concat_empty : !llama.weight<64x64, f32> = #llama.concat<[]>

// -----

// expected-error @+1 {{expected a weight recipe as input, got "w"}}
llama.weight @concat_input : !llama.weight<64x64, f32> = #llama.concat<["w"]>

// -----

// expected-error @+1 {{expected rank-2 inputs, got #llama.ones<64>}}
llama.weight @concat_vector : !llama.weight<64x64, f32> = #llama.concat<[#llama.ones<64>]>

// -----

// expected-error @+1 {{expected inputs with 64 columns as the first has, got 32}}
llama.weight @concat_columns : !llama.weight<64x64, f32> = #llama.concat<[#llama.random<1, "a", 64 x 64>, #llama.random<1, "b", 64 x 32>]>

// -----

// expected-error @+1 {{expected positive block, got 0}}
llama.weight @interleave_block : !llama.weight<64x64, f32> = #llama.interleave<[#llama.random<1, "a", 64 x 64>], block = 0>

// -----

// expected-error @+1 {{expected inputs with 64 rows as the first has, got 32}}
llama.weight @interleave_rows : !llama.weight<64x64, f32> = #llama.interleave<[#llama.random<1, "a", 64 x 64>, #llama.random<1, "b", 32 x 64>], block = 16>

// -----

// expected-error @+1 {{expected positive heads, got 0}}
llama.weight @permute_heads : !llama.weight<64x64, f32> = #llama.permute_rope<#llama.random<1, "a", 64 x 64>, heads = 0>

// -----

// expected-error @+1 {{expected rows that make 5 heads of an even dimension, got 64}}
llama.weight @permute_rows : !llama.weight<64x64, f32> = #llama.permute_rope<#llama.random<1, "a", 64 x 64>, heads = 5>

// -----

func.func @use_weight_c1_missing() {
  // expected-error @+1 {{'llama.use_weight' op expected @missing to be a llama.weight}}
  %weight = llama.use_weight @missing : !llama.weight<64, f32>
  return
}

// -----

// expected-note @+1 {{defined here}}
func.func @use_weight_c1() {
  // expected-error @+1 {{'llama.use_weight' op expected @use_weight_c1 to be a llama.weight}}
  %weight = llama.use_weight @use_weight_c1 : !llama.weight<64, f32>
  return
}

// -----

// expected-note @+1 {{defined here}}
llama.weight @norm : !llama.weight<64, f32> = #llama.ones<64>
func.func @use_weight_c2() {
  // expected-error-re @+1 {{type '!llama.weight<64, f32>' of @norm{{.*}}got '!llama.weight<32, f32>'}}
  %weight = llama.use_weight @norm : !llama.weight<32, f32>
  return
}
