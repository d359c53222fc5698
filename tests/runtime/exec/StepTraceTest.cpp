// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// StepTrace: where steps, kernels and the work of the host lie on their tracks.
#include "runtime/exec/StepTrace.h"

#include "runtime/exec/Stepper.h"
#include "tests/testing/TraceSlices.h"
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

#include <filesystem>
#include <gmock/gmock.h>

namespace cria::test {
namespace {

using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::StartsWith;

class StepTraceTest : public testing::Test {
protected:
  void SetUp() override {
    toyState() = {};
    writeToyPackage(folder_);
    model_ = openToyModel(folder_);
    auto trace = StepTrace::create(folder_ + "/t.json", *model_, origin_);
    ASSERT_TRUE(trace.ok()) << trace.status().message();
    trace_ = std::move(*trace);
  }
  StepTrace::Clock::time_point at(int64_t ns) const { return origin_ + nanoseconds(ns); }
  Json finish() {
    EXPECT_TRUE(trace_->finish().ok());
    StatusOr<Json> json = readJsonFile(folder_ + "/t.json");
    EXPECT_TRUE(json.ok()) << json.status().message();
    return json.ok() ? *json : Json();
  }

  std::string folder_ = testFolder();
  std::unique_ptr<Model> model_;
  std::unique_ptr<StepTrace> trace_;
  StepTrace::Clock::time_point origin_ = StepTrace::Clock::now();
};

std::vector<std::string> namesOf(const std::vector<ReadSlice> &slices) {
  std::vector<std::string> names;
  std::ranges::transform(slices, std::back_inserter(names), &ReadSlice::name);
  return names;
}

TEST_F(StepTraceTest, HasTheStepsOfAModelWithTheirKernels) {
  model_->observeSteps(trace_->observer());
  ASSERT_TRUE(model_->enableProfile(true).ok());
  Session session(*model_);
  ASSERT_TRUE(session.prefill(std::vector<int32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}, {}).ok());
  ASSERT_TRUE(session.decode(7).ok());
  const Json trace = finish();
  EXPECT_EQ(trace["otherData"]["model"], "toy");
  EXPECT_EQ(trace["otherData"]["backend"], "toy");
  const std::vector<ReadSlice> steps = slicesOf(trace, "steps"), kernels = slicesOf(trace, "kernels"),
                               host = slicesOf(trace, "host");
  EXPECT_THAT(namesOf(steps), ElementsAre("prefill", "decode"));
  EXPECT_EQ(steps[0].arguments, Json::parse(R"({"entry": "prefill", "tokens": 9, "rows": 16, "outputs": 1,
                                                "sequences": 1, "context": 9})"));
  EXPECT_EQ(steps[1].arguments["context"], 10);
  EXPECT_THAT(namesOf(kernels), ElementsAre("append", "logits", "append", "logits"));
  EXPECT_EQ(kernels[0].arguments["grid"], Json({16, 1, 1}));
  EXPECT_EQ(kernels[3].arguments["entry"], "decode");
  EXPECT_EQ(kernels[3].arguments["bytes_written"], kToyVocab * 4);
  EXPECT_THAT(namesOf(host), ElementsAre("prepare step", "wait for step", "write trace", "prepare step",
                                         "wait for step", "write trace"));
  for (const auto &track : {steps, kernels, host}) {
    expectInOrder(track);
  }
  expectWithin(kernels, {host[1], host[4]});
  expectWithin({host[0], host[1], host[3], host[4]}, steps);
}

TEST_F(StepTraceTest, LaysKernelsOneAfterTheOtherAndCutsThemOffAtTheEndOfTheStep) {
  const DispatchTime dispatches[] = {{.kernel = "a \"b\"", .index = 0, .nanoseconds = 30},
                                     {.kernel = "größe", .index = 2, .layer = 5, .nanoseconds = 40},
                                     {.kernel = "c", .index = 3, .nanoseconds = 50},
                                     {.kernel = "d", .index = 4, .nanoseconds = 1}};
  trace_->observer()({.entry = "decode",
                      .phase = Phase::decode,
                      .start = at(1000),
                      .replayStart = at(1005),
                      .end = at(1100),
                      .dispatches = dispatches});
  const std::vector<ReadSlice> kernels = slicesOf(finish(), "kernels");
  EXPECT_THAT(namesOf(kernels), ElementsAre("a \"b\"", "größe", "c", "d"));
  std::vector<int64_t> times;
  for (const ReadSlice &kernel : kernels) {
    times.insert(times.end(), {kernel.startNs, kernel.endNs});
  }
  EXPECT_THAT(times, ElementsAre(1005, 1035, 1035, 1075, 1075, 1100, 1100, 1100));
  EXPECT_FALSE(kernels[0].arguments.contains("layer"));
  EXPECT_EQ(kernels[1].arguments["layer"], 5);
  EXPECT_EQ(kernels[1].arguments["dispatch"], 2);
}

TEST_F(StepTraceTest, WorkOfTheHostFollowsTheLastOne) {
  trace_->addHostWork("tokenize", at(10), at(25));
  trace_->addHostWorkUntilNow("choose token");
  {
    const HostWork work(trace_.get(), "deliver");
  }
  {
    const HostWork nothing(nullptr, "deliver");
  }
  const std::vector<ReadSlice> host = slicesOf(finish(), "host");
  EXPECT_THAT(namesOf(host), ElementsAre("tokenize", "choose token", "deliver"));
  EXPECT_EQ(host[0].startNs, 10);
  EXPECT_EQ(host[1].startNs, 25);
  expectInOrder(host);
}

// A step that fails has no times. Later ones have.
TEST_F(StepTraceTest, LeavesOutStepsThatFail) {
  model_->observeSteps(trace_->observer());
  Session session(*model_);
  toyState().failAfter = 1;
  ASSERT_TRUE(session.decode(1).ok());
  ASSERT_FALSE(session.decode(2).ok());
  toyState().failAfter = -1;
  ASSERT_TRUE(session.decode(3).ok());
  model_->observeSteps({});
  ASSERT_TRUE(session.decode(4).ok());
  const Json trace = finish();
  const std::vector<ReadSlice> steps = slicesOf(trace, "steps");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].arguments["context"], 2);
  EXPECT_TRUE(slicesOf(trace, "kernels").empty()) << "profiling is disabled";
}

TEST_F(StepTraceTest, LeavesNoFileUnlessItIsFinished) {
  trace_.reset();
  for (const auto &entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_THAT(entry.path().filename().string(), Not(StartsWith("t.json")));
  }
}

} // namespace
} // namespace cria::test
