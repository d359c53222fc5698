// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s | cria-opt | FileCheck %s
// RUN: cria-opt %s --mlir-print-op-generic | cria-opt | FileCheck %s

// CHECK: llama.weight @norm : !llama.weight<128, f32> = #llama.checkpoint<"model.norm.weight", bf16, [128]>
llama.weight @norm : !llama.weight<128, f32> = #llama.checkpoint<"model.norm.weight", bf16, [128]>
// CHECK: llama.weight @random : !llama.weight<96x128, f16, panel16> = #llama.random<18446744073709551615, "q_proj", 96 x 128>
llama.weight @random : !llama.weight<96x128, f16, panel16> = #llama.random<18446744073709551615, "q_proj", 96 x 128>
// CHECK: llama.weight @ones : !llama.weight<128, f32> = #llama.ones<128>
llama.weight @ones : !llama.weight<128, f32> = #llama.ones<128>
// CHECK: llama.weight @rope : !llama.weight<512x32, f32> = #llama.rope_table<theta = 1.000000e+04, head_dim = 32, context = 512>
llama.weight @rope : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512>
// A number that needs more than six digits.
// CHECK: llama.weight @scaled : !llama.weight<512x32, f32> = #llama.rope_table<theta = 12345.678900000001, head_dim = 32, context = 512, scaling = #llama.linear_scaling<factor = 2.500000e+00>>
llama.weight @scaled : !llama.weight<512x32, f32> = #llama.rope_table<theta = 12345.6789, head_dim = 32, context = 512, scaling = #llama.linear_scaling<factor = 2.5>>
// CHECK: llama.weight @yarn : {{.*}} scaling = #llama.yarn_scaling<factor = 1.600000e+01, original_context = 4096, beta_fast = 3.200000e+01, beta_slow = 1.000000e+00, attention_factor = 1.250000e+00, truncate = false>>
llama.weight @yarn : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512,
  scaling = #llama.yarn_scaling<factor = 16.0, original_context = 4096, beta_fast = 32.0, beta_slow = 1.0, attention_factor = 1.25, truncate = false>>
// CHECK: llama.weight @llama3 : {{.*}} scaling = #llama.llama3_scaling<factor = 8.000000e+00, low_freq_factor = 1.000000e+00, high_freq_factor = 4.000000e+00, original_context = 8192>>
llama.weight @llama3 : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512,
  scaling = #llama.llama3_scaling<factor = 8.0, low_freq_factor = 1.0, high_freq_factor = 4.0, original_context = 8192>>
// CHECK: llama.weight @concat : !llama.weight<192x128, f16> = #llama.concat<[#llama.checkpoint<"q", f16, [128, 128]>, #llama.checkpoint<"k", f16, [64, 128]>]>
llama.weight @concat : !llama.weight<192x128, f16> = #llama.concat<[#llama.checkpoint<"q", f16, [128, 128]>, #llama.checkpoint<"k", f16, [64, 128]>]>
// Each input is padded to a multiple of the block.
// CHECK: llama.weight @interleave : !llama.weight<64x128, f16> = #llama.interleave<[#llama.checkpoint<"g", f16, [20, 128]>, #llama.checkpoint<"u", f16, [20, 128]>], block = 16>
llama.weight @interleave : !llama.weight<64x128, f16> = #llama.interleave<[#llama.checkpoint<"g", f16, [20, 128]>, #llama.checkpoint<"u", f16, [20, 128]>], block = 16>
// CHECK: llama.weight @permute : !llama.weight<128x128, f16> = #llama.permute_rope<#llama.checkpoint<"wq", f16, [128, 128]>, heads = 4>
llama.weight @permute : !llama.weight<128x128, f16> = #llama.permute_rope<#llama.checkpoint<"wq", f16, [128, 128]>, heads = 4>

// CHECK-LABEL: func @use
func.func @use() -> !llama.weight<128, f32> {
  // CHECK: %[[WEIGHT:.*]] = llama.use_weight @norm : !llama.weight<128, f32>
  // CHECK: return %[[WEIGHT]]
  %weight = llama.use_weight @norm : !llama.weight<128, f32>
  return %weight : !llama.weight<128, f32>
}
