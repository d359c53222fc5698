// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Limits come from options and from the configuration of the model.
// RUN: cria-opt %s --llama-form-dispatches | FileCheck %s --check-prefix=DEFAULT
// RUN: cria-opt %s --llama-form-dispatches="max-tokens=20 max-outputs=4 max-sequences=3 context=40" | FileCheck %s --check-prefix=GIVEN
// RUN: not cria-opt %s --llama-form-dispatches="context=101" 2>&1 | FileCheck %s --check-prefix=CONTEXT
// RUN: not cria-opt %s --llama-form-dispatches="max-sequences=0" 2>&1 | FileCheck %s --check-prefix=SEQUENCES
// RUN: not cria-opt %s --llama-form-dispatches="target=toaster" 2>&1 | FileCheck %s --check-prefix=TARGET

// DEFAULT: program.limits = #program.limits<max_tokens = 100, max_sequences = 16, max_outputs = 100, max_pages_per_sequence = 4, context = 100>
// GIVEN: program.limits = #program.limits<max_tokens = 20, max_sequences = 3, max_outputs = 4, max_pages_per_sequence = 2, context = 40>
// CONTEXT: error: expected option 'context' to be at most the model's 100, got 101
// SEQUENCES: error: limits of the program: expected 'max_sequences' in 1..65536, got 0
// TARGET: error: expected option 'target' to be one of ops{{.*}}, got 'toaster'

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
module attributes {llama.config = #llama.config<name = "x", parameters = 10, dim = 32, layers = 1, heads = 2, kv_heads = 1, head_dim = 16, ffn_dim = 32, vocab_size = 48, context = 100, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} {
  llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
  func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
    %table = llama.use_weight @table : !llama.weight<48x32, f32>
    %hidden = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x32, f32>) -> tensor<1x32xf32>
    %rows = llama.gather_rows %hidden, %outputs : (tensor<1x32xf32>, tensor<?xi32>) -> tensor<?x32xf32>
    return %rows : tensor<?x32xf32>
  }
}
