// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The syntax of dimensions, shapes, bindings and grids of the `program` dialect; private to the dialect's
// sources.
#pragma once

#include "ir/ProgramDialect.h"
#include "mlir/IR/OpImplementation.h"

namespace cria::program {

mlir::ParseResult parseExtent(mlir::AsmParser &parser, int64_t &extent);
/// The same for generated attribute parsers, which pass a FailureOr.
mlir::ParseResult parseExtent(mlir::AsmParser &parser, llvm::FailureOr<int64_t> &extent);
void printExtent(mlir::AsmPrinter &printer, int64_t extent);

/// [T, 128]
mlir::ParseResult parseShape(mlir::AsmParser &parser, mlir::DenseI64ArrayAttr &shape);
void printShape(mlir::AsmPrinter &printer, mlir::Operation *, mlir::DenseI64ArrayAttr shape);

/// input = read @hidden f32 [T, 128] strides [128, 1] at 0 size 262144
mlir::ParseResult parseBinding(mlir::AsmParser &parser, BindingAttr &binding);
void printBinding(mlir::AsmPrinter &printer, BindingAttr binding);

/// { one binding a line }
mlir::ParseResult parseBindings(mlir::OpAsmParser &parser, mlir::ArrayAttr &bindings);
void printBindings(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::ArrayAttr bindings);

/// [4 * 1 by 1, 1 * T by 6]
mlir::ParseResult parseGrid(mlir::OpAsmParser &parser, mlir::ArrayAttr &grid);
void printGrid(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::ArrayAttr grid);

} // namespace cria::program
