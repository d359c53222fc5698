// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each rule about a whole program is broken once.
// RUN: cria-opt %s --program-verify --split-input-file --verify-diagnostics

// expected-error-re @+1 {{'program.target'{{.*}}'program.limits'{{.*}}'program.kv'}}
module @attributes {}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// expected-error-re @+1 {{one 'program.step' named 'step'{{.*}}got 0}}
module @step attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
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
// expected-error @+1 {{expected one buffer of kind result, got 0}}
module @result attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
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
module @kv_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected no symbol named 'kv', the name of the KV pages}}
  program.buffer @kv arena f32 [T, 16] size 512 offset 0
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
module @unplanned attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected an offset in the arena: run program-plan-memory first}}
  program.buffer @x arena f32 [T, 16] size 512
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
module @buffer_size attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  // expected-error-re @+1 {{buffer 'logits'{{.*}}512 bytes{{.*}}got 511}}
  program.buffer @logits result f32 [R, 16] size 511
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
module @buffer_shape attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error-re @+1 {{buffer 'x'{{.*}}all dimensions but the first{{.*}}'P' only for kv}}
  program.buffer @x arena f32 [16, T] size 512 offset 0
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
module @kernel_c4 attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected module 'kernels' to have a function 'missing'}}
  program.kernel @k symbol "missing" scratch 0
  module @kernels {}
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
module @entry_tokens attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{entry 'prefill': expected 1 to 8 tokens, got 1 to 9}}
  program.entry @prefill tokens 1 to 9 {
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
module @entry_initialize attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{entry 'prefill': expected 1 to 8 tokens, got 0 to 8}}
  program.entry @prefill tokens 0 to 8 {
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
module @kernel_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{unknown kernel 'logits'}}
    program.dispatch @logits grid [1 * T by 1] {
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
module @buffer_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x': unknown buffer 'k'}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @k f32 [T] strides [1] at 0 size 32
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
module @window_bounds attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}512 bytes at offset 4 exceeds 'logits'}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [16, 1] at 4 size 512
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
module @window_rest attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}size in bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [16, 1] at 0 size rest
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
module @window_page attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}offset 4096 exceeds 'kv'}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @kv f16 [P, 16] strides [2048, 1] at 4096 size rest
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
module @alignment_kernel attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k symbol "k" scratch 0
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x': expected an offset that is a multiple of 64, got 4}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [1] strides [1] at 4 size 4
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
module @alignment_op attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x': expected an offset that is a multiple of 4, got 2}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [1] strides [1] at 2 size 4
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
module @elements attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}last element{{.*}}exceeds the window of 512 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [17, 1] at 0 size 512
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
// A size in bytes that overflows 64 bits is outside the buffer, too.
module @elements_overflow attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}last element{{.*}}exceeds the window of 512 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [3, 16] strides [9223372036854775807, 1] at 0 size 512
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
module @elements_page attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}last element{{.*}}exceeds the window of 2048 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, 1025] strides [2048, 1] at 2048 size rest
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
module @elements_pages attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}one dimension 'P', only for kv}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, 16] strides [2049, 1] at 0 size rest
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
module @elements_pages_twice attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}one dimension 'P', only for kv}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, P] strides [2048, 2048] at 0 size rest
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
module @access_step attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x': writes 'step', which is read-only}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @step i32 [16] strides [1] at 0 size 64
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
module @access_weight attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.weight @w : !llama.weight<16, f32> size 64 initialized = #llama.ones<16>
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x': writes weight 'w'{{.*}}without a file}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @w f32 [16] strides [1] at 0 size 64
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
module @access_data attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.weight @w : !llama.weight<16, f32> size 64 = #llama.checkpoint<"w", f32, [16]>
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @initialize tokens 0 to 0 {
    // expected-error @+1 {{entry 'initialize': dispatch 0 ('k'): binding 'x': writes weight 'w'}}
    program.dispatch @k grid [1 * 1 by 1] {
      x = write @w f32 [16] strides [1] at 0 size 64
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
module @access_initialize attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @initialize tokens 0 to 0 {
    // expected-error @+1 {{binding 'x': 'step' is not available in entry point 'initialize'}}
    program.dispatch @k grid [1 * 1 by 1] {
      x = read @step i32 [16] strides [1] at 0 size 64
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
module @alias attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * R by 1] {
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
    // expected-error @+1 {{bindings 'x' and 'y' overlap in 'logits'}}
    program.dispatch @k grid [1 * R by 1] {
      x = read @logits f32 [R, 16] strides [16, 1] at 0 size 512
      y = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
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
// In-place operands must name one window, not two that overlap.
module @alias_in_place attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * R by 1] {
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
    // expected-error @+1 {{bindings 'x' and 'y' overlap in 'logits'}}
    program.dispatch @k grid [1 * R by 1] in_place {
      x = read @logits f32 [R, 16] strides [16, 1] at 0 size 512
      y = write @logits f32 [16] strides [1] at 0 size 64
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
module @alias_kv attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{bindings 'x' and 'y' overlap in 'kv'}}
    program.dispatch @k grid [1 * R by 1] {
      x = read @kv f16 [P, 16] strides [2048, 1] at 0 size rest
      y = write @kv f16 [P, 16] strides [2048, 1] at 16 size rest
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
module @write_before_read attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @x arena f32 [T, 16] size 512 offset 0
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * T by 1] {
      output = write @x f32 [T, 16] strides [16, 1] at 0 size 512
      logits = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
  // An entry point cannot read what another one wrote.
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{entry 'prefill': dispatch 0 ('k'): binding 'input'{{.*}}bytes 0 to 512 of 'x' before}}
    program.dispatch @k grid [1 * T by 1] {
      input = read @x f32 [T, 16] strides [16, 1] at 0 size 512
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
module @write_before_read_part attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @x arena f32 [16] size 64 offset 0
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * 1 by 1] {
      first = write @x f32 [4] strides [1] at 0 size 16
      last = write @x f32 [8] strides [1] at 32 size 32
    }
    // expected-error-re @+1 {{binding 'input'{{.*}}bytes 0 to 64 of 'x' before}}
    program.dispatch @k grid [1 * 1 by 1] {
      input = read @x f32 [16] strides [1] at 0 size 64
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
// Adjacent windows that were written count as one.
module @written_in_parts attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @x arena f32 [16] size 64 offset 0
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * 1 by 1] {
      last = write @x f32 [8] strides [1] at 32 size 32
      first = write @x f32 [8] strides [1] at 0 size 32
    }
    program.dispatch @k grid [1 * 1 by 1] {
      input = read @x f32 [16] strides [1] at 0 size 64
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
module @no_result attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error-re @+1 {{entry 'decode'{{.*}}write the result 'logits'}}
  program.entry @decode tokens 1 to 1 {
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
module @not_initialized attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  // expected-error-re @+1 {{weight 'w'{{.*}}a file or an entry point 'initialize'}}
  program.weight @w : !llama.weight<16, f32> size 64 initialized = #llama.ones<16>
  program.buffer @logits result f32 [R, 16] size 512
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
module @overlap attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @x arena f32 [T, 16] size 512 offset 0
  program.buffer @y arena f32 [T, 16] size 512 offset 448
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  // expected-error-re @+1 {{entry 'decode'{{.*}}'x' and 'y' overlap{{.*}}live at dispatch 1}}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * T by 1] {
      output = write @x f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @x f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @y f32 [T, 16] strides [16, 1] at 0 size 512
    }
    program.dispatch @k grid [1 * T by 1] {
      input = read @y f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 9, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
#fields = [
  #program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>,
  #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>,
  #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>,
  #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>,
  #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]
// expected-error-re @+1 {{max_outputs{{.*}}max_tokens 8, got 9}}
module @limits attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @field_missing attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  // expected-error @+1 {{expected a field 'num_tokens'}}
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
#fields = [
  #program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>,
  #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>,
  #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>,
  #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>,
  #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 7>]
module @field_length attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  // expected-error @+1 {{step: field 'outputs': expected length 8, got 7}}
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
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
module @entry_of_initialize attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{entry 'initialize': expected 0 tokens, got 1 to 1}}
  program.entry @initialize tokens 1 to 1 {
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
module @grid attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{dispatch 0 ('k'): expected a grid dimension up to 2147483647}}
    program.dispatch @k grid [9223372036854775807 * T by 1] {
    }
  }
}

// -----

// A stride of 0 repeats elements, but not more often than the step has rows.
#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
#fields = [
  #program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>,
  #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 8>,
  #program.field<"positions", offset = 128, length = 8>, #program.field<"sequences", offset = 192, length = 8>,
  #program.field<"slots", offset = 256, length = 8>, #program.field<"sequence_starts", offset = 320, length = 3>,
  #program.field<"block_table", offset = 384, length = 2>, #program.field<"outputs", offset = 448, length = 8>]
module @elements_repeated attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error-re @+1 {{binding 'x'{{.*}}at most 1024 elements{{.*}}got 2147483648}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [2147483648] strides [0] at 0 size 512
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
// expected-error @+1 {{expected an entry point 'decode' of 1 token}}
module @model_entries attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 16, layers = 1, heads = 1, kv_heads = 1, head_dim = 16, ffn_dim = 16, vocab_size = 16, context = 32, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>, program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  program.buffer @logits result f32 [R, 16] size 512
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
module @model_logits attributes {llama.config = #llama.config<name = "m", parameters = 1, dim = 16, layers = 1, heads = 1, kv_heads = 1, head_dim = 16, ffn_dim = 16, vocab_size = 16, context = 32, norm_epsilon = 1.0e-05, rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>, program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 512 fields #fields
  // expected-error-re @+1 {{buffer 'logits'{{.*}}f32 and shape ['R', 16]}}
  program.buffer @logits result f32 [R, 8] size 256
}
