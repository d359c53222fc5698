// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each thing that lanes do together, against what the PTX ISA says of it, on kernels of one instruction.
#include "tests/gpusim/TestKernels.h"

#include <cstring>
#include <numeric>

using namespace cria::gpusim;

namespace {

TestLaunch countingLaunch(size_t outputs = 32) {
  TestLaunch launch;
  launch.in.resize(outputs);
  std::iota(launch.in.begin(), launch.in.end(), 100);
  launch.out.resize(outputs, 0);
  return launch;
}

std::string applied(const std::string &instruction) {
  return "%x = load i32, ptr addrspace(1) %in.at\n" + instruction +
         "\nstore i32 %r, ptr addrspace(1) %out.at\n";
}

TEST(Primitives, ShufflesMoveValuesBetweenLanes) {
  struct Case {
    const char *kind;
    int b, c;
    uint32_t (*source)(uint32_t lane);
  };
  const Case cases[] = {
      {"bfly", 5, 31, [](uint32_t lane) { return lane ^ 5; }},
      {"up", 3, 0, [](uint32_t lane) { return lane < 3 ? lane : lane - 3; }},
      {"down", 4, 31, [](uint32_t lane) { return lane + 4 > 31 ? lane : lane + 4; }},
      {"idx", 7, 31, [](uint32_t) { return 7u; }},
      // Segments of 8: mask 24 in bits 8 to 12.
      {"idx", 2, 31 | 24 << 8, [](uint32_t lane) { return lane / 8 * 8 + 2; }},
      {"down", 3, 31 | 24 << 8, [](uint32_t lane) { return lane % 8 + 3 > 7 ? lane : lane + 3; }}};
  for (const Case &test : cases) {
    TestLaunch launch = countingLaunch();
    ASSERT_EQ(launch.run(applied("%r = call i32 @llvm.nvvm.shfl.sync." + std::string(test.kind) +
                                 ".i32(i32 -1, i32 %x, i32 " + std::to_string(test.b) + ", i32 " +
                                 std::to_string(test.c) + ")")),
              "");
    for (uint32_t lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(launch.out[lane], 100 + test.source(lane)) << test.kind << " lane " << lane;
    }
  }
}

TEST(Primitives, VotesSeeAllLanes) {
  const std::string odd = "%bit = trunc i32 %x to i1\n";
  TestLaunch ballot = countingLaunch();
  ASSERT_EQ(ballot.run(applied(odd + "%r = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 %bit)")), "");
  EXPECT_EQ(ballot.out[9], 0xAAAAAAAAu);
  TestLaunch any = countingLaunch(), all = countingLaunch();
  ASSERT_EQ(any.run(applied(
                odd + "%v = call i1 @llvm.nvvm.vote.any.sync(i32 -1, i1 %bit)\n%r = zext i1 %v to i32")),
            "");
  ASSERT_EQ(all.run(applied(
                odd + "%v = call i1 @llvm.nvvm.vote.all.sync(i32 -1, i1 %bit)\n%r = zext i1 %v to i32")),
            "");
  EXPECT_EQ(any.out[0], 1u);
  EXPECT_EQ(all.out[0], 0u);
}

/// Four matrices of numbers 0 to 255 in shared memory, row i at 16·i; the first result goes out.
std::string matrixBody(const std::string &name, int which) {
  return R"(
  br label %fill
fill:
  %i = phi i32 [ 0, %0 ], [ %next, %fill ]
  %n = mul i32 %i, 32
  %e = add i32 %n, %tid
  %half = trunc i32 %e to i16
  %p = getelementptr i16, ptr addrspace(3) @smem, i32 %e
  store i16 %half, ptr addrspace(3) %p
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, 8
  br i1 %more, label %fill, label %done
done:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %row = mul i32 %tid, 16
  %at = getelementptr i8, ptr addrspace(3) @smem, i32 %row
  %m = call {i32, i32, i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.)" +
         name + R"(.b16.p3(ptr addrspace(3) %at)
  %r = extractvalue {i32, i32, i32, i32} %m, )" +
         std::to_string(which) + "\n  store i32 %r, ptr addrspace(1) %out.at\n";
}

TEST(Primitives, LdmatrixDealsRows) {
  for (int which = 0; which < 4; ++which) {
    TestLaunch launch = countingLaunch();
    ASSERT_EQ(launch.run(matrixBody("x4", which)), "");
    for (uint32_t lane = 0; lane < 32; ++lane) {
      const uint32_t first = which * 64 + lane / 4 * 8 + lane % 4 * 2;
      EXPECT_EQ(launch.out[lane], first | (first + 1) << 16) << which << " lane " << lane;
    }
    EXPECT_EQ(launch.counters.sharedBankConflicts, 0u);
  }
}

TEST(Primitives, LdmatrixTransposedDealsColumns) {
  TestLaunch launch = countingLaunch();
  ASSERT_EQ(launch.run(matrixBody("x4.trans", 2)), "");
  for (uint32_t lane = 0; lane < 32; ++lane) {
    const uint32_t first = 128 + lane % 4 * 2 * 8 + lane / 4;
    EXPECT_EQ(launch.out[lane], first | (first + 8) << 16) << "lane " << lane;
  }
}

/// Element (row, column) of the matrices that the test multiplies: small integers, exact in both types.
float left(uint32_t row, uint32_t k) { return static_cast<float>((row * 3 + k * 5) % 7) - 3; }
float right(uint32_t k, uint32_t column) { return static_cast<float>((k * 2 + column * 3) % 5) - 2; }

uint32_t bfloatWord(float low, float high) {
  uint32_t a = 0, b = 0;
  std::memcpy(&a, &low, 4);
  std::memcpy(&b, &high, 4);
  return a >> 16 | (b & 0xFFFF0000u);
}
uint32_t halfWord(float low, float high) {
  const auto bits = [](float value) -> uint32_t {
    uint32_t word = 0;
    std::memcpy(&word, &value, 4);
    return value == 0 ? 0 : (word >> 16 & 0x8000) | (((word >> 23 & 255) - 112) << 10) | (word >> 13 & 1023);
  };
  return bits(low) | bits(high) << 16;
}

// A thread holds, of a, rows lane / 4 and + 8, columns 2·(lane % 4), the next, and + 8; of b the same with
// columns; of c as of a's left half.
void checkProduct(uint32_t (*word)(float, float), const std::string &call) {
  TestLaunch launch;
  launch.in.resize(6 * 32);
  launch.out.resize(4 * 32);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    const uint32_t group = lane / 4, pair = lane % 4 * 2;
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t row = group + i % 2 * 8, k = pair + i / 2 * 8;
      launch.in[i * 32 + lane] = word(left(row, k), left(row, k + 1));
    }
    for (uint32_t i = 0; i < 2; ++i) {
      launch.in[(4 + i) * 32 + lane] = word(right(pair + i * 8, group), right(pair + i * 8 + 1, group));
    }
  }
  std::string body;
  for (int i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    body += "%p" + n + " = getelementptr i32, ptr addrspace(1) %in.at, i32 " + std::to_string(32 * i) +
            "\n%w" + n + " = load i32, ptr addrspace(1) %p" + n + "\n%h" + n + " = bitcast i32 %w" + n +
            " to <2 x half>\n";
  }
  body += "%d = call {float, float, float, float} " + call + "\n";
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    body += "%r" + n + " = extractvalue {float, float, float, float} %d, " + n + "\n%q" + n +
            " = getelementptr i32, ptr addrspace(1) %out.at, i32 " + std::to_string(32 * i) +
            "\nstore float %r" + n + ", ptr addrspace(1) %q" + n + "\n";
  }
  ASSERT_EQ(launch.run(body), "");
  for (uint32_t lane = 0; lane < 32; ++lane) {
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      float expected = static_cast<float>(i + 1);
      for (uint32_t k = 0; k < 16; ++k) {
        expected += left(row, k) * right(k, column);
      }
      float found = 0;
      std::memcpy(&found, &launch.out[i * 32 + lane], 4);
      EXPECT_EQ(found, expected) << row << ", " << column;
    }
  }
}

TEST(Primitives, MmaMultipliesHalves) {
  checkProduct(halfWord,
               "@llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half> %h0, <2 x half> %h1, <2 x half> %h2, "
               "<2 x half> %h3, <2 x half> %h4, <2 x half> %h5, float 1.0, float 2.0, float 3.0, float 4.0)");
}

TEST(Primitives, MmaMultipliesBfloats) {
  checkProduct(bfloatWord,
               "@llvm.nvvm.mma.m16n8k16.row.col.bf16(i32 %w0, i32 %w1, i32 %w2, i32 %w3, i32 %w4, i32 %w5, "
               "float 1.0, float 2.0, float 3.0, float 4.0)");
}

const char *const kCopyOwn = R"(
  %byte = mul i32 %tid, 16
  %from = getelementptr i8, ptr addrspace(1) %in, i32 %byte
  %to = getelementptr i8, ptr addrspace(3) @smem, i32 %byte
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %to, ptr addrspace(1) %from)
  call void @llvm.nvvm.cp.async.commit.group()
)";
const char *const kReadShared =
    "%r = load i32, ptr addrspace(3) %shared.at\nstore i32 %r, ptr addrspace(1) %out.at\n";

TEST(Primitives, AsyncCopiesArriveWhenWaitedFor) {
  TestLaunch launch = countingLaunch(128);
  ASSERT_EQ(launch.run(std::string(kCopyOwn) +
                       "call void @llvm.nvvm.cp.async.wait.group(i32 0)\n"
                       "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n" +
                       kReadShared),
            "");
  EXPECT_EQ(launch.out[31], 131u);
  EXPECT_EQ(launch.counters.asyncCopies, 32u);
}

TEST(Primitives, AGroupThatMayBePendingIsNotThere) {
  TestLaunch launch = countingLaunch(128);
  const std::string finding = launch.run(std::string(kCopyOwn) +
                                         "call void @llvm.nvvm.cp.async.wait.group(i32 1)\n"
                                         "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n" +
                                         kReadShared);
  EXPECT_TRUE(finding.starts_with("read of shared memory with a pending cp.async")) << finding;
}

} // namespace
