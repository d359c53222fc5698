// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The fused ops of the llama dialect. All C++ of the dialect is generated from this file.

#ifndef CRIA_IR_LLAMAFUSEDOPS_TD
#define CRIA_IR_LLAMAFUSEDOPS_TD

include "LlamaInterfaces.td"
include "LlamaOps.td"

def Llama_RopeAttentionOp : Llama_RowwiseOp<"rope_attention", "getProjections()[0]", [InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<DecomposableOpInterface>]> {
  let summary = "Apply RoPE to q and k, append to the KV cache and compute attention";
  let description = [{
    `projections` is either one tensor [T, (heads + 2 kv_heads) * head_dim] that holds the columns of q, k and v in this order, or q, k and v themselves.
    Equivalent to:

    ```mlir
    %q, %k, %v = llama.split %projections[0] ...      // for one projection
    %rq = llama.rope %q, %positions, %table
    %rk = llama.rope %k, %positions, %table
    llama.kv_append %cache, %rk, %v, %slots
    %output = llama.attention %rq, %cache, %positions, %sequences, %sequence_starts, %block_table
    ```

    - (C1) there are one or three projections.
    - (C2) their columns are those of q, k and v for the cache's kv_heads and head_dim.
    - (C3) `table` is f32 [context, head_dim].
    - (C4) `positions`, `sequences` and `slots` have one element for each row.
    - (C5) `layer` is a layer of the cache, and `scale` is finite and positive.

    Created by `llama-fuse-rope-attention`, decomposed by `llama-decompose-fused-ops`.

    ```mlir
    %output = llama.rope_attention(%qkv), %table, %cache, %positions, %sequences, %slots, %sequence_starts, %block_table
        {layer = 0 : i64, scale = 0.176776695 : f32}
        : (tensor<?x256xf32>, !llama.weight<512x32, f32>, !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>,
           tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins Variadic<Llama_Rows>:$projections, Llama_WeightType:$table,
                       Arg<Llama_KvCacheType, "", [MemRead, MemWrite]>:$cache, Llama_Indices:$positions, Llama_Indices:$sequences,
                       Llama_Indices:$slots, Llama_Indices:$sequence_starts, Llama_BlockTable:$block_table, I64Attr:$layer,
                       F32Attr:$scale);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = [{
    `(` $projections `)` `,` $table `,` $cache `,` $positions `,` $sequences `,` $slots `,` $sequence_starts `,` $block_table attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// Whether one tensor holds q, k and v.
    bool hasFusedProjections() { return getProjections().size() == 1; }
    /// Columns of q, of k and of v.
    ::std::array<int64_t, 3> getProjectionColumns();
  }];
}

def Llama_FusedLinearOp : Llama_RowwiseOp<"fused_linear", "getInput()", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<DecomposableOpInterface>]> {
  let summary = "Apply a linear with an optional norm before it, activation and residual after it";
  let description = [{
    output = activation(weight * norm(input)) + residual, with the arithmetic of the primitive ops: the norm in f32, one chain of fused multiply-adds in the order of k,
    then the activation, then the addition. Each part is optional:

    - norm: `llama.rms_norm` of the input with `norm_weight` and `epsilon`.
    - activation `swiglu`: the weight interleaves rows of gate and up in blocks of B = `swiglu_block`, each padded to a multiple of B:
      gate row j is row (j / B) * 2 B + j % B of the weight, and up row j is B rows after it. output[t, j] = silu(gate_j) * up_j.
    - residual: added to the result.

    - (C1) `weight` has rank 2; its columns are the last dimension of `input`.
    - (C2) `norm_weight` and `epsilon` are both present or both absent; `norm_weight` is f32 of the size of the last dimension of `input`.
    - (C3) without activation, the result has as many columns as `weight` has rows.
    - (C4) with `swiglu`, `swiglu_block` is positive, and `weight` has 2 * N rows, N being the result's columns rounded up to a multiple of `swiglu_block`; without, `swiglu_block` is absent.
    - (C5) `residual` has the type of the result.
    - (C6) result and `input` have the same number of rows.

    Created by `llama-fuse-swiglu-mlp`, `llama-fuse-norm` and `llama-fuse-residual`, decomposed by `llama-decompose-fused-ops` from the outside in: residual,
    activation, norm.

    ```mlir
    %output = llama.fused_linear %input, %weight norm(%norm_weight) activation(swiglu) residual(%residual) {epsilon = 1.0e-5 : f32, swiglu_block = 16 : i64}
        : (tensor<?x128xf32>, !llama.weight<704x128, f16>, !llama.weight<128, f32>, tensor<?x352xf32>) -> tensor<?x352xf32>
    ```
  }];
  let arguments = (ins Llama_Rows:$input, Llama_WeightType:$weight, Optional<Llama_WeightType>:$norm_weight,
                       Optional<Llama_Rows>:$residual, OptionalAttr<F32Attr>:$epsilon,
                       DefaultValuedAttr<Llama_ActivationAttr, "::cria::llama::Activation::none">:$activation,
                       OptionalAttr<I64Attr>:$swiglu_block);
  let results = (outs Llama_Rows:$output);
  let assemblyFormat = [{
    $input `,` $weight (`norm` `(` $norm_weight^ `)`)? (`activation` `(` custom<ActivationWord>($activation)^ `)`)? (`residual` `(` $residual^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // CRIA_IR_LLAMAFUSEDOPS_TD
