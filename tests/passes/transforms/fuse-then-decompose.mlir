// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fusing and decomposing gives the original: the same ops on the same values. The operands of a sum are in the order of the fused op,
// which adds the residual last; f32 addition is commutative.
// RUN: cria-opt %s --llama-fuse-rope-attention --llama-fuse-swiglu-mlp --llama-fuse-norm --llama-fuse-residual --llama-decompose-fused-ops --cse --llama-remove-dead-weights | FileCheck %s
// Fusing a second time gives the result of the first time.
// RUN: cria-opt %s --llama-optimize-pipeline > %t.once
// RUN: cria-opt %t.once --llama-optimize-pipeline > %t.twice
// RUN: diff %t.once %t.twice

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>

llama.weight @embedding : !llama.weight<1024x128, f16> = #llama.checkpoint<"embed", f16, [1024, 128]>
llama.weight @rope : !llama.weight<512x32, f32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 512>
llama.weight @layers.0.attention_norm : !llama.weight<128, f32> = #llama.checkpoint<"an", f16, [128]>
llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
llama.weight @layers.0.o : !llama.weight<128x128, f16> = #llama.checkpoint<"o", f16, [128, 128]>
llama.weight @layers.0.mlp_norm : !llama.weight<128, f32> = #llama.checkpoint<"mn", f16, [128]>
llama.weight @layers.0.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.0.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>
llama.weight @layers.0.down : !llama.weight<128x344, f16> = #llama.checkpoint<"down", f16, [128, 344]>
llama.weight @final_norm : !llama.weight<128, f32> = #llama.checkpoint<"norm", f16, [128]>
llama.weight @output : !llama.weight<1024x128, f16> = #llama.checkpoint<"output", f16, [1024, 128]>

// The weights of the original, and no others.
// CHECK-COUNT-13: llama.weight @
// CHECK-NOT: llama.weight @
// CHECK-LABEL: func @forward(
// CHECK-SAME: %[[TOKENS:[a-z0-9]+]]: tensor<?xi32>, %[[POSITIONS:[a-z0-9]+]]: tensor<?xi32>, %[[SEQUENCES:[a-z0-9]+]]: tensor<?xi32>, %[[SLOTS:[a-z0-9]+]]: tensor<?xi32>, %[[STARTS:[a-z0-9]+]]: tensor<?xi32>, %[[BLOCKS:[a-z0-9]+]]: tensor<?x?xi32>, %[[OUTPUTS:[a-z0-9]+]]: tensor<?xi32>, %[[CACHE:[a-z0-9]+]]:
// CHECK: %[[HIDDEN:.*]] = llama.embedding %[[TOKENS]],
// CHECK: %[[TABLE:.*]] = llama.use_weight @rope
// CHECK: %[[AN:.*]] = llama.use_weight @layers.0.attention_norm
// CHECK: %[[WQ:.*]] = llama.use_weight @layers.0.q
// CHECK: %[[WK:.*]] = llama.use_weight @layers.0.k
// CHECK: %[[WV:.*]] = llama.use_weight @layers.0.v
// CHECK: %[[N0:.*]] = llama.rms_norm %[[HIDDEN]], %[[AN]] {epsilon = [[EPSILON:.*]] : f32}
// CHECK-NEXT: %[[Q:.*]] = llama.linear %[[N0]], %[[WQ]]
// CHECK-NEXT: %[[K:.*]] = llama.linear %[[N0]], %[[WK]]
// CHECK-NEXT: %[[V:.*]] = llama.linear %[[N0]], %[[WV]]
// CHECK-NEXT: %[[RQ:.*]] = llama.rope %[[Q]], %[[POSITIONS]], %[[TABLE]] {head_dim = 32 : i64}
// CHECK-NEXT: %[[RK:.*]] = llama.rope %[[K]], %[[POSITIONS]], %[[TABLE]] {head_dim = 32 : i64}
// CHECK-NEXT: llama.kv_append %[[CACHE]], %[[RK]], %[[V]], %[[SLOTS]] {layer = 0 : i64}
// CHECK-NEXT: %[[A:.*]] = llama.attention %[[RQ]], %[[CACHE]], %[[POSITIONS]], %[[SEQUENCES]], %[[STARTS]], %[[BLOCKS]] {layer = 0 : i64, scale = 0.176{{[0-9]*}} : f32}
// CHECK: %[[WO:.*]] = llama.use_weight @layers.0.o
// CHECK: %[[O:.*]] = llama.linear %[[A]], %[[WO]]
// CHECK-NEXT: %[[H0:.*]] = llama.add %[[O]], %[[HIDDEN]]
// CHECK: %[[MN:.*]] = llama.use_weight @layers.0.mlp_norm
// CHECK: %[[WD:.*]] = llama.use_weight @layers.0.down
// CHECK: %[[N1:.*]] = llama.rms_norm %[[H0]], %[[MN]] {epsilon = [[EPSILON]] : f32}
// CHECK: %[[WG:.*]] = llama.use_weight @layers.0.gate
// CHECK: %[[GATE:.*]] = llama.linear %[[N1]], %[[WG]]
// CHECK: %[[WU:.*]] = llama.use_weight @layers.0.up
// CHECK: %[[UP:.*]] = llama.linear %[[N1]], %[[WU]]
// CHECK-NEXT: %[[S:.*]] = llama.silu %[[GATE]]
// CHECK-NEXT: %[[M:.*]] = llama.mul %[[S]], %[[UP]]
// CHECK-NEXT: %[[D:.*]] = llama.linear %[[M]], %[[WD]]
// CHECK-NEXT: %[[H1:.*]] = llama.add %[[D]], %[[H0]]
// CHECK-NEXT: %[[ROWS:.*]] = llama.gather_rows %[[H1]], %[[OUTPUTS]]
// CHECK: %[[FN:.*]] = llama.use_weight @final_norm
// CHECK: %[[OUTPUT:.*]] = llama.use_weight @output
// CHECK: %[[N2:.*]] = llama.rms_norm %[[ROWS]], %[[FN]] {epsilon = [[EPSILON]] : f32}
// CHECK-NEXT: %[[LOGITS:.*]] = llama.linear %[[N2]], %[[OUTPUT]]
// CHECK-NEXT: return %[[LOGITS]]

func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>,
    %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x1024xf32> {
  %embedding = llama.use_weight @embedding : !llama.weight<1024x128, f16>
  %hidden = llama.embedding %tokens, %embedding : (tensor<?xi32>, !llama.weight<1024x128, f16>) -> tensor<?x128xf32>
  %table = llama.use_weight @rope : !llama.weight<512x32, f32>

  %attention_norm = llama.use_weight @layers.0.attention_norm : !llama.weight<128, f32>
  %n0 = llama.rms_norm %hidden, %attention_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %n0, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %n0, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %n0, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.176776695 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %wo = llama.use_weight @layers.0.o : !llama.weight<128x128, f16>
  %o = llama.linear %a, %wo : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %h0 = llama.add %hidden, %o : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>

  %mlp_norm = llama.use_weight @layers.0.mlp_norm : !llama.weight<128, f32>
  %n1 = llama.rms_norm %h0, %mlp_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %wg = llama.use_weight @layers.0.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.0.up : !llama.weight<344x128, f16>
  %wd = llama.use_weight @layers.0.down : !llama.weight<128x344, f16>
  %gate = llama.linear %n1, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %up = llama.linear %n1, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %gate : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %up : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  %d = llama.linear %m, %wd : (tensor<?x344xf32>, !llama.weight<128x344, f16>) -> tensor<?x128xf32>
  %h1 = llama.add %h0, %d : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>

  %rows = llama.gather_rows %h1, %outputs : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %final_norm = llama.use_weight @final_norm : !llama.weight<128, f32>
  %n2 = llama.rms_norm %rows, %final_norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %output = llama.use_weight @output : !llama.weight<1024x128, f16>
  %logits = llama.linear %n2, %output : (tensor<?x128xf32>, !llama.weight<1024x128, f16>) -> tensor<?x1024xf32>
  return %logits : tensor<?x1024xf32>
}
