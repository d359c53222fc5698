// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the program `check` with the simulator as its device: correct results pass, planted faults are found,
// and measurements appear in the table and in JSON.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"
#include "tests/testing/Process.h"
#include "tools/cria-device-check/CompiledProgram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class CheckTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder();
    const ProcessResult made = runProcess(CRIA_BINARY_DIR "/bin/make-check-cases",
                                          {"--rehearse", folder->path(), "130x72x40", "ops", "gpusim-sm_80"});
    ASSERT_EQ(made.exitCode, 0) << made.errors;
    fs::create_directory(folder->path("models"));
    fs::create_directory(folder->path("golden"));
    fs::copy(compileModel(goldenModelPath("gqa"),
                          {"--no-tokenizer", "--weights", "f16", "--target", "cpu,gpusim"}),
             folder->path("models/gqa.cria"), fs::copy_options::recursive);
    fs::copy(CRIA_SOURCE_DIR "/tests/golden/logits/gqa.safetensors", folder->path("golden"));
    fs::copy(compileModel("", {"--preset", "stories-260k", "--random-weights", "1", "--target", "gpusim"}),
             folder->path("speed/model.cria"), fs::copy_options::recursive);
  }
  static void TearDownTestSuite() { delete folder; }

  static ProcessResult check(const std::vector<std::string> &more, const std::string &data = folder->path()) {
    std::vector<std::string> arguments = {
        "--backend", "gpusim", "--plugin-dir", CRIA_BINARY_DIR "/dev-plugins",
        "--data",    data,     "--json",       folder->path("report.json")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return runProcess(CRIA_BINARY_DIR "/check/check", arguments);
  }
  static json report() { return json::parse(readFile(folder->path("report.json"))); }
  static json rows() { return report().at("rows"); }

  static TemporaryFolder *folder;
};
TemporaryFolder *CheckTest::folder = nullptr;

TEST_F(CheckTest, FindsKernelsAndModelsRight) {
  const ProcessResult result = check({"--only", "models", "--filter", "gq"});
  EXPECT_EQ(result.exitCode, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, AllOf(HasSubstr("GPU simulator"), HasSubstr("same best token")));
  EXPECT_EQ(check({"--only", "kernels", "--filter", "norm-333,norm-16"}).exitCode, 0);
  EXPECT_GE(rows().size(), 2u);
  const ProcessResult kernels = check({"--only", "kernels", "--filter", "norm-333"});
  EXPECT_EQ(kernels.exitCode, 0) << kernels.output;
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].at("outcome"), "ok");
  EXPECT_LT(rows()[0].at("values").at("prompt_error").get<double>(), 2e-5);
}

TEST_F(CheckTest, ComparesRealShapesWithSamples) {
  const ProcessResult result = check({"--only", "kernels", "--filter", "real", "--exclude", "gate,qkv"});
  EXPECT_EQ(result.exitCode, 0) << result.output << result.errors;
  ASSERT_EQ(rows().size(), 6u) << result.output;
  for (const json &row : rows()) {
    EXPECT_EQ(row.at("section"), "kernel");
    EXPECT_THAT(row.at("name").get<std::string>(), testing::StartsWith("real-"));
    EXPECT_LT(row.at("values").at("few_error").get<double>(), 1e-3);
  }
}

// The rows of a weight are in another order than the code expects.
TEST_F(CheckTest, FindsWrongKernelsWrong) {
  const TemporaryFolder wrong;
  fs::create_directory(wrong.path("kernels"));
  fs::copy(folder->path("kernels/fused-f16-norm.ops.program"), wrong.path("kernels"));
  conformance::CompiledProgram program =
      conformance::readProgram(folder->path("kernels/fused-f16-norm.gpusim-sm_80.program"));
  for (conformance::WeightRows &weight : program.weights) {
    std::reverse(weight.rows.begin(), weight.rows.end());
  }
  conformance::writeProgram(wrong.path("kernels/fused-f16-norm.gpusim-sm_80.program"), program);
  const ProcessResult result = check({"--only", "kernels"}, wrong.path());
  EXPECT_EQ(result.exitCode, 1) << result.output << result.errors;
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].at("outcome"), "FAILED");
  EXPECT_THAT(rows()[0].at("text").get<std::string>(), HasSubstr("prefill: expected a relative error"));
}

TEST_F(CheckTest, FindsWrongLogitsWrong) {
  const TemporaryFolder wrong;
  fs::create_directory(wrong.path("golden"));
  fs::copy(folder->path("models"), wrong.path("models"), fs::copy_options::recursive);
  fs::copy(CRIA_SOURCE_DIR "/tests/golden/logits/mha.safetensors", wrong.path("golden/gqa.safetensors"));
  EXPECT_EQ(check({"--only", "models"}, wrong.path()).exitCode, 1);
  EXPECT_EQ(rows()[0].at("outcome"), "FAILED");
}

TEST_F(CheckTest, FindsNothingToRunWrong) {
  const TemporaryFolder empty;
  fs::create_directory(empty.path("kernels"));
  const ProcessResult result = check({"--only", "kernels"}, empty.path());
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_THAT(result.output, HasSubstr("no program in kernels/ runs on this device"));
}

// A fake checker: it runs its command, or reports an error.
TEST_F(CheckTest, RunsTheKernelsUnderTheMemoryChecker) {
  const TemporaryFolder tools;
  const std::string checker = tools.path("compute-sanitizer");
  const auto checkWith = [&](const std::string &script) {
    writeFile(checker, "#!/bin/sh\necho \"$@\" >> " + tools.path("asked") + "\n" + script);
    fs::permissions(checker, fs::perms::owner_all);
    return runProcess(CRIA_BINARY_DIR "/check/check",
                      {"--backend", "gpusim", "--plugin-dir", CRIA_BINARY_DIR "/dev-plugins", "--data",
                       folder->path(), "--filter", "norm-16", "--only", "memory"},
                      "", {"PATH=" + tools.path() + ":/usr/bin:/bin"});
  };
  const ProcessResult good = checkWith("shift 6\nexec \"$@\"\n");
  EXPECT_EQ(good.exitCode, 0) << good.output;
  EXPECT_THAT(readFile(tools.path("asked")),
              AllOf(HasSubstr("--tool memcheck --report-api-errors no --error-exitcode 99"),
                    HasSubstr("--exclude real-")));
  EXPECT_THAT(good.output, AllOf(HasSubstr("memcheck"), HasSubstr("racecheck"), HasSubstr("1 ok")));
  const ProcessResult bad = checkWith("echo 'ERROR SUMMARY: 1 error'\nexit 99\n");
  EXPECT_EQ(bad.exitCode, 1);
  EXPECT_THAT(bad.output, HasSubstr("exit code 99: ERROR SUMMARY: 1 error"));
}

TEST_F(CheckTest, MeasuresAgainstTheSameRun) {
  const ProcessResult result =
      check({"--only", "speed", "--prompt", "8", "--depth", "4", "--generate", "2", "--batch", "2"});
  EXPECT_EQ(result.exitCode, 0) << result.output << result.errors;
  const json found = rows();
  const std::vector<std::string> names = {"product-130x72x40", "decode at 4", "prefill 8",
                                          "decode at 4, batch 2"};
  ASSERT_EQ(found.size(), names.size()) << result.output;
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(found[i].at("name"), names[i]);
    EXPECT_EQ(found[i].at("outcome"), "measured");
  }
  EXPECT_GT(found[0].at("values").at("gigaflops").get<double>(), 0);
  EXPECT_GT(found[1].at("values").at("bandwidth_fraction").get<double>(), 0);
  EXPECT_THAT(found[1].at("text").get<std::string>(),
              HasSubstr("GB/s read")); // the simulator's memory is the host's
  EXPECT_GT(found[2].at("values").at("product_fraction").get<double>(), 0);
}

// A script in place of cria: it prints a row upon the interrupt, as cria bench does.
TEST_F(CheckTest, KeepsWhatWasMeasuredBeforeAnInterrupt) {
  const TemporaryFolder copy;
  fs::create_directory(copy.path("check"));
  fs::create_directory(copy.path("bin"));
  fs::copy(CRIA_BINARY_DIR "/check/check", copy.path("check"));
  writeFile(copy.path("row"), R"([{"phase": "decode", "target": "t", "context": 4, "batch": 1,
      "tokens_per_second": 5, "gigabytes_per_second": 1, "bandwidth_fraction": 0.5,
      "bandwidth_limit_gigabytes_per_second": 2, "bandwidth_limit_kind": "copy", "host_gap_fraction": null}])");
  writeFile(copy.path("bin/cria"), "#!/bin/bash\ntrap 'kill $!; cat " + copy.path("row") +
                                       "; exit 130' INT\nsleep 60 &\ntouch " + copy.path("begun") +
                                       "\nwait\n");
  fs::permissions(copy.path("bin/cria"), fs::perms::owner_all);
  const std::string command = copy.path("check/check") + " --only speed --backend gpusim --plugin-dir " +
                              CRIA_BINARY_DIR "/dev-plugins --data " + folder->path() + " --json " +
                              folder->path("report.json");
  const ProcessResult result =
      runProcess("/bin/bash", {"-c", "set -m; " + command + " & while [[ ! -e " + copy.path("begun") +
                                         " ]]; do sleep 0.1; done; kill -INT -- -$!; wait $!"});
  EXPECT_EQ(result.exitCode, 1) << result.output << result.errors;
  const json found = rows();
  ASSERT_EQ(found.size(), 3u) << result.output;
  EXPECT_EQ(found[1].at("name"), "decode at 4");
  EXPECT_EQ(found[1].at("outcome"), "measured");
  EXPECT_EQ(found[2].at("text"), "interrupted");
}

TEST_F(CheckTest, MeasuresCeilings) {
  const ProcessResult result = check({"--only", "ceilings"});
  EXPECT_EQ(result.exitCode, 0) << result.output << result.errors;
  const std::map<std::string, const char *> values = {{"read-8k", "gigabytes_per_second"},
                                                      {"read-16k", "gigabytes_per_second"},
                                                      {"read-32k", "gigabytes_per_second"},
                                                      {"read-64k", "gigabytes_per_second"},
                                                      {"read-128k", "gigabytes_per_second"},
                                                      {"gap-plain", "microseconds_per_dispatch"},
                                                      {"latency-l2", "nanoseconds"},
                                                      {"latency-memory", "nanoseconds"},
                                                      {"mma-f16", "gigaflops"}};
  const json found = rows();
  EXPECT_EQ(found.size(), values.size() + 1) << result.output;
  for (const json &row : found) {
    EXPECT_EQ(row.at("section"), "ceiling");
    if (row.at("name") == "gap-programmatic") {
      EXPECT_EQ(row.at("outcome"), "skipped");
      continue;
    }
    EXPECT_EQ(row.at("outcome"), "measured") << row.dump();
    EXPECT_EQ(row.at("target"), "gpusim-sm_80");
    EXPECT_GT(row.at("values").at(values.at(row.at("name"))).get<double>(), 0) << row.dump();
  }
  EXPECT_EQ(found[0].at("values").at("bytes_in_flight_per_sm"), 8192);
}

TEST_F(CheckTest, FindsNoCeilingsWrong) {
  const TemporaryFolder empty;
  fs::create_directory(empty.path("ceilings"));
  EXPECT_EQ(check({"--only", "ceilings"}, empty.path()).exitCode, 1);
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].at("text"), "no program in ceilings/ runs on this device");
}

// The simulator has no driver and no clocks.
TEST_F(CheckTest, DescribesTheMachine) {
  EXPECT_EQ(check({"--only", "models", "--filter", "gqa"}).exitCode, 0);
  const json machine = report().at("machine");
  EXPECT_EQ(machine.at("name"), "GPU simulator");
  for (const char *member : {"driver", "cuda", "sms", "l2_bytes", "memory_bytes", "ecc", "max_sm_megahertz",
                             "max_memory_megahertz", "power_limit_watts"}) {
    EXPECT_TRUE(machine.at(member).is_null()) << member;
  }
  ASSERT_EQ(machine.at("clocks").size(), 2u);
  EXPECT_EQ(machine.at("clocks")[0].at("after"), "start");
  EXPECT_EQ(machine.at("clocks")[1].at("after"), "models");
  EXPECT_TRUE(machine.at("clocks")[1].at("sm_megahertz").is_null());
}

TEST_F(CheckTest, ReportsWhyItCannotRun) {
  const ProcessResult result = runProcess(CRIA_BINARY_DIR "/check/check", {"--backend", "cuda"}, "",
                                          {"CRIA_CUDA_DRIVER=/nowhere/libcuda.so.1"});
  EXPECT_EQ(result.exitCode, 2);
  EXPECT_THAT(result.errors, HasSubstr("no CUDA driver: /nowhere/libcuda.so.1"));
  EXPECT_EQ(runProcess(CRIA_BINARY_DIR "/check/check", {"--only", "everything"}).exitCode == 0, false);
}

} // namespace
} // namespace cria::test
