// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --llama-fuse-swiglu-mlp --split-input-file | FileCheck %s
// RUN: cria-opt %s --llama-fuse-swiglu-mlp --split-input-file --remark-format=emitRemark --remarks-filter=fusion 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not cria-opt %s --llama-fuse-swiglu-mlp=swiglu-block=0 --split-input-file 2>&1 | FileCheck %s --check-prefix=BLOCK

// REMARK: llama-fuse-swiglu-mlp | Category:fusion | num-fused=1, num-rejected=0
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="an intermediate has another use"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="weights of gate and up cannot be interleaved"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="gate and up have different inputs"
// REMARK: [Missed] llama.{{[a-z_]*}} | Category:fusion | Remark="gate and up are not two linears"
// REMARK: llama-fuse-swiglu-mlp | Category:fusion | num-fused=0, num-rejected=1
// BLOCK: expected positive swiglu-block, got 0

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// CHECK: llama.weight @layers.3.gate_up : !llama.weight<704x128, f16> = #llama.interleave<[#llama.checkpoint<"gate", f16, [344, 128]>, #llama.checkpoint<"up", f16, [344, 128]>], block = 16>
// CHECK-LABEL: func @fuses_f16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>
// CHECK-NOT: llama.linear
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.3.gate_up
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<704x128, f16>) -> tensor<?x344xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f16(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<352x128, f32> = #llama.checkpoint<"gate", f32, [352, 128]>
llama.weight @layers.3.up : !llama.weight<352x128, f32> = #llama.checkpoint<"up", f32, [352, 128]>

// CHECK: llama.weight @layers.3.gate_up : !llama.weight<704x128, f32> = #llama.interleave<[#llama.checkpoint<"gate", f32, [352, 128]>, #llama.checkpoint<"up", f32, [352, 128]>], block = 16>
// CHECK-LABEL: func @fuses_f32
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x128xf32>
// CHECK-NOT: llama.linear
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.3.gate_up
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] activation(swiglu) {swiglu_block = 16 : i64} : (tensor<1x128xf32>, !llama.weight<704x128, f32>) -> tensor<1x352xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_f32(%x: tensor<1x128xf32>) -> tensor<1x352xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<352x128, f32>
  %wu = llama.use_weight @layers.3.up : !llama.weight<352x128, f32>
  %g = llama.linear %x, %wg : (tensor<1x128xf32>, !llama.weight<352x128, f32>) -> tensor<1x352xf32>
  %u = llama.linear %x, %wu : (tensor<1x128xf32>, !llama.weight<352x128, f32>) -> tensor<1x352xf32>
  %s = llama.silu %g : (tensor<1x352xf32>) -> tensor<1x352xf32>
  %m = llama.mul %s, %u : (tensor<1x352xf32>, tensor<1x352xf32>) -> tensor<1x352xf32>
  return %m : tensor<1x352xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<16x128, bf16> = #llama.checkpoint<"gate", bf16, [16, 128]>
llama.weight @layers.3.up : !llama.weight<16x128, bf16> = #llama.checkpoint<"up", bf16, [16, 128]>

// CHECK: llama.weight @layers.3.gate_up : !llama.weight<32x128, bf16> = #llama.interleave<[#llama.checkpoint<"gate", bf16, [16, 128]>, #llama.checkpoint<"up", bf16, [16, 128]>], block = 16>
// CHECK-LABEL: func @fuses_bf16
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x128xf32>
// CHECK-NOT: llama.linear
// CHECK: %[[WEIGHT:.*]] = llama.use_weight @layers.3.gate_up
// CHECK-NEXT: %[[OUTPUT:.*]] = llama.fused_linear %[[X]], %[[WEIGHT]] activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x128xf32>, !llama.weight<32x128, bf16>) -> tensor<?x16xf32>
// CHECK-NEXT: return %[[OUTPUT]]
func.func @fuses_bf16(%x: tensor<?x128xf32>) -> tensor<?x16xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<16x128, bf16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<16x128, bf16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<16x128, bf16>) -> tensor<?x16xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<16x128, bf16>) -> tensor<?x16xf32>
  %s = llama.silu %g : (tensor<?x16xf32>) -> tensor<?x16xf32>
  %m = llama.mul %s, %u : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  return %m : tensor<?x16xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// The order of the factors does not matter.
// CHECK: #llama.interleave<[#llama.checkpoint<"gate", f16, [344, 128]>, #llama.checkpoint<"up", f16, [344, 128]>], block = 16>
// CHECK-LABEL: func @fuses_swapped
// CHECK: llama.fused_linear {{.*}} activation(swiglu)
func.func @fuses_swapped(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %u, %s : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>
llama.weight @layers.3.gate_up : !llama.weight<1, f32> = #llama.ones<1>

// If the name is in use, another one is chosen.
// CHECK: llama.weight @layers.3.gate_up_0 : !llama.weight<704x128, f16>
// CHECK-LABEL: func @taken_name
// CHECK: llama.use_weight @layers.3.gate_up_0
func.func @taken_name(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

// Functions share the fused weight.
// CHECK-COUNT-1: #llama.interleave
// CHECK-NOT: #llama.interleave
llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// CHECK-LABEL: func @first_function
// CHECK: llama.use_weight @layers.3.gate_up :
func.func @first_function(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// CHECK-LABEL: func @second_function
// CHECK: llama.use_weight @layers.3.gate_up :
func.func @second_function(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// The gate is used again.
// CHECK-LABEL: func @negative_second_use_g
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_second_use_g(%x: tensor<?x128xf32>) -> (tensor<?x344xf32>, tensor<?x344xf32>) {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m, %g : tensor<?x344xf32>, tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// The up product is used again.
// CHECK-LABEL: func @negative_second_use_u
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_second_use_u(%x: tensor<?x128xf32>) -> (tensor<?x344xf32>, tensor<?x344xf32>) {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m, %u : tensor<?x344xf32>, tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// The activated gate is used again.
// CHECK-LABEL: func @negative_second_use_s
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_second_use_s(%x: tensor<?x128xf32>) -> (tensor<?x344xf32>, tensor<?x344xf32>) {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m, %s : tensor<?x344xf32>, tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f32> = #llama.checkpoint<"up", f32, [344, 128]>

// A weight has one element type.
// CHECK-LABEL: func @negative_element_types
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_element_types(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f32>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f32>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16, panel16> = #llama.checkpoint<"up", f16, [344, 128]>

// A weight has one layout.
// CHECK-LABEL: func @negative_layouts
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_layouts(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16, panel16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16, panel16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// Gate and up of different inputs.
// CHECK-LABEL: func @negative_inputs
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_inputs(%x: tensor<?x128xf32>, %y: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %y, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @layers.3.gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>
llama.weight @layers.3.up : !llama.weight<344x128, f16> = #llama.checkpoint<"up", f16, [344, 128]>

// A product alone is not a SwiGLU.
// CHECK-LABEL: func @negative_no_silu
// CHECK-COUNT-2: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_no_silu(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @layers.3.gate : !llama.weight<344x128, f16>
  %wu = llama.use_weight @layers.3.up : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %u = llama.linear %x, %wu : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %m = llama.mul %g, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>

// The other factor is not a linear.
// CHECK-LABEL: func @negative_no_linear
// CHECK: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_no_linear(%x: tensor<?x128xf32>, %u: tensor<?x344xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @gate : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %u : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}

// -----

llama.weight @gate : !llama.weight<344x128, f16> = #llama.checkpoint<"gate", f16, [344, 128]>

// One linear is both factors: x * silu(x), not SwiGLU.
// CHECK-LABEL: func @negative_same_linear
// CHECK: llama.linear
// CHECK-NOT: llama.fused_linear
// CHECK: return
func.func @negative_same_linear(%x: tensor<?x128xf32>) -> tensor<?x344xf32> {
  %wg = llama.use_weight @gate : !llama.weight<344x128, f16>
  %g = llama.linear %x, %wg : (tensor<?x128xf32>, !llama.weight<344x128, f16>) -> tensor<?x344xf32>
  %s = llama.silu %g : (tensor<?x344xf32>) -> tensor<?x344xf32>
  %m = llama.mul %s, %g : (tensor<?x344xf32>, tensor<?x344xf32>) -> tensor<?x344xf32>
  return %m : tensor<?x344xf32>
}
