// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole models on the backend cuda: real packages and code, and a driver that runs kernels in the simulator,
// so that only the instructions of the device are simulated. Messages about missing memory or code, and about
// faults, are tested through the program.
#include "tests/plugins/backends/cuda/fake_driver/Control.h"
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"
#include "tests/testing/Process.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cria::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kDriver = CRIA_BINARY_DIR "/test-drivers/simulated_cuda_driver.so";
constexpr uint64_t kSomePages = uint64_t{1} << 20;

const std::vector<std::string> kArguments = {"--no-tokenizer", "--weights", "f16", "--target",
                                             "gpusim,cuda:sm_80"};

std::string packageOf() { return compileModel(goldenModelPath("gqa"), kArguments); }

std::string codeOf(const std::string &package) { return package + "/code/gpusim-sm_80.bc"; }

fake_cuda::Control &control() {
  static fake_cuda::Control *const kControl = reinterpret_cast<FakeCudaControl>(
      dlsym(dlopen(kDriver.c_str(), RTLD_NOW | RTLD_LOCAL), "cria_fake_cuda"))();
  return *kControl;
}

class CudaModelTest : public testing::Test {
protected:
  // The plugin reads the first of these when it is loaded, the driver the second at each load of code.
  static void SetUpTestSuite() { setenv("CRIA_CUDA_DRIVER", kDriver.c_str(), 1); }
  void SetUp() override { control() = {.driverVersion = 13000}; } // which loads the cubins of any ptxas
  void TearDown() override {
    EXPECT_EQ(control().live, 0);
    EXPECT_THAT(control().complaints, IsEmpty());
  }

  static std::unique_ptr<Model> open(const std::string &package, const std::string &target) {
    setenv("CRIA_SIMULATED_CODE", codeOf(package).c_str(), 1);
    return openCompiled(
        package,
        {.target = target, .backend = target.substr(0, target.find('-')), .kvMemoryBytes = kSomePages});
  }

  // Of a prompt and some tokens after it.
  static std::vector<float> logitsOf(Model &model, size_t seed) {
    const GoldenPrompt prompt = readGolden("gqa").at(seed);
    std::vector<float> all = prefillLogits(model, prompt.tokens, 11);
    Session session(model);
    EXPECT_TRUE(session.prefill(prompt.tokens, {}).ok());
    for (size_t i = 0; i < 3; ++i) {
      const StatusOr<std::span<const float>> next = session.decode(prompt.greedy[i]);
      EXPECT_TRUE(next.ok()) << next.status().message();
      all.insert(all.end(), next->begin(), next->end());
    }
    return all;
  }
};

TEST_F(CudaModelTest, LogitsAreThoseOfTheSameKernelsWithoutADriver) {
  const std::string package = packageOf();
  const std::vector<float> expected = logitsOf(*open(package, "gpusim-sm_80"), 0);
  std::vector<std::string> targets = {"cuda-sm_80-ptx"};
  if (std::filesystem::exists(package + "/code/cuda-sm_80.cubin")) {
    targets.push_back("cuda-sm_80"); // where ptxas is
  }
  for (const std::string &target : targets) {
    EXPECT_TRUE(logitsOf(*open(package, target), 0) == expected) << target;
  }
}

// Each module gets its kernels from the file in the folder that has them.
TEST_F(CudaModelTest, KernelsOfSeveralModelsComeFromOneFolder) {
  const std::string package = packageOf();
  const std::string other = compileModel("", {"--preset", "stories-260k", "--random-weights", "5",
                                              "--weights", "f16", "--target", "gpusim,cuda:sm_80"});
  const std::vector<float> expected = logitsOf(*open(package, "gpusim-sm_80"), 0);
  const std::vector<int32_t> tokens = {1, 77, 500};
  const std::vector<float> expectedOfOther = prefillLogits(*open(other, "gpusim-sm_80"), tokens);
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("deeper"));
  std::filesystem::copy(codeOf(package), folder.path("deeper/one.bc"));
  std::filesystem::copy(codeOf(other), folder.path("other.bc"));
  setenv("CRIA_SIMULATED_CODE_FOLDER", folder.path().c_str(), 1);
  const std::unique_ptr<Model> first = open(package, "cuda-sm_80-ptx");
  const std::unique_ptr<Model> second = open(other, "cuda-sm_80-ptx");
  unsetenv("CRIA_SIMULATED_CODE_FOLDER");
  EXPECT_TRUE(logitsOf(*first, 0) == expected);
  EXPECT_TRUE(prefillLogits(*second, tokens) == expectedOfOther);
}

// The order in which sums are rounded is all that may differ.
TEST_F(CudaModelTest, DeviceAndProcessorMakeTheSameRandomWeights) {
  const std::string package =
      compileModel("", {"--preset", "stories-260k", "--random-weights", "5", "--weights", "f32", "--kv",
                        "f32", "--target", "cpu,gpusim,cuda:sm_80"});
  const std::vector<int32_t> tokens = {1, 77, 500};
  const std::vector<float> found = prefillLogits(*open(package, "cuda-sm_80-ptx"), tokens);
  const std::vector<float> expected = prefillLogits(*open(package, "cpu-x86-64-v3"), tokens);
  EXPECT_THAT(found, testing::Pointwise(testing::FloatNear(1e-5f), expected));
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  EXPECT_GT(*high - *low, 1.0f);
}

TEST_F(CudaModelTest, SeveralModelsShareADevice) {
  const std::string package = packageOf();
  const std::unique_ptr<Model> one = open(package, "cuda-sm_80-ptx"), other = open(package, "cuda-sm_80-ptx");
  const std::vector<float> first = logitsOf(*one, 0), second = logitsOf(*other, 1);
  EXPECT_TRUE(logitsOf(*other, 0) == first);
  EXPECT_TRUE(logitsOf(*one, 1) == second);
}

TEST_F(CudaModelTest, StepsAllocateNothing) {
  const std::unique_ptr<Model> model = open(packageOf(), "cuda-sm_80-ptx");
  Session session(*model);
  ASSERT_TRUE(session.prefill(std::vector<int32_t>{1, 2, 3}, {}).ok());
  ASSERT_TRUE(session.decode(4).ok()); // records the entry
  control().calls.clear();
  ASSERT_TRUE(session.decode(5).ok());
  const std::map<std::string, uint64_t> &calls = control().calls;
  for (const char *name :
       {"cuMemAlloc_v2", "cuMemHostAlloc", "cuGraphInstantiateWithFlags", "cuLaunchKernel"}) {
    EXPECT_EQ(calls.count(name), 0u) << name;
  }
  EXPECT_EQ(calls.at("cuGraphLaunch"), 1u);
  EXPECT_EQ(calls.at("cuStreamSynchronize"), 1u);
  EXPECT_EQ(calls.at("cuMemcpyHtoDAsync_v2"), 1u);
}

// Another call of the driver fails each time while a model opens and answers.
TEST_F(CudaModelTest, FaultsLeaveNothingBehind) {
  const std::string package = packageOf();
  setenv("CRIA_SIMULATED_CODE", codeOf(package).c_str(), 1);
  constexpr uint64_t kStride = 37;
  bool happened = true;
  for (uint64_t call = 1; happened && call < 2000; call += kStride) {
    control() = {};
    control().failCall = call;
    control().failResult = 2;
    try {
      const std::unique_ptr<Model> model = open(package, "cuda-sm_80-ptx");
      (void)Session(*model).prefill(std::vector<int32_t>{1, 2}, {});
    } catch (const std::runtime_error &failure) {
      EXPECT_THAT(failure.what(), HasSubstr("backend cuda"));
    }
    happened = control().failed;
    ASSERT_EQ(control().live, 0) << "after a fault at call " << call;
  }
}

/// What `cria run` says on a GPU with this environment.
ProcessResult runOnGpu(std::vector<std::string> environment, const std::vector<std::string> &more = {}) {
  const std::string package = compileModel(CRIA_SOURCE_DIR "/examples/stories/model",
                                           {"--weights", "f16", "--target", "gpusim,cuda:sm_80"});
  environment.push_back("CRIA_CUDA_DRIVER=" + kDriver);
  environment.insert(environment.begin(), "CRIA_SIMULATED_CODE=" + codeOf(package));
  std::vector<std::string> arguments = {"run", package, "--backend", "cuda", "-p", "Once", "-n", "2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return runCria(arguments, "", environment);
}

void expectRefused(const ProcessResult &result, const std::vector<std::string> &parts) {
  EXPECT_EQ(result.exitCode, 2) << result.output << result.errors;
  for (const std::string &part : parts) {
    EXPECT_THAT(result.errors, HasSubstr(part));
  }
}

TEST(CudaCommandLine, RunsOnTheDeviceThatIsNamed) {
  const std::vector<std::string> room = {"FAKE_CUDA_MEMORY=4000000000"};
  const ProcessResult result = runOnGpu(room);
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  const ProcessResult second = runOnGpu(room, {"--device", "1"});
  EXPECT_EQ(second.exitCode, 0) << second.errors;
  EXPECT_EQ(second.output, result.output);
  expectRefused(runOnGpu(room, {"--device", "2"}), {"device 2 does not exist; the backend has 2 devices"});
}

TEST(CudaCommandLine, InspectShowsHowKernelsAreLaunched) {
  const std::string text = runCria({"inspect", packageOf()}).output;
  EXPECT_THAT(text, testing::ContainsRegex("lookup_d[0-9]+_f16 .*, grid T×1×1, block 256×1×1"));
  EXPECT_THAT(text, testing::ContainsRegex("matmul_.*, grid ceil\\(T/128\\)×[0-9]+×1, block 256×1×1.*"
                                           ", shared memory 64.0 KiB"));
  const nlohmann::json package = nlohmann::json::parse(runCria({"inspect", packageOf(), "--json"}).output);
  for (const nlohmann::json &target : package.at("targets")) {
    for (const nlohmann::json &kernel : target.at("kernels")) {
      EXPECT_EQ(kernel.at("grid").size(), 3u);
      EXPECT_EQ(kernel.at("registers").is_number(), target.at("name") == "cuda-sm_80");
    }
  }
}

TEST(CudaCommandLine, SaysHowMuchMemoryIsMissing) {
  expectRefused(runOnGpu({"FAKE_CUDA_MEMORY=1000000"}),
                {"the model requires ", " bytes of device memory", "Fake GPU 0 has 1000000 of 1000000 free"});
}

TEST(CudaCommandLine, ReportsThatThePackageHasNoCodeForTheGpu) {
  const std::string package =
      compileModel(CRIA_SOURCE_DIR "/examples/stories/model", {"--target", "cuda:sm_86"});
  const ProcessResult result = runCria({"run", package, "-p", "Once"}, "", {"CRIA_CUDA_DRIVER=" + kDriver});
  expectRefused(result, {"cuda with target cuda-sm_86-ptx", "device Fake GPU 0 is sm_80",
                         "compile with --target cuda:sm_80"});
}

// What a refusal advises is done.
TEST(CudaCommandLine, AdvisesATargetThatThenRuns) {
  for (const char *minor : {"0", "6", "7", "9"}) {
    const std::vector<std::string> environment = {"CRIA_CUDA_DRIVER=" + kDriver,
                                                  std::string("FAKE_CUDA_MINOR=") + minor};
    const ProcessResult refused =
        runCria({"run", compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--target", "cpu"}),
                 "--backend", "cuda", "-p", "Once"},
                "", environment);
    const std::string advice = "compile with --target ";
    const size_t at = refused.errors.find(advice);
    ASSERT_NE(at, std::string::npos) << refused.errors;
    const std::string target = refused.errors.substr(at + advice.size(), std::string("cuda:sm_80").size());
    compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--target", target});
  }
}

TEST(CudaCommandLine, ShowsTheLogOfADriverThatRejectsTheCode) {
  expectRefused(
      runOnGpu({"CRIA_SIMULATED_CODE=" CRIA_SOURCE_DIR "/README.md", "FAKE_CUDA_MEMORY=4000000000"}),
      {"the driver (CUDA 12.4) rejects the code", "expected top-level entity"});
}

/// What `cria run --verbose` says with a driver of this version that rejects this kind of code.
ProcessResult runWithDriver(const std::string &version, const std::string &rejects) {
  return runOnGpu(
      {"FAKE_CUDA_MEMORY=4000000000", "FAKE_CUDA_VERSION=" + version, "FAKE_CUDA_REJECTS=" + rejects},
      {"--verbose"});
}

class CudaDriverGeneration : public testing::Test {
protected:
  void SetUp() override {
    if (!std::filesystem::exists(packageOf() + "/code/cuda-sm_80.cubin")) {
      GTEST_SKIP() << "ptxas is not installed, so packages have no cubin";
    }
  }
};

TEST_F(CudaDriverGeneration, RunsTheCubinIfTheDriverLoadsIt) {
  const ProcessResult result = runWithDriver("13000", "");
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_THAT(result.errors, HasSubstr("cuda with target cuda-sm_80 on Fake GPU 0"));
}

TEST_F(CudaDriverGeneration, RunsPtxIfTheDriverRejectsTheCubin) {
  const ProcessResult result = runWithDriver("13000", "cubin");
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("note: cuda with target cuda-sm_80: "),
                                   HasSubstr("the driver (CUDA 13.0) rejects the code"),
                                   HasSubstr("cuda with target cuda-sm_80-ptx on Fake GPU 0")));
}

TEST_F(CudaDriverGeneration, RunsPtxIfTheDriverIsOlderThanTheCubin) {
  const std::string cubin = readFile(packageOf() + "/code/cuda-sm_80.cubin");
  const ProcessResult result = runWithDriver("11080", "");
  EXPECT_EQ(result.exitCode, 0);
  constexpr size_t kElfAbiVersion = 8;
  const bool isForCuda13 = cubin.at(kElfAbiVersion) == 8;
  EXPECT_THAT(result.errors, HasSubstr(isForCuda13 ? "cuda with target cuda-sm_80-ptx on Fake GPU 0"
                                                   : "cuda with target cuda-sm_80 on Fake GPU 0"));
}

TEST_F(CudaDriverGeneration, SaysWhyEachTargetIsRejected) {
  expectRefused(runWithDriver("13000", "all"),
                {"cuda with target cuda-sm_80: ", "; cuda with target cuda-sm_80-ptx: "});
}

/// The rows of `cria bench` on a GPU with that much memory: a prompt, and two tokens.
nlohmann::json benchOnGpu(const std::string &memory, const std::vector<std::string> &more = {}) {
  const std::string package = compileModel("", {"--preset", "stories-260k", "--random-weights", "5",
                                                "--weights", "f16", "--target", "gpusim,cuda:sm_80"});
  std::vector<std::string> arguments = {"bench",  package,         "--backend", "cuda",
                                        "--json", "--prompt",      "4",         "--generate",
                                        "2",      "--repetitions", "1",         "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = runCria(arguments, "",
                                       {"CRIA_SIMULATED_CODE=" + codeOf(package),
                                        "CRIA_CUDA_DRIVER=" + kDriver, "FAKE_CUDA_MEMORY=" + memory});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  return nlohmann::json::parse(result.output, nullptr, false);
}

TEST(CudaCommandLine, BenchComparesWithTheCopiesOfTheDevice) {
  const nlohmann::json rows = benchOnGpu("800000000", {"--device", "1"});
  ASSERT_EQ(rows.size(), 2u);
  for (const nlohmann::json &row : rows) {
    EXPECT_EQ(row["machine"], "Fake GPU 1");
    EXPECT_EQ(row["bandwidth_limit_kind"], "copy");
    EXPECT_GT(row["bandwidth_limit_gigabytes_per_second"], 0);
    EXPECT_GT(row["bandwidth_fraction"], 0);
    EXPECT_TRUE(row["compute_limit_gigaflops"].is_null());
    EXPECT_TRUE(row["compute_fraction"].is_null());
  }
  EXPECT_TRUE(rows[0]["host_gap_fraction"].is_null()) << "of decode rows only";
  EXPECT_GE(rows[1]["host_gap_fraction"], 0);
  EXPECT_LT(rows[1]["host_gap_fraction"], 1);
}

TEST(CudaCommandLine, BenchTimesKernelsInCommandBuffersOfTheirOwn) {
  const nlohmann::json rows = benchOnGpu("800000000", {"--kernels"});
  ASSERT_EQ(rows.size(), 2u);
  for (const nlohmann::json &row : rows) {
    ASSERT_GT(row["kernels"].size(), 4u);
    for (const nlohmann::json &kernel : row["kernels"]) {
      EXPECT_GT(kernel["microseconds"], 0) << kernel["name"];
      EXPECT_GT(kernel["bytes"], 0) << kernel["name"];
      EXPECT_GE(kernel["threads_per_block"], 32) << kernel["name"];
      EXPECT_EQ(kernel["registers"], 40) << "as the fake driver states for " << kernel["name"];
      EXPECT_EQ(kernel["resident_blocks_per_sm"], 1638 / kernel["threads_per_block"].get<int>());
      EXPECT_TRUE(kernel["shared_bytes_per_block"].is_number_unsigned()) << kernel["name"];
    }
  }
}

// Caches would be measured with the little that is left.
TEST(CudaCommandLine, BenchKnowsNoLimitWhereMemoryIsShort) {
  const nlohmann::json rows = benchOnGpu("300000000", {"--profile"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_GT(rows[1]["tokens_per_second"], 0);
  for (const char *member :
       {"bandwidth_fraction", "bandwidth_limit_gigabytes_per_second", "host_gap_fraction"}) {
    EXPECT_TRUE(rows[1][member].is_null()) << member;
  }
}

TEST(CudaCommandLine, EndsWhenTheDeviceIsLost) {
  expectRefused(runOnGpu({"FAKE_CUDA_LOSE_AT_KERNEL=30", "FAKE_CUDA_MEMORY=4000000000"}),
                {"the CUDA device was lost", "CUDA_ERROR_LAUNCH_FAILED"});
}

} // namespace
} // namespace cria::test
