// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-specialize-entries --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a function @forward to specialize, found none}}
module {}

// -----

// expected-error-re @+1 {{8 arguments of the forward contract{{.*}}got type '(tensor<?xi32>) -> tensor<?xi32>'}}
func.func @forward(%tokens: tensor<?xi32>) -> tensor<?xi32> {
  return %tokens : tensor<?xi32>
}

// -----

// expected-error-re @+1 {{argument 5{{.*}}got 'tensor<?xi32>'}}
func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>,
    %block_table: tensor<?xi32>, %outputs: tensor<?xi32>, %cache: !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>) -> tensor<?xi32> {
  return %tokens : tensor<?xi32>
}

// -----

func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>,
    %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>) -> tensor<?xi32> {
  return %tokens : tensor<?xi32>
}

// expected-error @+1 {{expected the name 'small' to be free for an entry point}}
llama.weight @small : !llama.weight<8, f32> = #llama.ones<8>
