// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-fuse-norm --split-input-file | FileCheck %s
// RUN: cria-opt %s --llama-fuse-norm --split-input-file --remark-format=emitRemark --remarks-filter=fusion 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: llama-fuse-norm | Category:fusion | num-fused=1, num-rejected=0
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="a user is not a linear without a norm"
// REMARK: llama-fuse-norm | Category:fusion | num-fused=0, num-rejected=1

// CHECK-LABEL: func @fuses_f16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>, %[[NORM:[a-z0-9]+]]: !llama.weight<128, f32>, %[[WEIGHT:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] norm(%[[NORM]]) {epsilon = 5.000000e-01 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f16(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>) -> tensor<?x64xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.linear %n, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_f32
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>, %[[NORM:[a-z0-9]+]]: !llama.weight<128, f32>, %[[WEIGHT:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] norm(%[[NORM]]) {epsilon = 5.000000e-01 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f32>, !llama.weight<128, f32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f32(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f32>) -> tensor<?x64xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.linear %n, %w : (tensor<?x128xf32>, !llama.weight<64x128, f32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_bf16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>, %[[NORM:[a-z0-9]+]]: !llama.weight<128, f32>, %[[WEIGHT:[a-z0-9]+]]:
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] norm(%[[NORM]]) {epsilon = 5.000000e-01 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, bf16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_bf16(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, bf16>) -> tensor<?x64xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.linear %n, %w : (tensor<?x128xf32>, !llama.weight<64x128, bf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func @fuses_one_row
// CHECK-NEXT: llama.fused_linear {{.*}} norm(%{{.*}}) {epsilon = 5.000000e-01 : f32} : (tensor<1x128xf32>,
func.func @fuses_one_row(%x: tensor<1x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>) -> tensor<1x64xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<1x128xf32>, !llama.weight<128, f32>) -> tensor<1x128xf32>
  %y = llama.linear %n, %w : (tensor<1x128xf32>, !llama.weight<64x128, f16>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// -----

// Other parts of the linear stay.
// CHECK-LABEL: func @fuses_into_fused
// CHECK-NEXT: llama.fused_linear %{{.*}}, %{{.*}} norm(%{{.*}}) activation(swiglu) residual(%{{.*}}) {epsilon = 5.000000e-01 : f32, swiglu_block = 16 : i64}
// CHECK-NEXT: return
func.func @fuses_into_fused(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>, %r: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.fused_linear %n, %w activation(swiglu) residual(%r) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, tensor<?x32xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// -----

// The norm is fused into all users.
// CHECK-LABEL: func @fuses_into_all_users
// CHECK-NOT: llama.rms_norm
// CHECK-COUNT-2: llama.fused_linear {{.*}} norm(
// CHECK: return
func.func @fuses_into_all_users(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>, %v: !llama.weight<64x128, f16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.linear %n, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  %z = llama.linear %n, %v : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return %y, %z : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// The normalized rows are used elsewhere.
// CHECK-LABEL: func @negative_second_use
// CHECK: llama.rms_norm
// CHECK-NOT: norm(
// CHECK: return
func.func @negative_second_use(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>) -> (tensor<?x64xf32>, tensor<?x128xf32>) {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.linear %n, %w : (tensor<?x128xf32>, !llama.weight<64x128, f16>) -> tensor<?x64xf32>
  return %y, %n : tensor<?x64xf32>, tensor<?x128xf32>
}

// -----

// The normalized rows are a residual.
// CHECK-LABEL: func @negative_residual
// CHECK: llama.rms_norm
// CHECK-NOT: norm(
// CHECK: return
func.func @negative_residual(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>, %v: !llama.weight<128x64, f16>, %h: tensor<?x64xf32>) -> tensor<?x128xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.fused_linear %h, %v residual(%n) : (tensor<?x64xf32>, !llama.weight<128x64, f16>, tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// The normalized rows are input and residual at once.
// CHECK-LABEL: func @negative_input_and_residual
// CHECK: llama.rms_norm
// CHECK-NOT: norm(
// CHECK: return
func.func @negative_input_and_residual(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>, %v: !llama.weight<128x128, f16>) -> tensor<?x128xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.fused_linear %n, %v residual(%n) : (tensor<?x128xf32>, !llama.weight<128x128, f16>, tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// The linear already has a norm.
// CHECK-LABEL: func @negative_second_norm
// CHECK: llama.rms_norm
// CHECK: llama.fused_linear {{.*}} norm(%{{.*}}) {epsilon = 2.500000e-01 : f32}
func.func @negative_second_norm(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>) -> tensor<?x64xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.fused_linear %n, %w norm(%nw) {epsilon = 0.25 : f32} : (tensor<?x128xf32>, !llama.weight<64x128, f16>, !llama.weight<128, f32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// Another op reads the norm.
// CHECK-LABEL: func @negative_unrelated
// CHECK: llama.rms_norm
// CHECK-NOT: norm(
// CHECK: return
func.func @negative_unrelated(%x: tensor<?x128xf32>, %nw: !llama.weight<128, f32>, %w: !llama.weight<64x128, f16>) -> tensor<?x128xf32> {
  %n = llama.rms_norm %x, %nw {epsilon = 0.5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
  %y = llama.silu %n : (tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}
