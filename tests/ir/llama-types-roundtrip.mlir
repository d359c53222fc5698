// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s | cria-opt | FileCheck %s
// RUN: cria-opt %s --mlir-print-op-generic | cria-opt | FileCheck %s

// CHECK: module attributes {llama.config = #llama.config<name = "stories", parameters = 1367936, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32,
// CHECK-SAME: ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.000000e-05, rope_theta = 1.000000e+04, tied_embeddings = false, bos_id = 1, eos_ids = [2, 7]>}
module attributes {llama.config = #llama.config<name = "stories", parameters = 1367936, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32,
    ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2, 7]>} {
  // CHECK-LABEL: func private @weights
  // CHECK-SAME: (!llama.weight<4096, f32>, !llama.weight<32x64, f16>, !llama.weight<32x64, bf16, panel16>, !llama.weight<32x64, f16, row_padded>, !llama.weight<32x64, f16>)
  func.func private @weights(!llama.weight<4096, f32>, !llama.weight<32x64, f16>, !llama.weight<32x64, bf16, panel16>, !llama.weight<32x64, f16, row_padded>, !llama.weight<32x64, f16, row_major>)

  // CHECK-LABEL: func private @cache
  // CHECK-SAME: (!llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 2, f32>, !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 2, i8>)
  func.func private @cache(!llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 2, f32>, !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 2, i8>)
}

// No ids, scaled RoPE.
// CHECK: module @scaled attributes {llama.config = #llama.config<
// CHECK-SAME: rope_scaling = #llama.llama3_scaling<factor = 8.000000e+00, low_freq_factor = 1.000000e+00, high_freq_factor = 4.000000e+00, original_context = 256>,
// CHECK-SAME: tied_embeddings = true, bos_id = -1, eos_ids = []>}
module @scaled attributes {llama.config = #llama.config<name = "scaled", parameters = 1000, dim = 128, layers = 6, heads = 4, kv_heads = 2, head_dim = 32,
    ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05, rope_theta = 500000.0,
    rope_scaling = #llama.llama3_scaling<factor = 8.0, low_freq_factor = 1.0, high_freq_factor = 4.0, original_context = 256>,
    tied_embeddings = true, bos_id = -1, eos_ids = []>} {
}
