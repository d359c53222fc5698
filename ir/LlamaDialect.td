// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The llama dialect and the base classes of its records.

#ifndef CRIA_IR_LLAMADIALECT_TD
#define CRIA_IR_LLAMADIALECT_TD

include "mlir/IR/OpBase.td"

def Llama_Dialect : Dialect {
  let name = "llama";
  let cppNamespace = "::cria::llama";
  let summary = "The computation of a LLaMA model, independent of a target";
  let description = [{
    A model is a module that holds its weights (`llama.weight`, recipes without data), its configuration (the module
    attribute `llama.config`) and one function, `@forward`. Its arguments, in this order, are the forward
    contract:

    | argument | type | meaning |
    | --- | --- | --- |
    | `tokens` | `tensor<?xi32>` | token ids of the step; rows of one sequence are contiguous, with ascending positions |
    | `positions` | `tensor<?xi32>` | position of each token in its sequence |
    | `sequences` | `tensor<?xi32>` | its row in `block_table`; -1: a padding row |
    | `slots` | `tensor<?xi32>` | the slot of its K and V (page * page_tokens + position mod page_tokens; -1: not stored) |
    | `sequence_starts` | `tensor<?xi32>` | first row of each sequence, then the number of rows |
    | `block_table` | `tensor<?x?xi32>` | KV pages of each sequence; -1: none |
    | `outputs` | `tensor<?xi32>` | the rows that get logits, ascending |
    | `cache` | `!llama.kv_cache<...>` | the paged K and V of all layers |

    It returns the logits, one row for each of `outputs`. Values are tensors, and ops are pure unless they read or write
    the cache. Activations are `f32`; T, the number of rows of the step, is dynamic in `@forward` and static in
    `@decode`. `llama-specialize-entries` creates the entry points, and states their numbers of rows in `llama.min_tokens` and
    `llama.max_tokens`. `llama-assign-activations` states the class of activations of each linear that a target does not
    multiply in f32, in `llama.activations`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// The module attribute that holds the model's `#llama.config`.
    static constexpr llvm::StringLiteral kConfigAttrName = "llama.config";
    /// Function attributes (i64): the minimum and maximum number of rows of an entry point.
    static constexpr llvm::StringLiteral kMinTokensAttrName = "llama.min_tokens";
    static constexpr llvm::StringLiteral kMaxTokensAttrName = "llama.max_tokens";
    /// Of a linear (string): the class of activations that its target multiplies in; f32 without it. Of a
    /// module: the least precise class of its linears.
    static constexpr llvm::StringLiteral kActivationsAttrName = "llama.activations";

    /// For initialize().
    void registerTypes();
    void registerAttributes();
  }];
}

#endif // CRIA_IR_LLAMADIALECT_TD
