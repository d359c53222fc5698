// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prepares entry points for a target: parts of fused ops without a kernel are decomposed, and every weight is assigned one layout
// for all of its uses.
// RUN: cria-opt %s --llama-prepare="target=cpu-x86-64-v4" | FileCheck %s --check-prefixes=BOTH,CPU
// RUN: cria-opt %s --llama-prepare="target=ops" | FileCheck %s --check-prefixes=BOTH,OPS
// RUN: not cria-opt %s --llama-prepare="target=tpu" 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: tpu

// A weight that is multiplied has panels on the cpu target, also for the look-up, and is stored once.
// CPU: llama.weight @tied : !llama.weight<96x64, f16, panel16>
// OPS: llama.weight @tied : !llama.weight<96x64, f16> =
llama.weight @tied : !llama.weight<96x64, f16> = #llama.checkpoint<"embed", f16, [96, 64]>
// A weight that is only looked up.
// BOTH: llama.weight @table : !llama.weight<48x64, f16> =
llama.weight @table : !llama.weight<48x64, f16> = #llama.checkpoint<"table", f16, [48, 64]>
// BOTH: llama.weight @norm : !llama.weight<64, f32> =
llama.weight @norm : !llama.weight<64, f32> = #llama.checkpoint<"norm", f32, [64]>

// BOTH-LABEL: func @decode(
func.func @decode(%tokens: tensor<1xi32>, %other: tensor<1xi32>) -> tensor<1x96xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %tied = llama.use_weight @tied : !llama.weight<96x64, f16>
  %table = llama.use_weight @table : !llama.weight<48x64, f16>
  %norm = llama.use_weight @norm : !llama.weight<64, f32>
  // CPU: %[[TIED:.*]] = llama.use_weight @tied : !llama.weight<96x64, f16, panel16>
  // CPU: llama.embedding %{{.*}}, %[[TIED]]
  %x = llama.embedding %tokens, %tied : (tensor<1xi32>, !llama.weight<96x64, f16>) -> tensor<1x64xf32>
  // BOTH: llama.embedding %{{.*}} !llama.weight<48x64, f16>)
  %y = llama.embedding %other, %table : (tensor<1xi32>, !llama.weight<48x64, f16>) -> tensor<1x64xf32>
  %sum = llama.add %x, %y : (tensor<1x64xf32>, tensor<1x64xf32>) -> tensor<1x64xf32>
  // CPU: %[[NORMED:.*]] = llama.rms_norm
  // CPU: llama.linear %[[NORMED]], %[[TIED]]
  // OPS-NOT: llama.rms_norm
  // OPS: llama.fused_linear {{.*}} norm(
  %z = llama.fused_linear %sum, %tied norm(%norm) {epsilon = 1.0e-5 : f32} : (tensor<1x64xf32>, !llama.weight<96x64, f16>, !llama.weight<64, f32>) -> tensor<1x96xf32>
  return %z : tensor<1x96xf32>
}
