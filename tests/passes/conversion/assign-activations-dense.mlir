// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense weights: ops multiplies bf16 in bf16 on request; cpu too, and has f32 without it; cuda has the class of its tensor cores and f32, and refuses others.
// RUN: cria-opt %s --llama-assign-activations="target=ops activations=bf16" | FileCheck %s --check-prefix=OPS
// RUN: cria-opt %s --llama-assign-activations="target=cuda-sm_80" | FileCheck %s --check-prefix=CUDA
// RUN: cria-opt %s --llama-assign-activations="target=cuda-sm_80 activations=f32" | FileCheck %s --check-prefix=SINGLE
// RUN: not cria-opt %s --llama-assign-activations="target=cuda-sm_80 activations=int8" 2>&1 | FileCheck %s --check-prefix=INT8
// RUN: cria-opt %s --llama-assign-activations="target=cpu-x86-64-v4 activations=bf16" | FileCheck %s --check-prefix=CPU
// RUN: not cria-opt %s --llama-assign-activations="target=cpu-aarch64 activations=int8" 2>&1 | FileCheck %s --check-prefix=AARCH64

// OPS: llama.linear {{.*}}llama.activations = "bf16"
// CUDA: llama.linear {{.*}}llama.activations = "bf16"
// SINGLE: llama.linear
// SINGLE-NOT: llama.activations
// INT8: error: target 'cuda-sm_80' multiplies weights in bf16 with activations in bf16, f32, not in int8; compile without --activations
// CPU: module attributes {llama.activations = "bf16"}
// CPU: llama.linear {{.*}}llama.activations = "bf16"
// AARCH64: error: target 'cpu-aarch64' multiplies weights in bf16 with activations in f32, bf16, not in int8; compile without --activations
llama.weight @w : !llama.weight<64x64, bf16> = #llama.checkpoint<"w", bf16, [64, 64]>

func.func @decode(%x: tensor<1x64xf32>) -> tensor<1x64xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %w = llama.use_weight @w : !llama.weight<64x64, bf16>
  %y = llama.linear %x, %w : (tensor<1x64xf32>, !llama.weight<64x64, bf16>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}
