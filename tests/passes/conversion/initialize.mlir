// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The entry point `initialize` fills random weights and ones, one dispatch per source tensor; RoPE tables remain data.
// RUN: cria-opt %s --llama-ops-pipeline="context=32 max-tokens=8" | FileCheck %s
// RUN: cria-opt %s --llama-ops-pipeline="context=32 max-tokens=8" --program-print-json -o /dev/null | FileCheck %s --check-prefix=JSON

!cache = !llama.kv_cache<layers = 1, kv_heads = 1, head_dim = 16, f16>
llama.weight @table : !llama.weight<48x32, f16> = #llama.random<42, "model.embed_tokens.weight", 48 x 32>
llama.weight @norm : !llama.weight<32, f32> = #llama.ones<32>
llama.weight @both : !llama.weight<48x32, f16> = #llama.concat<[#llama.random<42, "a", 32 x 32>, #llama.random<42, "b", 16 x 32>]>
llama.weight @gate_up : !llama.weight<64x48, f16> = #llama.interleave<[#llama.random<42, "gate", 24 x 48>, #llama.random<42, "up", 24 x 48>], block = 16>
llama.weight @output : !llama.weight<48x24, f16> = #llama.random<42, "lm_head.weight", 48 x 24>

// CHECK: program.weight @table : !llama.weight<48x32, f16> size 3072 initialized = #llama.random
// CHECK: program.weight @norm : !llama.weight<32, f32> size 128 initialized = #llama.ones
// Words: key, rows, first row, block, stride; a record of 64 bytes each.
// CHECK: program.buffer @constants constant ui32 [96] size 384 data [{{-?[0-9]+}}, 48, 0, 48, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {{-?[0-9]+}}, 32, 0, 32, 32, {{.*}}, {{-?[0-9]+}}, 16, 32, 16, 16, {{.*}}, {{-?[0-9]+}}, 24, 0, 16, 32, {{.*}}, {{-?[0-9]+}}, 24, 16, 16, 32, {{.*}}]
// CHECK: program.kernel @fill_random op "fill_random" {}
// CHECK: program.kernel @fill_ones op "fill_ones" {}
// CHECK-LABEL: program.entry @initialize tokens 0 to 0
// CHECK-NEXT: program.dispatch @fill_random grid [1 * 1 by 1] {
// CHECK-NEXT:   constants = read @constants ui32 [8] strides [1] at 0 size 32
// CHECK-NEXT:   weight = write @table f16 [48, 32] strides [32, 1] at 0 size 3072
// CHECK: program.dispatch @fill_ones grid [1 * 1 by 1] {
// CHECK-NEXT:   weight = write @norm f32 [32] strides [1] at 0 size 128
// CHECK: constants = read @constants ui32 [8] strides [1] at 64 size 32
// CHECK-NEXT: weight = write @both
// CHECK: constants = read @constants ui32 [8] strides [1] at 128 size 32
// CHECK-NEXT: weight = write @both
// CHECK: weight = write @gate_up
// CHECK: weight = write @gate_up
// CHECK: weight = write @output

// JSON: "name": "table",
// JSON: "tensor": null
// JSON: "file": null,
// JSON-NEXT: "recipe": "#llama.random<42, \"model.embed_tokens.weight\", 48 x 32>"
// JSON: "name": "constants",
// JSON-NEXT: "kind": "constant",
// JSON-NEXT: "type": "u32",
// JSON: "data": [
// JSON-NEXT: {{[0-9]+}},
// JSON-NEXT: 48,
// JSON: "name": "initialize",
// JSON-NEXT: "min_tokens": 0,
// JSON-NEXT: "max_tokens": 0,

func.func @decode(%tokens: tensor<1xi32>, %positions: tensor<1xi32>, %sequences: tensor<1xi32>, %slots: tensor<1xi32>, %sequence_starts: tensor<?xi32>, %block_table: tensor<?x?xi32>, %outputs: tensor<?xi32>, %cache: !cache) -> tensor<?x48xf32> attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
  %table = llama.use_weight @table : !llama.weight<48x32, f16>
  %norm = llama.use_weight @norm : !llama.weight<32, f32>
  %both = llama.use_weight @both : !llama.weight<48x32, f16>
  %gate_up = llama.use_weight @gate_up : !llama.weight<64x48, f16>
  %output = llama.use_weight @output : !llama.weight<48x24, f16>
  %hidden = llama.embedding %tokens, %table : (tensor<1xi32>, !llama.weight<48x32, f16>) -> tensor<1x32xf32>
  %normed = llama.rms_norm %hidden, %norm {epsilon = 1.0e-5 : f32} : (tensor<1x32xf32>, !llama.weight<32, f32>) -> tensor<1x32xf32>
  %wide = llama.linear %normed, %both : (tensor<1x32xf32>, !llama.weight<48x32, f16>) -> tensor<1x48xf32>
  %mlp = llama.fused_linear %wide, %gate_up activation(swiglu) {swiglu_block = 16 : i64} : (tensor<1x48xf32>, !llama.weight<64x48, f16>) -> tensor<1x24xf32>
  %rows = llama.gather_rows %mlp, %outputs : (tensor<1x24xf32>, tensor<?xi32>) -> tensor<?x24xf32>
  %logits = llama.linear %rows, %output : (tensor<?x24xf32>, !llama.weight<48x24, f16>) -> tensor<?x48xf32>
  return %logits : tensor<?x48xf32>
}
