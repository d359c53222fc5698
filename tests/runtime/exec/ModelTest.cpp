// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model: opening on a backend, choosing entries, command buffers, memory, profile, and its refusals.
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include "runtime/exec/Stepper.h"
#include "runtime/plugin/PluginRegistry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ModelTest : public testing::Test {
protected:
  void SetUp() override {
    toyState() = {};
    writeToyPackage(folder_);
  }
  StatusOr<std::unique_ptr<Model>> tryOpen(const ModelOptions &options, bool withBackend = true) {
    auto package = Package::open(folder_);
    EXPECT_TRUE(package.ok()) << package.status().message();
    BackendReference backend = toyBackend();
    return Model::open(*package, {&backend, withBackend ? 1u : 0u}, options);
  }

  std::string folder_ = testFolder();
};

std::vector<int32_t> countTo(int32_t n) {
  std::vector<int32_t> tokens(static_cast<size_t>(n));
  for (int32_t i = 0; i < n; ++i) {
    tokens[static_cast<size_t>(i)] = i;
  }
  return tokens;
}

TEST_F(ModelTest, AnswersWithTheLogitsOfTheHistory) {
  auto model = openToyModel(folder_);
  Session session(*model);
  std::vector<int32_t> tokens = countTo(6);
  std::vector<float> found;
  ASSERT_TRUE(session
                  .prefill(tokens,
                           [&](uint32_t position, std::span<const float> logits) {
                             EXPECT_EQ(position, 5u);
                             found.assign(logits.begin(), logits.end());
                             return Status();
                           })
                  .ok());
  EXPECT_EQ(found, toyLogits(tokens, kToyVocab));
  EXPECT_EQ(model->backendName(), "toy");
  EXPECT_EQ(model->targetName(), "toy");
  EXPECT_EQ(model->deviceName(), "toy device");
  EXPECT_EQ(model->memoryUse().weights, kToyVocab * 16u);
  EXPECT_EQ(model->memoryUse().importedWeights, kToyVocab * 16u);
}

TEST_F(ModelTest, DownloadsAndUploadsWhereMemoryIsNotShared) {
  toyState().hidden = true;
  std::vector<std::pair<uint64_t, uint64_t>> progress;
  auto model = openToyModel(
      folder_, {.progress = [&](uint64_t done, uint64_t total) { progress.emplace_back(done, total); }});
  EXPECT_THAT(progress, ElementsAre(std::pair<uint64_t, uint64_t>(1024, 1024)));
  EXPECT_EQ(model->memoryUse().importedWeights, 0u);
  Session session(*model);
  auto logits = session.decode(5);
  ASSERT_TRUE(logits.ok());
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()),
            toyLogits(std::vector<int32_t>{5}, kToyVocab));
}

TEST_F(ModelTest, PromptsRunThroughPrefillAndGeneratedTokensThroughDecodeOrSmall) {
  auto model = openToyModel(folder_);
  Stepper stepper(*model);
  std::vector<Session> sessions;
  for (int i = 0; i < 4; ++i) {
    sessions.emplace_back(*model);
  }
  std::vector<int32_t> ids = countTo(9);
  auto run = [&](Phase phase, size_t count, size_t tokens) {
    std::vector<StepItem> items;
    for (size_t i = 0; i < count; ++i) {
      items.push_back({.session = &sessions[i], .tokens = std::span<const int32_t>(ids).first(tokens)});
    }
    ASSERT_TRUE(stepper.run(phase, items).ok());
  };
  ASSERT_TRUE(model->enableProfile(true).ok());
  run(Phase::prefill, 1, 1);
  run(Phase::prefill, 1, 9); // in 16 rows
  run(Phase::decode, 1, 1);
  run(Phase::decode, 3, 1); // small
  run(Phase::decode, 4, 1); // more than the maximum of `small`
  EXPECT_THAT(toyState().steps, ElementsAre("1 rows 1 outputs", "16 rows 1 outputs", "1 rows 1 outputs",
                                            "3 rows 3 outputs", "4 rows 4 outputs"));
  std::map<std::string, uint64_t> calls;
  for (const ProfileRow &row : model->profile()) {
    calls[row.entry + " " + row.name] = row.calls;
    EXPECT_EQ(row.nanoseconds, 7 * row.calls);
    EXPECT_GT(row.bytes(), row.name == "logits" ? row.calls * 1024 : 0) << "the table, and other operands";
  }
  EXPECT_EQ(calls, (std::map<std::string, uint64_t>{{"prefill append", 3},
                                                    {"prefill logits", 3},
                                                    {"decode append", 1},
                                                    {"decode logits", 1},
                                                    {"small append", 1},
                                                    {"small logits", 1}}));
}

TEST_F(ModelTest, SkipsDispatchesWithAnEmptyGrid) {
  auto model = openToyModel(folder_);
  Session session(*model);
  Stepper stepper(*model);
  std::vector<int32_t> ids = {4, 5};
  StepItem item = {.session = &session, .tokens = ids, .numOutputs = 0};
  auto logits = stepper.run(Phase::prefill, {&item, 1});
  ASSERT_TRUE(logits.ok());
  EXPECT_TRUE(logits->empty());
  EXPECT_THAT(toyState().steps, ElementsAre("2 rows 0 outputs"));
}

TEST_F(ModelTest, KeepsCommandBuffersAndDropsTheLeastRecentlyUsed) {
  auto model = openToyModel(folder_, {.maxCommandBuffers = 2});
  toyState().numRecords = 0; // opening has tried every entry
  std::vector<int32_t> ids = countTo(9);
  auto run = [&](size_t count) {
    Session session(*model);
    EXPECT_TRUE(session.prefill(std::span<const int32_t>(ids).first(count), {}).ok());
    return toyState().numRecords;
  };
  EXPECT_EQ(run(3), 1u);
  EXPECT_EQ(run(4), 2u);
  EXPECT_EQ(run(3), 2u);
  EXPECT_EQ(run(5), 3u) << "drops 4";
  EXPECT_EQ(run(3), 3u);
  EXPECT_EQ(run(4), 4u);
}

TEST_F(ModelTest, AFailedStepLeavesSessionsAsTheyWere) {
  auto model = openToyModel(folder_);
  Session session(*model);
  std::vector<int32_t> ids = countTo(5);
  ASSERT_TRUE(session.prefill(ids, {}).ok());
  uint32_t freePages = model->kvPool().numFreePages();
  toyState().failAfter = 0;
  auto failed = session.decode(9);
  EXPECT_THAT(failed.status().message(), HasSubstr("the toy broke"));
  EXPECT_EQ(session.length(), 5u);
  EXPECT_EQ(model->kvPool().numFreePages(), freePages);
  toyState().failAfter = -1;
  auto logits = session.decode(7);
  ASSERT_TRUE(logits.ok());
  ids.push_back(7);
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()), toyLogits(ids, kToyVocab));
}

TEST_F(ModelTest, RepeatsTheLastStepAndLeavesItsResult) {
  auto model = openToyModel(folder_);
  EXPECT_EQ(model->repeatStep(1).code(), StatusCode::invalidArgument) << "there was none";
  Session session(*model);
  std::vector<int32_t> ids = countTo(3);
  ASSERT_TRUE(session.prefill(ids, {}).ok());
  ASSERT_TRUE(session.decode(7).ok());
  toyState().steps.clear();
  ASSERT_TRUE(model->repeatStep(2).ok());
  EXPECT_THAT(toyState().steps, ElementsAre("1 rows 1 outputs", "1 rows 1 outputs"));
  auto logits = session.decode(8);
  ASSERT_TRUE(logits.ok());
  ids.insert(ids.end(), {7, 8});
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()), toyLogits(ids, kToyVocab));
  toyState().failAfter = 0;
  EXPECT_THAT(model->repeatStep(1).message(), HasSubstr("the toy broke"));
}

TEST_F(ModelTest, TimesEachKernelOfTheLastStepAlone) {
  auto model = openToyModel(folder_);
  EXPECT_THAT(model->timeKernels(1).status().message(), HasSubstr("no step to repeat"));
  Session session(*model);
  std::vector<int32_t> ids = countTo(3);
  ASSERT_TRUE(session.prefill(ids, {}).ok());
  ASSERT_TRUE(session.decode(7).ok());
  toyState().steps.clear();
  auto rows = model->timeKernels(2);
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  EXPECT_THAT(toyState().steps,
              ElementsAre("1 rows 0 outputs", "1 rows 0 outputs", "1 rows 0 outputs", "1 outputs alone",
                          "1 outputs alone", "1 outputs alone", "1 rows 1 outputs"));
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].name, "append");
  EXPECT_EQ((*rows)[1].name, "logits");
  EXPECT_EQ((*rows)[1].entry, "decode");
  EXPECT_EQ((*rows)[1].calls, 1u);
  // Of 4 positions: two arrays of the step, the cache (all read, one written), the row.
  EXPECT_EQ((*rows)[0].bytesRead, 4u + 4 + 16);
  EXPECT_EQ((*rows)[0].bytesWritten, 4u + 4);
  // Arrays of the step (the block table has 8 pages), the row, the cache, the table, the logits.
  EXPECT_EQ((*rows)[1].bytesRead, 4u + 4 + 32 + 4 + 4 + 16 + 1024);
  EXPECT_EQ((*rows)[1].bytesWritten, 256u);
  auto logits = session.decode(8);
  ASSERT_TRUE(logits.ok());
  ids.insert(ids.end(), {7, 8});
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()), toyLogits(ids, kToyVocab));
}

TEST_F(ModelTest, TimesNoKernelsWhileProfilingOrOnABrokenDevice) {
  auto model = openToyModel(folder_);
  Session session(*model);
  ASSERT_TRUE(session.decode(7).ok());
  ASSERT_TRUE(model->enableProfile(true).ok());
  EXPECT_THAT(model->timeKernels(1).status().message(), HasSubstr("profiling is enabled"));
  ASSERT_TRUE(model->enableProfile(false).ok());
  toyState().failAfter = 1; // the second replay of the first kernel
  EXPECT_THAT(model->timeKernels(1).status().message(), HasSubstr("the toy broke"));
}

TEST_F(ModelTest, PoisonDoesNotChangeAnswers) {
  auto model = openToyModel(folder_, {.debug = {.poisonBuffers = true}});
  Session session(*model);
  auto logits = session.decode(3);
  ASSERT_TRUE(logits.ok());
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()),
            toyLogits(std::vector<int32_t>{3}, kToyVocab));
}

TEST_F(ModelTest, CancelledBeforeAStepRunsNothing) {
  auto model = openToyModel(folder_);
  CancelFlag cancel;
  cancel.set();
  Session session(*model);
  EXPECT_EQ(session.decode(3, &cancel).status().code(), StatusCode::cancelled);
  EXPECT_TRUE(toyState().steps.empty());
}

TEST_F(ModelTest, DividesKvMemoryIntoPages) {
  auto all = openToyModel(folder_);
  EXPECT_EQ(all->kvPool().numPages(), 8 * kToyMaxSequences);
  EXPECT_EQ(all->context(), kToyContext);
  auto shorter = openToyModel(folder_, {.context = 9});
  EXPECT_EQ(shorter->kvPool().numPages(), 3 * kToyMaxSequences);
  EXPECT_EQ(shorter->context(), 9u);
  auto little = openToyModel(folder_, {.kvMemoryBytes = 5 * kToyPageBytes + 1});
  EXPECT_EQ(little->kvPool().numPages(), 5u);
  EXPECT_EQ(little->context(), 20u) << "no longer than the pool";
}

TEST_F(ModelTest, RefusesWhatDoesNotFit) {
  EXPECT_THAT(tryOpen({.context = 31}).status().message(),
              AllOf(HasSubstr("context of at most 30"), HasSubstr("got 31")));
  EXPECT_THAT(tryOpen({.kvMemoryBytes = 3}).status().message(),
              AllOf(HasSubstr("KV memory"), HasSubstr("64 bytes (4 positions)"), HasSubstr("got 3")));
  EXPECT_THAT(tryOpen({.backend = "gpu"}).status().message(), HasSubstr("no backend 'gpu'"));
  EXPECT_THAT(tryOpen({.target = "cpu"}).status().message(),
              AllOf(HasSubstr("no target 'cpu'"), HasSubstr("has toy")));
  EXPECT_THAT(tryOpen({.device = 3}).status().message(),
              AllOf(HasSubstr("toy: "), HasSubstr("device 3"), HasSubstr("has 1 device"),
                    testing::Not(HasSubstr("devices"))));
  EXPECT_THAT(tryOpen({}, false).status().message(), HasSubstr("none is loaded"));
}

TEST_F(ModelTest, ReportsWhatIsNeededAndFreeBeforeAnythingIsAllocated) {
  toyState().hidden = true;
  const MemoryUse use = openToyModel(folder_)->memoryUse();
  toyState().hidden = true;
  const uint64_t needed = use.weights + use.arena + use.kv + use.other;
  toyState().freeBytes = needed;
  EXPECT_TRUE(tryOpen({}).ok());
  toyState().freeBytes = needed - 1;
  const Status status = tryOpen({}).status();
  EXPECT_EQ(status.code(), StatusCode::outOfMemory);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr(fmt::format("the model requires {} bytes of device memory", needed)),
                    HasSubstr(fmt::format("{} for {} KV pages", use.kv, use.kv / kToyPageBytes)),
                    HasSubstr(fmt::format("toy device has {} of {} free", needed - 1, 2 * (needed - 1))),
                    HasSubstr("--kv-memory")));
  toyState().hidden = false; // memory of the host
  EXPECT_TRUE(tryOpen({}).ok());
}

TEST_F(ModelTest, ReportsWhyNoBackendRunsThePackage) {
  ToyPackage package;
  package.manifest["targets"][0]["format"] = "elf.mips";
  writeToyPackage(folder_, package);
  EXPECT_THAT(tryOpen({}).status().message(),
              AllOf(HasSubstr("no backend"), HasSubstr("toy with target toy"), HasSubstr("test.toy")));
}

TEST_F(ModelTest, NamesTheEntryThatABackendRefuses) {
  ToyPackage package;
  package.program["kernels"][0]["op"] = "fly";
  writeToyPackage(folder_, package);
  EXPECT_THAT(
      tryOpen({}).status().message(),
      AllOf(StartsWith("entry 'decode' of program 'toy': backend toy: "), EndsWith("unknown op 'fly'")));
}

TEST_F(ModelTest, ExplicitOnlyBackendsAreUsedWhenNamed) {
  auto package = Package::open(folder_);
  BackendReference backend = toyBackend();
  cria_backend_api shy = *backend.api;
  shy.flags = CRIA_BACKEND_EXPLICIT_ONLY;
  backend.api = &shy;
  EXPECT_THAT(Model::open(*package, {&backend, 1}).status().message(),
              AllOf(HasSubstr("no backend runs this package on this machine"),
                    HasSubstr("these run it if named: toy")));
  EXPECT_TRUE(Model::open(*package, {&backend, 1}, {.backend = "toy"}).ok());
}

TEST_F(ModelTest, OpensOnPluginsOfARegistry) {
  auto registry =
      PluginRegistry::create({.folders = {CRIA_BINARY_DIR "/plugins"}, .environment = {}, .executable = {}});
  ASSERT_TRUE(registry.ok()) << registry.status().message();
  auto package = Package::open(folder_).value();
  EXPECT_THAT(Model::open(package, **registry).status().message(),
              HasSubstr("no backend runs this package on this machine"));
  EXPECT_THAT(Model::open(package, **registry, {.backend = "nul"}).status().message(), HasSubstr("null"));
  auto model = Model::open(package, **registry, {.backend = "null"});
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ((*model)->backendName(), "null");
  Session session(**model);
  auto logits = session.decode(3);
  ASSERT_TRUE(logits.ok()) << logits.status().message();
  EXPECT_EQ(std::vector<float>(logits->begin(), logits->end()), std::vector<float>(kToyVocab));
}

} // namespace
} // namespace cria::test
