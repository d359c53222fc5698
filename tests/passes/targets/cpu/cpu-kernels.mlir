// The kernels of each family: what they read and write and the operations that fix their results; and what becomes of them.
// RUN: cria-opt %s --llama-specialize-entries="max-tokens=16 small-tokens=4" --llama-cpu-x86-64-v4-pipeline="context=64 max-tokens=16" -o %t
// RUN: FileCheck %s --check-prefix=EMBEDDING --input-file %t
// RUN: FileCheck %s --check-prefix=NORM --input-file %t
// RUN: FileCheck %s --check-prefix=ROW --input-file %t
// RUN: FileCheck %s --check-prefix=ROPE --input-file %t
// RUN: FileCheck %s --check-prefix=APPEND --input-file %t
// RUN: FileCheck %s --check-prefix=ATTENTION --input-file %t
// RUN: FileCheck %s --check-prefix=SILU --input-file %t
// RUN: FileCheck %s --check-prefix=GATHER --input-file %t
// RUN: FileCheck %s --check-prefix=TOKENS --input-file %t
// RUN: cria-opt %s --pass-pipeline="builtin.module(llama-specialize-entries{max-tokens=16 small-tokens=4},llama-cpu-x86-64-v4-pipeline{context=64 max-tokens=16},builtin.module(cria-lower-kernels))" -o %t.lowered
// RUN: FileCheck %s --check-prefix=LOWERED --input-file %t.lowered
// RUN: FileCheck %s --check-prefix=CALLS --input-file %t.lowered

// A tied table lies in panels: elements of a row are 16 apart.
// EMBEDDING-LABEL: func.func @embedding_d128_f16_panel16(
// EMBEDDING: scf.for
// EMBEDDING: %[[VALUE:.*]] = memref.load %arg1[%{{.*}}] : memref<{{.*}}xf16>
// EMBEDDING: %[[WIDE:.*]] = arith.extf %[[VALUE]] : f16 to f32
// EMBEDDING: memref.store %[[WIDE]], %arg2

// NORM-LABEL: func.func @rms_norm_d128_
// NORM: scf.for {{.*}} -> (vector<16xf32>)
// NORM: %[[X:.*]] = vector.load %arg0
// NORM: math.fma %[[X]], %[[X]], %{{.*}} : vector<16xf32>
// NORM-COUNT-4: arith.addf {{.*}} : vector<{{8|4|2|1}}xf32>
// NORM: math.sqrt
// NORM: vector.store %{{.*}}, %arg2

// Four panels in one loop with prefetches; 131 columns: stores are masked.
// ROW-LABEL: func.func @linear_k128_n131_f16_row(
// ROW-SAME: llvm.noalias
// ROW: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// ROW-COUNT-8: memref.prefetch %arg1
// ROW-COUNT-4: arith.extf {{.*}} : vector<16xf16> to vector<16xf32>
// ROW: %[[X:.*]] = vector.broadcast
// ROW-COUNT-4: math.fma %[[X]], {{.*}} : vector<16xf32>
// ROW: vector.create_mask
// ROW-COUNT-4: vector.maskedstore %arg2
// ROW-NOT: vector.store
// ROW: return

// ROPE-LABEL: func.func @rope_h4_d32(
// ROPE: %[[PRODUCT:.*]] = arith.mulf
// ROPE: %[[NEGATED:.*]] = arith.negf %[[PRODUCT]]
// ROPE: math.fma {{.*}}, {{.*}}, %[[NEGATED]]
// ROPE: %[[OTHER:.*]] = arith.mulf
// ROPE: math.fma {{.*}}, {{.*}}, %[[OTHER]]

// Nothing is written for slot -1. Keys go element by element, 32 apart; values in vectors.
// APPEND-LABEL: func.func @kv_append_l1_h2_d32_f16(
// APPEND: %[[SLOT:.*]] = memref.load %arg2
// APPEND: %[[PRESENT:.*]] = arith.cmpi sge, %[[SLOT]], %{{.*}} : i32
// APPEND: scf.if %[[PRESENT]]
// APPEND-COUNT-16: memref.store %{{.*}}, %arg3[%{{.*}}] : memref<{{.*}}xf16>
// APPEND: vector.store %{{.*}}, %arg3[%{{.*}}] : memref<{{.*}}xf16>, vector<16xf16>

// Scores, weights and sums of a page; no library exponential.
// ATTENTION-LABEL: func.func @attention_q4_l1_h2_d32_f16_{{.*}}_row(
// ATTENTION-NOT: math.exp
// ATTENTION: scf.for
// ATTENTION: scf.if
// ATTENTION: memref.prefetch %arg4
// ATTENTION: math.fma
// ATTENTION: arith.select
// ATTENTION: math.roundeven
// ATTENTION: return

// SILU-LABEL: func.func @silu_d344(
// SILU: math.roundeven
// SILU: arith.divf
// SILU: vector.store %{{.*}}, %arg1[%{{.*}}] : memref<{{.*}}xf32>, vector<16xf32>
// SILU: vector.store %{{.*}}, %arg1[%{{.*}}] : memref<{{.*}}xf32>, vector<8xf32>

// GATHER-LABEL: func.func @gather_rows_d128(
// GATHER: %[[TOKEN:.*]] = memref.load %arg1
// GATHER: arith.index_castui %[[TOKEN]]

// Rows come from the step header; few of them read the weights as they are stored, many a block widened into scratch.
// TOKENS-LABEL: func.func @linear_k128_n128_f16_tokens(
// TOKENS: memref.load %arg3
// TOKENS: scf.if
// TOKENS: scf.index_switch
// TOKENS: case 5
// TOKENS: } else {
// TOKENS: vector.store %{{.*}}, %arg4
// TOKENS: scf.index_switch

// LOWERED-LABEL: llvm.func internal @linear_k128_n131_f16_row.body(
// LOWERED: "llvm.intr.prefetch"
// LOWERED: llvm.fpext {{.*}} : vector<16xf16> to vector<16xf32>
// LOWERED: llvm.intr.fma({{.*}}) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
// LOWERED: llvm.intr.masked.store

// Wrappers call the bodies, nothing else is called.
// CALLS-NOT: llvm.call @{{[a-z0-9_]*}}(
// CALLS: llvm.call @embedding_d128_f16_panel16.body(
// CALLS-NOT: llvm.call @{{[a-z0-9_]*}}(

!cache = !llama.kv_cache<layers = 1, kv_heads = 2, head_dim = 32, f16>
llama.weight @table : !llama.weight<131x128xf16> = #llama.checkpoint<"embed", f16, [131, 128]>
llama.weight @rope : !llama.weight<64x32xf32> = #llama.rope_table<theta = 10000.0, head_dim = 32, context = 64>
llama.weight @q : !llama.weight<128x128xf16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @k : !llama.weight<64x128xf16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @v : !llama.weight<64x128xf16> = #llama.checkpoint<"v", f16, [64, 128]>
llama.weight @o : !llama.weight<128x128xf16> = #llama.checkpoint<"o", f16, [128, 128]>
llama.weight @norm : !llama.weight<128xf32> = #llama.checkpoint<"norm", f32, [128]>
llama.weight @gate : !llama.weight<344x128xf16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @up : !llama.weight<344x128xf16> = #llama.checkpoint<"up", f16, [344, 128]>
llama.weight @down : !llama.weight<128x344xf16> = #llama.checkpoint<"down", f16, [128, 344]>
func.func @forward(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x131xf32> {
  %table = llama.use_weight @table : !llama.weight<131x128xf16>
  %rope = llama.use_weight @rope : !llama.weight<64x32xf32>
  %norm = llama.use_weight @norm : !llama.weight<128xf32>
  %wq = llama.use_weight @q : !llama.weight<128x128xf16>
  %wk = llama.use_weight @k : !llama.weight<64x128xf16>
  %wv = llama.use_weight @v : !llama.weight<64x128xf16>
  %wo = llama.use_weight @o : !llama.weight<128x128xf16>
  %wg = llama.use_weight @gate : !llama.weight<344x128xf16>
  %wu = llama.use_weight @up : !llama.weight<344x128xf16>
  %wd = llama.use_weight @down : !llama.weight<128x344xf16>
  %hidden = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<131x128xf16>) -> tensor<?x128xf32>
  %n1 = llama.rms_norm %hidden, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128xf32>) -> tensor<?x128xf32>
  %q = llama.linear %n1, %wq : (tensor<?x128xf32>, !llama.weight<128x128xf16>) -> tensor<?x128xf32>
  %k = llama.linear %n1, %wk : (tensor<?x128xf32>, !llama.weight<64x128xf16>) -> tensor<?x64xf32>
  %v = llama.linear %n1, %wv : (tensor<?x128xf32>, !llama.weight<64x128xf16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %rope {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<64x32xf32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %rope {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<64x32xf32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.176776695 : f32} : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %ao = llama.linear %a, %wo : (tensor<?x128xf32>, !llama.weight<128x128xf16>) -> tensor<?x128xf32>
  %h1 = llama.add %hidden, %ao : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>
  %n2 = llama.rms_norm %h1, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128xf32>) -> tensor<?x128xf32>
  %g = llama.linear %n2, %wg : (tensor<?x128xf32>, !llama.weight<344x128xf16>) -> tensor<?x344xf32>
  %u = llama.linear %n2, %wu : (tensor<?x128xf32>, !llama.weight<344x128xf16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  %d = llama.linear %m, %wd : (tensor<?x344xf32>, !llama.weight<128x344xf16>) -> tensor<?x128xf32>
  %h2 = llama.add %h1, %d : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>
  %r = llama.gather_rows %h2, %outputs : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
  %rn = llama.rms_norm %r, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128xf32>) -> tensor<?x128xf32>
  %logits = llama.linear %rn, %table : (tensor<?x128xf32>, !llama.weight<131x128xf16>) -> tensor<?x131xf32>
  return %logits : tensor<?x131xf32>
}
