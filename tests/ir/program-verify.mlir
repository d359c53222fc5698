// Each rule of a whole program, broken once.
// RUN: cria-opt %s --program-verify --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a program to have the attributes 'program.target', 'program.limits' and 'program.kv'}}
module @attributes {}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// expected-error @+1 {{expected a program to have one 'program.step' named 'step', got 0}}
module @step attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// expected-error @+1 {{expected a program to have one result buffer, got 0}}
module @result attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @kv_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected no symbol named 'kv', the name of the KV pages}}
  program.buffer @kv arena f32 [T, 16] size 512 offset 0
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @unplanned attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected an offset in the arena: run program-plan-memory first}}
  program.buffer @x arena f32 [T, 16] size 512
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @buffer_size attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  // expected-error @+1 {{expected a size of at least 512 bytes for its shape at the limits, got 511}}
  program.buffer @logits result f32 [R, 16] size 511
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @buffer_shape attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected numbers for all extents but the first, and no extent P}}
  program.buffer @x arena f32 [16, T] size 512 offset 0
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @kernel_c4 attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected module 'kernels' to have a function 'missing'}}
  program.kernel @k symbol "missing" scratch 0
  module @kernels {}
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @entry_tokens attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected max_tokens of at most the limit 8, got 9}}
  program.entry @prefill tokens 1 to 9 {
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @entry_initialize attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected 'initialize', and no other entry, to take 0 tokens}}
  program.entry @prefill tokens 0 to 8 {
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @kernel_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{names kernel 'logits', which does not exist}}
    program.dispatch @logits grid [1 * T by 1] {
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @buffer_name attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' names buffer 'k', which does not exist}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @k f32 [T] strides [1] at 0 size 32
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @window_bounds attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected the window of 512 bytes at 4 to lie inside the buffer of 512 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [16, 1] at 4 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @window_rest attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected size 'rest' for the KV pages, and for nothing else}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [16, 1] at 0 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @window_page attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected the window of 0 bytes at 4096 to lie inside a page of 4096 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @kv f16 [P, 16] strides [2048, 1] at 4096 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @alignment_kernel attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k symbol "k" scratch 0
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected an offset that is a multiple of 64, got 4}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [1] strides [1] at 4 size 4
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @alignment_op attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected an offset that is a multiple of 4, got 2}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [1] strides [1] at 2 size 4
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @elements attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected the last element at the limits to lie inside the window of 512 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [R, 16] strides [17, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// A count of bytes that leaves 64 bits is outside, too.
module @elements_overflow attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected the last element at the limits to lie inside the window of 512 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @logits f32 [3, 16] strides [9223372036854775807, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @elements_page attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected the last element at the limits to lie inside the window of 2048 bytes}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, 1025] strides [2048, 1] at 2048 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @elements_pages attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected extent P for the KV pages alone, once, with a stride of at most a page}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, 16] strides [2049, 1] at 0 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @elements_pages_twice attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' expected extent P for the KV pages alone, once, with a stride of at most a page}}
    program.dispatch @k grid [1 * T by 1] {
      x = read @kv f16 [P, P] strides [2048, 2048] at 0 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @access_step attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' writes 'step', which is read only in entry 'prefill'}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @step i32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @access_weight attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.weight @w : !llama.weight<16xf32> size 64 initialized = #llama.ones<16>
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'x' writes 'w', which is read only in entry 'prefill'}}
    program.dispatch @k grid [1 * T by 1] {
      x = write @w f32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @access_data attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.weight @w : !llama.weight<16xf32> size 64 = #llama.checkpoint<"w", f32, [16]>
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @initialize tokens 0 to 0 {
    // expected-error @+1 {{binding 'x' writes 'w', which is read only in entry 'initialize'}}
    program.dispatch @k grid [1 * 1 by 1] {
      x = write @w f32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @access_initialize attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @initialize tokens 0 to 0 {
    // expected-error @+1 {{binding 'x' uses 'step', which 'initialize' does not have}}
    program.dispatch @k grid [1 * 1 by 1] {
      x = read @step i32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @alias attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * R by 1] {
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
    // expected-error @+1 {{binding 'y' overlaps binding 'x' in 'logits', and one of them is written}}
    program.dispatch @k grid [1 * R by 1] {
      x = read @logits f32 [R, 16] strides [16, 1] at 0 size 512
      y = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// In place is for one window, not for two that overlap.
module @alias_in_place attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    program.dispatch @k grid [1 * R by 1] {
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
    // expected-error @+1 {{binding 'y' overlaps binding 'x' in 'logits', and one of them is written}}
    program.dispatch @k grid [1 * R by 1] in_place {
      x = read @logits f32 [R, 16] strides [16, 1] at 0 size 512
      y = write @logits f32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @alias_kv attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'y' overlaps binding 'x' in 'kv', and one of them is written}}
    program.dispatch @k grid [1 * R by 1] {
      x = read @kv f16 [P, 16] strides [2048, 1] at 0 size rest
      y = write @kv f16 [P, 16] strides [2048, 1] at 64 size rest
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @write_before_read attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @x arena f32 [T, 16] size 512 offset 0
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * T by 1] {
      output = write @x f32 [T, 16] strides [16, 1] at 0 size 512
      logits = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
  // What another entry wrote is gone.
  program.entry @prefill tokens 1 to 8 {
    // expected-error @+1 {{binding 'input' reads bytes 0 to 512 of 'x', which were not all written before in entry 'prefill'}}
    program.dispatch @k grid [1 * T by 1] {
      input = read @x f32 [T, 16] strides [16, 1] at 0 size 512
      output = write @logits f32 [R, 16] strides [16, 1] at 0 size 512
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @write_before_read_part attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @x arena f32 [16] size 64 offset 0
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
  program.entry @decode tokens 1 to 1 {
    program.dispatch @k grid [1 * 1 by 1] {
      first = write @x f32 [4] strides [1] at 0 size 16
      last = write @x f32 [8] strides [1] at 32 size 32
    }
    // expected-error @+1 {{binding 'input' reads bytes 0 to 64 of 'x', which were not all written before in entry 'decode'}}
    program.dispatch @k grid [1 * 1 by 1] {
      input = read @x f32 [16] strides [1] at 0 size 64
    }
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
// Windows that touch make one.
module @written_in_parts attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
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
module @no_result attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  program.buffer @logits result f32 [R, 16] size 512
  // expected-error @+1 {{expected the entry to write the result 'logits'}}
  program.entry @decode tokens 1 to 1 {
  }
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @not_initialized attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  // expected-error @+1 {{expected an entry 'initialize' to write it}}
  program.weight @w : !llama.weight<16xf32> size 64 initialized = #llama.ones<16>
  program.buffer @logits result f32 [R, 16] size 512
}

// -----

#limits = #program.limits<max_tokens = 8, max_sequences = 2, max_outputs = 8, max_pages_per_sequence = 1, context = 32>
#kv = #program.kv<page_tokens = 32, page_bytes = 4096, type = f16>
module @overlap attributes {program.target = "ops", program.limits = #limits, program.kv = #kv} {
  program.step @step size 64 fields []
  // expected-note @+1 {{the other buffer}}
  program.buffer @x arena f32 [T, 16] size 512 offset 0
  // expected-error @+1 {{overlaps buffer 'x' in the arena, and both are alive at dispatch 1 of entry 'decode'}}
  program.buffer @y arena f32 [T, 16] size 512 offset 448
  program.buffer @logits result f32 [R, 16] size 512
  program.kernel @k op "silu" {}
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
