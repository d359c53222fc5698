// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-opt: runs passes on a file of MLIR, for tests and to examine what a pass does.

#include "ir/LlamaDialect.h"
#include "ir/ProgramDialect.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/codegen/ObjectCode.h"
#include "passes/targets/PrintCode.h"
#include "passes/targets/cuda/DeviceCode.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<cria::llama::LlamaDialect>();
  registry.insert<cria::program::ProgramDialect>();
  mlir::registerAllPasses();
  cria::registerCriaPasses();
  cria::registerPipelines();
  cria::registerObjectCodePasses();
  cria::cuda::registerDeviceCodePasses();
  cria::registerPrintCodePass();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Cria's optimizer driver, for example: cria-opt --llama-optimize-pipeline graph.mlir\n",
      registry));
}
