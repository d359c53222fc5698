// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts the instructions in the loops of linear kernels that multiply: the products that the algorithm
// needs, no vectors on the stack, no calls, and few instructions besides.
#include "passes/codegen/ObjectCode.h"
#include "tests/passes/targets/cpu/AssemblyLoops.h"
#include "tests/passes/targets/cpu/KernelHarness.h"

#include "mlir/IR/BuiltinOps.h"
#include "gtest/gtest.h"

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

using Counts = std::vector<std::pair<std::string, int64_t>>;

/// Of the loop of a kernel that has the most products.
struct Expectation {
  const char *isa;
  WeightFormat weight;
  bool singleRow;
  Counts counts;        ///< by the beginnings of mnemonics, exactly; first that of the product
  int64_t instructions; ///< at most; a few more than LLVM 22.1.8 emits
  int64_t onStack = 0;  ///< at most: instructions that move vectors to or from the stack

  std::string name() const {
    std::string name = std::string(isa) + "_" + std::string(nameOf(weight)) + (singleRow ? "_row" : "_tile");
    std::ranges::replace(name, '-', '_');
    return name;
  }
  friend std::ostream &operator<<(std::ostream &out, const Expectation &expectation) {
    return out << expectation.name();
  }
  LinearSpec spec() const {
    const bool isBfloat = weight == WeightFormat::bf16;
    return {.inputs = 4096,
            .outputs = 64,
            .weight = weight,
            .activations = isBfloat ? ActivationClass::bf16 : ActivationClass::f32,
            .singleRow = singleRow};
  }
};

/// A group of 32 columns has 8 steps of 4, for 2 panels: of one row, or of the 6 rows of a tile.
Counts withVnni(int64_t rows, int64_t conversionsOfPair, int64_t fmasOfPair) {
  return {{"vpdpbusd", rows * 2 * 8}, {"vcvtdq2ps", rows * conversionsOfPair}, {"vfmadd", rows * fmasOfPair}};
}
/// The same for one row in vectors of half the size.
Counts withAvxVnni(int64_t conversionsOfPair, int64_t fmasOfPair) {
  return withVnni(2, conversionsOfPair, fmasOfPair);
}
Counts withAvx2(int64_t conversionsOfPair, int64_t fmasOfPair) {
  return {{"vpmaddubsw", 2 * 2 * 8},
          {"vpmaddwd", 2 * 2 * 8},
          {"vcvtdq2ps", 2 * conversionsOfPair},
          {"vfmadd", 2 * fmasOfPair}};
}

/// Formats with groups of 16 convert and add twice in a group of 32, those with minimums add them once more.
std::vector<Expectation> expectations() {
  constexpr const char *kVnni = "x86-64-v4-vnni", *kWide = "x86-64-v4", *kNarrow = "x86-64-v3",
                       *kNarrowVnni = "x86-64-v3-avxvnni", *kBfloat = "x86-64-v4-vnni-bf16";
  using enum WeightFormat;
  return {
      {kVnni, q8_0, false, withVnni(6, 2, 2), 252},
      {kVnni, q4_0, false, withVnni(6, 2, 2), 252},
      {kVnni, iq4_xs, false, withVnni(6, 2, 2), 252},
      {kVnni, q4_k, false, withVnni(6, 2, 4), 256},
      // Its groups of 16 are the one case of this level in which LLVM runs out of 32 registers.
      {kVnni, q6_k, false, withVnni(6, 4, 4), 300, 4},
      {kVnni, q8_0, true, withVnni(1, 2, 2), 84},
      {kVnni, q4_0, true, withVnni(1, 2, 2), 92},
      {kVnni, iq4_xs, true, withVnni(1, 2, 2), 102},
      {kVnni, q4_k, true, withVnni(1, 2, 4), 86},
      {kVnni, q6_k, true, withVnni(1, 4, 4), 136},
      // 16 registers do not hold the codes of two panels that a row has unpacked.
      {kNarrow, q8_0, false, withAvx2(2, 2), 230},
      {kNarrow, q4_k, false, withAvx2(2, 4), 170},
      {kNarrow, q6_k, false, withAvx2(4, 4), 194},
      {kNarrow, q8_0, true, withAvx2(2, 2), 280, 32},
      {kNarrow, q4_k, true, withAvx2(2, 4), 240, 36},
      {kNarrowVnni, q8_0, false, withAvxVnni(2, 2), 140},
      {kNarrowVnni, q4_k, false, withAvxVnni(2, 4), 140},
      {kNarrowVnni, q8_0, true, withAvxVnni(2, 2), 180},
      {kNarrowVnni, iq4_xs, true, withAvxVnni(2, 2), 220, 24},
      // 4 pairs of k: 6 rows × 4 panels, and 1 row × 4 panels.
      {kBfloat, bf16, false, {{"vdpbf16ps", 4 * 6 * 4}, {"vfmadd", 0}}, 146},
      {kBfloat, bf16, true, {{"vdpbf16ps", 4 * 4}, {"vfmadd", 0}}, 60},
      // 4 steps of k: 6 rows × 4 panels, and 1 row × 4 panels that are converted where they are used.
      {kWide, f16, false, {{"vfmadd", 4 * 6 * 4}, {"vcvtph2ps", 0}}, 146},
      {kWide, f16, true, {{"vfmadd", 4 * 4}, {"vcvtph2ps", 4 * 4}}, 52},
      // The same for 6 rows × 1 panel, and 1 row × 4 panels, in vectors of half the size.
      {kNarrow, f16, false, {{"vfmadd", 4 * 6 * 2}, {"vcvtph2ps", 0}}, 90},
      {kNarrow, f16, true, {{"vfmadd", 4 * 4 * 2}, {"vcvtph2ps", 4 * 4 * 2}}, 88, 2},
  };
}

AssemblyFunction compileKernel(const Isa &isa, const LinearSpec &spec) {
  auto context = makeContext();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
  emitLinear(*module, isa, spec);
  EXPECT_TRUE(mlir::succeeded(lowerKernels(*module)));
  const ObjectTarget target{isa.triple.str(), isa.cpu.str(), isa.features.str(), isa.name.str()};
  auto assembly = emitObjectCode(*module, target, ObjectStage::assembly);
  EXPECT_TRUE(mlir::succeeded(assembly));
  return {mlir::succeeded(assembly) ? *assembly : "", spec.name()};
}

/// The loop with the most products; of several, the shortest, whose weights are converted before.
Instructions mainLoop(const AssemblyFunction &function, const std::string &product) {
  Instructions best;
  for (const Instructions &loop : function.innermostLoops()) {
    const int64_t more = countOf(loop, product) - countOf(best, product);
    best = more > 0 || (more == 0 && loop.size() < best.size()) ? loop : best;
  }
  return best;
}

class InstructionCount : public testing::TestWithParam<Expectation> {};
INSTANTIATE_TEST_SUITE_P(, InstructionCount, testing::ValuesIn(expectations()),
                         [](const auto &each) { return each.param.name(); });

TEST_P(InstructionCount, IsThatOfTheAlgorithm) {
  const AssemblyFunction function = compileKernel(*findIsa(GetParam().isa), GetParam().spec());
  const Instructions all = function.instructions();
  EXPECT_EQ(countOf(all, "ret"), 1);
  EXPECT_EQ(countOf(all, "call"), 0);
  const Instructions loop = mainLoop(function, GetParam().counts.front().first);
  for (const auto &[mnemonic, count] : GetParam().counts) {
    EXPECT_EQ(countOf(loop, mnemonic), count) << mnemonic;
  }
  EXPECT_LE(int64_t(loop.size()), GetParam().instructions);
  EXPECT_LE(int64_t(vectorsOnStack(loop, all).size()), GetParam().onStack);
}

//===----------------------------------------------------------------------------------------------------===//
// The reader of assembly
//===----------------------------------------------------------------------------------------------------===//

constexpr const char *kAssembly = "first:\n\tvaddps\t%zmm0, %zmm1, %zmm1\n.Lfunc_end0:\n"
                                  "second:\n\t.cfi_startproc\n\tpushq\t%rbp\n\tmovq\t%rsp, %rbp\n"
                                  ".LBB1_1:\n\txorl\t%eax, %eax\n"
                                  ".LBB1_2:\n\tvmovups\t64(%rsp), %zmm0\n\tvmovups\t%ymm0, -32(%rbp)\n"
                                  "\tvmovss\t%xmm0, 8(%rsp)\n\tvmovups\t(%rdi), %zmm0\n\tjne\t.LBB1_2\n"
                                  "\tjb\t.LBB1_1\n\tje\t.LBB1_3\n"
                                  ".LBB1_3:\n\tcallq\tfirst\n\tjne\t.LBB1_3\n\tretq\n.Lfunc_end1:\n";

TEST(AssemblyLoops, AreTheInnermostOfOneFunction) {
  const AssemblyFunction function(kAssembly, "second");
  const std::vector<Instructions> loops = function.innermostLoops();
  ASSERT_EQ(loops.size(), 2u);
  EXPECT_EQ(loops[0].size(), 5u);
  EXPECT_EQ(loops[1], (Instructions{"callq\tfirst", "jne\t.LBB1_3"}));
  EXPECT_EQ(countOf(function.instructions(), "vaddps"), 0);
  EXPECT_EQ(countOf(function.instructions(), "call"), 1);
  EXPECT_TRUE(AssemblyFunction(kAssembly, "third").instructions().empty());
}

TEST(AssemblyLoops, HaveVectorsOnTheStack) {
  const AssemblyFunction function(kAssembly, "second");
  const Instructions loop = function.innermostLoops().at(0);
  EXPECT_EQ(vectorsOnStack(loop, function.instructions()),
            (Instructions{"vmovups\t64(%rsp), %zmm0", "vmovups\t%ymm0, -32(%rbp)"}));
  EXPECT_EQ(vectorsOnStack(loop, loop), Instructions{"vmovups\t64(%rsp), %zmm0"}) << "rbp is any register";
}

} // namespace
