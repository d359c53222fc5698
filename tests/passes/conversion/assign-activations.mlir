// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each linear gets the requested class where the target multiplies its weight in it, and the default otherwise; without a request nothing
// is stated on ops, whose default is f32. A class in which no weight is multiplied is refused with those that are.
// RUN: cria-opt %s --llama-assign-activations="target=ops" | FileCheck %s --check-prefix=DEFAULT
// RUN: cria-opt %s --llama-assign-activations="target=ops activations=f32" | FileCheck %s --check-prefix=DEFAULT
// RUN: cria-opt %s --llama-assign-activations="target=ops activations=int8" | FileCheck %s --check-prefix=INT8
// RUN: not cria-opt %s --llama-assign-activations="target=ops activations=bf16" 2>&1 | FileCheck %s --check-prefix=BF16
// RUN: not cria-opt %s --llama-assign-activations="target=ops activations=a8" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: cria-opt %s --llama-assign-activations="target=cuda-sm_80" | FileCheck %s --check-prefix=CUDA
// RUN: not cria-opt %s --llama-assign-activations="target=cuda-sm_80 activations=int8" 2>&1 | FileCheck %s --check-prefix=CODES

// DEFAULT-NOT: llama.activations
// INT8: llama.linear %{{.*}}, %{{.*}} {llama.activations = "int8"}{{.*}}q8_0
// INT8: llama.fused_linear
// INT8-SAME: llama.activations = "int8"
// INT8-SAME: q4_k
// INT8: llama.linear
// INT8-NOT: llama.activations
// INT8-SAME: f16
// BF16: error: target 'ops' multiplies weights in q8_0 with activations in f32, int8, weights in q4_k with activations in f32, int8, weights in f16 with activations in f32, not in bf16; compile without --activations, or with --weights bf16
// CUDA-COUNT-3: llama.activations = "f16"
// CODES: error: target 'cuda-sm_80' multiplies weights in q8_0 with activations in f16, f32, weights in q4_k with activations in f16, f32, weights in f16 with activations in f16, f32, not in int8; compile without --activations{{$}}
// UNKNOWN: error: expected option 'activations' to be one of f32, f16, bf16, int8, got 'a8'
llama.weight @w : !llama.weight<64x64, q8_0> = #llama.checkpoint<"w", f16, [64, 64]>
llama.weight @k : !llama.weight<64x64, q4_k> = #llama.checkpoint<"k", f16, [64, 64]>
llama.weight @output : !llama.weight<48x64, f16> = #llama.checkpoint<"output", f16, [48, 64]>

func.func @decode(%x: tensor<1x64xf32>) -> tensor<1x48xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %w = llama.use_weight @w : !llama.weight<64x64, q8_0>
  %k = llama.use_weight @k : !llama.weight<64x64, q4_k>
  %output = llama.use_weight @output : !llama.weight<48x64, f16>
  %y = llama.linear %x, %w : (tensor<1x64xf32>, !llama.weight<64x64, q8_0>) -> tensor<1x64xf32>
  %z = llama.fused_linear %y, %k residual(%x) : (tensor<1x64xf32>, !llama.weight<64x64, q4_k>, tensor<1x64xf32>) -> tensor<1x64xf32>
  %logits = llama.linear %z, %output : (tensor<1x64xf32>, !llama.weight<48x64, f16>) -> tensor<1x48xf32>
  return %logits : tensor<1x48xf32>
}
