// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler as a library: what it reports, returns and refuses. Tests of cria-compile and of whole models
// check the packages.
#include "passes/driver/Compiler.h"

#include "plugins/sdk/cria_opset.hpp"
#include "tests/testing/TestFiles.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::tests;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

class Recorder : public CompileObserver {
public:
  void stageStarted(std::string_view stage) override { started.emplace_back(stage); }
  void stageFinished(std::string_view stage, double, std::optional<uint64_t>) override {
    finished.emplace_back(stage);
  }
  void progress(uint64_t done, uint64_t total) override { isComplete = done == total; }
  void note(std::string_view text) override { notes.emplace_back(text); }
  void remark(std::string_view text) override { remarks.emplace_back(text); }

  std::vector<std::string> started, finished, notes, remarks;
  bool isComplete = false;
};

CompileJob presetJob(CompileStage stage) {
  return {.preset = "stories-260k", .randomSeed = 1, .targets = {"ops"}, .stage = stage};
}

class CompilerTest : public ::testing::Test {
protected:
  CompileJob packageJob() {
    CompileJob job = presetJob(CompileStage::package);
    job.checkpoint = CRIA_SOURCE_DIR "/tests/golden/models/gqa";
    job.preset.clear();
    job.randomSeed.reset();
    job.requireTokenizer = false;
    job.output = folder_.file("m.cria");
    return job;
  }

  TemporaryFolder folder_;
  Recorder recorder_;
};

TEST_F(CompilerTest, ReportsStagesInOrder) {
  const auto result = compile(packageJob(), recorder_);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->targets, ElementsAre("ops"));
  EXPECT_EQ(result->text, "");
  EXPECT_THAT(recorder_.started,
              ElementsAre("optimize", "specialize", "convert for ops", "code for ops", "writing"));
  EXPECT_THAT(recorder_.finished, ElementsAre("optimize", "specialize", "convert for ops", "code for ops"));
  EXPECT_TRUE(recorder_.isComplete);
  EXPECT_TRUE(std::filesystem::exists(folder_.file("m.cria/manifest.json")));
  EXPECT_THAT(recorder_.remarks, IsEmpty());
}

TEST_F(CompilerTest, ReturnsTheTextOfAStage) {
  CompileJob job = presetJob(CompileStage::optimized);
  job.reportFusions = true;
  const auto result = compile(job, recorder_);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->text, HasSubstr("llama.rope_attention"));
  EXPECT_THAT(result->text, HasSubstr("#llama.random<1, \"model.layers.0.self_attn.q_proj.weight\""));
  EXPECT_THAT(recorder_.remarks, Contains(HasSubstr("llama-fuse-qkv: num-fused 5")));
}

TEST_F(CompilerTest, NamesTheTargetsOfSeveralTexts) {
  CompileJob job = presetJob(CompileStage::program);
  job.targets = {"ops", "cpu-x86-64-v3"};
  const auto result = compile(job, recorder_);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->text, HasSubstr("// target: ops\n"));
  EXPECT_THAT(result->text, HasSubstr("// target: cpu-x86-64-v3\n"));
}

TEST_F(CompilerTest, LimitsOpsToThoseOfABackend) {
  CompileJob job = presetJob(CompileStage::program);
  job.opsBackend = OpsBackend{.name = "mine",
                              .ops = {"embedding", "gather_rows", "rms_norm", "linear", "rope", "kv_append",
                                      "attention", "silu", "mul", "add", "fill_random", "fill_ones"}};
  const auto result = compile(job, recorder_);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->text, Not(HasSubstr("fused_linear")));
  job.opsBackend->opsetVersion = 0;
  EXPECT_THAT(compile(job, recorder_).status().message(), HasSubstr("backend 'mine' runs opset 0"));
  job.opsBackend->opsetVersion = 1;
  job.opsBackend->ops.erase("rope");
  EXPECT_THAT(compile(job, recorder_).status().message(),
              HasSubstr("backend 'mine' does not support op 'rope'"));
}

TEST_F(CompilerTest, AdvisesFormatsThatTheBackendLists) {
  CompileJob job = presetJob(CompileStage::program);
  job.opsBackend = OpsBackend{.name = "mine", .opsetVersion = 2};
  for (const opset::Op &op : opset::kOps) {
    job.opsBackend->ops.emplace(op.name);
  }
  const auto adviceFor = [&](WeightFormat weights, const std::string &operand, std::set<std::string> types) {
    job.weights = nameOf(weights);
    job.opsBackend->types = {{operand, std::move(types)}};
    return std::string(compile(job, recorder_).status().message());
  };
  EXPECT_THAT(adviceFor(WeightFormat::f16, "embedding/table", {"bf16", "i8"}),
              HasSubstr("as bf16, i8, the model has f16; compile with --weights bf16"));
  EXPECT_THAT(adviceFor(WeightFormat::f16, "embedding/table", {"i8"}),
              HasSubstr("compile with --weights q8_0"));
  EXPECT_THAT(adviceFor(WeightFormat::f16, "embedding/table", {"u8"}),
              HasSubstr("compile with --weights q4_0"));
  EXPECT_THAT(adviceFor(WeightFormat::f16, "embedding/table", {"u32"}),
              HasSubstr("no format of weights has these types"));
  EXPECT_THAT(adviceFor(WeightFormat::q8_0, "embedding/table.scales", {"f32"}),
              HasSubstr("the model has f16; compile with --weights f32"));
  EXPECT_EQ(adviceFor(WeightFormat::f16, "embedding/table", {"f16", "i8"}), "");
}

TEST_F(CompilerTest, AdvisesFormatsToABackendOfAnOlderOpset) {
  CompileJob job = presetJob(CompileStage::program);
  job.weights = "q4_k";
  job.opsBackend = OpsBackend{.name = "mine", .opsetVersion = 1};
  for (const opset::Op &op : opset::kOps) {
    job.opsBackend->ops.emplace(op.name);
  }
  const auto message = [&] { return std::string(compile(job, recorder_).status().message()); };
  EXPECT_THAT(message(), HasSubstr("backend 'mine' runs opset 1, and op 'embedding' with weights in format "
                                   "q8_0 needs opset 2; compile with --weights f32, f16 or bf16, or use a "
                                   "newer build of the backend"));
  job.opsBackend->types = {{"embedding/table", {"f32"}}};
  EXPECT_THAT(message(), HasSubstr("compile with --weights f32, or use"));
}

TEST_F(CompilerTest, LimitsActivationsToThoseOfABackend) {
  CompileJob job = presetJob(CompileStage::program);
  job.weights = "q8_0";
  job.activations = ActivationClass::int8;
  job.opsBackend = OpsBackend{.name = "mine", .opsetVersion = opset::kVersion};
  for (const opset::Op &op : opset::kOps) {
    job.opsBackend->ops.emplace(op.name);
  }
  EXPECT_THAT(compile(job, recorder_).status().message(),
              HasSubstr("supports op 'linear' with activations in f32, the model has int8; compile with "
                        "--activations f32"));
  job.opsBackend->activations = {{"linear", {"f32", "int8"}}, {"fused_linear", {"f32", "int8"}}};
  const auto result = compile(job, recorder_);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_THAT(result->text, HasSubstr("activations = \"int8\""));
  job.opsBackend->opsetVersion = 3;
  EXPECT_THAT(compile(job, recorder_).status().message(), HasSubstr("needs opset 4"));
}

TEST_F(CompilerTest, RefusesClassesThatATargetDoesNotHave) {
  CompileJob job = presetJob(CompileStage::program);
  job.activations = ActivationClass::int8;
  for (const char *target : {"ops", "cpu", "cpu-aarch64", "cuda", "gpusim"}) {
    job.targets = {target};
    EXPECT_THAT(compile(job, recorder_).status().message(), HasSubstr("multiplies weights in f16")) << target;
  }
}

TEST_F(CompilerTest, PassesTheTokenizerToItsCheck) {
  CompileJob job = packageJob();
  job.checkpoint = CRIA_SOURCE_DIR "/examples/stories/model";
  job.checkTokenizer = [](const TokenizerData &tokenizer, const ModelConfig &,
                          std::vector<std::string> &notes) -> StatusOr<CheckedTokenizer> {
    notes.push_back(tokenizer.where);
    return invalidArgument("refused");
  };
  EXPECT_EQ(compile(job, recorder_).status().message(), "refused");
  EXPECT_THAT(recorder_.notes, Contains(HasSubstr("tokenizer.model")));
  EXPECT_FALSE(std::filesystem::exists(job.output));
}

TEST_F(CompilerTest, StopsWhenCancelled) {
  const std::atomic<bool> cancelled = true;
  CompileJob job = packageJob();
  job.cancelled = &cancelled;
  EXPECT_EQ(compile(job, recorder_).status().code(), StatusCode::cancelled);
  EXPECT_FALSE(std::filesystem::exists(job.output));
}

TEST_F(CompilerTest, RefusesAPresetWithoutASeed) {
  CompileJob job = presetJob(CompileStage::import);
  job.randomSeed.reset();
  EXPECT_THAT(compile(job, recorder_).status().message(), HasSubstr("preset 'stories-260k'"));
}

} // namespace
