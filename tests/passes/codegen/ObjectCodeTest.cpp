// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Object code of kernels: the information in a library, cross-compilation, equal bytes for equal kernels, and
// what is refused by name.
#include "passes/codegen/ObjectCode.h"
#include "passes/targets/cpu/Emitter.h"

#include "tests/passes/targets/cpu/KernelHarness.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Object/ELFObjectFile.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace cria;
using namespace cria;
using namespace cria::cpu;
using namespace cria::cpu::test;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr NormSpec kNorm{.width = 100, .epsilon = 1e-5f};
constexpr LinearSpec kLinear{.inputs = 96, .outputs = 131, .weight = WeightFormat::f16, .residual = true};
const AttentionSpec kAttention{
    .kv = {1, 2, 64, ElementType::f16}, .heads = 4, .scale = 0.125f, .maxPages = 4};

void emitSome(mlir::ModuleOp kernels, const Isa &isa) {
  LinearSpec single = kLinear;
  single.singleRow = true;
  emitNorm(kernels, kNorm);
  emitLinear(kernels, isa, kLinear);
  emitLinear(kernels, isa, single);
  emitAttention(kernels, isa, kAttention);
}

/// Compiles what `emit` adds; collects diagnostics.
struct Compilation {
  Compilation(llvm::StringRef isaName, ObjectStage stage,
              llvm::function_ref<void(mlir::ModuleOp, const Isa &)> emit = emitSome) {
    const Isa &isa = *findIsa(isaName);
    auto context = makeContext();
    context->loadDialect<mlir::tensor::TensorDialect>();
    mlir::ScopedDiagnosticHandler handler(context.get(), [&](mlir::Diagnostic &diagnostic) {
      message += diagnostic.str();
      return mlir::success();
    });
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
    emit(*module, isa);
    if (mlir::failed(lowerKernels(*module))) {
      return;
    }
    ObjectTarget target{isa.triple.str(), isa.cpu.str(), isa.features.str(), isa.name.str()};
    auto result = emitObjectCode(*module, target, stage);
    if (mlir::succeeded(result)) {
      bytes = *result;
    }
  }
  std::string bytes, message;
};

std::vector<std::string> definedSymbols(const std::string &bytes, llvm::Triple::ArchType arch) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "kernels"));
  EXPECT_TRUE(bool(file)) << llvm::toString(file.takeError());
  EXPECT_EQ((*file)->getArch(), arch);
  std::vector<std::string> names;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    if (llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Global) {
      names.push_back(llvm::cantFail(symbol.getName()).str());
    }
  }
  llvm::sort(names);
  return names;
}

std::vector<std::string> expectedSymbols() {
  LinearSpec single = kLinear;
  single.singleRow = true;
  std::vector<std::string> names = {kNorm.name(), kLinear.name(), single.name(), kAttention.name(),
                                    "cria_kernel_library"};
  llvm::sort(names);
  return names;
}

TEST(ObjectCode, ExportsKernelsAndNothingElse) {
  for (llvm::StringRef isa : {"x86-64-v3", "x86-64-v4"}) {
    Compilation object(isa, ObjectStage::object);
    EXPECT_EQ(definedSymbols(object.bytes, llvm::Triple::x86_64), expectedSymbols()) << object.message;
  }
}

TEST(ObjectCode, CrossCompilesToNeon) {
  Compilation object("aarch64", ObjectStage::object);
  EXPECT_EQ(definedSymbols(object.bytes, llvm::Triple::aarch64), expectedSymbols()) << object.message;
  Compilation assembly("aarch64", ObjectStage::assembly);
  EXPECT_THAT(assembly.bytes, HasSubstr("fmla\tv")); // chains of fused multiply-adds on vectors
  EXPECT_THAT(assembly.bytes, HasSubstr("fcvtl"));   // f16 weights
  EXPECT_THAT(assembly.bytes, Not(HasSubstr("\tbl\t")));
  Compilation library("aarch64", ObjectStage::sharedObject);
  ASSERT_GT(library.bytes.size(), 20u) << library.message;
  EXPECT_EQ(library.bytes.substr(0, 4), "\177ELF");
  EXPECT_EQ(static_cast<unsigned char>(library.bytes[18]), 183); // EM_AARCH64
}

TEST(ObjectCode, UsesTheRegistersOfItsLevel) {
  EXPECT_THAT(Compilation("x86-64-v4", ObjectStage::assembly).bytes, HasSubstr("zmm"));
  std::string narrow = Compilation("x86-64-v3", ObjectStage::assembly).bytes;
  EXPECT_THAT(narrow, HasSubstr("ymm"));
  EXPECT_THAT(narrow, Not(HasSubstr("zmm")));
  EXPECT_THAT(Compilation("x86-64-v3", ObjectStage::llvmIr).bytes, HasSubstr("@llvm.fma.v16f32"));
}

TEST(ObjectCode, LibraryStatesWhatItIs) {
  for (const Isa *isa : runnableIsas()) {
    KernelLibrary library(*isa, [&](mlir::ModuleOp kernels) { emitNorm(kernels, kNorm); });
    auto *info = static_cast<const cria_kernel_library_info *>(library.symbol("cria_kernel_library"));
    EXPECT_EQ(info->magic, CRIA_KERNEL_LIBRARY_MAGIC);
    EXPECT_EQ(info->version, CRIA_KERNEL_ABI_VERSION);
    EXPECT_EQ(info->sanitizer, CRIA_SANITIZER_NONE);
    EXPECT_EQ(info->reserved, 0u);
    EXPECT_EQ(std::string(info->features), isa->name.str());
  }
}

TEST(ObjectCode, EqualKernelsMakeEqualBytes) {
  Compilation first("x86-64-v4", ObjectStage::sharedObject), second("x86-64-v4", ObjectStage::sharedObject);
  ASSERT_FALSE(first.bytes.empty()) << first.message;
  EXPECT_EQ(first.bytes, second.bytes);
}

TEST(ObjectCode, RefusesCallsOfLibraries) {
  Compilation object("x86-64-v3", ObjectStage::object, [](mlir::ModuleOp kernels, const Isa &) {
    mlir::Type f32 = mlir::Float32Type::get(kernels.getContext());
    KernelFunction kernel(kernels, "exponential", {{"data", f32, /*written=*/true}});
    Emitter &e = kernel.emitter();
    mlir::Value x = e.load(kernel.buffer("data"), e.index(0));
    e.store(mlir::math::ExpOp::create(e, x), kernel.buffer("data"), e.index(0));
  });
  EXPECT_EQ(object.bytes, "");
  EXPECT_THAT(object.message, HasSubstr("kernels need the symbol 'expf' from elsewhere"));
}

TEST(ObjectCode, RefusesWhatLoweringLeaves) {
  Compilation object("x86-64-v3", ObjectStage::object, [](mlir::ModuleOp kernels, const Isa &) {
    KernelFunction kernel(kernels, "leftover", {});
    Emitter &e = kernel.emitter();
    mlir::Value size = mlir::tensor::EmptyOp::create(e, llvm::ArrayRef<int64_t>{4}, e.f32());
    mlir::tensor::DimOp dim = mlir::tensor::DimOp::create(e, size, kernel.x());
    e.storeScalar(e.floatConst(0), kernel.scratch(), Index(e, dim));
  });
  EXPECT_EQ(object.bytes, "");
  EXPECT_THAT(object.message, HasSubstr("operation 'tensor."));
  EXPECT_THAT(object.message, HasSubstr("was left after lowering kernels to llvm"));
}

} // namespace
