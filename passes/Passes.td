// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All passes, in the order of the pipeline: transforms (llama to llama), then conversion (llama to program).

#ifndef CRIA_PASSES_PASSES_TD
#define CRIA_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

// A fusion pass, which counts the groups it fused and the candidates it rejected.
class FusionPass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = ["::cria::llama::LlamaDialect"];
  let statistics = [Statistic<"numFused", "num-fused", "Number of fused groups of ops">,
                    Statistic<"numRejected", "num-rejected", "Number of candidates that could not be fused">];
}

//===----------------------------------------------------------------------===//
// Transforms
//===----------------------------------------------------------------------===//

def FuseQkvPass : FusionPass<"llama-fuse-qkv"> {
  let summary = "Fuse the Q, K and V projections into one linear";
  let description = [{
    Triggered by a `llama.kv_append` (or a `llama.rope_attention` with three projections) whose q, k and v are linears of one input. Their weights, of one
    format and layout, become one by `#llama.concat`.

    ```mlir
    %q = llama.linear %x, %wq
    %k = llama.linear %x, %wk
    %v = llama.linear %x, %wv
    // becomes, with @qkv = #llama.concat<[wq, wk, wv]>
    %w = llama.use_weight @qkv
    %qkv = llama.linear %x, %w
    %q, %k, %v = llama.split %qkv [...]
    ```
  }];
}

def FuseRopeAttentionPass : FusionPass<"llama-fuse-rope-attention"> {
  let summary = "Fuse RoPE, the KV append and attention";
  let description = [{
    Triggered by a `llama.attention` whose query is a `llama.rope`, with a `llama.kv_append` of the same cache and layer before it whose key is
    a `llama.rope` with the same positions and table. Rejected when a rotated value has another use, or an op with memory effects lies between the two.

    ```mlir
    %rq = llama.rope %q, %positions, %table
    %rk = llama.rope %k, %positions, %table
    llama.kv_append %cache, %rk, %v, %slots
    %o = llama.attention %rq, %cache, ...
    // becomes; if q, k and v are all slices of one %qkv, that is the only projection
    %o = llama.rope_attention(%q, %k, %v), %table, %cache, ...
    ```
  }];
}

def FuseSwigluMlpPass : FusionPass<"llama-fuse-swiglu-mlp"> {
  let summary = "Fuse the gate and up linears and SwiGLU";
  let description = [{
    Triggered by a `llama.mul` of a `llama.silu` of a linear and another linear of the same input. Their weights, of one type, become one by
    `#llama.interleave`. Rejected when an intermediate has another use.

    ```mlir
    %gate = llama.linear %x, %wg
    %up = llama.linear %x, %wu
    %s = llama.silu %gate
    %h = llama.mul %s, %up
    // becomes, with @gate_up = #llama.interleave<[wg, wu], block = 16>
    %w = llama.use_weight @gate_up
    %h = llama.fused_linear %x, %w activation(swiglu) {swiglu_block = 16}
    ```
  }];
  let options = [Option<"swigluBlock", "swiglu-block", "int64_t", /*default=*/"::cria::llama::kSwigluBlock",
                        "Rows of gate, then of up, per block; the same for all targets that share weights">];
}

def FuseNormPass : FusionPass<"llama-fuse-norm"> {
  let summary = "Fuse RMSNorm into its consuming linears";
  let description = [{
    Triggered by a `llama.rms_norm`. All its users must be linears (fused or not) that read it as their input and have no norm yet. Otherwise it is
    rejected, because the norm would be computed anyway.

    ```mlir
    %n = llama.rms_norm %x, %nw
    %y = llama.linear %n, %w
    // becomes
    %y = llama.fused_linear %x, %w norm(%nw)
    ```
  }];
}

def FuseResidualPass : FusionPass<"llama-fuse-residual"> {
  let summary = "Fuse the addition of a residual into the preceding linear";
  let description = [{
    Triggered by a `llama.add` with an operand from a linear (fused or not, without a residual). Rejected when the linear has another
    use.

    ```mlir
    %y = llama.linear %x, %w
    %h = llama.add %r, %y
    // becomes
    %h = llama.fused_linear %x, %w residual(%r)
    ```
  }];
}

def RemoveDeadWeightsPass : Pass<"llama-remove-dead-weights", "::mlir::ModuleOp"> {
  let summary = "Erase unused weights";
  let description = [{
    Erases `llama.use_weight` without users, then every `llama.weight` that no symbol reference names.
  }];
  let statistics = [Statistic<"numRemoved", "num-removed", "Number of erased weights">];
}

def SpecializeEntriesPass : Pass<"llama-specialize-entries", "::mlir::ModuleOp"> {
  let summary = "Specialize the forward function into the entry points decode, small and prefill";
  let description = [{
    Clones `@forward` into `@decode` (one row, static), `@small` (2 to `small-tokens` rows) and `@prefill` (1 to `max-tokens` rows), and erases it. Each entry point
    states its range of rows in `llama.min_tokens` and `llama.max_tokens`. Fails if `@forward` is missing or does not have the arguments of the forward contract.

    ```mlir
    func.func @forward(%tokens: tensor<?xi32>, ...) -> tensor<?x1024xf32>
    // becomes
    func.func @decode(%tokens: tensor<1xi32>, ...) -> tensor<?x1024xf32> attributes {llama.min_tokens = 1, llama.max_tokens = 1}
    func.func @small(%tokens: tensor<?xi32>, ...) -> tensor<?x1024xf32> attributes {llama.min_tokens = 2, llama.max_tokens = 8}
    func.func @prefill(%tokens: tensor<?xi32>, ...) -> tensor<?x1024xf32> attributes {llama.min_tokens = 1, llama.max_tokens = 512}
    ```
  }];
  let dependentDialects = ["::cria::llama::LlamaDialect"];
  let options = [
    Option<"smallTokens", "small-tokens", "int64_t", /*default=*/"8", "Maximum rows of @small; below 2 there is no @small">,
    Option<"maxTokens", "max-tokens", "int64_t", /*default=*/"512", "Maximum rows of @prefill">];
}

def DecomposeFusedOpsPass : Pass<"llama-decompose-fused-ops", "::mlir::ModuleOp"> {
  let summary = "Decompose fused ops";
  let description = [{
    Decomposes `parts` of every fused op, from the outside in: residual, activation, norm of `llama.fused_linear`; all of `llama.rope_attention`. With an
    activation, the residual around it is decomposed too. The results are bitwise equal. A fused op whose weight does not interleave gate and up keeps its activation.

    ```mlir
    %h = llama.fused_linear %x, %w norm(%nw) residual(%r)
    // becomes, with parts=norm
    %n = llama.rms_norm %x, %nw
    %h = llama.fused_linear %n, %w residual(%r)
    ```
  }];
  let dependentDialects = ["::cria::llama::LlamaDialect"];
  let options = [
    ListOption<"parts", "parts", "::cria::llama::FusedPart", "residual, activation, norm, rope_attention (default: all)">,
    ListOption<"functions", "functions", "std::string", "Functions to decompose in (default: all)">];
  let statistics = [Statistic<"numDecomposed", "num-decomposed", "Number of decomposed ops">];
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

def PreparePass : Pass<"llama-prepare", "::mlir::ModuleOp"> {
  let summary = "Run the target's preparation passes and assign weight layouts";
  let description = [{
    Runs the passes of the target on each entry point, for example those that decompose fused ops without a kernel. Then assigns every
    weight the one layout in which the target holds it, chosen from all its uses, so that tied embeddings are held once.

    ```mlir
    %w = llama.use_weight @output : !llama.weight<1024x128, f16>
    // becomes, for a target whose kernels read panels,
    %w = llama.use_weight @output : !llama.weight<1024x128, f16, panel16>
    ```
  }];
  let dependentDialects = ["::cria::llama::LlamaDialect"];
  let options = [Option<"target", "target", "std::string", /*default=*/"\"ops\"", "Full name of a built-in target">];
}

def AssignActivationsPass : Pass<"llama-assign-activations", "::mlir::ModuleOp"> {
  let summary = "Choose the class of activations of each linear";
  let description = [{
    Each `linear` and `fused_linear` gets the class of the option `activations` where the target multiplies the format of its weight in it, and
    the target's default for that format otherwise. Fails if the target multiplies no weight of the module in the class. f32 is not stated.

    ```mlir
    %y = llama.linear %x, %w : (tensor<1x64xf32>, !llama.weight<48x64, q8_0>) -> tensor<1x48xf32>
    // becomes, with activations=int8,
    %y = llama.linear %x, %w {llama.activations = "int8"} : (tensor<1x64xf32>, !llama.weight<48x64, q8_0>) -> tensor<1x48xf32>
    ```
  }];
  let dependentDialects = ["::cria::llama::LlamaDialect"];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"ops\"", "Full name of a built-in target">,
    Option<"activations", "activations", "std::string", /*default=*/"\"\"", "Class of activations; empty: the target's default">];
}

def FormDispatchesPass : Pass<"llama-form-dispatches", "::mlir::ModuleOp"> {
  let summary = "Convert entry points to a program of dispatches";
  let description = [{
    Walks the ops of each entry point in order; for each, the target adds kernels and dispatches. Every tensor becomes a `program.buffer`, the
    arguments become windows of the buffers `step` and `kv`, results of `llama.split` are strided windows of their source, and the returned value
    is the result buffer `logits`. Weights whose recipe is random are filled by the entry point `initialize`. Fails for functions that are not
    entry points, and for ops without a kernel.

    ```mlir
    func.func @decode(...) attributes {llama.min_tokens = 1 : i64, llama.max_tokens = 1 : i64} {
      %n = llama.rms_norm %x, %w {epsilon = 1.0e-5 : f32}
    // becomes, for target ops,
    program.kernel @rms_norm op "rms_norm" {epsilon = 1.0e-5 : f32}
    program.entry @decode tokens 1 to 1 {
      program.dispatch @rms_norm grid [1 * 1 by 1] { input = read @decode.0.embedding f32 ... }
    ```
  }];
  let dependentDialects = ["::cria::llama::LlamaDialect", "::cria::program::ProgramDialect"];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"ops\"", "Full name of a built-in target">,
    Option<"maxTokens", "max-tokens", "int64_t", /*default=*/"512", "Maximum tokens per step (at most the context length)">,
    Option<"maxSequences", "max-sequences", "int64_t", /*default=*/"16", "Maximum sequences per step">,
    Option<"maxOutputs", "max-outputs", "int64_t", /*default=*/"0", "Maximum rows of logits; 0: as many as tokens per step">,
    Option<"context", "context", "int64_t", /*default=*/"0", "Context length in tokens; 0: that of llama.config">];
  let statistics = [Statistic<"numDispatches", "num-dispatches", "Number of dispatches of all entry points">,
                    Statistic<"numKernels", "num-kernels", "Number of kernels, or of ops with different parameters">];
}

def PlanMemoryPass : Pass<"program-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Assign arena offsets";
  let description = [{
    A buffer is live from the first to the last dispatch of an entry point that uses it. Buffers whose live ranges do not overlap share memory; all
    entry points share one arena. Offsets are multiples of 64.

    ```mlir
    program.buffer @prefill.0.embedding arena f32 [T, 128] size 262144
    // becomes
    program.buffer @prefill.0.embedding arena f32 [T, 128] size 262144 offset 0
    ```
  }];
  let options = [Option<"report", "report", "bool", /*default=*/"false", "Report the size of the arena in a remark">];
  let statistics = [Statistic<"numBuffers", "num-buffers", "Number of arena buffers">,
                    Statistic<"bytesWithoutReuse", "bytes-without-reuse", "Bytes without sharing memory between buffers">,
                    Statistic<"arenaBytes", "arena-bytes", "Size of the arena in bytes">];
}

def VerifyProgramPass : Pass<"program-verify", "::mlir::ModuleOp"> {
  let summary = "Verify a whole program";
  let description = [{
    Fails, at the offending op, when a program breaks a rule of docs/package-format.md: windows outside buffers, a written binding that overlaps another,
    reads of unwritten bytes, live buffers that overlap in the arena. Changes nothing.
  }];
}

def PrintProgramJsonPass : Pass<"program-print-json", "::mlir::ModuleOp"> {
  let summary = "Print a program as JSON to standard output";
  let description = "Verifies the program and prints what `programs/<target>.json` of a package would hold. Changes nothing.";
}

#endif // CRIA_PASSES_PASSES_TD
