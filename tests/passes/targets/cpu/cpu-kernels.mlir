// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of each family: loads, stores, the operations that determine results, and their lowering.
// RUN: cria-opt %S/../Inputs/one-layer.mlir --llama-specialize-entries="max-tokens=16 small-tokens=4" --llama-cpu-x86-64-v4-pipeline="context=64 max-tokens=16" -o %t
// RUN: FileCheck %s --check-prefix=EMBEDDING --input-file %t
// RUN: FileCheck %s --check-prefix=NORM --input-file %t
// RUN: FileCheck %s --check-prefix=ROW --input-file %t
// RUN: FileCheck %s --check-prefix=ROPE --input-file %t
// RUN: FileCheck %s --check-prefix=APPEND --input-file %t
// RUN: FileCheck %s --check-prefix=ATTENTION --input-file %t
// RUN: FileCheck %s --check-prefix=SILU --input-file %t
// RUN: FileCheck %s --check-prefix=GATHER --input-file %t
// RUN: FileCheck %s --check-prefix=TOKENS --input-file %t
// RUN: cria-opt %S/../Inputs/one-layer.mlir --pass-pipeline="builtin.module(llama-specialize-entries{max-tokens=16 small-tokens=4},llama-cpu-x86-64-v4-pipeline{context=64 max-tokens=16},builtin.module(cria-lower-kernels))" -o %t.lowered
// RUN: FileCheck %s --check-prefix=LOWERED --input-file %t.lowered
// RUN: FileCheck %s --check-prefix=CALLS --input-file %t.lowered

// A tied table has panels: elements of a row have a stride of 16.
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

// Nothing is written for slot -1. Keys are stored element by element with a stride of 32, values as vectors.
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

// The number of rows comes from the step header; few rows read weights as stored, many rows read a block that is widened into scratch.
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

// Wrappers call the bodies, and there are no other calls.
// CALLS-NOT: llvm.call @{{[a-z0-9_]*}}(
// CALLS: llvm.call @embedding_d128_f16_panel16.body(
// CALLS-NOT: llvm.call @{{[a-z0-9_]*}}(
