// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMSNorm with the packing of its result: the bits of the kernel of the norm and then that of the packing.
#include "tests/passes/targets/cpu/KernelHarness.h"
#include "tests/passes/targets/cpu/ScalarKernels.h"

#include "gtest/gtest.h"

#include <limits>
#include <random>

using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;

namespace {

struct NormPackCase {
  int64_t columns;
  Int8Encoding encoding;
  int64_t stride;
};

class NormPackTest : public testing::TestWithParam<NormPackCase> {
protected:
  NormPackTest() {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (float &value : input_) {
      value = normal(random);
    }
    for (float &value : weight_) {
      value = normal(random);
    }
    input_[size_t(kNanRow * GetParam().stride)] = kNan;
    std::fill_n(input_.begin() + kZeroRow * GetParam().stride, GetParam().columns, 0.0f);
    input_[size_t(kInfinityRow * GetParam().stride + 1)] = std::numeric_limits<float>::infinity();
  }

  static constexpr int64_t kRows = 5, kNanRow = 1, kZeroRow = 2, kInfinityRow = 3;

  /// Runs a kernel on all rows.
  template <typename Spec>
  void run(const Isa &isa, const Spec &spec, void (*emit)(mlir::ModuleOp, const Spec &),
           std::vector<void *> bindings, int64_t scratchBytes = 0) {
    KernelLibrary library(isa, [&](mlir::ModuleOp kernels) { emit(kernels, spec); });
    Buffer<float> scratch(size_t(scratchBytes) / sizeof(float), kNan);
    for (int64_t row = 0; row < kRows; ++row) {
      library.kernel(spec.name())(bindings.data(), scratch.data(), uint32_t(row), 0, 0);
    }
    EXPECT_TRUE(scratch.intact());
  }

  NormSpec norm_{.width = GetParam().columns, .epsilon = 1e-5f, .inputStride = GetParam().stride};
  PackRowsSpec packing_{.columns = GetParam().columns, .encoding = GetParam().encoding, .zero = 32};
  Buffer<float> input_ = Buffer<float>(size_t(kRows * GetParam().stride), 0.0f);
  Buffer<float> weight_ = Buffer<float>(size_t(GetParam().columns), 0.0f);
};

TEST_P(NormPackTest, HasTheBitsOfTwoKernels) {
  for (const Isa *isa : runnableIsas()) {
    Buffer<float> normalized(size_t(kRows * norm_.width), kNan);
    Buffer<int32_t> expected(size_t(kRows * packing_.words()), -1), packed(expected.size(), -1);
    run(*isa, norm_, emitNorm, {input_.data(), weight_.data(), normalized.data()});
    run(*isa, packing_, emitPackRows, {normalized.data(), expected.data()});
    const NormPackSpec spec{norm_, packing_};
    run(*isa, spec, emitNormPack, {input_.data(), weight_.data(), packed.data()}, spec.scratchBytes());
    EXPECT_TRUE(input_.intact() && weight_.intact() && packed.intact());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), packed.begin())) << isa->name.str();
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, NormPackTest,
                         testing::Values(NormPackCase{64, Int8Encoding::a8, 64},
                                         NormPackCase{352, Int8Encoding::a8p, 400},
                                         NormPackCase{33, Int8Encoding::a8, 40},
                                         NormPackCase{17, Int8Encoding::a8p, 17}));

} // namespace
