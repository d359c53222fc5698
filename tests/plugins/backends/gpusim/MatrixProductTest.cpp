// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A matrix product that uses all matrix instructions, C[64][16] = A[64][32] B[16][32] transposed, A and B in
// f16, C in f32. A block of two warps makes 32 rows, a warp 16; per step of 16 along k, tiles of A (32 x 16,
// from byte 0) and B (16 x 16, from byte 1024) are copied.
#include "plugins/backends/gpusim/HostMath.h"
#include "support/Half.h"
#include "tests/plugins/backends/gpusim/SimHarness.h"

#include <fmt/format.h>

using namespace cria::gpusim;

namespace {

constexpr uint32_t kSteps = 2;
constexpr uint32_t kK = 16 * kSteps;

std::string addresses() {
  return R"(
  %lane = and i32 %t, 31
  %warp = lshr i32 %t, 5
  %arow = lshr i32 %t, 1
  %half = and i32 %t, 1
  %blockrow = shl i32 %b, 5
  %grow = add i32 %blockrow, %arow
  %gbytes = mul i32 %grow, 64
  %hbytes = shl i32 %half, 4
  %ga0 = add i32 %gbytes, %hbytes
  %bbytes = mul i32 %arow, 64
  %gb0 = add i32 %bbytes, %hbytes
  %chunk = shl i32 %t, 4
  %sa = getelementptr i8, ptr addrspace(3) @sm, i32 %chunk
  %chunkb = add i32 %chunk, 1024
  %sb = getelementptr i8, ptr addrspace(3) @sm, i32 %chunkb
  %hasb = icmp ult i32 %t, 32
  %wrow = shl i32 %warp, 4
  %l15 = and i32 %lane, 15
  %lrow = add i32 %wrow, %l15
  %lrowbytes = shl i32 %lrow, 5
  %l16 = lshr i32 %lane, 4
  %lchunk = shl i32 %l16, 4
  %la = add i32 %lrowbytes, %lchunk
  %pla = getelementptr i8, ptr addrspace(3) @sm, i32 %la
  %l7 = and i32 %lane, 7
  %n8 = shl i32 %l16, 3
  %nrow = add i32 %l7, %n8
  %nbytes = shl i32 %nrow, 5
  %l8 = lshr i32 %lane, 3
  %l81 = and i32 %l8, 1
  %nchunk = shl i32 %l81, 4
  %lb = add i32 %nbytes, %nchunk
  %lb1024 = add i32 %lb, 1024
  %plb = getelementptr i8, ptr addrspace(3) @sm, i32 %lb1024
  br label %step0
)";
}

/// A register i of ldmatrix as a pair of halves.
std::string pairOf(const std::string &name, const std::string &matrix, uint32_t i) {
  return fmt::format("  %{0}w{2} = extractvalue {{i32, i32, i32, i32}} %{1}, {2}\n"
                     "  %{0}{2} = bitcast i32 %{0}w{2} to <2 x half>\n",
                     name, matrix, i);
}

std::string multiplyStep(uint32_t step, uint32_t tile) {
  std::string accumulators;
  for (uint32_t i = 0; i < 4; ++i) {
    accumulators += step == 0 ? ", float 0.0" : fmt::format(", float %c{}t{}e{}", step - 1, tile, i);
  }
  std::string text =
      fmt::format("  %r{0}t{1} = call {{float, float, float, float}} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32"
                  "(<2 x half> %a{0}r0, <2 x half> %a{0}r1, <2 x half> %a{0}r2, <2 x half> %a{0}r3, "
                  "<2 x half> %b{0}r{2}, <2 x half> %b{0}r{3}{4})\n",
                  step, tile, 2 * tile, 2 * tile + 1, accumulators);
  for (uint32_t i = 0; i < 4; ++i) {
    text += fmt::format("  %c{0}t{1}e{2} = extractvalue {{float, float, float, float}} %r{0}t{1}, {2}\n",
                        step, tile, i);
  }
  return text;
}

std::string matrixStep(uint32_t step) {
  std::string text = fmt::format(R"(step{0}:
  %oa{0} = add i32 %ga0, {1}
  %pa{0} = getelementptr i8, ptr addrspace(1) %p0, i32 %oa{0}
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %sa, ptr addrspace(1) %pa{0})
  br i1 %hasb, label %copyb{0}, label %wait{0}
copyb{0}:
  %ob{0} = add i32 %gb0, {1}
  %pb{0} = getelementptr i8, ptr addrspace(1) %p1, i32 %ob{0}
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %sb, ptr addrspace(1) %pb{0})
  br label %wait{0}
wait{0}:
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 0)
  {{bar}}
  %ma{0} = call {{i32, i32, i32, i32}} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %pla)
  %mb{0} = call {{i32, i32, i32, i32}} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %plb)
  {{bar}}
)",
                                 step, 32 * step);
  for (uint32_t i = 0; i < 4; ++i) {
    text += pairOf(fmt::format("a{}r", step), fmt::format("ma{}", step), i) +
            pairOf(fmt::format("b{}r", step), fmt::format("mb{}", step), i);
  }
  return text + multiplyStep(step, 0) + multiplyStep(step, 1) + fmt::format("  br label %step{}\n", step + 1);
}

std::string storeResults() {
  std::string text = fmt::format(R"(step{}:
  %group = lshr i32 %lane, 2
  %pair = and i32 %lane, 3
  %crow0 = add i32 %blockrow, %wrow
  %crow = add i32 %crow0, %group
  %cstart = shl i32 %crow, 4
  %ccol = shl i32 %pair, 1
  %cat = add i32 %cstart, %ccol
)",
                                 kSteps);
  for (uint32_t tile = 0; tile < 2; ++tile) {
    for (uint32_t i = 0; i < 4; ++i) {
      const std::string id = fmt::format("{}_{}", tile, i);
      text += fmt::format("  %at{} = add i32 %cat, {}\n", id, tile * 8 + i / 2 * 8 * 16 + i % 2) +
              elementAddress("%q" + id, "float", 1, "%p2", "%at" + id) +
              fmt::format("  store float %c{}t{}e{}, ptr addrspace(1) %q{}\n", kSteps - 1, tile, i, id);
    }
  }
  return text + "  ret void";
}

std::vector<uint16_t> halves(size_t count, uint32_t seed) {
  std::vector<uint16_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = doubleToHalf((static_cast<double>((i * 37 + seed) % 29) - 14) / 8);
  }
  return values;
}

std::string matrixProduct() {
  std::string body = addresses();
  for (uint32_t step = 0; step < kSteps; ++step) {
    body += matrixStep(step);
  }
  return body + storeResults();
}

TEST(Kernels, MatrixProduct) {
  const auto module = mustLoad(kernelText(3, matrixProduct()));
  for (const Options &options : allOrders()) {
    Buffer<uint16_t> a(halves(64 * kK, 3));
    Buffer<uint16_t> b(halves(16 * kK, 11));
    auto c = Buffer<float>::undefined(64 * 16);
    Counters counters;
    ASSERT_EQ(
        module->run(launchOf(2, 64, {a.input("a"), b.input("b"), c.output("c")}, 1536), options, &counters),
        "");
    for (size_t m = 0; m < 64; ++m) {
      for (size_t n = 0; n < 16; ++n) {
        float sum = 0; // multiples of 1/64: exact in any order
        for (size_t k = 0; k < kK; ++k) {
          sum += cria::floatFromHalf(a.values[m * kK + k]) * cria::floatFromHalf(b.values[n * kK + k]);
        }
        ASSERT_EQ(c.values[m * 16 + n], sum) << m << "," << n;
      }
    }
    EXPECT_EQ(counters.asyncCopies, 2u * kSteps * (64 + 32));
    // Rows of 32 bytes: the eight rows of a matrix meet in pairs; 8 matrices per warp and step.
    EXPECT_EQ(counters.sharedBankConflicts, 2u * 2 * kSteps * 8);
  }
}

/// How often each order finds something when the n-th occurrence of a line is left out.
size_t findingsWithout(const std::string &line, size_t n) {
  std::string body = matrixProduct();
  size_t at = body.find(line);
  for (; n != 0; --n) {
    at = body.find(line, at + 1);
  }
  const auto module = mustLoad(kernelText(3, body.erase(at, line.size())));
  size_t findings = 0;
  for (const Options &options : allOrders()) {
    Buffer<uint16_t> a(halves(64 * kK, 3));
    Buffer<uint16_t> b(halves(16 * kK, 11));
    auto c = Buffer<float>::undefined(64 * 16);
    const std::string finding =
        module->run(launchOf(2, 64, {a.input("a"), b.input("b"), c.output("c")}, 1536), options);
    findings += finding.empty() ? 0 : 1;
  }
  return findings;
}

// Barriers: before and after the tiles are read, in each step; the last one guards nothing.
TEST(Kernels, MatrixProductWithoutOneSynchronisationIsFound) {
  const size_t all = allOrders().size();
  for (const size_t barrier : {0, 1, 2}) {
    EXPECT_EQ(findingsWithout("{bar}", barrier), all) << barrier;
  }
  EXPECT_EQ(findingsWithout("{bar}", 3), 0u);
  for (const size_t step : {0, 1}) {
    EXPECT_EQ(findingsWithout("  call void @llvm.nvvm.cp.async.wait.group(i32 0)\n", step), all) << step;
    EXPECT_EQ(findingsWithout("  call void @llvm.nvvm.cp.async.commit.group()\n", step), all) << step;
  }
}

} // namespace
