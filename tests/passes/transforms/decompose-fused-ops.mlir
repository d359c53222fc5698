// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-decompose-fused-ops --split-input-file | FileCheck %s
// RUN: cria-opt %s --llama-decompose-fused-ops=parts=norm --split-input-file | FileCheck %s --check-prefix=NORM
// RUN: cria-opt %s --llama-decompose-fused-ops=parts=residual --split-input-file | FileCheck %s --check-prefix=RESIDUAL
// RUN: cria-opt %s --llama-decompose-fused-ops=parts=activation --split-input-file | FileCheck %s --check-prefix=ACTIVATION
// RUN: cria-opt %s --llama-decompose-fused-ops="parts=norm,rope_attention functions=other" --split-input-file | FileCheck %s --check-prefix=FUNCTIONS
// RUN: not cria-opt %s --llama-decompose-fused-ops=parts=bias 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: expected parts residual, activation, norm or rope_attention, got bias

!cache = !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 32, f16>

// CHECK-LABEL: func @rope_attention_one(
// CHECK-SAME: %[[QKV:[a-z0-9]+]]: tensor<?x256xf32>, %[[TABLE:[a-z0-9]+]]: {{[^%]*}}, %[[CACHE:[a-z0-9]+]]: {{[^%]*}}, %[[POSITIONS:[a-z0-9]+]]: {{[^%]*}}, %[[SEQUENCES:[a-z0-9]+]]: {{[^%]*}}, %[[SLOTS:[a-z0-9]+]]: {{[^%]*}}, %[[STARTS:[a-z0-9]+]]: {{[^%]*}}, %[[BLOCKS:[a-z0-9]+]]:
// CHECK-NEXT: %[[SLICES:.*]]:3 = llama.split %[[QKV]] [128, 64, 64]
// CHECK-NEXT: %[[RQ:.*]] = llama.rope %[[SLICES]]#0, %[[POSITIONS]], %[[TABLE]] {head_dim = 32 : i64}
// CHECK-NEXT: %[[RK:.*]] = llama.rope %[[SLICES]]#1, %[[POSITIONS]], %[[TABLE]] {head_dim = 32 : i64}
// CHECK-NEXT: llama.kv_append %[[CACHE]], %[[RK]], %[[SLICES]]#2, %[[SLOTS]] {layer = 1 : i64}
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.attention %[[RQ]], %[[CACHE]], %[[POSITIONS]], %[[SEQUENCES]], %[[STARTS]], %[[BLOCKS]] {layer = 1 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[OUTPUT]]
// NORM-LABEL: func @rope_attention_one(
// NORM-NEXT: llama.rope_attention
// FUNCTIONS-LABEL: func @rope_attention_one(
// FUNCTIONS-NEXT: llama.rope_attention
func.func @rope_attention_one(%qkv: tensor<?x256xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<?x128xf32> {
  %0 = llama.rope_attention(%qkv), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<?x256xf32>, !llama.weight<512x32, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @other(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x128xf32>, %[[K:[a-z0-9]+]]: tensor<1x64xf32>, %[[V:[a-z0-9]+]]: tensor<1x64xf32>
// CHECK-NEXT: %[[RQ:.*]] = llama.rope %[[Q]],
// CHECK-NEXT: %[[RK:.*]] = llama.rope %[[K]],
// CHECK-NEXT: llama.kv_append %{{.*}}, %[[RK]], %[[V]],
// CHECK-NEXT: llama.attention %[[RQ]],
// FUNCTIONS-LABEL: func @other(
// FUNCTIONS: llama.attention
func.func @other(%q: tensor<1x128xf32>, %k: tensor<1x64xf32>, %v: tensor<1x64xf32>, %table: !llama.weight<512x32, f32>, %cache: !cache, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %starts: tensor<?xi32>, %blocks: tensor<?x?xi32>) -> tensor<1x128xf32> {
  %0 = llama.rope_attention(%q, %k, %v), %table, %cache, %positions, %sequences, %slots, %starts, %blocks {layer = 1 : i64, scale = 0.25 : f32}
    : (tensor<1x128xf32>, tensor<1x64xf32>, tensor<1x64xf32>, !llama.weight<512x32, f32>, !cache, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x128xf32>
  return %0 : tensor<1x128xf32>
}

// -----

// CHECK: llama.weight @layers.0.gate_up.gate : !llama.weight<40x128, f16, panel16> = #llama.checkpoint<"gate", f16, [40, 128]>
// CHECK: llama.weight @layers.0.gate_up.up : !llama.weight<40x128, f16, panel16> = #llama.checkpoint<"up", f16, [40, 128]>
llama.weight @layers.0.gate_up : !llama.weight<96x128, f16, panel16> = #llama.interleave<[#llama.checkpoint<"gate", f16, [40, 128]>, #llama.checkpoint<"up", f16, [40, 128]>], block = 16>

// From the outside in.
// CHECK-LABEL: func @all_parts(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x128xf32>, %[[NW:[a-z0-9]+]]: !llama.weight<128, f32>, %[[R:[a-z0-9]+]]: tensor<?x40xf32>
// CHECK: %[[NORMED:.*]] = llama.rms_norm %[[X]], %[[NW]] {epsilon = 5.000000e-01 : f32}
// CHECK-NEXT: %[[WG:.*]] = llama.use_weight @layers.0.gate_up.gate
// CHECK-NEXT: %[[GATE:.*]] = llama.linear %[[NORMED]], %[[WG]]
// CHECK-NEXT: %[[WU:.*]] = llama.use_weight @layers.0.gate_up.up
// CHECK-NEXT: %[[UP:.*]] = llama.linear %[[NORMED]], %[[WU]]
// CHECK-NEXT: %[[SILU:.*]] = llama.silu %[[GATE]]
// CHECK-NEXT: %[[PRODUCT:.*]] = llama.mul %[[SILU]], %[[UP]]
// CHECK-NEXT: %[[SUM:.*]] = llama.add %[[PRODUCT]], %[[R]]
// CHECK-NEXT: return %[[SUM]]

// NORM-LABEL: func @all_parts(
// NORM: %[[NORMED:.*]] = llama.rms_norm
// NORM-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[NORMED]], %{{.*}} activation(swiglu) residual(%{{.*}}) {swiglu_block = 16 : i64}
// NORM-NEXT: return %[[OUTPUT]]

// RESIDUAL-LABEL: func @all_parts(
// RESIDUAL: %[[OUTPUT:.*]] = llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) activation(swiglu) {epsilon = 5.000000e-01 : f32, swiglu_block = 16 : i64}
// RESIDUAL-NEXT: %[[SUM:.*]] = llama.add %[[OUTPUT]], %{{.*}}
// RESIDUAL-NEXT: return %[[SUM]]

// The activation takes the residual along; each linear has the norm.
// ACTIVATION-LABEL: func @all_parts(
// ACTIVATION: %[[GATE:.*]] = llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) {epsilon = 5.000000e-01 : f32} : {{.*}} -> tensor<?x40xf32>
// ACTIVATION: %[[UP:.*]] = llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) {epsilon = 5.000000e-01 : f32} : {{.*}} -> tensor<?x40xf32>
// ACTIVATION-NEXT: %[[SILU:.*]] = llama.silu %[[GATE]]
// ACTIVATION-NEXT: %[[PRODUCT:.*]] = llama.mul %[[SILU]], %[[UP]]
// ACTIVATION-NEXT: llama.add %[[PRODUCT]], %{{.*}}

// FUNCTIONS-LABEL: func @all_parts(
// FUNCTIONS: llama.fused_linear {{.*}} norm(
func.func @all_parts(%x: tensor<?x128xf32>, %norm: !llama.weight<128, f32>, %residual: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %w = llama.use_weight @layers.0.gate_up : !llama.weight<96x128, f16, panel16>
  %0 = llama.fused_linear %x, %w norm(%norm) activation(swiglu) residual(%residual) {epsilon = 0.5 : f32, swiglu_block = 16 : i64}
    : (tensor<?x128xf32>, !llama.weight<96x128, f16, panel16>, !llama.weight<128, f32>, tensor<?x40xf32>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}

// -----

// A linear in the fused form is a linear.
// CHECK-LABEL: func @no_parts(
// CHECK-NEXT: llama.linear
// CHECK-NEXT: return
func.func @no_parts(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>) -> tensor<?x64xf32> {
  %0 = llama.fused_linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

// If the weight cannot be split, the activation stays; the norm is decomposed, and the residual as requested.
// CHECK-LABEL: func @negative_weight_argument(
// CHECK-NEXT: %[[NORMED:.*]] = llama.rms_norm
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[NORMED]], %{{.*}} activation(swiglu) {swiglu_block = 16 : i64}
// CHECK-NEXT: llama.add %[[OUTPUT]],
// ACTIVATION-LABEL: func @negative_weight_argument(
// ACTIVATION-NEXT: llama.fused_linear {{.*}} norm(%{{.*}}) activation(swiglu) residual(
// ACTIVATION-NEXT: return
func.func @negative_weight_argument(%x: tensor<?x128xf32>, %w: !llama.weight<96x128, f16>, %norm: !llama.weight<128, f32>, %residual: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %0 = llama.fused_linear %x, %w norm(%norm) activation(swiglu) residual(%residual) {epsilon = 0.5 : f32, swiglu_block = 16 : i64}
    : (tensor<?x128xf32>, !llama.weight<96x128, f16>, !llama.weight<128, f32>, tensor<?x40xf32>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}

// -----

llama.weight @gate_up : !llama.weight<96x128, f16> = #llama.interleave<[#llama.checkpoint<"gate", f16, [48, 128]>, #llama.checkpoint<"up", f16, [48, 128]>], block = 8>

// The blocks of the weight differ from those of the op.
// CHECK-LABEL: func @negative_block(
// CHECK: llama.fused_linear {{.*}} activation(swiglu)
func.func @negative_block(%x: tensor<?x128xf32>) -> tensor<?x48xf32> {
  %w = llama.use_weight @gate_up : !llama.weight<96x128, f16>
  %0 = llama.fused_linear %x, %w activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<96x128, f16>) -> tensor<?x48xf32>
  return %0 : tensor<?x48xf32>
}

// -----

llama.weight @gate_up_narrow : !llama.weight<96x128, f16> = #llama.interleave<[#llama.checkpoint<"gate", f16, [48, 128]>, #llama.checkpoint<"up", f16, [48, 128]>], block = 16>

// The result has fewer columns than gate and up have rows: two linears would make more.
// CHECK-LABEL: func @negative_columns(
// CHECK: llama.fused_linear {{.*}} activation(swiglu)
func.func @negative_columns(%x: tensor<?x128xf32>) -> tensor<?x40xf32> {
  %w = llama.use_weight @gate_up_narrow : !llama.weight<96x128, f16>
  %0 = llama.fused_linear %x, %w activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<96x128, f16>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}
