// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The types of the llama dialect and the constraints its ops use.

#ifndef CRIA_IR_LLAMATYPES_TD
#define CRIA_IR_LLAMATYPES_TD

include "LlamaAttrs.td"

class Llama_Type<string name, string typeMnemonic> : TypeDef<Llama_Dialect, name> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1;
}

def Llama_WeightType : Llama_Type<"Weight", "weight"> {
  let summary = "A constant matrix or vector of the model";
  let description = [{
    A shape of rank 1 or 2 with positive dimensions, rows first, an element type (`f32`, `f16` or `bf16`) and a layout. The shape is the logical one; the
    physical array follows from the layout. `row_major` is not printed.

    ```mlir
    !llama.weight<4096x4096xf16>
    !llama.weight<4096x4096xf16, panel16>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        DefaultValuedParameter<"WeightLayout", "WeightLayout::row_major">:$layout);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
                                        CArg<"WeightLayout", "WeightLayout::row_major">:$layout), [{
      return $_get(elementType.getContext(), shape, elementType, layout);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    int64_t getRows() const { return getShape().front(); }
    /// The length of a row; 1 for a vector.
    int64_t getColumns() const { return getRank() == 2 ? getShape()[1] : 1; }
    /// The layout of the elements in memory; a vector is a matrix of one row.
    ::cria::PhysicalLayout getPhysicalLayout() const;
    /// Bytes of the physical array, padding included.
    int64_t getPhysicalBytes() const;
    /// The same weight in another layout.
    WeightType withLayout(WeightLayout layout) const { return get(getShape(), getElementType(), layout); }
  }];
}

def Llama_KvCacheType : Llama_Type<"KvCache", "kv_cache"> {
  let summary = "The paged K and V of all layers";
  let description = [{
    A handle, not a value: ops with this operand have memory effects. The target defines the layout of a page. Element types are `f16`
    and `f32`.

    ```mlir
    !llama.kv_cache<layers = 6, kv_heads = 2, head_dim = 32, f16>
    ```
  }];
  let parameters = (ins "int64_t":$layers, "int64_t":$kvHeads, "int64_t":$headDim, "::mlir::Type":$elementType);
  let builders = [
    TypeBuilderWithInferredContext<(ins "int64_t":$layers, "int64_t":$kvHeads, "int64_t":$headDim,
                                        "::mlir::Type":$elementType), [{
      return $_get(elementType.getContext(), layers, kvHeads, headDim, elementType);
    }]>];
  let assemblyFormat = [{
    `<` `layers` `=` $layers `,` `kv_heads` `=` $kvHeads `,` `head_dim` `=` $headDim `,` $elementType `>`
  }];
  let extraClassDeclaration = [{
    /// Columns of K and of V in one row.
    int64_t getColumns() const { return getKvHeads() * getHeadDim(); }
  }];
}

// T x columns, f32.
def Llama_Rows : 2DTensorOf<[F32]>;
// One i32 for each row, sequence or output.
def Llama_Indices : 1DTensorOf<[I32]>;
def Llama_BlockTable : 2DTensorOf<[I32]>;

#endif // CRIA_IR_LLAMATYPES_TD
