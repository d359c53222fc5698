// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The interface of fused ops: their parts and their decomposition.

#ifndef CRIA_IR_LLAMAINTERFACES_TD
#define CRIA_IR_LLAMAINTERFACES_TD

include "LlamaDialect.td"
include "mlir/IR/EnumAttr.td"

def Llama_ResidualPart : I32BitEnumCaseBit<"residual", 0>;
def Llama_ActivationPart : I32BitEnumCaseBit<"activation", 1>;
def Llama_NormPart : I32BitEnumCaseBit<"norm", 2>;
def Llama_RopeAttentionPart : I32BitEnumCaseBit<"rope_attention", 3>;
def Llama_AllParts : BitEnumCaseGroup<"all", [Llama_ResidualPart, Llama_ActivationPart, Llama_NormPart, Llama_RopeAttentionPart]>;

def Llama_FusedPart : I32BitEnum<"FusedPart", "The parts of fused ops, in the order of decomposition", [
    I32BitEnumCaseNone<"none">, Llama_ResidualPart, Llama_ActivationPart, Llama_NormPart, Llama_RopeAttentionPart, Llama_AllParts]> {
  let cppNamespace = "::cria::llama";
}

def DecomposableOpInterface : OpInterface<"DecomposableOpInterface"> {
  let cppNamespace = "::cria::llama";
  let description = [{
    A fused op that decomposes into simpler ops. The decomposition defines the semantics of the op, is its fallback on a target
    without a kernel for it, and is the oracle of its tests: both forms compute bitwise equal results.
  }];
  let methods = [
    InterfaceMethod<[{The parts this op consists of.}], "FusedPart", "getFusedParts">,
    InterfaceMethod<[{
      Replaces this op by one without `parts`, and by ops that compute these parts. Decomposing an activation also
      decomposes the residual; a norm can be decomposed alone. Fails without changes, and notifies the rewriter of the reason, if
      the op has none of `parts` or its weight cannot be decomposed.
    }], "::llvm::LogicalResult", "decompose",
    (ins "::mlir::RewriterBase &":$rewriter, "FusedPart":$parts)>];
}

def RowwiseOpInterface : OpInterface<"RowwiseOpInterface"> {
  let cppNamespace = "::cria::llama";
  let description = [{
    An op that computes one row of its results for each row, or element, of one of its operands.
  }];
  let methods = [InterfaceMethod<[{The operand whose first dimension is that of the results.}], "::mlir::Value", "getRowsOperand">];
}

#endif // CRIA_IR_LLAMAINTERFACES_TD
