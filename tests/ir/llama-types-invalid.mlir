// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expected rank 1 or 2, got 3}}
func.func private @weight_rank(!llama.weight<2x2x2, f16>)

// -----

// expected-error @+1 {{expected positive dimensions, got 0}}
func.func private @weight_extent(!llama.weight<0x2, f16>)

// -----

// expected-error-re @+1 {{expected weight format {{.*}}, got f64}}
func.func private @weight_format(!llama.weight<2x2, f64>)

// -----

// expected-error-re @+1 {{weight layout{{.*}}got columns}}
func.func private @weight_layout(!llama.weight<2x2, f16, columns>)

// -----

// expected-error @+1 {{expected rank 2 with layout panel16, got 1}}
func.func private @weight_panel_vector(!llama.weight<2, f32, panel16>)

// -----

// expected-error @+1 {{expected positive layers, got 0}}
func.func private @cache_layers(!llama.kv_cache<layers = 0, kv_heads = 2, head_dim = 32, f16>)

// -----

// expected-error @+1 {{expected positive kv_heads, got -1}}
func.func private @cache_heads(!llama.kv_cache<layers = 1, kv_heads = -1, head_dim = 32, f16>)

// -----

// expected-error @+1 {{expected even head_dim, got 31}}
func.func private @cache_head_dim(!llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 31, f16>)

// -----

// expected-error @+1 {{expected cache element type f32, f16 or i8, got 'bf16'}}
func.func private @cache_element_type(!llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, bf16>)

// -----

// expected-error @+1 {{expected cache element type f32, f16 or i8, got 'ui8'}}
func.func private @cache_unsigned_codes(!llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, ui8>)

// -----

// expected-error @+1 {{expected heads to be a multiple of kv_heads, got 4 and 3}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 3, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected positive vocab_size, got 0}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 0, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected even head_dim, got 33}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 33, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected norm_epsilon of at least 0, got -1}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = -1.0, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected positive rope_theta, got 0}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 0.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error-re @+1 {{RoPE scaling{{.*}}#llama.llama3_scaling{{.*}}got 7}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, rope_scaling = 7, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected bos_id below vocab_size 1024, or -1 for none, got 1024}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1024, eos_ids = [2]>} {}

// -----

// expected-error @+1 {{expected eos_ids below vocab_size 1024, got 2000}}
module attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2000]>} {}

// -----

// expected-error @+1 {{unexpected attribute 'llama.config', which belongs to a module}}
func.func private @config_on_function() attributes {llama.config = 1}

// -----

// expected-error @+1 {{expected attribute 'llama.config' to be a #llama.config, got 1}}
module attributes {llama.config = 1} {}

// -----

// expected-error @+1 {{expected attribute 'llama.max_tokens' to be a positive i64, got 0}}
func.func private @max_tokens() attributes {llama.max_tokens = 0}

// -----

// expected-error @+1 {{unknown attribute 'llama.tokens' of the llama dialect}}
func.func private @unknown_attribute() attributes {llama.tokens = 1}

// -----

llama.weight @w : !llama.weight<64x64, q8_0> = #llama.checkpoint<"w", f16, [64, 64]>
func.func @unknown_activations(%x: tensor<1x64xf32>) -> tensor<1x64xf32> {
  %w = llama.use_weight @w : !llama.weight<64x64, q8_0>
  // expected-error @+1 {{expected attribute 'llama.activations' to be a class of activations of a linear, got "a8"}}
  %y = llama.linear %x, %w {llama.activations = "a8"} : (tensor<1x64xf32>, !llama.weight<64x64, q8_0>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// expected-error @+1 {{expected attribute 'llama.activations' to be a class of activations of a linear, got "int8"}}
func.func private @activations_on_function() attributes {llama.activations = "int8"}
