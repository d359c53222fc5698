// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --verify-roundtrip | FileCheck %s
// RUN: cria-opt %s --program-verify -o /dev/null

// CHECK: module attributes {program.kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// CHECK-SAME: program.limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
// CHECK-SAME: program.target = "cpu-x86-64-v4"
module attributes {
    program.target = "cpu-x86-64-v4", program.kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>,
    program.limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>} {
  // CHECK: program.step @step size 512 fields [#program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>, #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>, #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>, #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>, #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]
  program.step @step size 512 fields [#program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>, #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>, #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>, #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>, #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]
  // CHECK: program.weight @layers.0.o : !llama.weight<64x32, f16, panel16> size 4096 = #llama.checkpoint<"o", f16, [64, 32]>
  program.weight @layers.0.o : !llama.weight<64x32, f16, panel16> size 4096 = #llama.checkpoint<"o", f16, [64, 32]>
  // CHECK: program.weight @norm : !llama.weight<32, f32> size 128 initialized = #llama.ones<32>
  program.weight @norm : !llama.weight<32, f32> size 128 initialized = #llama.ones<32>
  // CHECK: program.buffer @hidden arena f32 [T, 32] size 1024 offset 64
  program.buffer @hidden arena f32 [T, 32] size 1024 offset 64
  // CHECK: program.buffer @logits result f32 [R, 64] size 2048
  program.buffer @logits result f32 [R, 64] size 2048
  // CHECK: program.buffer @words constant ui32 [2] size 8 data [1, -1]
  program.buffer @words constant ui32 [2] size 8 data [1, -1]
  // CHECK: program.kernel @on_gpu symbol "copy" scratch 64 block [256, 1, 1] registers 40
  program.kernel @on_gpu symbol "copy" scratch 64 block [256, 1, 1] registers 40
  // CHECK: program.kernel @copy symbol "copy" scratch 256
  program.kernel @copy symbol "copy" scratch 256
  // CHECK: program.kernel @fill op "fill_ones" {}
  program.kernel @fill op "fill_ones" {}
  // CHECK: program.kernel @norm.0 op "rms_norm" {epsilon = 9.99999974E-6 : f32, name = "x", width = 32 : i64}
  program.kernel @norm.0 op "rms_norm" {epsilon = 1.0e-5 : f32, width = 32 : i64, name = "x"}
  // CHECK-LABEL: program.entry @decode tokens 1 to 1 {
  program.entry @decode tokens 1 to 1 {
    // CHECK-NEXT: program.dispatch @copy grid [4 * 1 by 1, 1 * T by 6, 2 * R by 2] {
    // CHECK-NEXT:   tokens = read @step i32 [T] strides [1] at 64 size 32
    // CHECK-NEXT:   cache = read_write @kv f16 [P, 2, 32, 16] strides [2048, 1024, 16, 1] at 0 size rest
    // CHECK-NEXT:   weight = read @layers.0.o f16 [4, 32, 16] strides [512, 16, 1] at 0 size 4096
    // CHECK-NEXT:   output = write @hidden f32 [T, 32] strides [32, 1] at 0 size 1024
    // CHECK-NEXT: }
    program.dispatch @copy grid [4 * 1 by 1, 1 * T by 6, 2 * R by 2] {
      tokens = read @step i32 [T] strides [1] at 64 size 32
      cache = read_write @kv f16 [P, 2, 32, 16] strides [2048, 1024, 16, 1] at 0 size rest
      weight = read @layers.0.o f16 [4, 32, 16] strides [512, 16, 1] at 0 size 4096
      output = write @hidden f32 [T, 32] strides [32, 1] at 0 size 1024
    }
    // CHECK-NEXT: program.dispatch @norm.0 grid [1 * T by 1] in_place {
    // CHECK-NEXT:   input = read @hidden
    // CHECK-NEXT:   output = write @hidden
    program.dispatch @norm.0 grid [1 * T by 1] in_place {
      input = read @hidden f32 [T, 32] strides [32, 1] at 0 size 1024
      output = write @hidden f32 [T, 32] strides [32, 1] at 0 size 1024
    }
    // CHECK: program.dispatch @copy grid [1 * 1 by 1] {
    // CHECK-NEXT:   starts = read @step i32 [S+1] strides [1] at 64 size 12
    // CHECK-NEXT:   "block table" = read @step i32 [S, 1] strides [1, 1] at 64 size 8
    program.dispatch @copy grid [1 * 1 by 1] {
      starts = read @step i32 [S+1] strides [1] at 64 size 12
      "block table" = read @step i32 [S, 1] strides [1, 1] at 64 size 8
      words = read @words ui32 [2] strides [1] at 0 size 8
      output = write @logits f32 [R, 64] strides [64, 1] at 0 size 2048
    }
  }
  // CHECK-LABEL: program.entry @initialize tokens 0 to 0 {
  program.entry @initialize tokens 0 to 0 {
    program.dispatch @fill grid [1 * 1 by 1] {
      weight = write @norm f32 [32] strides [1] at 0 size 128
    }
  }
  // CHECK: module @kernels
  module @kernels {
    func.func private @copy()
  }
}
