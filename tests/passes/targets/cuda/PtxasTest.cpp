// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// If ptxas is installed, it accepts every kernel of large models for every SM, and no kernel spills or uses
// local memory. The parser of its report is tested without it.
#include "passes/targets/cuda/Ptxas.h"
#include "tests/testing/Process.h"
#include "tools/cria-device-check/CeilingKernels.h"
#include "tools/cria-device-check/CompileCeilings.h"
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/DeviceModules.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

#include <gmock/gmock.h>
#include <sstream>

using namespace cria;

namespace {

TEST(Ptxas, ItsReportIsRead) {
  const char *report = "ptxas info    : 0 bytes gmem\n"
                       "ptxas info    : Compiling entry function 'a' for 'sm_80'\n"
                       "ptxas info    : Function properties for a\n"
                       "    16 bytes stack frame, 24 bytes spill stores, 8 bytes spill loads\n"
                       "ptxas info    : Used 128 registers, used 1 barriers, 392 bytes cmem[0]\n"
                       "ptxas info    : Compiling entry function 'b' for 'sm_80'\n"
                       "ptxas info    : Function properties for b\n"
                       "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
                       "ptxas info    : Used 12 registers, 392 bytes cmem[0]\n";
  const std::vector<KernelResources> uses = cuda::parseKernelResources(report);
  ASSERT_EQ(uses.size(), 2u);
  EXPECT_EQ(uses[0].name, "a");
  EXPECT_EQ(uses[0].registers, 128);
  EXPECT_EQ(uses[0].localBytes, 16);
  EXPECT_EQ(uses[0].spillBytes, 32);
  EXPECT_EQ(uses[1].name, "b");
  EXPECT_EQ(uses[1].registers, 12);
  EXPECT_EQ(uses[1].localBytes + uses[1].spillBytes, 0);
}

TEST(Ptxas, CubinsNameTheDriversThatLoadThem) {
  // The identification of ELF: class, order of bytes, version, OS ABI, ABI version.
  EXPECT_EQ(cuda::driverWord("\177ELF\2\1\1\x33\7"), "cuda11");  // ptxas 12.9
  EXPECT_EQ(cuda::driverWord("\177ELF\2\1\1\x41\10"), "cuda13"); // ptxas 13.0
  EXPECT_EQ(cuda::driverWord("\177ELF\2\1\1\x41\11"), "");
  EXPECT_EQ(cuda::driverWord("\177ELF\2\1"), "");
  EXPECT_EQ(cuda::driverWord(".version 7.0 and more"), "");
}

struct Shape {
  const char *preset;
  const char *weights;
  const char *kv;
};

class PtxasTest : public testing::Test {
protected:
  void SetUp() override {
    if (cuda::findPtxas().empty()) {
      GTEST_SKIP() << "ptxas is not installed";
    }
  }

  static std::vector<KernelResources> usesOf(const std::string &ptx, const cuda::Sm &sm) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    mlir::OwningOpRef<mlir::ModuleOp> origin = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    mlir::FailureOr<TargetCode> code = cuda::assemble(*origin, ptx, sm);
    return mlir::succeeded(code) ? code->resources : std::vector<KernelResources>();
  }

  /// The most registers of a thread with which as many blocks share an SM as each kernel asks for.
  static std::map<std::string, int> plannedRegisters(const std::string &ptx) {
    constexpr int kRegisters = 65536, kMost = 255, kGranularity = 8; // of an SM, a thread, and per thread
    std::map<std::string, int> planned;
    std::string name;
    int threads = 0, blocks = 1;
    std::istringstream lines(ptx);
    for (std::string word; lines >> word;) {
      if (word == ".entry") {
        lines >> name;
        name = name.substr(0, name.find('('));
        threads = 0, blocks = 1;
      } else if (word == ".maxntid") {
        lines >> threads;
      } else if (word == ".minnctapersm") {
        lines >> blocks;
      } else if (word == "{" && threads > 0) {
        planned[name] = std::min(kMost, kRegisters / (threads * blocks) / kGranularity * kGranularity);
        threads = 0;
      }
    }
    return planned;
  }

  static void expectNothingSpills(const std::string &ptx, const cuda::Sm &sm, size_t leastKernels) {
    const std::vector<KernelResources> uses = usesOf(ptx, sm);
    std::map<std::string, int> planned = plannedRegisters(ptx);
    EXPECT_GE(uses.size(), leastKernels) << sm.name.str();
    EXPECT_EQ(planned.size(), uses.size());
    for (const KernelResources &use : uses) {
      EXPECT_LE(use.registers, planned[use.name]) << use.name << " for " << sm.name.str();
      EXPECT_EQ(use.spillBytes, 0) << use.name << " for " << sm.name.str();
      EXPECT_EQ(use.localBytes, 0) << use.name << " for " << sm.name.str();
      EXPECT_GT(use.registers, 0) << use.name;
    }
    EXPECT_THAT(ptx, testing::Not(testing::HasSubstr(".local")));
  }
};

class PtxasOnModels : public PtxasTest, public testing::WithParamInterface<Shape> {
protected:
  static std::string ptxOf(const Shape &shape, llvm::StringRef sm) {
    const test::ProcessResult result = test::runProcess(
        CRIA_BINARY_DIR "/bin/cria-compile",
        {"--preset", shape.preset, "--random-weights", "1", "--weights", shape.weights, "--kv", shape.kv,
         "--target", ("cuda-" + sm + "-ptx").str(), "--emit", "asm", "--quiet"});
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    return result.output;
  }
};

TEST_P(PtxasOnModels, EveryKernelFitsIntoRegisters) {
  for (const cuda::Sm &sm : cuda::allSms()) {
    expectNothingSpills(ptxOf(GetParam(), sm.name), sm, 15);
  }
}

using PtxasOnCases = PtxasTest;

// Every family in every shape that is run in the simulator, and the largest head dimensions.
TEST_F(PtxasOnCases, EveryKernelFitsIntoRegisters) {
  for (const conformance::DeviceModule &testCase : conformance::deviceModules()) {
    for (const cuda::Sm &sm : {cuda::allSms().front(), cuda::allSms().back()}) {
      SCOPED_TRACE(testCase.name);
      const conformance::CompiledProgram program = conformance::compileProgram(
          testCase.module, ("cuda-" + sm.name + "-ptx").str(), testCase.limits, false);
      ASSERT_EQ(program.error, "");
      expectNothingSpills(program.code, sm, 1);
    }
  }
}

// Products of every format with codes, for one row, up to 8 and prompts, where the most kernels spilled.
TEST_F(PtxasOnCases, KernelsForCodesFitIntoRegisters) {
  const cuda::Sm &sm = cuda::allSms().back();
  for (const conformance::DeviceModule &module : conformance::codedModules()) {
    SCOPED_TRACE(module.name);
    const conformance::CompiledProgram program =
        conformance::compileProgram(module.module, ("cuda-" + sm.name + "-ptx").str(), module.limits, false);
    ASSERT_EQ(program.error, "");
    expectNothingSpills(program.code, sm, 4);
  }
}

// sm_90 alone has the kernel for programmatic dependent launch.
TEST_F(PtxasOnCases, KernelsOfCeilingsFitIntoRegisters) {
  for (const cuda::Sm &sm : cuda::allSms()) {
    const conformance::CompiledProgram code = check::compileCeilings(("cuda-" + sm.name + "-ptx").str());
    ASSERT_EQ(code.error, "");
    const bool isProgrammatic = sm.name == "sm_90";
    expectNothingSpills(code.code, sm, isProgrammatic ? 8 : 7);
    EXPECT_EQ(code.code.find(check::EmptyKernel::kProgrammaticName) != std::string::npos, isProgrammatic);
    EXPECT_THAT(code.code, testing::HasSubstr("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"));
  }
}

// The programs are carried to the machine with the GPU, so they hold no weights.
TEST_F(PtxasOnCases, KernelsAtRealShapesFitIntoRegisters) {
  constexpr size_t kMegabyte = 1'000'000;
  for (const conformance::DeviceModule &testCase : conformance::realModules(conformance::RealSet::real)) {
    for (const cuda::Sm &sm : {cuda::allSms().front(), cuda::allSms().back()}) {
      SCOPED_TRACE(testCase.name);
      const conformance::CompiledProgram program = conformance::compileProgram(
          testCase.module, ("cuda-" + sm.name + "-ptx").str(), testCase.limits, false);
      ASSERT_EQ(program.error, "");
      expectNothingSpills(program.code, sm, 2);
      const test::TemporaryFolder folder;
      conformance::writeProgram(folder.path("case.program"), program);
      EXPECT_LT(std::filesystem::file_size(folder.path("case.program")), kMegabyte);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , PtxasOnModels,
    testing::Values(Shape{"llama-2-7b", "f16", "f16"}, Shape{"llama-2-70b", "bf16", "f16"},
                    Shape{"tinyllama-1.1b", "f32", "f32"}),
    [](const auto &info) {
      std::string name = std::string(info.param.preset) + "_" + info.param.weights;
      std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

} // namespace
