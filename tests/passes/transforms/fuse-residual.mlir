// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-fuse-residual --split-input-file | FileCheck %s
// RUN: cria-opt %s --llama-fuse-residual --split-input-file --remark-format=emitRemark --remarks-filter=fusion 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: llama-fuse-residual | Category:fusion | num-fused=1, num-rejected=0
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="the linear has another use"
// REMARK: llama-fuse-residual | Category:fusion | num-fused=0, num-rejected=1

// CHECK-LABEL: func @fuses_f16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: {{[^%]*}}, %[[WEIGHT:[a-z0-9]+]]: {{[^%]*}}, %[[RESIDUAL:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] residual(%[[RESIDUAL]]) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x64xf32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f16(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_f32
// CHECK-SAME: (%[[X:[a-z0-9]+]]: {{[^%]*}}, %[[WEIGHT:[a-z0-9]+]]: {{[^%]*}}, %[[RESIDUAL:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] residual(%[[RESIDUAL]]) : (tensor<?x128xf32>, !llama.weight<64x128, f32>, tensor<?x64xf32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f32(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f32>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f32>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_bf16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: {{[^%]*}}, %[[WEIGHT:[a-z0-9]+]]: {{[^%]*}}, %[[RESIDUAL:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] residual(%[[RESIDUAL]]) : (tensor<?x128xf32>, !llama.weight<64x128, bf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_bf16(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, bf16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, bf16>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_left
// CHECK-NEXT: llama.fused_linear {{.*}} residual(
// CHECK-NEXT: return
func.func @fuses_left(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %y, %r : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// Other parts of the linear stay.
// CHECK-LABEL: func @fuses_into_fused
// CHECK-NEXT: llama.fused_linear {{.*}} norm(%{{.*}}) activation(swiglu) residual(%{{.*}}) {epsilon = 5.000000e-01 : f32, swiglu_block = 16 : i64}
// CHECK-NEXT: return
func.func @fuses_into_fused(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>, %v: !llama.weight<128x128, f16>, %nw: !llama.weight<128, f32>) -> tensor<?x64xf32> {
  %y = llama.fused_linear %x, %v norm(%nw) activation(swiglu) {epsilon = 0.5 : f32, swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<128x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// The linear moves after the definition of the residual.
// CHECK-LABEL: func @residual_made_later
// CHECK-NEXT: %[[RESIDUAL:.*]] = llama.silu
// CHECK-NEXT: llama.fused_linear {{.*}} residual(%[[RESIDUAL]])
func.func @residual_made_later(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %s = llama.silu %r : (tensor<?x64xf32>) -> tensor<?x64xf32>
  %h = llama.add %s, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// The first linear becomes the residual of the second.
// CHECK-LABEL: func @two_linears
// CHECK-NEXT: %[[FIRST:.*]] = llama.linear
// CHECK-NEXT: llama.fused_linear {{.*}} residual(%[[FIRST]])
func.func @two_linears(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>, %v: !llama.weight<64x128, f16>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %z = llama.linear %x, %v : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %y, %z : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// The second has another use, so the first is fused.
// CHECK-LABEL: func @two_linears_second_use
// CHECK: %[[SECOND:.*]] = llama.linear
// CHECK-NEXT: llama.fused_linear {{.*}} residual(%[[SECOND]])
func.func @two_linears_second_use(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>, %v: !llama.weight<64x128, f16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %z = llama.linear %x, %v : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %y, %z : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h, %z : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// The product has another use.
// CHECK-LABEL: func @negative_second_use
// CHECK-NEXT: llama.linear
// CHECK-NEXT: llama.add
func.func @negative_second_use(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h, %y : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// The product is added to itself.
// CHECK-LABEL: func @negative_doubled
// CHECK-NEXT: llama.linear
// CHECK-NEXT: llama.add
func.func @negative_doubled(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.linear %x, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %h = llama.add %y, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// The linear already has a residual; the order of additions determines the result.
// CHECK-LABEL: func @negative_second_residual
// CHECK-NEXT: llama.fused_linear
// CHECK-NEXT: llama.add
func.func @negative_second_residual(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = llama.fused_linear %x, %w residual(%r) : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %h = llama.add %r, %y : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}

// -----

// Neither operand is a linear.
// CHECK-LABEL: func @negative_unrelated
// CHECK-NEXT: llama.silu
// CHECK-NEXT: llama.add
func.func @negative_unrelated(%x: tensor<?x128xf32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %s = llama.silu %r : (tensor<?x64xf32>) -> tensor<?x64xf32>
  %h = llama.add %s, %r : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %h : tensor<?x64xf32>
}
