// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `program` dialect: a compiled model as the runtime executes it. Enums and attributes; the ops are in ProgramOps.td.
#ifndef CRIA_PROGRAM_DIALECT
#define CRIA_PROGRAM_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Program_Dialect : Dialect {
  let name = "program";
  let cppNamespace = "::cria::program";
  let summary = "A compiled model: buffers, kernels and the lists of dispatches that run them";
  let description = [{
    A program is a `builtin.module` that holds, at its top level, the module attributes `program.target`, `program.limits` and
    `program.kv`, one `program.step`, and any number of `program.weight`, `program.buffer`, `program.kernel` and
    `program.entry`. The code of the kernels is a nested module `@kernels`. `programs/<target>.json` of a package holds the
    same program; docs/package-format.md states the meaning of each field and the rules.

    The dimensions of a shape are numbers or one of the symbols `T` (rows of the step), `R` (rows of logits), `S` (sequences),
    `S+1` and `P` (pages in the pool). Sizes and offsets are in bytes, strides in elements. Two buffers exist in every program
    without being declared by a `program.buffer`: `step`, declared by `program.step`, and `kv`, all pages of the KV cache.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Names of the module attributes.
    static constexpr ::llvm::StringLiteral kTargetAttr = "program.target";
    static constexpr ::llvm::StringLiteral kLimitsAttr = "program.limits";
    static constexpr ::llvm::StringLiteral kKvAttr = "program.kv";
    /// Names of the two fixed buffers and of the nested module with the kernels' code.
    static constexpr ::llvm::StringLiteral kStepBuffer = "step";
    static constexpr ::llvm::StringLiteral kKvBuffer = "kv";
    static constexpr ::llvm::StringLiteral kKernelsModule = "kernels";
  }];
}

class Program_Attr<string name, string attrMnemonic> : AttrDef<Program_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Program_BufferKind : I32EnumAttr<"BufferKind", "Purpose of a buffer", [
    I32EnumAttrCase<"arena", 0>, I32EnumAttrCase<"result", 1>, I32EnumAttrCase<"constant", 2>]> {
  let cppNamespace = "::cria::program";
  let genSpecializedAttr = 0;
}
def Program_BufferKindAttr : EnumAttr<Program_Dialect, Program_BufferKind, "buffer_kind">;

def Program_Access : I32EnumAttr<"Access", "Access of a dispatch to an operand", [
    I32EnumAttrCase<"read", 1>, I32EnumAttrCase<"write", 2>, I32EnumAttrCase<"read_write", 3>]> {
  let cppNamespace = "::cria::program";
  let genSpecializedAttr = 0;
}
def Program_AccessAttr : EnumAttr<Program_Dialect, Program_Access, "access">;

def Program_LimitsAttr : Program_Attr<"Limits", "limits"> {
  let summary = "Limits of a step; sizes and offsets are planned for them";
  let parameters = (ins "int64_t":$maxTokens, "int64_t":$maxSequences, "int64_t":$maxOutputs,
                        "int64_t":$maxPagesPerSequence, "int64_t":$contextTokens);
  let assemblyFormat = [{
    `<` `max_tokens` `=` $maxTokens `,` `max_sequences` `=` $maxSequences `,` `max_outputs` `=` $maxOutputs `,`
    `max_pages_per_sequence` `=` $maxPagesPerSequence `,` `context` `=` $contextTokens `>`
  }];
  let genVerifyDecl = 1;
}

def Program_KvAttr : Program_Attr<"Kv", "kv"> {
  let summary = "The KV pages: tokens and bytes of one page, and the element type";
  let parameters = (ins "int64_t":$pageTokens, "int64_t":$pageBytes, "::mlir::Type":$type);
  let assemblyFormat = [{
    `<` `page_tokens` `=` $pageTokens `,` `page_bytes` `=` $pageBytes `,` `type` `=` $type `>`
  }];
  let genVerifyDecl = 1;
}

def Program_FieldAttr : Program_Attr<"Field", "field"> {
  let summary = "An array of 32-bit integers in the step buffer";
  let parameters = (ins StringRefParameter<"name">:$name, "int64_t":$offset, "int64_t":$length);
  let assemblyFormat = "`<` $name `,` `offset` `=` $offset `,` `length` `=` $length `>`";
}

def Program_GridDimAttr : Program_Attr<"GridDim", "grid_dim"> {
  let summary = "A grid dimension: times * ceildiv(of, tile)";
  let description = "`of` is 1, T or R.";
  let parameters = (ins "int64_t":$times, "int64_t":$of, "int64_t":$tile);
  let assemblyFormat = "`<` $times `*` custom<Extent>($of) `by` $tile `>`";
  let genVerifyDecl = 1;
}

def Program_BindingAttr : Program_Attr<"Binding", "binding"> {
  let summary = "An operand of a dispatch: a typed window of a buffer";
  let description = [{
    Element (i0, .., in) lies at `offset + sizeof(type) * sum(i_d * strides[d])` of the buffer; the window is
    `[offset, offset + size)`. A size of `rest` (kRest, only for `kv`) extends to the end of the pool.
  }];
  let parameters = (ins StringRefParameter<"name of the operand">:$name, "::mlir::FlatSymbolRefAttr":$buffer,
                        "::cria::program::Access":$access, "::mlir::Type":$type, ArrayRefParameter<"int64_t">:$shape,
                        ArrayRefParameter<"int64_t">:$strides, "int64_t":$offset, "int64_t":$size);
  let hasCustomAssemblyFormat = 1;
}

#endif
