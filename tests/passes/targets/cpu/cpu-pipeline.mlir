// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A layer on the cpu target: separate norms, SwiGLU and residuals in their linear, RoPE with the append, panels for the weights of
// linears (also for a tied table); without fusions, one kernel per primitive op. Entry points share kernels.
// RUN: cria-opt %s --llama-optimize-pipeline --llama-specialize-entries="max-tokens=16 small-tokens=4" --llama-cpu-x86-64-v4-pipeline="context=64 max-tokens=16" | FileCheck %s --check-prefixes=BOTH,FUSED
// RUN: cria-opt %s --llama-specialize-entries="max-tokens=16 small-tokens=4" --llama-cpu-x86-64-v3-pipeline="context=64 max-tokens=16" | FileCheck %s --check-prefixes=BOTH,PRIMITIVE

// BOTH: program.weight @table : !llama.weight<131x128, f16, panel16> size 49152
// BOTH: program.weight @norm : !llama.weight<128, f32> size 512
// FUSED: program.weight @qkv : !llama.weight<256x128, f16, panel16> size 65536
// BOTH: program.weight @rope : !llama.weight<64x32, f32> size 8192
// FUSED: program.weight @gate_up : !llama.weight<704x128, f16, panel16> size 180224

// FUSED-LABEL: program.entry @decode tokens 1 to 1
// FUSED: program.dispatch @embedding_d128_f16_panel16 grid [1 * 1 by 1]
// FUSED: program.dispatch @rms_norm_d128_{{.*}} grid [1 * 1 by 1]
// FUSED: program.dispatch @linear_k128_n256_f16_row grid [4 * 1 by 1, 1 * 1 by 1]
// FUSED: program.dispatch @rope_append_q4_l1_h2_d32_f16_q256_k256_v256 grid [1 * 1 by 1]
// FUSED-NEXT: query = read @[[QKV:.*]] f32 [1, 128] strides [256, 1] at 0
// FUSED-NEXT: key = read @[[QKV]] f32 [1, 64] strides [256, 1] at 512
// FUSED-NEXT: value = read @[[QKV]] f32 [1, 64] strides [256, 1] at 768
// FUSED: cache = write @kv f16 [P, 2, 2048] strides [4096, 2048, 1] at 0 size rest
// FUSED-NEXT: output = write @[[QUERY:.*]] f32 [1, 128]
// FUSED: program.dispatch @attention_q4_l1_h2_d32_f16_{{.*}}_row grid [1 * 1 by 1, 2 * 1 by 1]
// FUSED-NEXT: query = read @[[QUERY]]
// FUSED: cache = read @kv
// FUSED: program.dispatch @linear_k128_n128_f16_residual_row grid [2 * 1 by 1, 1 * 1 by 1]
// FUSED: program.dispatch @rms_norm_d128_
// FUSED: program.dispatch @linear_k128_n344_f16_swiglu_row grid [11 * 1 by 1, 1 * 1 by 1]
// FUSED: program.dispatch @linear_k344_n128_f16_residual_row grid [2 * 1 by 1, 1 * 1 by 1]
// FUSED: program.dispatch @gather_rows_d128 grid [1 * R by 1]
// FUSED: program.dispatch @rms_norm_d128_{{.*}} grid [1 * R by 1]
// FUSED: program.dispatch @linear_k128_n131_f16_row grid [3 * 1 by 1, 1 * R by 1]
// FUSED-LABEL: program.entry @small tokens 2 to 4
// FUSED: program.dispatch @linear_k128_n256_f16_tokens grid [4 * 1 by 1, 1 * T by 258]
// FUSED: step = read @step ui32 [16] strides [1] at 0 size 64
// FUSED: program.dispatch @attention_q4_l1_h2_d32_f16_{{.*}}_tokens grid [1 * T by 4, 2 * 1 by 1]
// FUSED: program.dispatch @linear_k128_n131_f16_outputs grid [3 * 1 by 1, 1 * R by 258]
// FUSED-LABEL: program.entry @prefill tokens 1 to 16
// FUSED: program.dispatch @linear_k128_n256_f16_tokens

// PRIMITIVE-LABEL: program.entry @decode tokens 1 to 1
// PRIMITIVE: program.dispatch @rope_h4_d32 grid [1 * 1 by 1]
// PRIMITIVE: program.dispatch @rope_h2_d32 grid [1 * 1 by 1]
// PRIMITIVE: program.dispatch @kv_append_l1_h2_d32_f16 grid [1 * 1 by 1]
// PRIMITIVE: program.dispatch @attention_q4_l1_h2_d32_f16_
// PRIMITIVE: program.dispatch @add_d128
// PRIMITIVE: program.dispatch @silu_d344
// PRIMITIVE: program.dispatch @mul_d344
// PRIMITIVE: program.dispatch @linear_k344_n128_f16_row

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>
llama.weight @table : !llama.weight<131x128, f16> = #llama.checkpoint<"embed", f16, [131, 128]>
llama.weight @rope : !llama.weight<64x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 64>
llama.weight @q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
llama.weight @o : !llama.weight<128x128, f16> = #llama.checkpoint<"o", f16, [128, 128]>
llama.weight @norm : !llama.weight<128, f32> = #llama.checkpoint<"norm", f32, [128]>
llama.weight @gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>
llama.weight @down : !llama.weight<128x344, f16> = #llama.checkpoint<"down", f16, [128, 344]>
func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x131xf32> {
  %table = llama.use_weight @table : !llama.weight<131x128, f16>
  %rope = llama.use_weight @rope : !llama.weight<64x32, f32>
  %norm = llama.use_weight @norm : !llama.weight<128, f32>
  %wq = llama.use_weight @q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @v : !llama.weight<64x128, f16>
  %wo = llama.use_weight @o : !llama.weight<128x128, f16>
  %wg = llama.use_weight @gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @up : !llama.weight<344x128, f16>
  %wd = llama.use_weight @down : !llama.weight<128x344, f16>
  %hidden = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<131x128, f16>) -> tensor<?x128xf32>
  %n1 = llama.rms_norm %hidden, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %q = llama.linear %n1, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %n1, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %n1, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %rope {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<64x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %rope {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<64x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.176776695 : f32} : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %ao = llama.linear %a, %wo : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %h1 = llama.add %hidden, %ao : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>
  %n2 = llama.rms_norm %h1, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %g = llama.linear %n2, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %n2, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  %d = llama.linear %m, %wd : (tensor<?x344xf32>, !llama.weight<128x344, f16>) -> tensor<?x128xf32>
  %h2 = llama.add %h1, %d : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>
  %r = llama.gather_rows %h2, %outputs : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %rn = llama.rms_norm %r, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %logits = llama.linear %rn, %table : (tensor<?x128xf32>, !llama.weight<131x128, f16>) -> tensor<?x131xf32>
  return %logits : tensor<?x131xf32>
}
