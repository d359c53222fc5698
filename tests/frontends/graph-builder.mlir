// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The graphs that the frontend builds of small checkpoints, before any pass.
// RUN: cria-compile %S/../golden/models/gqa --no-tokenizer --emit import | FileCheck %s --check-prefix=GQA
// RUN: cria-compile %S/../golden/models/tied --no-tokenizer --emit import | FileCheck %s --check-prefix=TIED
// RUN: cria-compile %S/../golden/models/head-dim --no-tokenizer --emit import --weights f16 --kv f32 --context 128 | FileCheck %s --check-prefix=HEAD-DIM
// RUN: cria-compile %S/../golden/models/llama3 --no-tokenizer --emit import | FileCheck %s --check-prefix=LLAMA3
// RUN: cria-compile %S/../golden/models/llama3-parameters --no-tokenizer --emit import | FileCheck %s --check-prefix=PARAMETERS
// RUN: cria-compile %S/../golden/models/linear --no-tokenizer --emit import | FileCheck %s --check-prefix=LINEAR
// RUN: cria-compile %S/../golden/models/yarn --no-tokenizer --emit import | FileCheck %s --check-prefix=YARN
// RUN: cria-compile %S/../golden/models/bf16 --no-tokenizer --emit import | FileCheck %s --check-prefix=BF16
// RUN: cria-compile --preset tinyllama-1.1b --random-weights 42 --emit import | FileCheck %s --check-prefix=RANDOM
// RUN: cria-compile %S/../golden/models/gqa --no-tokenizer --emit import | cria-opt | FileCheck %s --check-prefix=GQA

// One KV head for eight query heads.
// GQA: module attributes {llama.config = #llama.config<name = "gqa", parameters = 65344, dim = 64, layers = 2, heads = 8, kv_heads = 1, head_dim = 8, ffn_dim = 88, vocab_size = 100, context = 256
// GQA: llama.weight @embedding : !llama.weight<100x64, f32> = #llama.checkpoint<"model.embed_tokens.weight", f32, [100, 64]>
// GQA: llama.weight @rope_table : !llama.weight<256x8, f32> = #llama.rope_table<theta = {{1.0+e\+04|10000.0}}, head_dim = 8, context = 256>
// GQA: llama.weight @layers.1.k : !llama.weight<8x64, f32> = #llama.checkpoint<"model.layers.1.self_attn.k_proj.weight", f32, [8, 64]>
// GQA: func.func @forward(%[[TOKENS:.*]]: tensor<?xi32>, %[[POSITIONS:.*]]: tensor<?xi32>, %[[SEQUENCES:.*]]: tensor<?xi32>, %[[SLOTS:.*]]: tensor<?xi32>, %[[STARTS:.*]]: tensor<?xi32>, %[[TABLE:.*]]: tensor<?x?xi32>, %[[OUTPUTS:.*]]: tensor<?xi32>, %[[CACHE:.*]]: !llama.kv_cache<layers = 2, kv_heads = 1, head_dim = 8, f16>) -> tensor<?x100xf32>
// GQA: %[[EMBEDDING:.*]] = llama.use_weight @embedding
// GQA: %[[HIDDEN:.*]] = llama.embedding %[[TOKENS]], %[[EMBEDDING]]
// GQA: %[[ROPE:.*]] = llama.use_weight @rope_table
// GQA: %[[NORM:.*]] = llama.use_weight @layers.0.attention_norm
// GQA: %[[NORMED:.*]] = llama.rms_norm %[[HIDDEN]], %[[NORM]]
// GQA: %[[WQ:.*]] = llama.use_weight @layers.0.q
// GQA: %[[Q:.*]] = llama.linear %[[NORMED]], %[[WQ]]
// GQA: %[[WK:.*]] = llama.use_weight @layers.0.k
// GQA: %[[K:.*]] = llama.linear %[[NORMED]], %[[WK]]
// GQA: %[[WV:.*]] = llama.use_weight @layers.0.v
// GQA: %[[V:.*]] = llama.linear %[[NORMED]], %[[WV]]
// GQA: %[[RQ:.*]] = llama.rope %[[Q]], %[[POSITIONS]], %[[ROPE]] {head_dim = 8 : i64}
// GQA: %[[RK:.*]] = llama.rope %[[K]], %[[POSITIONS]], %[[ROPE]] {head_dim = 8 : i64}
// GQA: llama.kv_append %[[CACHE]], %[[RK]], %[[V]], %[[SLOTS]] {layer = 0 : i64}
// GQA: %[[A:.*]] = llama.attention %[[RQ]], %[[CACHE]], %[[POSITIONS]], %[[SEQUENCES]], %[[STARTS]], %[[TABLE]] {layer = 0 : i64, scale = 0.353553385 : f32}
// GQA: %[[WO:.*]] = llama.use_weight @layers.0.o
// GQA: %[[O:.*]] = llama.linear %[[A]], %[[WO]]
// GQA: %[[HIDDEN1:.*]] = llama.add %[[HIDDEN]], %[[O]]
// GQA: %[[NORMED1:.*]] = llama.rms_norm %[[HIDDEN1]]
// GQA: %[[GATE:.*]] = llama.linear %[[NORMED1]]
// GQA: %[[UP:.*]] = llama.linear %[[NORMED1]]
// GQA: %[[SILU:.*]] = llama.silu %[[GATE]]
// GQA: %[[PRODUCT:.*]] = llama.mul %[[SILU]], %[[UP]]
// GQA: %[[DOWN:.*]] = llama.linear %[[PRODUCT]]
// GQA: %[[HIDDEN2:.*]] = llama.add %[[HIDDEN1]], %[[DOWN]]
// GQA: llama.rms_norm %[[HIDDEN2]]
// The rows that get logits are chosen before the final norm.
// GQA: %[[ROWS:.*]] = llama.gather_rows %{{.*}}, %[[OUTPUTS]]
// GQA: %[[LAST:.*]] = llama.rms_norm %[[ROWS]]
// GQA: %[[OUTPUT:.*]] = llama.use_weight @output
// GQA: %[[LOGITS:.*]] = llama.linear %[[LAST]], %[[OUTPUT]]
// GQA: return %[[LOGITS]]

// TIED-NOT: @output
// TIED: tied_embeddings = true
// TIED: %[[EMBEDDING:.*]] = llama.use_weight @embedding
// TIED: %[[LOGITS:.*]] = llama.linear %{{.*}}, %[[EMBEDDING]] : (tensor<?x32xf32>, !llama.weight<200x32, f32>)
// TIED-NEXT: return %[[LOGITS]]

// Four heads of 16 columns on a model of 32; matrices as asked for, norms and RoPE table f32.
// HEAD-DIM: @embedding : !llama.weight<100x32, f16> = #llama.checkpoint<"model.embed_tokens.weight", f32, [100, 32]>
// HEAD-DIM: @rope_table : !llama.weight<128x16, f32>
// HEAD-DIM: @layers.0.attention_norm : !llama.weight<32, f32>
// HEAD-DIM: @layers.0.q : !llama.weight<64x32, f16>
// HEAD-DIM: @layers.0.o : !llama.weight<32x64, f16>
// HEAD-DIM: !llama.kv_cache<layers = 2, kv_heads = 2, head_dim = 16, f32>

// LLAMA3: theta = {{2.0+e\+04|20000.0}}, head_dim = 16, context = 256, scaling = #llama.llama3_scaling<factor = {{8.0.*}}, low_freq_factor = {{1.0.*}}, high_freq_factor = {{4.0.*}}, original_context = 64>>

// PARAMETERS: theta = {{3.0+e\+04|30000.0}}, {{.*}} scaling = #llama.llama3_scaling<factor = {{8.0.*}}, original_context = 64>>

// LINEAR: scaling = #llama.linear_scaling<factor = {{4.0.*}}>>

// YARN: scaling = #llama.yarn_scaling<factor = {{4.0.*}}, original_context = 64, beta_fast = {{3.2.*|32.0}}, beta_slow = {{1.0.*}}, attention_factor = {{1.138.*}}, truncate = true>>

// BF16: @embedding : !llama.weight<{{.*}}, bf16> = #llama.checkpoint<"model.embed_tokens.weight", bf16,
// BF16: @layers.0.attention_norm : !llama.weight<{{[0-9]+}}, f32> = #llama.checkpoint<"model.layers.0.input_layernorm.weight", bf16,

// RANDOM: @embedding : !llama.weight<32000x2048, f16> = #llama.random<42, "model.embed_tokens.weight", 32000 x 2048>
// RANDOM: @layers.0.attention_norm : !llama.weight<2048, f32> = #llama.ones<2048>
