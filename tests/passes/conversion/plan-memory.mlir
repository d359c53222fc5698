// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Buffers that are live at the same time do not overlap, others share memory; entry points share one arena.
// RUN: cria-opt %s --program-plan-memory --program-verify --split-input-file | FileCheck %s
// RUN: cria-opt %s --program-plan-memory="report=true" --split-input-file -o /dev/null --verify-diagnostics

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
#fields = [
  #program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>,
  #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>,
  #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>,
  #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>,
  #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]

// A chain: each buffer is dead once the next one is written, so two offsets suffice.
// CHECK-LABEL: module @chain
// CHECK: program.buffer @a arena f32 [T, 16] size 512 offset 0
// CHECK: program.buffer @b arena f32 [T, 16] size 512 offset 512
// CHECK: program.buffer @c arena f32 [T, 16] size 512 offset 0
// The result is not in the arena.
// CHECK: program.buffer @logits result f32 [R, 16] size 512{{$}}
// expected-remark @+1 {{3 arena buffers take 1024 bytes, 1536 without reuse}}
module @chain attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @a arena f32 [T, 16] size 512
  program.buffer @b arena f32 [T, 16] size 512
  program.buffer @c arena f32 [T, 16] size 512
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * T by 1] {
      output = write @a f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @a f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @b f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @b f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @c f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @c f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
#fields = [
  #program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>,
  #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>,
  #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>,
  #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>,
  #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]

// The residual is live in the whole entry point; sizes are rounded up to 64; the largest buffer is assigned first; each entry point starts anew.
// CHECK-LABEL: module @residual
// CHECK: program.buffer @residual arena f32 [5] size 20 offset 1024
// CHECK: program.buffer @a arena f32 [T, 16] size 512 offset 0
// CHECK: program.buffer @b arena f32 [T, 16] size 512 offset 512
// CHECK: program.buffer @decode arena f32 [1, 16] size 64 offset 0
// An unused buffer may have any offset.
// CHECK: program.buffer @unused arena f32 [1, 16] size 64 offset 0
// expected-remark @+1 {{5 arena buffers take 1088 bytes, 1216 without reuse}}
module @residual attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @residual arena f32 [5] size 20
  program.buffer @a arena f32 [T, 16] size 512
  program.buffer @b arena f32 [T, 16] size 512
  program.buffer @decode arena f32 [1, 16] size 64
  program.buffer @unused arena f32 [1, 16] size 64
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @one tokens 1 to 1 {
    program.dispatch @k grid [1 * 1 by 1] {
      output = write @decode f32 [1, 16] strides [16, 1] at 0 size 64
    }
    program.dispatch @k grid [1 * 1 by 1] {
      input = read @decode f32 [1, 16] strides [16, 1] at 0 size 64
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * T by 1] {
      output = write @residual f32 [5] strides [1] at 0 size 20
      more = write @a f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @a f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @b f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @b f32 [T, 16] strides [16, 1] at 0 size 512
      residual = read @residual f32 [5] strides [1] at 0 size 20
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
}
