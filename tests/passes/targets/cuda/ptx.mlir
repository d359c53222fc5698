// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From llama ops to PTX, family by family: the instructions that determine the speed of a kernel.
// RUN: cria-opt %S/../Inputs/one-layer.mlir --llama-optimize-pipeline --llama-specialize-entries="max-tokens=64 small-tokens=4" --llama-cuda-sm_80-ptx-pipeline="context=512 max-tokens=64" --cria-print-code="target=cuda-sm_80-ptx" -o /dev/null > %t
// RUN: FileCheck %s --check-prefix=MATVEC --input-file %t
// RUN: FileCheck %s --check-prefix=SMALL --input-file %t
// RUN: FileCheck %s --check-prefix=MATMUL --input-file %t
// RUN: FileCheck %s --check-prefix=GATED --input-file %t
// RUN: FileCheck %s --check-prefix=PACK --input-file %t
// RUN: FileCheck %s --check-prefix=APPEND --input-file %t
// RUN: FileCheck %s --check-prefix=SEGMENT --input-file %t
// RUN: FileCheck %s --check-prefix=MERGE --input-file %t
// RUN: FileCheck %s --check-prefix=FLASH --input-file %t
// RUN: FileCheck %s --check-prefix=LOOKUP --input-file %t
// RUN: FileCheck %s --check-prefix=NOTHING --input-file %t
// Without fusions, every primitive op has a kernel.
// RUN: cria-opt %S/../Inputs/one-layer.mlir --llama-specialize-entries="max-tokens=64 small-tokens=4" --llama-cuda-sm_90-ptx-pipeline="context=512 max-tokens=64" --cria-print-code="target=cuda-sm_90-ptx" -o /dev/null > %t.primitive
// RUN: FileCheck %s --check-prefix=PRIMITIVE --input-file %t.primitive
// Kernels generate random weights.
// RUN: cria-compile --preset stories-260k --random-weights 1 --weights f16 --target cuda-sm_80-ptx --emit asm -q -o %t.fill
// RUN: FileCheck %s --check-prefix=FILL --input-file %t.fill
// RUN: cria-compile --preset tinyllama-1.1b --random-weights 1 --weights f16 --target cuda-sm_80-ptx --emit asm -q -o %t.large
// RUN: FileCheck %s --check-prefix=DOWN --input-file %t.large
// RUN: FileCheck %s --check-prefix=OUTPUT --input-file %t.large
// RUN: FileCheck %s --check-prefix=NORM --input-file %t.large

// Weights are loaded 16 bytes at a time through the read-only cache; sums are f32.
// MATVEC-LABEL: .visible .entry matvec_k128_n256_f16_norm{{.*}}_row(
// MATVEC: .maxntid 256
// MATVEC: bar.sync
// MATVEC: rsqrt.approx
// MATVEC: ld.global.nc.v4
// MATVEC: fma.rn.f32
// MATVEC: shfl.sync.bfly.b32
// MATVEC: st.global

// The weights of the next steps are loaded before those in registers are used: down and o of attention.
// DOWN-LABEL: .visible .entry matvec_k5632_n2048_f16_residual_row(
// DOWN: [[LOOP:\$L__BB[0-9_]+]]:
// DOWN: ld.global.nc.v4.b32 {{\{}}[[NEXT:%r[0-9]+]],
// DOWN-COUNT-3: ld.global.nc.v4.b32
// DOWN: bar.warp.sync
// DOWN-NOT: , [[NEXT]];
// DOWN: mov.b32 %r{{[0-9]+}}, [[NEXT]];
// DOWN: bra [[LOOP]];

// OUTPUT-LABEL: .visible .entry matvec_k2048_n2048_f16_residual_row(
// OUTPUT: [[LOOP:\$L__BB[0-9_]+]]:
// OUTPUT: ld.global.nc.v4.b32 {{\{}}[[NEXT:%r[0-9]+]],
// OUTPUT-COUNT-3: ld.global.nc.v4.b32
// OUTPUT: bar.warp.sync
// OUTPUT-NOT: , [[NEXT]];
// OUTPUT: mov.b32 %r{{[0-9]+}}, [[NEXT]];
// OUTPUT: bra [[LOOP]];

// Kernels with a norm load the first weights (two rows, two steps of 256 columns) before its barrier.
// NORM-LABEL: .visible .entry matvec_k2048_n2560_f16_norm{{.*}}_row(
// NORM-NOT: bar.sync
// NORM: ld.global.nc.v4.b32 {{.*}}, {{\[}}[[ROW:%rd[0-9]+]]{{\]}};
// NORM-NEXT: ld.global.nc.v4.b32 {{.*}}, {{\[}}[[ROW]]+4096{{\]}};
// NORM-NEXT: ld.global.nc.v4.b32 {{.*}}, {{\[}}[[ROW]]+512{{\]}};
// NORM-NEXT: ld.global.nc.v4.b32 {{.*}}, {{\[}}[[ROW]]+4608{{\]}};
// NORM: bar.sync
// NORM: rsqrt.approx

// SMALL-LABEL: .visible .entry matvec_k128_n344_f16_norm{{.*}}_swiglu_tokens(
// SMALL: ld.global.nc.v4
// SMALL: ex2.approx.ftz.f32
// SMALL: rcp.approx.ftz.f32

// Three stages are in flight before the loop, 16 bytes per copy; two steps of 16 per slice.
// MATMUL-LABEL: .visible .entry matmul_k128_n128_f16_residual_tokens(
// MATMUL: .maxntid 256
// MATMUL-NEXT: .minnctapersm 2
// MATMUL-COUNT-12: cp.async.cg.shared.global {{.*}}, 16
// MATMUL: cp.async.wait_group 2
// MATMUL: bar.sync
// MATMUL-COUNT-6: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// MATMUL-COUNT-16: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// MATMUL: ld.global.nc.v2
// MATMUL: st.global.v2

// GATED-LABEL: .visible .entry matmul_k128_n344_f16_swiglu_tokens(
// GATED: mma.sync.aligned.m16n8k16
// GATED: ex2.approx.ftz.f32
// GATED: st.global.v2

// PACK-LABEL: .visible .entry rms_norm_d128_{{.*}}_f16(
// PACK: rsqrt.approx
// PACK: cvt.rn.f16.f32
// PACK: st.global.b16

// APPEND-LABEL: .visible .entry rope_append_q4_l1_h2_d32_f16
// APPEND: setp
// APPEND: fma.rn.f32
// APPEND: cvt.rn.f16.f32

// Keys and values in 16-byte loads, softmax in base 2.
// SEGMENT-LABEL: .visible .entry attention_segment_q4_l1_h2_d32_f16
// SEGMENT: .maxntid 128
// SEGMENT: ld.global.nc.v4
// SEGMENT: shfl.sync.bfly.b32
// SEGMENT: ex2.approx.ftz.f32

// MERGE-LABEL: .visible .entry attention_merge_q4_d32_n2(
// MERGE: ex2.approx.ftz.f32
// MERGE: rcp.approx

// Queries are loaded from shared memory once; keys as stored, values transposed.
// FLASH-LABEL: .visible .entry attention_flash_q4_l1_h2_d32_f16
// FLASH: .maxntid 128
// FLASH: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// FLASH: cp.async.cg.shared.global {{.*}}, 16
// FLASH: cp.async.wait_group 1
// FLASH: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// FLASH: ex2.approx.ftz.f32
// FLASH: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// FLASH: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32

// LOOKUP-LABEL: .visible .entry lookup_d128_f16(

// No stack, no library calls, no atomics.
// NOTHING-NOT: .local
// NOTHING-NOT: __nv_
// NOTHING-NOT: atom.
// NOTHING-NOT: call

// PRIMITIVE: .target sm_90
// PRIMITIVE-DAG: .visible .entry rms_norm_d128_{{.*}}_f32(
// PRIMITIVE-DAG: .visible .entry matmul_k128_n128_f16_tokens(
// PRIMITIVE-DAG: .visible .entry rope_h4_d32(
// PRIMITIVE-DAG: .visible .entry kv_append_l1_h2_d32_f16(
// PRIMITIVE-DAG: .visible .entry attention_flash_
// PRIMITIVE-DAG: .visible .entry silu_d344(
// PRIMITIVE-DAG: .visible .entry mul_d344(
// PRIMITIVE-DAG: .visible .entry add_d128(
// PRIMITIVE-DAG: .visible .entry lookup_d128_f32(

// FILL-DAG: .visible .entry fill_ones_k64_f32_p64(
// FILL-DAG: .visible .entry fill_random_k64_f16_p64(
// FILL: mul.lo.s32
// FILL: st.global
