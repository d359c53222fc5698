// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cria-opt %s --split-input-file --verify-diagnostics

// expected-error-re @+1 {{expected 'program.speed' to be{{.*}}'program.target'{{.*}}'program.limits'{{.*}}'program.kv'}}
module attributes {program.speed = 1 : i64} {}

// -----

// expected-error @+1 {{expected 'max_tokens' in 1..1048576, got 0}}
module attributes {program.limits = #program.limits<max_tokens = 0, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>} {}

// -----

// expected-error @+1 {{expected 'page_tokens' in 1..65536, got 0}}
module attributes {program.kv = #program.kv<page_tokens = 0, page_bytes = 4096, type = f16>} {}

// -----

// expected-error @+1 {{expected 'page_bytes' to be a positive multiple of 64, got 100}}
module attributes {program.kv = #program.kv<page_tokens = 32, page_bytes = 100, type = f16>} {}

// -----

// expected-error @+1 {{expected an element type of programs, got 'f64'}}
module attributes {program.kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f64>} {}

// -----

// expected-error @+1 {{expected a size that is a positive multiple of 64, got 100}}
program.step @step_c1 size 100 fields []

// -----

// expected-error @+1 {{duplicate field 'tokens'}}
program.step @step_c2 size 128 fields [#program.field<"tokens", offset = 0, length = 1>, #program.field<"tokens", offset = 64, length = 1>]

// -----

// expected-error-re @+1 {{field 'tokens'{{.*}}128 bytes{{.*}}got offset 64 and length 17}}
program.step @step_c2 size 128 fields [#program.field<"tokens", offset = 64, length = 17>]

// -----

// expected-error @+1 {{field 'tokens' overlaps field 'slots'}}
program.step @step_c2 size 128 fields [#program.field<"slots", offset = 4, length = 1>, #program.field<"tokens", offset = 0, length = 2>]

// -----

// expected-error @+1 {{expected a weight type, got 'f32'}}
program.weight @weight_c1 : f32 size 4 = #llama.ones<32>

// -----

// expected-error @+1 {{expected size 128 of '!llama.weight<32, f32>', got 0}}
program.weight @weight_c2 : !llama.weight<32, f32> size 0 = #llama.ones<32>

// -----

// expected-error-re @+1 {{size 4096{{.*}}got 320}}
program.weight @weight_c2_padding : !llama.weight<5x32, f16, panel16> size 320 = #llama.checkpoint<"w", f16, [5, 32]>

// -----

// expected-error @+1 {{expected a recipe, got "nonsense"}}
program.weight @weight_c3 : !llama.weight<32, f32> size 128 = "nonsense"

// -----

// expected-error @+1 {{expected a positive size, got -4}}
program.buffer @buffer_c1 arena f32 [T] size -4

// -----

// expected-error @+1 {{expected an element type of programs, got 'f64'}}
program.buffer @buffer_type arena f64 [T] size 8

// -----

// expected-error-re @+1 {{offset only on an arena buffer{{.*}}'result'}}
program.buffer @buffer_c2 result f32 [T] size 64 offset 0

// -----

// expected-error @+1 {{expected an offset that is a multiple of 64, got 32}}
program.buffer @buffer_c2 arena f32 [T] size 64 offset 32

// -----

// expected-error @+1 {{expected a constant buffer to have data}}
program.buffer @buffer_c3 constant ui32 [1] size 4

// -----

// expected-error @+1 {{expected data only on a constant buffer}}
program.buffer @buffer_c3 arena ui32 [1] size 4 data [1]

// -----

// expected-error-re @+1 {{constant of 2 words{{.*}}shape [2] and size 8}}
program.buffer @buffer_c3 constant ui32 [1] size 4 data [1, 2]

// -----

// expected-error @+1 {{expected exactly one of 'symbol' and 'op'}}
program.kernel @kernel_c1

// -----

// expected-error-re @+1 {{parameter 'shape'{{.*}}got [1]}}
program.kernel @kernel_c2 op "x" {shape = [1]}

// -----

// expected-error @+1 {{expected parameters of an op, and of nothing else}}
"program.kernel"() {sym_name = "kernel_c2", symbol = "f", parameters = {}} : () -> ()

// -----

// expected-error @+1 {{expected scratch bytes >= 0, got -1}}
program.kernel @kernel_c3 symbol "f" scratch -1

// -----

// expected-error @+1 {{expected scratch bytes of 0 for an op, got 64}}
"program.kernel"() {sym_name = "kernel_c3", op_name = "f", parameters = {}, scratch_bytes = 64 : i64} : () -> ()

// -----

// expected-error-re @+1 {{block of three{{.*}}at most 1024{{.*}}got [256, 8, 1]}}
program.kernel @kernel_c5 symbol "f" scratch 0 block [256, 8, 1]

// -----

// expected-error-re @+1 {{block of three{{.*}}at most 1024{{.*}}got [32, 1]}}
program.kernel @kernel_c5 symbol "f" scratch 0 block [32, 1]

// -----

// expected-error @+1 {{expected registers only of a kernel with a block}}
program.kernel @kernel_c6 symbol "f" scratch 0 registers 32

// -----

// expected-error @+1 {{expected 0 <= min_tokens <= max_tokens <= 1048576, got 2 and 1}}
program.entry @entry_c1 tokens 2 to 1 {
}

// -----

// expected-error @+1 {{expected dispatches only, got 'func.func'}}
program.entry @entry_c2 tokens 1 to 1 {
  func.func private @f()
}

// -----

program.entry @dispatch_c1 tokens 1 to 1 {
  // expected-error @+1 {{expected a grid of one to three dimensions, got 0}}
  program.dispatch @k grid [] {
  }
}

// -----

program.entry @grid tokens 1 to 1 {
  // expected-error-re @+1 {{times >= 0 and tile >= 1{{.*}}got 1 and 0}}
  program.dispatch @k grid [1 * T by 0] {
  }
}

// -----

program.entry @grid tokens 1 to 1 {
  // expected-error @+1 {{expected a grid dimension of 1, T or R, got S+1}}
  program.dispatch @k grid [1 * S+1 by 1] {
  }
}

// -----

program.entry @dispatch_c2 tokens 1 to 1 {
  // expected-error-re @+1 {{binding 'x'{{.*}}one rank, at most 8{{.*}}got 2 and 1}}
  program.dispatch @k grid [1 * 1 by 1] {
    x = read @b f32 [T, 4] strides [1] at 0 size 4
  }
}

// -----

program.entry @dispatch_c2 tokens 1 to 1 {
  // expected-error @+1 {{binding 'x': expected numbers as strides, got a symbol}}
  program.dispatch @k grid [1 * 1 by 1] {
    x = read @b f32 [T] strides [T] at 0 size 4
  }
}

// -----

program.entry @dispatch_c2 tokens 1 to 1 {
  // expected-error @+1 {{binding 'x': expected an element type of programs, got 'f64'}}
  program.dispatch @k grid [1 * 1 by 1] {
    x = read @b f64 [T] strides [1] at 0 size 4
  }
}

// -----

program.entry @dispatch_c2 tokens 1 to 1 {
  // expected-error @+1 {{binding 'x': expected offset and size >= 0, got -4 and 4}}
  program.dispatch @k grid [1 * 1 by 1] {
    x = read @b f32 [1] strides [1] at -4 size 4
  }
}

// -----

program.entry @dispatch_c3 tokens 1 to 1 {
  // expected-error @+1 {{duplicate binding 'x'}}
  program.dispatch @k grid [1 * 1 by 1] {
    x = read @b f32 [1] strides [1] at 0 size 4
    x = read @b f32 [1] strides [1] at 0 size 4
  }
}

// -----

program.entry @access tokens 1 to 1 {
  program.dispatch @k grid [1 * 1 by 1] {
    // expected-error @+1 {{expected 'read', 'write' or 'read_write', got 'modify'}}
    x = modify @b f32 [1] strides [1] at 0 size 4
  }
}

// -----

program.entry @extent tokens 1 to 1 {
  program.dispatch @k grid [1 * 1 by 1] {
    // expected-error @+1 {{expected a dimension >= 0, got -3}}
    x = read @b f32 [-3] strides [1] at 0 size 4
  }
}

// -----

program.entry @extent tokens 1 to 1 {
  program.dispatch @k grid [1 * 1 by 1] {
    // expected-error @+1 {{expected 'S' or 'S+1'}}
    x = read @b f32 [S+2] strides [1] at 0 size 4
  }
}
