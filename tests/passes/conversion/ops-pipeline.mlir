// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From entry points to the program of target ops: one dispatch per op, buffers and windows, step and KV pages, limits.
// RUN: cria-opt %s --llama-ops-pipeline="context=64 max-tokens=48 max-sequences=4" | FileCheck %s
// RUN: cria-opt %s --llama-ops-pipeline="context=64 max-tokens=48 max-sequences=4" --program-print-json -o /dev/null | FileCheck %s --check-prefix=JSON
// RUN: cria-opt %s --llama-ops-pipeline="context=64 max-tokens=48 max-sequences=4" | cria-opt --verify-roundtrip --program-verify -o /dev/null

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>

llama.weight @embedding : !llama.weight<64x32, f16> = #llama.checkpoint<"embed", f16, [64, 32]>
llama.weight @rope : !llama.weight<64x16, f32> = #llama.rope_table<theta = 10000.0, head_dim = 16, context = 64>
llama.weight @qkv : !llama.weight<64x32, f16> = #llama.concat<[#llama.checkpoint<"q", f16, [32, 32]>, #llama.checkpoint<"k", f16, [16, 32]>, #llama.checkpoint<"v", f16, [16, 32]>]>
llama.weight @norm : !llama.weight<32, f32> = #llama.checkpoint<"norm", f16, [32]>
llama.weight @unused : !llama.weight<32, f32> = #llama.checkpoint<"unused", f16, [32]>

// CHECK: module attributes {program.kv = #program.kv<page_tokens = 32, page_bytes = 2048, type = f16>, program.limits = #program.limits<max_tokens = 48, max_sequences = 4, max_outputs = 48, max_pages_per_sequence = 2, context = 64>, program.target = "ops"}
// CHECK: program.step @step size 1152 fields [#program.field<"num_tokens", offset = 0, length = 1>, #program.field<"num_outputs", offset = 4, length = 1>, #program.field<"num_sequences", offset = 8, length = 1>, #program.field<"tokens", offset = 64, length = 48>, #program.field<"positions", offset = 256, length = 48>, #program.field<"sequences", offset = 448, length = 48>, #program.field<"slots", offset = 640, length = 48>, #program.field<"sequence_starts", offset = 832, length = 5>, #program.field<"block_table", offset = 896, length = 8>, #program.field<"outputs", offset = 960, length = 48>]
// CHECK-NEXT: program.weight @embedding : !llama.weight<64x32, f16> size 4096 = #llama.checkpoint
// CHECK-NEXT: program.weight @qkv : !llama.weight<64x32, f16> size 4096 = #llama.concat
// CHECK-NEXT: program.weight @norm : !llama.weight<32, f32> size 128 = #llama.checkpoint
// CHECK-NEXT: program.weight @rope : !llama.weight<64x16, f32> size 4096 = #llama.rope_table
// CHECK-NEXT: program.buffer @decode.0.embedding arena f32 [1, 32] size 128 offset
// CHECK: program.buffer @logits result f32 [R, 64] size 12288{{$}}
// CHECK: program.buffer @prefill.0.embedding arena f32 [T, 32] size 6144 offset
// Entry points share kernels.
// CHECK: program.kernel @embedding.0 op "embedding" {}
// CHECK-NEXT: program.kernel @fused_linear op "fused_linear" {activation = "none", epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: program.kernel @rope_attention op "rope_attention" {scale = 2.500000e-01 : f32}
// CHECK-NEXT: program.kernel @gather_rows op "gather_rows" {}
// CHECK-NEXT: program.kernel @linear op "linear" {}
// CHECK-NOT: program.kernel
// CHECK-NOT: llama.weight @

// CHECK-LABEL: program.entry @decode tokens 1 to 1
// CHECK-NEXT: program.dispatch @embedding.0 grid [1 * 1 by 1] {
// CHECK-NEXT:   tokens = read @step i32 [1] strides [1] at 64 size 4
// CHECK-NEXT:   table = read @embedding f16 [64, 32] strides [32, 1] at 0 size 4096
// CHECK-NEXT:   output = write @decode.0.embedding f32 [1, 32] strides [32, 1] at 0 size 128
// CHECK-NEXT: }
// CHECK: program.dispatch @linear grid [1 * R by 1] {
// CHECK: output = write @logits f32 [R, 64] strides [64, 1] at 0 size 12288

// CHECK-LABEL: program.entry @prefill tokens 1 to 48
// CHECK: program.dispatch @fused_linear grid [1 * T by 1] {
// CHECK-NEXT:   input = read @prefill.0.embedding f32 [T, 32] strides [32, 1] at 0 size 6144
// CHECK-NEXT:   weight = read @qkv f16 [64, 32] strides [32, 1] at 0 size 4096
// CHECK-NEXT:   norm_weight = read @norm f32 [32] strides [1] at 0 size 128
// CHECK-NEXT:   output = write @prefill.1.fused_linear f32 [T, 64] strides [64, 1] at 0 size 12288
// CHECK: program.dispatch @rope_attention grid [1 * T by 1] {
// CHECK-NEXT:   query = read @prefill.1.fused_linear f32 [T, 32] strides [64, 1] at 0 size 12160
// CHECK-NEXT:   key = read @prefill.1.fused_linear f32 [T, 16] strides [64, 1] at 128 size 12096
// CHECK-NEXT:   value = read @prefill.1.fused_linear f32 [T, 16] strides [64, 1] at 192 size 12096
// CHECK-NEXT:   table = read @rope f32 [64, 16] strides [16, 1] at 0 size 4096
// CHECK-NEXT:   positions = read @step i32 [T] strides [1] at 256 size 192
// CHECK-NEXT:   sequences = read @step i32 [T] strides [1] at 448 size 192
// CHECK-NEXT:   slots = read @step i32 [T] strides [1] at 640 size 192
// CHECK-NEXT:   sequence_starts = read @step i32 [S+1] strides [1] at 832 size 20
// CHECK-NEXT:   block_table = read @step i32 [S, 2] strides [2, 1] at 896 size 32
// CHECK-NEXT:   cache = read_write @kv f16 [P, 2, 1, 32, 16] strides [1024, 512, 512, 16, 1] at 0 size rest
// CHECK-NEXT:   output = write @prefill.2.rope_attention f32 [T, 32] strides [32, 1] at 0 size 6144
// CHECK: program.dispatch @gather_rows grid [1 * R by 1] {
// CHECK-NEXT:   input = read @prefill.2.rope_attention
// CHECK-NEXT:   rows = read @step i32 [R] strides [1] at 960 size 192
// CHECK-NEXT:   output = write @prefill.3.gather_rows f32 [R, 32] strides [32, 1] at 0 size 6144

// JSON: "program_version": 2,
// JSON-NEXT: "target": "ops",
// JSON-NEXT: "limits": {
// JSON-NEXT: "max_tokens": 48,
// JSON-NEXT: "max_sequences": 4,
// JSON-NEXT: "max_outputs": 48,
// JSON-NEXT: "max_pages_per_sequence": 2,
// JSON-NEXT: "context": 64
// JSON: "kv": {
// JSON-NEXT: "page_tokens": 32,
// JSON-NEXT: "page_bytes": 2048,
// JSON-NEXT: "type": "f16"
// JSON: "step": {
// JSON-NEXT: "size": 1152,
// JSON: "name": "sequence_starts",
// JSON-NEXT: "offset": 832,
// JSON-NEXT: "length": 5
// JSON: "weights": [
// JSON: "name": "qkv",
// JSON-NEXT: "format": "f16",
// JSON-NEXT: "layout": "row_major",
// JSON-NEXT: "shape": [
// JSON-NEXT: 64,
// JSON-NEXT: 32
// JSON-NEXT: ],
// JSON-NEXT: "arrays": [
// JSON-NEXT: {
// JSON-NEXT: "suffix": "",
// JSON-NEXT: "type": "f16",
// JSON-NEXT: "shape": [
// JSON-NEXT: 64,
// JSON-NEXT: 32
// JSON-NEXT: ],
// JSON-NEXT: "size": 4096,
// JSON-NEXT: "tensor": "qkv"
// JSON-NEXT: }
// JSON-NEXT: ],
// JSON-NEXT: "file": "weights/row_major.safetensors",
// JSON-NEXT: "recipe": "#llama.concat<[#llama.checkpoint<\"q\", f16, [32, 32]>,
// JSON: "name": "logits",
// JSON-NEXT: "kind": "result",
// JSON-NEXT: "type": "f32",
// JSON-NEXT: "shape": [
// JSON-NEXT: "R",
// JSON-NEXT: 64
// JSON-NEXT: ],
// JSON-NEXT: "size": 12288
// JSON-NEXT: },
// JSON: "name": "prefill.0.embedding",
// JSON-NEXT: "kind": "arena",
// JSON-NEXT: "type": "f32",
// JSON-NEXT: "shape": [
// JSON-NEXT: "T",
// JSON-NEXT: 32
// JSON-NEXT: ],
// JSON-NEXT: "size": 6144,
// JSON-NEXT: "offset": {{[0-9]+}}
// JSON: "kernels": [
// JSON: "name": "fused_linear",
// JSON-NEXT: "kind": "op",
// JSON-NEXT: "op": "fused_linear",
// JSON-NEXT: "attributes": {
// JSON-NEXT: "activation": "none",
// JSON-NEXT: "epsilon": 1e-05
// JSON-NEXT: }
// JSON: "entries": [
// JSON: "name": "prefill",
// JSON-NEXT: "min_tokens": 1,
// JSON-NEXT: "max_tokens": 48,
// JSON-NEXT: "dispatches": [
// JSON-NEXT: {
// JSON-NEXT: "kernel": 0,
// JSON-NEXT: "grid": [
// JSON-NEXT: {
// JSON-NEXT: "times": 1,
// JSON-NEXT: "of": "T",
// JSON-NEXT: "tile": 1
// JSON-NEXT: }
// JSON-NEXT: ],
// JSON-NEXT: "bindings": [
// JSON-NEXT: {
// JSON-NEXT: "name": "tokens",
// JSON-NEXT: "buffer": "step",
// JSON-NEXT: "access": "read",
// JSON-NEXT: "type": "i32",
// JSON-NEXT: "shape": [
// JSON-NEXT: "T"
// JSON-NEXT: ],
// JSON-NEXT: "strides": [
// JSON-NEXT: 1
// JSON-NEXT: ],
// JSON-NEXT: "offset": 64,
// JSON-NEXT: "size": 192
// JSON: "name": "cache",
// JSON: "size": "rest"

func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x64xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @embedding : !llama.weight<64x32, f16>
  %norm = llama.use_weight @norm : !llama.weight<32, f32>
  %wqkv = llama.use_weight @qkv : !llama.weight<64x32, f16>
  %rope = llama.use_weight @rope : !llama.weight<64x16, f32>
  %hidden = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<64x32, f16>) -> tensor<1x32xf32>
  %qkv = llama.fused_linear %hidden, %wqkv norm(%norm) {epsilon = 1.0e-5 : f32} : (tensor<1x32xf32>, !llama.weight<64x32, f16>, !llama.weight<32, f32>) -> tensor<1x64xf32>
  %attention = llama.rope_attention (%qkv), %rope, %cache, %positions, %sequences, %slots, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.25 : f32} : (tensor<1x64xf32>, !llama.weight<64x16, f32>, !cache, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<1x32xf32>
  %rows = llama.gather_rows %attention, %outputs : (tensor<1x32xf32>, tensor<?xi32>) -> tensor<?x32xf32>
  %logits = llama.linear %rows, %table : (tensor<?x32xf32>, !llama.weight<64x32, f16>) -> tensor<?x64xf32>
  return %logits : tensor<?x64xf32>
}

func.func @prefill(%tokens: tensor<?xi32>, %positions: tensor<?xi32>, %sequences: tensor<?xi32>, %slots: tensor<?xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x64xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 48 : i64} {
  %table = llama.use_weight @embedding : !llama.weight<64x32, f16>
  %norm = llama.use_weight @norm : !llama.weight<32, f32>
  %wqkv = llama.use_weight @qkv : !llama.weight<64x32, f16>
  %rope = llama.use_weight @rope : !llama.weight<64x16, f32>
  %hidden = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<64x32, f16>) -> tensor<?x32xf32>
  %qkv = llama.fused_linear %hidden, %wqkv norm(%norm) {epsilon = 1.0e-5 : f32} : (tensor<?x32xf32>, !llama.weight<64x32, f16>, !llama.weight<32, f32>) -> tensor<?x64xf32>
  %attention = llama.rope_attention (%qkv), %rope, %cache, %positions, %sequences, %slots, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.25 : f32} : (tensor<?x64xf32>, !llama.weight<64x16, f32>, !cache, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x32xf32>
  %rows = llama.gather_rows %attention, %outputs : (tensor<?x32xf32>, tensor<?xi32>) -> tensor<?x32xf32>
  %logits = llama.linear %rows, %table : (tensor<?x32xf32>, !llama.weight<64x32, f16>) -> tensor<?x64xf32>
  return %logits : tensor<?x64xf32>
}
