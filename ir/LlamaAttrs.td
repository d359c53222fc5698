// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations, weight recipes, RoPE scaling and the model configuration.

#ifndef CRIA_IR_LLAMAATTRS_TD
#define CRIA_IR_LLAMAATTRS_TD

include "LlamaDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

def Llama_WeightLayout : I32Enum<"WeightLayout", "Arrangement of the elements of a weight in memory", [
    I32EnumCase<"row_major", 0>, I32EnumCase<"panel16", 1>, I32EnumCase<"row_padded", 2>]> {
  let cppNamespace = "::cria::llama";
}

def Llama_Activation : I32Enum<"Activation", "Activation of a fused linear", [
    I32EnumCase<"none", 0>, I32EnumCase<"swiglu", 1>]> {
  let cppNamespace = "::cria::llama";
}

def Llama_ActivationAttr : EnumAttr<Llama_Dialect, Llama_Activation, "activation"> {
  let summary = "Activation of a fused linear: `none` or `swiglu`";
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Weight recipes
//===----------------------------------------------------------------------===//

class Llama_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Llama_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class Llama_RecipeAttrDef<string name, string attrMnemonic> : Llama_Attr<name, attrMnemonic> {
  let genVerifyDecl = 1;
}

def Llama_CheckpointAttr : Llama_RecipeAttrDef<"Checkpoint", "checkpoint"> {
  let summary = "A tensor of the checkpoint";
  let description = [{
    A source: tensor `tensor` of the checkpoint, which is held in a weight format and has the given shape of rank 1 or 2.

    ```mlir
    #llama.checkpoint<"model.norm.weight", f16, [4096]>
    ```
  }];
  let parameters = (ins StringRefParameter<"name in the checkpoint">:$tensor, "::cria::WeightFormat":$format,
                        ArrayRefParameter<"int64_t">:$shape);
  let assemblyFormat = "`<` $tensor `,` custom<Format>($format) `,` `[` $shape `]` `>`";
}

def Llama_RandomAttr : Llama_RecipeAttrDef<"Random", "random"> {
  let summary = "Random numbers determined by a seed";
  let description = [{
    A source: int8(hash(seed, tensor, row, column)) * 2^-e with e = ceil(log2(74 * sqrt(columns))), exact in f32, f16 and bf16, so
    that a seed gives the same model on every target.

    ```mlir
    #llama.random<42, "model.layers.0.self_attn.q_proj.weight", 4096 x 4096>
    ```
  }];
  let parameters = (ins "uint64_t":$seed, StringRefParameter<"name that is hashed">:$tensor, "int64_t":$rows,
                        "int64_t":$columns);
  let assemblyFormat = "`<` $seed `,` $tensor `,` $rows `x` $columns `>`";
}

def Llama_OnesAttr : Llama_RecipeAttrDef<"Ones", "ones"> {
  let summary = "A vector of ones";
  let description = [{
    A source: the norm weights of a model with random weights.

    ```mlir
    #llama.ones<4096>
    ```
  }];
  let parameters = (ins "int64_t":$size);
  let assemblyFormat = "`<` $size `>`";
}

def Llama_LinearScalingAttr : Llama_RecipeAttrDef<"LinearScaling", "linear_scaling"> {
  let summary = "RoPE scaling that divides every frequency";
  let description = [{
    Inverse frequency f becomes f / factor.

    ```mlir
    #llama.linear_scaling<factor = 2.0>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$factor);
  let builders = [AttrBuilder<(ins "double":$factor), [{
    return $_get($_ctxt, ::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), factor));
  }]>];
  let assemblyFormat = "`<` `factor` `=` custom<Double>($factor) `>`";
}

def Llama_Llama3ScalingAttr : Llama_RecipeAttrDef<"Llama3Scaling", "llama3_scaling"> {
  let summary = "RoPE scaling by wavelength";
  let description = [{
    With M = original_context, wavelength l = 2 pi / f: l < M / high leaves f, l > M / low makes it f / factor, and between them
    s = (M / l - low) / (high - low) makes it (1 - s) * f / factor + s * f.

    ```mlir
    #llama.llama3_scaling<factor = 8.0, low_freq_factor = 1.0, high_freq_factor = 4.0, original_context = 8192>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$factor, "::mlir::FloatAttr":$lowFreqFactor, "::mlir::FloatAttr":$highFreqFactor,
                        "int64_t":$originalContext);
  let builders = [AttrBuilder<(ins "double":$factor, "double":$lowFreqFactor, "double":$highFreqFactor,
                                   "int64_t":$originalContext), [{
    auto f64 = [&](double value) { return ::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), value); };
    return $_get($_ctxt, f64(factor), f64(lowFreqFactor), f64(highFreqFactor), originalContext);
  }]>];
  let assemblyFormat = [{
    `<` `factor` `=` custom<Double>($factor) `,` `low_freq_factor` `=` custom<Double>($lowFreqFactor) `,`
    `high_freq_factor` `=` custom<Double>($highFreqFactor) `,` `original_context` `=` $originalContext `>`
  }];
}

def Llama_YarnScalingAttr : Llama_RecipeAttrDef<"YarnScaling", "yarn_scaling"> {
  let summary = "RoPE scaling by rotations within the original context (YaRN)";
  let description = [{
    With D = head_dim, M = original_context, d(r) = D log(M / (2 pi r)) / (2 log theta): low = d(beta_fast) and high = d(beta_slow),
    rounded down and up if `truncate`, at least 0 and at most D - 1. With s = (i - low) / (high - low), at least 0 and at most 1,
    inverse frequency f_i becomes s * f_i / factor + (1 - s) * f_i. Every cosine and sine is multiplied by attention_factor.

    ```mlir
    #llama.yarn_scaling<factor = 16.0, original_context = 4096, beta_fast = 32.0, beta_slow = 1.0, attention_factor = 1.28, truncate = true>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$factor, "int64_t":$originalContext, "::mlir::FloatAttr":$betaFast,
                        "::mlir::FloatAttr":$betaSlow, "::mlir::FloatAttr":$attentionFactor, "bool":$truncate);
  let builders = [AttrBuilder<(ins "double":$factor, "int64_t":$originalContext, "double":$betaFast, "double":$betaSlow,
                                   "double":$attentionFactor, "bool":$truncate), [{
    auto f64 = [&](double value) { return ::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), value); };
    return $_get($_ctxt, f64(factor), originalContext, f64(betaFast), f64(betaSlow), f64(attentionFactor), truncate);
  }]>];
  let assemblyFormat = [{
    `<` `factor` `=` custom<Double>($factor) `,` `original_context` `=` $originalContext `,` `beta_fast` `=` custom<Double>($betaFast) `,`
    `beta_slow` `=` custom<Double>($betaSlow) `,` `attention_factor` `=` custom<Double>($attentionFactor) `,`
    `truncate` `=` $truncate `>`
  }];
}

def Llama_RopeTableAttr : Llama_RecipeAttrDef<"RopeTable", "rope_table"> {
  let summary = "Cosines and sines of all positions";
  let description = [{
    A source, f32 [context, head_dim]: row p holds cos(p * f_i) for i < head_dim / 2, then sin(p * f_i), with
    f_i = theta^(-2 i / head_dim), scaled if `scaling` is given (`#llama.linear_scaling`, `#llama.llama3_scaling` or
    `#llama.yarn_scaling`).

    ```mlir
    #llama.rope_table<theta = 10000.0, head_dim = 128, context = 4096>
    #llama.rope_table<theta = 10000.0, head_dim = 128, context = 8192, scaling = #llama.linear_scaling<factor = 2.0>>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$theta, "int64_t":$headDim, "int64_t":$contextLength,
                        OptionalParameter<"::mlir::Attribute">:$scaling);
  let builders = [AttrBuilder<(ins "double":$theta, "int64_t":$headDim, "int64_t":$contextLength,
                                   CArg<"::mlir::Attribute", "{}">:$scaling), [{
    return $_get($_ctxt, ::mlir::FloatAttr::get(::mlir::Float64Type::get($_ctxt), theta), headDim, contextLength, scaling);
  }]>];
  let assemblyFormat = [{
    `<` `theta` `=` custom<Double>($theta) `,` `head_dim` `=` $headDim `,` `context` `=` $contextLength
    (`,` `scaling` `=` $scaling^)? `>`
  }];
}

def Llama_ConcatAttr : Llama_RecipeAttrDef<"Concat", "concat"> {
  let summary = "Concatenation of the rows of several recipes";
  let description = [{
    An operation on rows. All inputs have rank 2 and the same number of columns.

    ```mlir
    #llama.concat<[#llama.checkpoint<"q", f16, [128, 128]>, #llama.checkpoint<"k", f16, [64, 128]>]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::Attribute">:$inputs);
  let assemblyFormat = "`<` `[` $inputs `]` `>`";
}

def Llama_InterleaveAttr : Llama_RecipeAttrDef<"Interleave", "interleave"> {
  let summary = "Rows of several recipes of one shape, interleaved in blocks";
  let description = [{
    An operation on rows. Each input is padded with zero rows to a multiple of `block`; the output has block 0 of each input in order, then
    block 1 of each, and so on. With n inputs, row j of input i is row (j / block) * n * block + i * block + j % block.

    ```mlir
    #llama.interleave<[#llama.checkpoint<"gate", f16, [352, 128]>, #llama.checkpoint<"up", f16, [352, 128]>], block = 16>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::Attribute">:$inputs, "int64_t":$block);
  let assemblyFormat = "`<` `[` $inputs `]` `,` `block` `=` $block `>`";
}

def Llama_PermuteRopeAttr : Llama_RecipeAttrDef<"PermuteRope", "permute_rope"> {
  let summary = "Permutation of the rows of q or k from Meta's order of RoPE pairs to halves";
  let description = [{
    An operation on rows. Within each head of d rows, row i of the output is row 2 i of the input for i < d / 2, and row 2 (i - d / 2) + 1 for the
    others. For k, `heads` is the number of KV heads.

    ```mlir
    #llama.permute_rope<#llama.checkpoint<"wq", f16, [4096, 4096]>, heads = 32>
    ```
  }];
  let parameters = (ins "::mlir::Attribute":$input, "int64_t":$heads);
  let assemblyFormat = "`<` $input `,` `heads` `=` $heads `>`";
}

def Llama_RecipeAttr : Attr<CPred<"::cria::llama::isRecipe($_self)">, "weight recipe"> {
  let storageType = "::mlir::Attribute";
  let returnType = "::mlir::Attribute";
  let convertFromStorage = "$_self";
}

//===----------------------------------------------------------------------===//
// Model configuration
//===----------------------------------------------------------------------===//

def Llama_ConfigAttr : Llama_RecipeAttrDef<"Config", "config"> {
  let summary = "Configuration of a model, as in the package's manifest";
  let description = [{
    The module attribute `llama.config`. `parameters` counts the checkpoint's elements; a `bos_id` of -1 means that there is none; `rope_scaling` is absent,
    `#llama.linear_scaling`, `#llama.llama3_scaling` or `#llama.yarn_scaling`.

    ```mlir
    module attributes {llama.config = #llama.config<name = "stories", parameters = 1367936, dim = 128, layers = 6, heads = 4,
      kv_heads = 2, head_dim = 32, ffn_dim = 352, vocab_size = 1024, context = 512, norm_epsilon = 1.0e-05,
      rope_theta = 10000.0, tied_embeddings = false, bos_id = 1, eos_ids = [2]>} { ... }
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, "int64_t":$parameters, "int64_t":$dim, "int64_t":$layers, "int64_t":$heads,
    "int64_t":$kvHeads, "int64_t":$headDim, "int64_t":$ffnDim, "int64_t":$vocabSize, "int64_t":$contextLength,
    "::mlir::FloatAttr":$normEpsilon, "::mlir::FloatAttr":$ropeTheta, OptionalParameter<"::mlir::Attribute">:$ropeScaling,
    "bool":$tiedEmbeddings, "int64_t":$bosId, OptionalArrayRefParameter<"int64_t">:$eosIds);
  let assemblyFormat = [{
    `<` `name` `=` $name `,` `parameters` `=` $parameters `,` `dim` `=` $dim `,` `layers` `=` $layers `,` `heads` `=` $heads `,`
    `kv_heads` `=` $kvHeads `,` `head_dim` `=` $headDim `,` `ffn_dim` `=` $ffnDim `,` `vocab_size` `=` $vocabSize `,`
    `context` `=` $contextLength `,` `norm_epsilon` `=` custom<Double>($normEpsilon) `,` `rope_theta` `=` custom<Double>($ropeTheta) `,`
    (`rope_scaling` `=` $ropeScaling^ `,`)? `tied_embeddings` `=` $tiedEmbeddings `,` `bos_id` `=` $bosId `,`
    `eos_ids` `=` `[` (`]`) : ($eosIds^ `]`)? `>`
  }];
}

#endif // CRIA_IR_LLAMAATTRS_TD
