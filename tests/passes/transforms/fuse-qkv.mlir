// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --allow-unregistered-dialect --llama-fuse-qkv --split-input-file | FileCheck %s
// RUN: cria-opt %s --allow-unregistered-dialect --llama-fuse-qkv --split-input-file --remark-format=emitRemark --remarks-filter=fusion 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: llama-fuse-qkv | Category:fusion | num-fused=1, num-rejected=0
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="weights of q, k and v cannot be concatenated"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="q, k and v have different inputs"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="q, k and v are not all linears"
// REMARK: llama-fuse-qkv | Category:fusion | num-fused=0, num-rejected=1

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK: llama.weight @layers.0.qkv : !llama.weight<256x128, f16> = #llama.concat<[#llama.checkpoint<"q", f16, [128, 128]>, #llama.checkpoint<"k", f16, [64, 128]>, #llama.checkpoint<"v", f16, [64, 128]>]>
// CHECK: llama.weight @layers.0.q :
// CHECK-LABEL: func @fuses_f16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.0.qkv
// CHECK: %[[QKV:.*]] = llama.linear %[[X]], %[[WEIGHT]]
// CHECK: %[[SLICES:.*]]:3 = llama.split %[[QKV]] [128, 64, 64]
// CHECK-NOT: llama.linear
// CHECK: %[[RQ:.*]] = llama.rope %[[SLICES]]#0
// CHECK: %[[RK:.*]] = llama.rope %[[SLICES]]#1
// CHECK: llama.kv_append %{{.*}}, %[[RK]], %[[SLICES]]#2
// CHECK: llama.attention %[[RQ]]
func.func @fuses_f16(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f32> = #llama.checkpoint<"q", f32, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f32> = #llama.checkpoint<"k", f32, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f32> = #llama.checkpoint<"v", f32, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK: llama.weight @layers.0.qkv : !llama.weight<256x128, f32> = #llama.concat<[#llama.checkpoint<"q", f32, [128, 128]>, #llama.checkpoint<"k", f32, [64, 128]>, #llama.checkpoint<"v", f32, [64, 128]>]>
// CHECK: llama.weight @layers.0.q :
// CHECK-LABEL: func @fuses_f32
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.0.qkv
// CHECK: %[[QKV:.*]] = llama.linear %[[X]], %[[WEIGHT]]
// CHECK: %[[SLICES:.*]]:3 = llama.split %[[QKV]] [128, 64, 64]
// CHECK-NOT: llama.linear
// CHECK: %[[RQ:.*]] = llama.rope %[[SLICES]]#0
// CHECK: %[[RK:.*]] = llama.rope %[[SLICES]]#1
// CHECK: llama.kv_append %{{.*}}, %[[RK]], %[[SLICES]]#2
// CHECK: llama.attention %[[RQ]]
func.func @fuses_f32(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f32>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f32>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f32>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f32>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f32>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f32>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, bf16> = #llama.checkpoint<"q", bf16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, bf16> = #llama.checkpoint<"k", bf16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, bf16> = #llama.checkpoint<"v", bf16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK: llama.weight @layers.0.qkv : !llama.weight<256x128, bf16> = #llama.concat<[#llama.checkpoint<"q", bf16, [128, 128]>, #llama.checkpoint<"k", bf16, [64, 128]>, #llama.checkpoint<"v", bf16, [64, 128]>]>
// CHECK: llama.weight @layers.0.q :
// CHECK-LABEL: func @fuses_bf16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x128xf32>
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.0.qkv
// CHECK: %[[QKV:.*]] = llama.linear %[[X]], %[[WEIGHT]]
// CHECK: %[[SLICES:.*]]:3 = llama.split %[[QKV]] [128, 64, 64]
// CHECK-NOT: llama.linear
// CHECK: %[[RQ:.*]] = llama.rope %[[SLICES]]#0
// CHECK: %[[RK:.*]] = llama.rope %[[SLICES]]#1
// CHECK: llama.kv_append %{{.*}}, %[[RK]], %[[SLICES]]#2
// CHECK: llama.attention %[[RQ]]
func.func @fuses_bf16(%x: tensor<1x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<1x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, bf16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, bf16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, bf16>
  %q = llama.linear %x, %wq : (tensor<1x128xf32>, !llama.weight<128x128, bf16>) -> tensor<1x128xf32>
  %k = llama.linear %x, %wk : (tensor<1x128xf32>, !llama.weight<64x128, bf16>) -> tensor<1x64xf32>
  %v = llama.linear %x, %wv : (tensor<1x128xf32>, !llama.weight<64x128, bf16>) -> tensor<1x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<1x128xf32>, tensor<1xi32>, !llama.weight<512x32, f32>) -> tensor<1x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<1x64xf32>, tensor<1xi32>, !llama.weight<512x32, f32>) -> tensor<1x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<1x64xf32>, tensor<1x64xf32>, tensor<1xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<1x128xf32>, !cache, tensor<1xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x128xf32>
  return %a : tensor<1x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Another use of v reads the slice as well.
// CHECK-LABEL: func @second_use
// CHECK: %[[SLICES:.*]]:3 = llama.split
// CHECK: "test.use"(%[[SLICES]]#2)
func.func @second_use(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  "test.use"(%v) : (tensor<?x64xf32>) -> ()
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Three projections of a rope_attention: it reads the joined tensor.
// CHECK-LABEL: func @fuses_into_rope_attention
// CHECK: %[[QKV:.*]] = llama.linear
// CHECK-NOT: llama.split
// CHECK: llama.rope_attention(%[[QKV]]),
func.func @fuses_into_rope_attention(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %a = llama.rope_attention(%q, %k, %v), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f32> = #llama.checkpoint<"k", f32, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// A weight has one element type.
// CHECK-NOT: #llama.concat
// CHECK-LABEL: func @negative_element_types
// CHECK-COUNT-3: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_element_types(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f32>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f32>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16, panel16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// A weight has one layout.
// CHECK-NOT: #llama.concat
// CHECK-LABEL: func @negative_layouts
// CHECK-COUNT-3: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_layouts(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16, panel16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16, panel16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// k is computed from another input.
// CHECK-NOT: #llama.concat
// CHECK-LABEL: func @negative_inputs
// CHECK-COUNT-3: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_inputs(%x: tensor<?x128xf32>, %y: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %y, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"q", f16, [128, 128]>
llama.weight @layers.0.k : !llama.weight<64x256, f16> = #llama.checkpoint<"k", f16, [64, 256]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// k has another number of columns.
// CHECK-NOT: #llama.concat
// CHECK-LABEL: func @negative_shapes
// CHECK-COUNT-3: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_shapes(%x: tensor<?x128xf32>, %y: tensor<?x256xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wq = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x256, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %y, %wk : (tensor<?x256xf32>, !llama.weight<64x256, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @layers.0.k : !llama.weight<64x128, f16> = #llama.checkpoint<"k", f16, [64, 128]>
llama.weight @layers.0.v : !llama.weight<64x128, f16> = #llama.checkpoint<"v", f16, [64, 128]>
!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// q is not the result of a linear.
// CHECK-LABEL: func @negative_no_linear
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_no_linear(%x: tensor<?x128xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %wk = llama.use_weight @layers.0.k : !llama.weight<64x128, f16>
  %wv = llama.use_weight @layers.0.v : !llama.weight<64x128, f16>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %x, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Only a llama.weight has a recipe to join.
// CHECK-LABEL: func @negative_weight_argument
// CHECK-COUNT-3: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_weight_argument(%x: tensor<?x128xf32>, %wq: !llama.weight<128x128, f16>, %wk: !llama.weight<64x128, f16>, %wv: !llama.weight<64x128, f16>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %q = llama.linear %x, %wq : (tensor<?x128xf32>, !llama.weight<128x128, f16>) -> tensor<?x128xf32>
  %k = llama.linear %x, %wk : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %v = llama.linear %x, %wv : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

llama.weight @gate : !llama.weight<352x128, f16> = #llama.checkpoint<"gate", f16, [352, 128]>
llama.weight @up : !llama.weight<352x128, f16> = #llama.checkpoint<"up", f16, [352, 128]>

// Linears of one input that are not q, k and v stay.
// CHECK-LABEL: func @negative_unrelated
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.split
// CHECK: return
func.func @negative_unrelated(%x: tensor<?x128xf32>) -> (tensor<?x352xf32>, tensor<?x352xf32>) {
  %wg = llama.use_weight @gate : !llama.weight<352x128, f16>
  %wu = llama.use_weight @up : !llama.weight<352x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<352x128, f16>) -> tensor<?x352xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<352x128, f16>) -> tensor<?x352xf32>
  return %g, %u : tensor<?x352xf32>, tensor<?x352xf32>
}
