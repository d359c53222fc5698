// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --allow-unregistered-dialect --llama-fuse-rope-attention --split-input-file | FileCheck %s
// RUN: cria-opt %s --allow-unregistered-dialect --llama-fuse-rope-attention --split-input-file --remark-format=emitRemark --remarks-filter=fusion 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: llama-fuse-rope-attention | Category:fusion | num-fused=1, num-rejected=0
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="a rotated value has another use"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="the preceding effect is not a kv_append of the same cache and layer"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="query and key are rotated differently"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="query or key is not rotated"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="query and key have different rows"
// REMARK: llama-fuse-rope-attention | Category:fusion | num-fused=0, num-rejected=1

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @fuses(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<?x128xf32>, %[[K:[a-z0-9]+]]: tensor<?x64xf32>, %[[V:[a-z0-9]+]]: tensor<?x64xf32>, %[[CACHE:[a-z0-9]+]]: {{[^%]*}}, %[[TABLE:[a-z0-9]+]]: {{[^%]*}}, %[[POSITIONS:[a-z0-9]+]]: {{[^%]*}}, %[[SEQUENCES:[a-z0-9]+]]: {{[^%]*}}, %[[SLOTS:[a-z0-9]+]]: {{[^%]*}}, %[[STARTS:[a-z0-9]+]]: {{[^%]*}}, %[[BLOCKS:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.rope_attention(%[[Q]], %[[K]], %[[V]]), %[[TABLE]], %[[CACHE]], %[[POSITIONS]], %[[SEQUENCES]], %[[SLOTS]], %[[STARTS]], %[[BLOCKS]] {layer = 1 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 1 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @fuses_one_row(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x128xf32>, %[[K:[a-z0-9]+]]: tensor<1x64xf32>, %[[V:[a-z0-9]+]]: tensor<1x64xf32>, %[[CACHE:[a-z0-9]+]]: {{[^%]*}}, %[[TABLE:[a-z0-9]+]]: {{[^%]*}}, %[[POSITIONS:[a-z0-9]+]]: {{[^%]*}}, %[[SEQUENCES:[a-z0-9]+]]: {{[^%]*}}, %[[SLOTS:[a-z0-9]+]]: {{[^%]*}}, %[[STARTS:[a-z0-9]+]]: {{[^%]*}}, %[[BLOCKS:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.rope_attention(%[[Q]], %[[K]], %[[V]]), %[[TABLE]], %[[CACHE]], %[[POSITIONS]], %[[SEQUENCES]], %[[SLOTS]], %[[STARTS]], %[[BLOCKS]] {layer = 1 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_one_row(%q: tensor<1x128xf32>, %k: tensor<1x64xf32>, %v: tensor<1x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<1x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<1x128xf32>, tensor<1xi32>, !llama.weight<512x32, f32>) -> tensor<1x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<1x64xf32>, tensor<1xi32>, !llama.weight<512x32, f32>) -> tensor<1x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 1 : i64} : !cache, tensor<1x64xf32>, tensor<1x64xf32>, tensor<1xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<1x128xf32>, !cache, tensor<1xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x128xf32>
  return %a : tensor<1x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Slices of one tensor: the tensor takes their place.
// CHECK-LABEL: func @fuses_split(
// CHECK-SAME: %[[QKV:[a-z0-9]+]]: tensor<?x256xf32>
// CHECK-NEXT: llama.rope_attention(%[[QKV]]),
func.func @fuses_split(%qkv: tensor<?x256xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %q, %k, %v = llama.split %qkv [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @split_second_use(
// CHECK: %[[SLICES:.*]]:3 = llama.split %[[QKV:[a-z0-9]+]]
// CHECK: "test.use"(%[[SLICES]]#2)
// CHECK: llama.rope_attention(%[[QKV]]),
func.func @split_second_use(%qkv: tensor<?x256xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %q, %k, %v = llama.split %qkv [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
  "test.use"(%v) : (tensor<?x64xf32>) -> ()
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Slices of one tensor in another order are three projections.
// CHECK-LABEL: func @split_in_other_order(
// CHECK: %[[SLICES:.*]]:3 = llama.split
// CHECK: llama.rope_attention(%[[SLICES]]#0, %[[SLICES]]#2, %[[SLICES]]#1),
func.func @split_in_other_order(%qkv: tensor<?x256xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %q, %k, %v = llama.split %qkv [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %v, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %k, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The rotated query would be computed twice.
// CHECK-LABEL: func @negative_second_use(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_second_use(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> (tensor<?x128xf32>, tensor<?x128xf32>) {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a, %rq : tensor<?x128xf32>, tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The append is of another layer.
// CHECK-LABEL: func @negative_layers(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_layers(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The append is to another cache.
// CHECK-LABEL: func @negative_caches(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_caches(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %other: !cache, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %other, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Query and key are rotated by different tables.
// CHECK-LABEL: func @negative_tables(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_tables(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %other: !llama.weight<512x32, f32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %other {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Rotation and causality have different positions.
// CHECK-LABEL: func @negative_positions(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_positions(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %other: tensor<?xi32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %other, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %other, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Something may read the cache between append and attention.
// CHECK-LABEL: func @negative_effect_between(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_effect_between(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  "test.effect"() : () -> ()
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The key is stored as it is.
// CHECK-LABEL: func @negative_not_rotated(
// CHECK-NOT: rope_attention
// CHECK: llama.kv_append
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_not_rotated(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  llama.kv_append %cache, %k, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The number of rotated heads differs from that of the cache.
// CHECK-LABEL: func @negative_head_dim(
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_head_dim(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %small: !llama.weight<512x16, f32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %small {head_dim = 16 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x16, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %small {head_dim = 16 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x16, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// An attention over what earlier steps stored.
// CHECK-LABEL: func @negative_no_append(
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_no_append(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// The step's queries are fewer than its keys.
// CHECK-LABEL: func @negative_rows(
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_rows(%q: tensor<1x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<1x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<1x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<1x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<1x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x128xf32>
  return %a : tensor<1x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// Each op is valid alone; together their rows are not those of one step.
// CHECK-LABEL: func @negative_value_rows(
// CHECK-NOT: rope_attention
// CHECK: return
func.func @negative_value_rows(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<1x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<2xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<1x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<2xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}

// -----

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f32>

// The element type of the cache does not matter.
// CHECK-LABEL: func @f32_cache(
// CHECK-NEXT: llama.rope_attention({{.*}}head_dim = 32, f32>
// CHECK-NEXT: return
func.func @f32_cache(%q: tensor<?x128xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %cache: !cache, %table: !llama.weight<512x32, f32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %rq = llama.rope %q, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
  %rk = llama.rope %k, %positions, %table {head_dim = 32 : i64} : (tensor<?x64xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x64xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 0 : i64} : !cache, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
  %a = llama.attention %rq, %cache, %positions, %sequences, %starts, %blocks {layer = 0 : i64, scale = 0.25 : f32}
    : (tensor<?x128xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %a : tensor<?x128xf32>
}
