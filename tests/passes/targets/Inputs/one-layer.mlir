// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One layer of a small model in primitive ops, which the tests of targets compile.
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
