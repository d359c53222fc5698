// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of the `program` dialect: step, weight, buffer, kernel, entry, dispatch.
#ifndef CRIA_PROGRAM_OPS
#define CRIA_PROGRAM_OPS

include "ProgramDialect.td"
include "mlir/IR/SymbolInterfaces.td"

class Program_Op<string mnemonic, list<Trait> traits = []> : Op<Program_Dialect, mnemonic, traits>;

def Program_StepOp : Program_Op<"step", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Declare the layout of the step buffer";
  let description = [{
    The inputs of one step in one buffer: a header of 64 bytes, then arrays of 32-bit integers.

    (C1) The size is positive and a multiple of 64.
    (C2) Fields have different names, lie inside the buffer and do not overlap.

    ```mlir
    program.step @step size 2240 fields [#program.field<"num_tokens", offset = 0, length = 1>]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$size, TypedArrayAttrBase<Program_FieldAttr, "fields">:$fields);
  let assemblyFormat = "$sym_name `size` $size `fields` $fields attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The field called `name`, or null.
    FieldAttr lookupField(::llvm::StringRef name);
  }];
}

def Program_WeightOp : Program_Op<"weight", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Declare a weight by type, size in bytes and recipe";
  let description = [{
    `initialized` means that the package holds no data for it: the entry point `initialize` fills the weight on the device.

    (C1) The type is a `!llama.weight`.
    (C2) The size is that of all the type's arrays in bytes.
    (C3) The recipe is one of the llama dialect.

    ```mlir
    program.weight @layers.0.qkv : !llama.weight<256x128, f16, panel16> size 65536 = #llama.checkpoint<"qkv", f16, [256, 128]>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, I64Attr:$size, AnyAttr:$recipe, UnitAttr:$initialized);
  let assemblyFormat = "$sym_name `:` $type `size` $size (`initialized` $initialized^)? `=` $recipe attr-dict";
  let hasVerifier = 1;
}

def Program_BufferOp : Program_Op<"buffer", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Declare memory that dispatches read and write";
  let description = [{
    `arena` buffers are used within one entry point and share memory; memory planning assigns their offsets in the arena. The one
    `result` buffer holds the result of a step. `constant` buffers hold 32-bit words.

    (C1) The size is positive.
    (C2) Only an arena buffer has an offset, a multiple of 64.
    (C3) A constant buffer, and no other, has data; its shape is the number of words.

    ```mlir
    program.buffer @hidden arena f32 [T, 128] size 262144 offset 0
    program.buffer @constants constant ui32 [2] size 8 data [7, 1]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Program_BufferKindAttr:$kind, TypeAttr:$type, DenseI64ArrayAttr:$shape,
                       I64Attr:$size, OptionalAttr<I64Attr>:$offset, OptionalAttr<DenseI32ArrayAttr>:$data);
  let assemblyFormat = [{
    $sym_name $kind $type custom<Shape>($shape) `size` $size (`offset` $offset^)? (`data` $data^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Program_KernelOp : Program_Op<"kernel", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Declare a kernel: a function of the target's code, or an op of the opset";
  let description = [{
    (C1) Exactly one of `symbol` and `op` is given.
    (C2) Only an op has parameters; each is an integer, a float or a string.
    (C3) Scratch bytes are not negative, and 0 for an op.
    (C4) If the program has a module `@kernels`, it has a function with the name of `symbol`.
    (C5) Only a function has a block; it has three positive dimensions with a product of at most 1024. Kernels of a GPU
         have one: the threads of a workgroup. `scratch` is then their dynamic shared memory.
    (C6) Only a kernel with a block states registers: registers per thread as reported by ptxas, if available.

    ```mlir
    program.kernel @linear_decode symbol "linear_decode" scratch 0
    program.kernel @matvec symbol "matvec" scratch 64 block [256, 1, 1] registers 40
    program.kernel @rms_norm.0 op "rms_norm" {epsilon = 1.0e-5 : f32}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$symbol, DefaultValuedAttr<I64Attr, "0">:$scratch_bytes,
                       OptionalAttr<StrAttr>:$op_name, OptionalAttr<DictionaryAttr>:$parameters,
                       OptionalAttr<DenseI64ArrayAttr>:$block, OptionalAttr<I64Attr>:$registers);
  let assemblyFormat = [{
    $sym_name (`symbol` $symbol^ `scratch` $scratch_bytes)? (`block` $block^)? (`registers` $registers^)? (`op` $op_name^ $parameters)? attr-dict
  }];
  let hasVerifier = 1;
}

def Program_EntryOp : Program_Op<"entry", [Symbol, HasParent<"::mlir::ModuleOp">, NoTerminator, SingleBlock]> {
  let summary = "Define the list of dispatches for steps of `min_tokens` to `max_tokens` rows";
  let description = [{
    The entry point `initialize` has 0 tokens. It runs once after opening the package, and fills the weights that are `initialized`.

    (C1) 0 <= min_tokens <= max_tokens <= 2^20.
    (C2) The body holds dispatches only.

    ```mlir
    program.entry @decode tokens 1 to 1 {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$min_tokens, I64Attr:$max_tokens);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `tokens` $min_tokens `to` $max_tokens attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    static constexpr ::llvm::StringLiteral kInitialize = "initialize";
    auto getDispatches() { return getBody().front().getOps<DispatchOp>(); }
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$minTokens, "int64_t":$maxTokens)>];
}

def Program_DispatchOp : Program_Op<"dispatch", [HasParent<"EntryOp">]> {
  let summary = "Launch a kernel over a grid of workgroups";
  let description = [{
    Workgroups are independent and unordered. The writes of earlier dispatches are visible. `in_place` allows a written
    binding to be the same window as another one.

    (C1) The grid has one to three dimensions.
    (C2) Shape and strides of a binding have the same rank, at most 8; dimensions and strides are not negative.
    (C3) Names of bindings differ.

    ```mlir
    program.dispatch @rms_norm.0 grid [1 * T by 1] {
      input = read @hidden f32 [T, 128] strides [128, 1] at 0 size 262144
      weight = read @norm f32 [128] strides [1] at 0 size 512
      output = write @normed f32 [T, 128] strides [128, 1] at 0 size 262144
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, TypedArrayAttrBase<Program_GridDimAttr, "grid dimensions">:$grid,
                       TypedArrayAttrBase<Program_BindingAttr, "bindings">:$bindings, UnitAttr:$in_place);
  let assemblyFormat = "$kernel `grid` custom<Grid>($grid) (`in_place` $in_place^)? custom<Bindings>($bindings) attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    auto getBindingAttrs() { return getBindings().getAsRange<BindingAttr>(); }
  }];
}

#endif
