// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loader accepts the programs that the compiler prints.

#include "format/ProgramVerifier.h"
#include "format/ProgramWriter.h"
#include "ir/LlamaDialect.h"
#include "ir/ProgramLowering.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <fstream>
#include <gtest/gtest.h>
#include <regex>

using namespace mlir;

namespace {

constexpr uint32_t kVocabSize = 1024;

std::string readModel() {
  std::ifstream file(CRIA_SOURCE_DIR "/tests/passes/transforms/optimize-pipeline.mlir");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The same model with random weights.
std::string withRandomWeights(const std::string &model) {
  std::regex matrix(R"(#llama\.checkpoint<("[a-z]+"), f16, \[([0-9]+), ([0-9]+)\]>)");
  std::regex vector(R"(#llama\.checkpoint<"[a-z]+", f16, \[([0-9]+)\]>)");
  std::string text = std::regex_replace(model, matrix, "#llama.random<7, $1, $2 x $3>");
  return std::regex_replace(text, vector, "#llama.ones<$1>");
}

/// The printed program of a model, or empty when a pass fails.
std::string compile(const std::string &model, const std::string &pipeline) {
  static const bool registered = [] {
    cria::registerCriaPasses();
    cria::registerPipelines();
    return true;
  }();
  EXPECT_TRUE(registered);
  DialectRegistry registry;
  registry.insert<cria::llama::LlamaDialect, cria::program::ProgramDialect, func::FuncDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(model, &context);
  PassManager manager(&context);
  if (!module || failed(parsePassPipeline(pipeline, manager)) || failed(manager.run(*module))) {
    return {};
  }
  return cria::programToJson(*cria::lowerProgram(*module)).dump();
}

cria::Program accept(const std::string &json) {
  cria::StatusOr<cria::Program> program = cria::parseProgram(json, "programs/ops.json");
  EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.status().message());
  if (!program.ok()) {
    return {};
  }
  cria::Status status = cria::verifyProgram(*program, kVocabSize);
  EXPECT_TRUE(status.ok()) << status.message();
  return *program;
}

constexpr const char *kConvert =
    "llama-specialize-entries{max-tokens=64},llama-ops-pipeline{context=512 max-tokens=64}";

TEST(ProgramPipeline, LoaderAcceptsPrimitiveOps) {
  cria::Program program = accept(compile(readModel(), kConvert));
  EXPECT_EQ(program.target, "ops");
  EXPECT_EQ(program.limits.context, 512u);
  ASSERT_EQ(program.entries.size(), 3u);
  // embedding; norm, q, k, v, 2 rope, append, attention, o, add; norm, gate, up, silu, mul, down, add;
  // gather, norm, output.
  EXPECT_EQ(program.entries[0].dispatches.size(), 1u + 10 + 7 + 3);
}

TEST(ProgramPipeline, LoaderAcceptsFusedOps) {
  cria::Program program = accept(compile(readModel(), std::string("llama-optimize-pipeline,") + kConvert));
  ASSERT_EQ(program.entries.size(), 3u);
  for (const cria::ProgramEntry &entry : program.entries) {
    EXPECT_EQ(entry.dispatches.size(), 1u + 5 + 2) << entry.name;
  }
}

TEST(ProgramPipeline, LoaderAcceptsRandomWeights) {
  cria::Program program =
      accept(compile(withRandomWeights(readModel()), std::string("llama-optimize-pipeline,") + kConvert));
  const cria::ProgramEntry *initialize = program.findEntry("initialize");
  ASSERT_NE(initialize, nullptr);
  // embedding, q k v, o, gate up, down, output; three norms.
  EXPECT_EQ(initialize->dispatches.size(), 9u + 3);
  for (const cria::ProgramWeight &weight : program.weights) {
    EXPECT_EQ(weight.file.empty(), weight.name != "rope") << weight.name;
  }
}

TEST(ProgramPipeline, MemoryIsReused) {
  cria::Program program = accept(compile(readModel(), kConvert));
  uint64_t sum = 0;
  for (const cria::ProgramBuffer &buffer : program.buffers) {
    sum += buffer.kind == cria::BufferKind::arena ? buffer.size : 0;
  }
  EXPECT_GT(program.arenaBytes(), 0u);
  EXPECT_LT(program.arenaBytes(), sum / 3);
}

TEST(ProgramPipeline, OutputIsTheSameEachTime) {
  std::string pipeline = std::string("llama-optimize-pipeline,") + kConvert;
  EXPECT_EQ(compile(readModel(), pipeline), compile(readModel(), pipeline));
}

} // namespace
