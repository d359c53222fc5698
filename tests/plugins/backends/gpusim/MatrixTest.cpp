// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix and mma.sync, element by element, against the figures of the PTX ISA.
#include "plugins/backends/gpusim/HostMath.h"
#include "tests/plugins/backends/gpusim/WarpHarness.h"

#include <fmt/format.h>

using namespace cria::gpusim;

namespace {

/// Element (row, column) of matrix m in shared memory is 0x1000 m + 16 row + column; the rows of the matrices
/// lie one after the other, 16 bytes each. Every lane brings one word of each of the four matrices.
std::string fillMatrices() {
  std::string text;
  for (uint32_t m = 0; m < 4; ++m) { // word t of matrix m: row t / 4, columns 2 (t % 4) and the next
    text += fmt::format(R"(
  %row{0} = lshr i32 %t, 2
  %pair{0} = and i32 %t, 3
  %rowpart{0} = shl i32 %row{0}, 4
  %colpart{0} = shl i32 %pair{0}, 1
  %low{0} = add i32 %rowpart{0}, %colpart{0}
  %elem{0} = add i32 %low{0}, {1}
  %next{0} = add i32 %elem{0}, 1
  %high{0} = shl i32 %next{0}, 16
  %word{0} = or i32 %elem{0}, %high{0}
  %at{0} = add i32 %t, {2}
)",
                        m, 0x1000 * m, 32 * m);
    text += elementAddress(fmt::format("%s{}", m), "i32", 3, "@sm", fmt::format("%at{}", m));
    text += fmt::format("  store i32 %word{0}, ptr addrspace(3) %s{0}\n", m);
  }
  return text + "  call void @llvm.nvvm.bar.warp.sync(i32 -1)\n";
}

/// The row addresses come from lanes 0 .. 8 x count - 1; the result words are stored one after the other.
Words loadMatrix(uint32_t count, bool transposed, bool generic) {
  const std::string type = count == 1 ? "i32" : count == 2 ? "{i32, i32}" : "{i32, i32, i32, i32}";
  std::string body = fillMatrices() + fmt::format("  %mask = and i32 %t, {}\n", 8 * count - 1) +
                     elementAddress("%row", "[16 x i8]", 3, "@sm", "%mask");
  body += "  %rowg = addrspacecast ptr addrspace(3) %row to ptr\n";
  body += fmt::format("  %r = call {} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x{}{}.b16.{}({})\n", type, count,
                      transposed ? ".trans" : "", generic ? "p0" : "p3",
                      generic ? "ptr %rowg" : "ptr addrspace(3) %row");
  for (uint32_t m = 0; m < count; ++m) {
    body +=
        count == 1 ? "  %w0 = or i32 %r, 0\n" : fmt::format("  %w{0} = extractvalue {1} %r, {0}\n", m, type);
    body += fmt::format("  %base{0} = mul i32 %t, {1}\n  %index{0} = add i32 %base{0}, {0}\n", m, count);
    body += elementAddress(fmt::format("%o{}", m), "i32", 1, "%p1", fmt::format("%index{}", m));
    body += fmt::format("  store i32 %w{0}, ptr addrspace(1) %o{0}\n", m);
  }
  return runWarp(body + "  ret void", {0}, count);
}

/// Not transposed, a lane gets row lane / 4, columns 2 (lane % 4) and the next; transposed, column lane / 4
/// of rows 2 (lane % 4) and the next. The first is the low half.
Words expectedMatrix(uint32_t count, bool transposed) {
  Words words;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    for (uint32_t m = 0; m < count; ++m) {
      const uint32_t a = lane / 4;
      const uint32_t b = lane % 4 * 2;
      const uint32_t low = 0x1000 * m + (transposed ? 16 * b + a : 16 * a + b);
      const uint32_t high = 0x1000 * m + (transposed ? 16 * (b + 1) + a : 16 * a + b + 1);
      words.push_back(high << 16 | low);
    }
  }
  return words;
}

TEST(LoadMatrix, GivesEachLaneItsPairs) {
  for (const uint32_t count : {1u, 2u, 4u}) {
    for (const bool transposed : {false, true}) {
      for (const bool generic : {false, true}) {
        EXPECT_EQ(loadMatrix(count, transposed, generic), expectedMatrix(count, transposed))
            << count << transposed << generic;
      }
    }
  }
}

/// The lane and register that hold an element, as the figures of the PTX ISA show them.
struct Home {
  uint32_t lane;
  uint32_t word;
  bool high;
};

Home homeOfA(uint32_t row, uint32_t column) {
  return {row % 8 * 4 + column % 8 / 2, row / 8 + column / 8 * 2, column % 2 != 0};
}
Home homeOfB(uint32_t row, uint32_t column) { return {column * 4 + row % 8 / 2, row / 8, row % 2 != 0}; }
Home homeOfC(uint32_t row, uint32_t column) {
  return {row % 8 * 4 + column / 2, row / 8 * 2 + column % 2, false};
}

/// One form of mma.sync with its operands in 16 bits.
struct Form {
  std::string name;
  uint32_t k;
  bool isBfloat;
};

float valueAt(uint32_t row, uint32_t column, uint32_t seed) {
  return static_cast<float>(static_cast<int>((row * 7 + column * 3 + seed) % 13) - 6) / 4.0f;
}

void put(Words &words, uint32_t perLane, const Home &home, uint32_t bits16) {
  words[home.lane * perLane + home.word] |= bits16 << (home.high ? 16 : 0);
}

uint32_t bitsOf(float value, bool isBfloat) { return isBfloat ? doubleToBfloat(value) : doubleToHalf(value); }

/// Per lane: registers of a, of b, of c.
Words fragments(const Form &form) {
  const uint32_t wordsA = form.k / 4;
  const uint32_t wordsB = form.k / 8;
  const uint32_t perLane = wordsA + wordsB + 4;
  Words words(kLanes * perLane, 0);
  for (uint32_t k = 0; k < form.k; ++k) {
    for (uint32_t m = 0; m < 16; ++m) {
      put(words, perLane, homeOfA(m, k), bitsOf(valueAt(m, k, 1), form.isBfloat));
    }
    for (uint32_t n = 0; n < 8; ++n) {
      Home home = homeOfB(k, n);
      home.word += wordsA;
      put(words, perLane, home, bitsOf(valueAt(k, n, 2), form.isBfloat));
    }
  }
  for (uint32_t m = 0; m < 16; ++m) {
    for (uint32_t n = 0; n < 8; ++n) {
      const Home home = homeOfC(m, n);
      const float value = valueAt(m, n, 3);
      std::memcpy(&words[home.lane * perLane + wordsA + wordsB + home.word], &value, sizeof(value));
    }
  }
  return words;
}

std::string multiply(const Form &form) {
  const uint32_t words16 = form.k / 4 + form.k / 8;
  const std::string type16 = form.isBfloat ? "i32" : "<2 x half>";
  std::string body = fmt::format("  %first = mul i32 %t, {}\n", words16 + 4);
  std::string operands;
  for (uint32_t i = 0; i < words16 + 4; ++i) {
    const std::string type = i < words16 ? type16 : "float";
    body += fmt::format("  %i{0} = add i32 %first, {0}\n", i) +
            elementAddress(fmt::format("%a{}", i), "i32", 1, "%p0", fmt::format("%i{}", i)) +
            fmt::format("  %v{0} = load {1}, ptr addrspace(1) %a{0}, align 4\n", i, type);
    operands += fmt::format("{}{} %v{}", i != 0 ? ", " : "", type, i);
  }
  body +=
      fmt::format("  %r = call {{float, float, float, float}} @llvm.nvvm.mma.{}({})\n", form.name, operands);
  body += "  %out = mul i32 %t, 4\n";
  for (uint32_t i = 0; i < 4; ++i) {
    body +=
        fmt::format(
            "  %o{0} = add i32 %out, {0}\n  %w{0} = extractvalue {{float, float, float, float}} %r, {0}\n",
            i) +
        elementAddress(fmt::format("%d{}", i), "float", 1, "%p1", fmt::format("%o{}", i)) +
        fmt::format("  store float %w{0}, ptr addrspace(1) %d{0}\n", i);
  }
  return body + "  ret void";
}

TEST(MultiplyMatrices, AgreesWithScalarCode) {
  for (const Form &form :
       {Form{"m16n8k16.row.col.f32.f32", 16, false}, Form{"m16n8k8.row.col.f32.f32", 8, false},
        Form{"m16n8k16.row.col.bf16", 16, true}, Form{"m16n8k8.row.col.bf16", 8, true}}) {
    const Words result = runWarp(multiply(form), fragments(form), 4);
    for (uint32_t m = 0; m < 16; ++m) {
      for (uint32_t n = 0; n < 8; ++n) {
        float sum = valueAt(m, n, 3); // quarters: exact in any order
        for (uint32_t k = 0; k < form.k; ++k) {
          sum += valueAt(m, k, 1) * valueAt(k, n, 2);
        }
        const Home home = homeOfC(m, n);
        float actual = 0;
        std::memcpy(&actual, &result[home.lane * 4 + home.word], sizeof(actual));
        EXPECT_EQ(actual, sum) << form.name << " " << m << "," << n;
      }
    }
  }
}

} // namespace
