// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A KV cache in 8 bits: each layer of a page has its codes, then its scales, which every op of the cache binds. A target without kernels for it
// refuses it, and names the way out.
// RUN: cria-opt %s --llama-form-dispatches="target=ops context=32 max-tokens=8" | FileCheck %s --check-prefixes=BOTH,OPS
// RUN: cria-opt %s --llama-form-dispatches="target=cpu-x86-64-v3 context=32 max-tokens=8" | FileCheck %s --check-prefixes=BOTH,CPU
// RUN: cria-opt %s --llama-form-dispatches="target=cpu-aarch64 context=32 max-tokens=8" | FileCheck %s --check-prefixes=BOTH,CPU
// RUN: cria-opt %s --llama-prepare="target=cpu-x86-64-v3"
// RUN: cria-opt %s --llama-prepare="target=ops"
// RUN: not cria-opt %s --llama-prepare="target=cuda-sm_80" 2>&1 | FileCheck %s --check-prefix=CUDA
// RUN: not cria-opt %s --llama-prepare="target=gpusim-sm_80" 2>&1 | FileCheck %s --check-prefix=SIM

// CUDA: error: target 'cuda-sm_80' keeps the KV cache in f16 or f32, not in q8; compile with --target cpu or ops, or with --kv f16
// SIM: error: target 'gpusim-sm_80' keeps the KV cache in f16 or f32, not in q8

// A layer: 2 · 32 · 16 bytes of codes and 2 · 32 · 2 of scales, for each of 2 KV heads.
// BOTH: program.kv = #program.kv<{{.*}}32{{.*}}4608{{.*}}i8>
// OPS: program.dispatch @kv_append grid [1 * T by 1] {
// OPS: cache = write @kv i8 [P, 2, 2, 32, 16] strides [4608, 1024, 512, 16, 1] at 2304 size rest
// OPS-NEXT: cache.scales = write @kv f16 [P, 2, 2, 32] strides [2304, 64, 32, 1] at 4352 size rest
// OPS: program.dispatch @attention grid
// OPS: cache = read @kv i8 [P, 2, 2, 32, 16]
// OPS-NEXT: cache.scales = read @kv f16 [P, 2, 2, 32]
// OPS-NEXT: output = write

// CPU: program.dispatch @kv_append_l2_h2_d16_q8 grid [1 * T by 1] {
// CPU: cache = write @kv i8 [P, 2, 1024] strides [4608, 1024, 1] at 2304 size rest
// CPU-NEXT: cache.scales = write @kv f16 [P, 2, 64] strides [2304, 64, 1] at 4352 size rest
// CPU: program.dispatch @attention_q2_l2_h2_d16_q8_{{.*}}_tokens grid
// CPU: cache = read @kv i8 [P, 2, 1024]
// CPU: cache.scales = read @kv f16 [P, 2, 64]
// CPU-NEXT: step = read

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 16, i8>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>

func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x32xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %x = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  llama.kv_append %cache, %x, %x, %slots {layer = 1 : i64} : !cache, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?xi32>
  %attended = llama.attention %x, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 1 : i64, scale = 0.25 : f32} : (tensor<?x32xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x32xf32>
  %rows = llama.gather_rows %attended, %outputs : (tensor<?x32xf32>, tensor<?xi32>) -> tensor<?x32xf32>
  return %rows : tensor<?x32xf32>
}
