// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A target without kernels for the format of a weight refuses it, and names the way out.
// RUN: cria-opt %s --llama-prepare="target=ops" | FileCheck %s --check-prefix=OPS
// RUN: not cria-opt %s --llama-prepare="target=cpu-aarch64" 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: cria-opt %s --llama-prepare="target=cuda-sm_80" | FileCheck %s --check-prefix=CUDA
// RUN: cria-opt %s --llama-prepare="target=gpusim-sm_80" | FileCheck %s --check-prefix=CUDA

// OPS: llama.weight @table : !llama.weight<48x64, q8_0> =
// CPU: error: target 'cpu-aarch64' has no kernels for weights in format q8_0; compile with --target cpu or ops, or with --weights f32, f16 or bf16
// The kernels of cuda load codes of a table in aligned chunks, too.
// CUDA: llama.weight @table : !llama.weight<48x64, q8_0, row_padded> =
llama.weight @table : !llama.weight<48x64, q8_0> = #llama.checkpoint<"table", f16, [48, 64]>

func.func @decode(%tokens: tensor<1xi32>) -> tensor<1x64xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x64, q8_0>
  %x = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x64, q8_0>) -> tensor<1x64xf32>
  return %x : tensor<1x64xf32>
}
