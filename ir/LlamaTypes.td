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
    A shape of rank 1 or 2 with positive dimensions, rows first, a format of the table in format/WeightFormat.h and a layout. The
    shape is the logical one; the arrays that hold the weight follow from format and layout. `row_major` is not printed.

    ```mlir
    !llama.weight<4096x4096, f16>
    !llama.weight<4096x4096, f16, panel16>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::cria::WeightFormat":$format,
                        DefaultValuedParameter<"WeightLayout", "WeightLayout::row_major">:$layout);
  let builders = [
    TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::cria::WeightFormat":$format), [{
      return $_get($_ctxt, shape, format, WeightLayout::row_major);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    int64_t getRows() const { return getShape().front(); }
    /// The length of a row; 1 for a vector.
    int64_t getColumns() const { return getRank() == 2 ? getShape()[1] : 1; }
    /// The layout of the elements in memory; a vector is a matrix of one row.
    ::cria::PhysicalLayout getPhysicalLayout() const;
    /// The arrays that hold the weight.
    ::std::vector<::cria::WeightArray> getArrays() const;
    /// Bytes of all arrays, padding included.
    int64_t getPhysicalBytes() const;
    /// The element type of a dense weight. A weight in any other format has none: targets without kernels for it
    /// have refused it.
    ::cria::ElementType getDenseElement() const;
    /// The same weight in another layout, or with another shape.
    WeightType withLayout(WeightLayout layout) const { return get(getContext(), getShape(), getFormat(), layout); }
    WeightType withShape(::llvm::ArrayRef<int64_t> shape) const {
      return get(getContext(), shape, getFormat(), getLayout());
    }
  }];
}

def Llama_KvCacheType : Llama_Type<"KvCache", "kv_cache"> {
  let summary = "The paged K and V of all layers";
  let description = [{
    A handle, not a value: ops with this operand have memory effects. The target defines the layout of a page. Element types are `f16`,
    `f32`, and `i8`: the type of the codes of a cache in 8 bits, which has scales in addition (format/KvCodec.h).

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
