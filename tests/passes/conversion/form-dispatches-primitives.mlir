// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every primitive op becomes one dispatch of the opset op of the same name; slices of columns are windows; a swiglu and a residual are parameters and operands.
// RUN: cria-opt %s --llama-form-dispatches="target=ops context=32 max-tokens=8" | FileCheck %s

!cache = !llama.kv_cache<layers = 2, kv_heads = 1, head_dim = 16, f32>
llama.weight @table : !llama.weight<48x32, f32> = #llama.checkpoint<"embed", f32, [48, 32]>
llama.weight @rope : !llama.weight<32x16, f32> = #llama.rope_table<theta = 10000.0, head_dim = 16, context = 32>
llama.weight @wqkv : !llama.weight<64x32, bf16> = #llama.checkpoint<"qkv", bf16, [64, 32]>
llama.weight @norm : !llama.weight<32, f32> = #llama.checkpoint<"norm", f32, [32]>
llama.weight @gate_up : !llama.weight<64x32, f16> = #llama.checkpoint<"gu", f16, [64, 32]>
llama.weight @down : !llama.weight<32x24, f16> = #llama.checkpoint<"down", f16, [32, 24]>

// Without reuse: memory is not planned yet.
// CHECK: program.buffer @prefill.0.embedding arena f32 [T, 32] size 1024{{$}}
// CHECK-LABEL: program.entry @prefill tokens 1 to 8
// CHECK: program.dispatch @embedding
// CHECK: program.dispatch @rms_norm grid [1 * T by 1] {
// CHECK-NEXT: input = read @prefill.0.embedding
// CHECK-NEXT: weight = read @norm f32 [32] strides [1] at 0 size 128
// CHECK-NEXT: output = write @prefill.1.rms_norm
// CHECK: program.dispatch @linear grid
// CHECK: weight = read @wqkv bf16 [64, 32]
// CHECK-NEXT: output = write @prefill.2.linear f32 [T, 64]
// CHECK: program.dispatch @rope.0 grid
// CHECK-NEXT: input = read @prefill.2.linear f32 [T, 32] strides [64, 1] at 0 size 1920
// CHECK-NEXT: positions = read @step
// CHECK-NEXT: table = read @rope f32 [32, 16]
// CHECK-NEXT: output = write @prefill.3.rope f32 [T, 32] strides [32, 1]
// CHECK: program.dispatch @rope.0 grid
// CHECK-NEXT: input = read @prefill.2.linear f32 [T, 16] strides [64, 1] at 128 size 1856
// CHECK: program.dispatch @kv_append grid [1 * T by 1] {
// CHECK-NEXT: key = read @prefill.4.rope f32 [T, 16] strides [16, 1]
// CHECK-NEXT: value = read @prefill.2.linear f32 [T, 16] strides [64, 1] at 192 size 1856
// CHECK-NEXT: slots = read @step
// CHECK-NEXT: cache = write @kv f32 [P, 2, 1, 32, 16] strides [2048, 512, 512, 16, 1] at 4096 size rest
// CHECK: program.dispatch @attention grid
// CHECK-NEXT: query = read @prefill.3.rope
// CHECK-NEXT: positions
// CHECK-NEXT: sequences
// CHECK-NEXT: sequence_starts
// CHECK-NEXT: block_table
// CHECK-NEXT: cache = read @kv
// CHECK-NEXT: output = write
// CHECK: program.dispatch @add grid
// CHECK-NEXT: lhs = read
// CHECK-NEXT: rhs = read
// CHECK-NEXT: output = write
// CHECK: program.dispatch @silu grid
// CHECK: program.dispatch @mul grid
// CHECK: program.dispatch @[[SWIGLU:fused_linear[.0-9]*]] grid
// CHECK-NOT: residual =
// CHECK: program.dispatch @[[RESIDUAL:fused_linear[.0-9]*]] grid
// CHECK: residual = read
// CHECK: program.dispatch @gather_rows grid [1 * R by 1]
// CHECK: program.dispatch @linear grid [1 * R by 1]

func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x48xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 8 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f32>
  %norm = llama.use_weight @norm : !llama.weight<32, f32>
  %wqkv = llama.use_weight @wqkv : !llama.weight<64x32, bf16>
  %angles = llama.use_weight @rope : !llama.weight<32x16, f32>
  %gate_up = llama.use_weight @gate_up : !llama.weight<64x32, f16>
  %down = llama.use_weight @down : !llama.weight<32x24, f16>
  %hidden = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<48x32, f32>) -> tensor<?x32xf32>
  %normed = llama.rms_norm %hidden, %norm {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !llama.weight<32, f32>) -> tensor<?x32xf32>
  %qkv = llama.linear %normed, %wqkv : (tensor<?x32xf32>, !llama.weight<64x32, bf16>) -> tensor<?x64xf32>
  %q, %k, %v = llama.split %qkv [32, 16, 16] : (tensor<?x64xf32>) -> (tensor<?x32xf32>, tensor<?x16xf32>, tensor<?x16xf32>)
  %rq = llama.rope %q, %positions, %angles {head_dim = 16 : i64} : (tensor<?x32xf32>, tensor<?xi32>, !llama.weight<32x16, f32>) -> tensor<?x32xf32>
  %rk = llama.rope %k, %positions, %angles {head_dim = 16 : i64} : (tensor<?x16xf32>, tensor<?xi32>, !llama.weight<32x16, f32>) -> tensor<?x16xf32>
  llama.kv_append %cache, %rk, %v, %slots {layer = 1 : i64} : !cache, tensor<?x16xf32>, tensor<?x16xf32>, tensor<?xi32>
  %o = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 1 : i64, scale = 0.25 : f32} : (tensor<?x32xf32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x32xf32>
  %sum = llama.add %hidden, %o : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  %silu = llama.silu %sum : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %product = llama.mul %silu, %sum : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  %mlp = llama.fused_linear %product, %gate_up activation(swiglu) {swiglu_block = 16 : i64} : (tensor<?x32xf32>, !llama.weight<64x32, f16>) -> tensor<?x24xf32>
  %last = llama.fused_linear %mlp, %down residual(%product) : (tensor<?x24xf32>, !llama.weight<32x24, f16>, tensor<?x32xf32>) -> tensor<?x32xf32>
  %rows = llama.gather_rows %last, %outputs : (tensor<?x32xf32>, tensor<?xi32>) -> tensor<?x32xf32>
  %logits = llama.linear %rows, %table : (tensor<?x32xf32>, !llama.weight<48x32, f32>) -> tensor<?x48xf32>
  return %logits : tensor<?x48xf32>
}
