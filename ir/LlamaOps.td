// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The primitive ops of the llama dialect, in the order of a forward pass.

#ifndef CRIA_IR_LLAMAOPS_TD
#define CRIA_IR_LLAMAOPS_TD

include "LlamaInterfaces.td"
include "LlamaTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Llama_Op<string mnemonic, list<Trait> traits = []> : Op<Llama_Dialect, mnemonic, traits>;

// An op whose results have a row for each row of the operand `rows`, an expression on the op.
class Llama_RowwiseOp<string mnemonic, string rows, list<Trait> traits = []>
    : Llama_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<RowwiseOpInterface>], traits)> {
  let extraClassDefinition = "::mlir::Value $cppClass::getRowsOperand() { return " # rows # "; }";
}

// One without effects whose result type follows from its operands.
class Llama_PureOp<string mnemonic, string rows, list<Trait> traits = []>
    : Llama_RowwiseOp<mnemonic, rows, !listconcat([Pure, InferTypeOpAdaptor], traits)>;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

def Llama_WeightOp : Llama_Op<"weight", [Symbol]> {
  let summary = "Declare a constant of the model by type and recipe";
  let description = [{
    Holds no data. The recipe states the sources of the rows and the operations on them; the type implies the conversion to the
    element type and the packing into the layout.

    - (C1) the recipe has the shape of the type.
    - (C2) a RoPE table is f32.

    Created by frontends and by passes that fuse weights; erased by `llama-remove-dead-weights`.

    ```mlir
    llama.weight @layers.0.q : !llama.weight<128x128, f16> = #llama.checkpoint<"model.layers.0.self_attn.q_proj.weight", f16, [128, 128]>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Llama_WeightType>:$type, Llama_RecipeAttr:$recipe);
  let assemblyFormat = "$sym_name `:` $type `=` $recipe attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The type of the weight.
    WeightType getWeightType() { return ::llvm::cast<WeightType>(getType()); }
  }];
}

def Llama_UseWeightOp : Llama_Op<"use_weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Return the value of a `llama.weight`";
  let description = [{
    - (C1) the symbol is a `llama.weight`.
    - (C2) the result has its type.

    ```mlir
    %weight = llama.use_weight @layers.0.q : !llama.weight<128x128, f16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs Llama_WeightType:$result);
  let builders = [OpBuilder<(ins "WeightOp":$weight)>];
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

def Llama_EmbeddingOp : Llama_PureOp<"embedding", "getTokens()"> {
  let summary = "Look up rows of the embedding table";
  let description = [{
    output[t, :] = table[tokens[t], :], converted to f32 (exact).

    - (C1) `table` has rank 2.

    ```mlir
    %hidden = llama.embedding %tokens, %table : (tensor<?xi32>, !llama.weight<1024x128, f16>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Llama_Indices:$tokens, Llama_WeightType:$table);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
}

def Llama_RmsNormOp : Llama_PureOp<"rms_norm", "getInput()"> {
  let summary = "Normalize by the root mean square";
  let description = [{
    output[t, i] = (input[t, i] * 1 / sqrt(mean_j(input[t, j]^2) + epsilon)) * weight[i], all in f32.

    - (C1) `weight` is a vector of f32.
    - (C2) its size is the last dimension of `input`.
    - (C3) `epsilon` is finite and not negative.

    ```mlir
    %normed = llama.rms_norm %input, %weight {epsilon = 1.0e-5 : f32} : (tensor<?x128xf32>, !llama.weight<128, f32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input, Llama_WeightType:$weight, F32Attr:$epsilon);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Llama_LinearOp : Llama_PureOp<"linear", "getInput()"> {
  let summary = "Multiply by the transpose of a weight";
  let description = [{
    output[t, n] = sum_k input[t, k] * weight[n, k]: one chain of fused multiply-adds in f32 in the order of k.

    - (C1) `weight` has rank 2.
    - (C2) its columns are the last dimension of `input`.

    ```mlir
    %output = llama.linear %input, %weight : (tensor<?x128xf32>, !llama.weight<352x128, f16>) -> tensor<?x352xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input, Llama_WeightType:$weight);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
}

def Llama_SplitOp : Llama_PureOp<"split", "getInput()"> {
  let summary = "Split the columns into adjacent slices";
  let description = [{
    outputs[i] holds `sizes[i]` columns, which follow those of outputs[i - 1]. The results are views: no kernel computes them.

    - (C1) there is at least one size, and all are positive.
    - (C2) the sizes add up to the last dimension of `input`.

    A split into one slice folds to its input.

    ```mlir
    %q, %k, %v = llama.split %input [128, 64, 64] : (tensor<?x256xf32>) -> (tensor<?x128xf32>, tensor<?x64xf32>, tensor<?x64xf32>)
    ```
  }];
  let arguments = (ins Llama_Rows:$input, DenseI64ArrayAttr:$sizes);
  let results = (outs Variadic<Llama_Rows>:$outputs);
  let assemblyFormat = "$input $sizes attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Llama_RopeOp : Llama_PureOp<"rope", "getInput()"> {
  let summary = "Apply rotary position embedding to pairs split across the halves of each head";
  let description = [{
    With d = `head_dim`, c = table[positions[t], i] and s = table[positions[t], d/2 + i], for each head of d columns and i < d/2:
    output[i] = input[i] * c - input[i + d/2] * s, output[i + d/2] = input[i + d/2] * c + input[i] * s, in f32.

    - (C1) `table` is f32 of rank 2 with `head_dim` columns.
    - (C2) `head_dim` is positive, even, and divides the last dimension of `input`.
    - (C3) `positions` has one element for each row of `input`.

    ```mlir
    %rotated = llama.rope %input, %positions, %table {head_dim = 32 : i64} : (tensor<?x128xf32>, tensor<?xi32>, !llama.weight<512x32, f32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input, Llama_Indices:$positions, Llama_WeightType:$table, I64Attr:$head_dim);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$input `,` $positions `,` $table attr-dict `:` functional-type(operands, results)";
}

def Llama_KvAppendOp : Llama_Op<"kv_append"> {
  let summary = "Store the K and V of a step in the cache";
  let description = [{
    Row t of `key` (after RoPE) and of `value` is stored in slot `slots[t]` of layer `layer`, converted to the cache's element type (round to
    nearest even), or as codes with scales if that is i8 (format/KvCodec.h); a row with slot -1 is not stored.

    - (C1) `key` and `value` have the cache's kv_heads * head_dim columns.
    - (C2) `key`, `value` and `slots` have the same number of rows.
    - (C3) `layer` is a layer of the cache.

    ```mlir
    llama.kv_append %cache, %key, %value, %slots {layer = 0 : i64} : !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, tensor<?x64xf32>, tensor<?x64xf32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins Arg<Llama_KvCacheType, "", [MemWrite]>:$cache, Llama_Rows:$key, Llama_Rows:$value, Llama_Indices:$slots,
                       I64Attr:$layer);
  let assemblyFormat = [{
    $cache `,` $key `,` $value `,` $slots attr-dict `:` qualified(type($cache)) `,` type($key) `,` type($value) `,` type($slots)
  }];
  let hasVerifier = 1;
}

def Llama_AttentionOp : Llama_RowwiseOp<"attention", "getQuery()", [InferTypeOpAdaptor]> {
  let summary = "Compute causal attention over the pages of each sequence";
  let description = [{
    For row t of sequence s = `sequences[t]`, head h, KV head g = h / (heads / kv_heads) and positions p = 0..`positions[t]`:
    output[t, h] = sum_p softmax_p(`scale` * dot(query[t, h], K[s, g, p])) * V[s, g, p], in f32. K and V are always read back from the cache. The
    result of a row with sequence -1 is unspecified.

    - (C1) the last dimension of `query` is heads * head_dim, heads a multiple of the cache's kv_heads.
    - (C2) `positions` and `sequences` have one element for each row of `query`.
    - (C3) `layer` is a layer of the cache.
    - (C4) `scale` is finite and positive.

    ```mlir
    %output = llama.attention %query, %cache, %positions, %sequences, %sequence_starts, %block_table {layer = 0 : i64, scale = 0.176776695 : f32}
        : (tensor<?x128xf32>, !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$query, Arg<Llama_KvCacheType, "", [MemRead]>:$cache, Llama_Indices:$positions,
                       Llama_Indices:$sequences, Llama_Indices:$sequence_starts, Llama_BlockTable:$block_table,
                       I64Attr:$layer, F32Attr:$scale);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = [{
    $query `,` $cache `,` $positions `,` $sequences `,` $sequence_starts `,` $block_table attr-dict `:`
    functional-type(operands, results)
  }];
}

def Llama_SiluOp : Llama_PureOp<"silu", "getInput()"> {
  let summary = "Compute x * sigmoid(x)";
  let description = [{
    output = input / (1 + exp(-input)), element by element in f32.

    ```mlir
    %output = llama.silu %input : (tensor<?x352xf32>) -> tensor<?x352xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

class Llama_BinaryOp<string mnemonic, list<Trait> traits = []> : Llama_PureOp<mnemonic, "getLhs()", traits> {
  let arguments = (ins Llama_Rows:$lhs, Llama_Rows:$rhs);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Llama_MulOp : Llama_BinaryOp<"mul", [Commutative]> {
  let summary = "Multiply element by element";
  let description = [{
    output = lhs * rhs in f32.

    - (C1) `lhs` and `rhs` have the same type.

    ```mlir
    %output = llama.mul %lhs, %rhs : (tensor<?x352xf32>, tensor<?x352xf32>) -> tensor<?x352xf32>
    ```
  }];
}

def Llama_AddOp : Llama_BinaryOp<"add", [Commutative]> {
  let summary = "Add element by element";
  let description = [{
    output = lhs + rhs in f32.

    - (C1) `lhs` and `rhs` have the same type.

    ```mlir
    %output = llama.add %lhs, %rhs : (tensor<?x128xf32>, tensor<?x128xf32>) -> tensor<?x128xf32>
    ```
  }];
}

def Llama_GatherRowsOp : Llama_PureOp<"gather_rows", "getRows()"> {
  let summary = "Select the rows that get logits";
  let description = [{
    output[r, :] = input[rows[r], :]. Precedes the final norm and the output linear, which then compute only R rows.

    ```mlir
    %output = llama.gather_rows %input, %rows : (tensor<?x128xf32>, tensor<?xi32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input, Llama_Indices:$rows);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = "$input `,` $rows attr-dict `:` functional-type(operands, results)";
}

#endif // CRIA_IR_LLAMAOPS_TD
