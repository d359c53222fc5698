// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The targets for cubin, PTX and the simulator.
#include "passes/targets/cuda/CudaTarget.h"

#include "passes/targets/cuda/CudaLowering.h"
#include "passes/targets/cuda/DeviceCode.h"
#include "passes/targets/cuda/Ptxas.h"
#include "plugins/api/kernel_abi.h"

using namespace mlir;

namespace cria {

using program::Access;

namespace {

class CudaTarget : public Target {
public:
  CudaTarget(const cuda::Sm &sm, DeviceFormat kind) : sm_(sm), kind_(kind) {}

  std::string name() const override {
    return kind_ == DeviceFormat::simulator ? ("gpusim-" + sm_.name).str()
           : kind_ == DeviceFormat::cubin   ? ("cuda-" + sm_.name).str()
                                            : ("cuda-" + sm_.name + "-ptx").str();
  }
  std::string format() const override {
    return kind_ == DeviceFormat::simulator ? "gpusim.bitcode"
           : kind_ == DeviceFormat::cubin   ? ("nv.cubin." + sm_.name).str()
                                            : "nv.ptx";
  }
  std::string features(StringRef code) const override {
    return kind_ == DeviceFormat::ptx     ? (sm_.name + " " + sm_.ptx).str()
           : kind_ == DeviceFormat::cubin ? (sm_.name + " " + cuda::driverWord(code)).str()
                                          : sm_.name.str();
  }
  uint32_t abiVersion(const Program &) const override { return CRIA_GPU_KERNEL_ABI_VERSION; }
  bool takesFormat(WeightFormat) const override { return true; }
  std::vector<ActivationClass> activationsFor(WeightFormat format) const override {
    return cuda::activationsFor(format);
  }
  std::string codeExtension() const override {
    return kind_ == DeviceFormat::simulator ? ".bc" : kind_ == DeviceFormat::cubin ? ".cubin" : ".ptx";
  }

  int64_t pageTokens() const override { return cuda::KvLayout::kPageTokens; }
  int64_t pageBytes(llama::KvCacheType type) const override {
    cuda::KvLayout kv{kvCacheSpecOf(type)};
    return kv.pageElements() * int64_t(sizeOf(kv.type));
  }

  // Matrix products read whole tiles, and codes are loaded in aligned chunks. A tied embedding, which is also
  // looked up, gets the layout of the product.
  llama::WeightLayout weightLayout(llama::WeightOp weight, ArrayRef<Operation *> users) const override {
    auto isMultiplied = [](Operation *user) {
      return isa_and_nonnull<llama::LinearOp, llama::FusedLinearOp>(user);
    };
    llama::WeightType type = weight.getWeightType();
    bool isRead = !isDense(type.getFormat()) || llvm::any_of(users, isMultiplied);
    return type.getRank() == 2 && isRead ? llama::WeightLayout::row_padded : llama::WeightLayout::row_major;
  }

  LogicalResult emitDispatches(Operation *op, DispatchBuilder &builder) const override {
    return cuda::CudaLowering(op, builder).lower();
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment, const View &constants,
                               DispatchBuilder &builder) const override {
    return addDispatch(
        builder, fillKernel(weight, /*ones=*/false), {{.times = segment.rows}},
        Operands(builder).read("constants", constants).weight("weight", weight, Access::write));
  }
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override {
    int64_t rows = weight.logical.getRank() == 1 ? 1 : weight.logical.getRows();
    return addDispatch(builder, fillKernel(weight, /*ones=*/true), {{.times = rows}},
                       Operands(builder).weight("weight", weight, Access::write));
  }

  FailureOr<TargetCode> emitCode(ModuleOp program, CodeStage stage) const override;

private:
  static Kernel fillKernel(const WeightView &weight, bool ones) {
    PhysicalLayout layout = weight.logical.getPhysicalLayout();
    cuda::FillSpec spec{.columns = layout.columns,
                        .pitch = layout.paddedColumns(),
                        .format = weight.logical.getFormat(),
                        .ones = ones};
    return kernelOf(spec, {.blockThreads = cuda::kRowThreads}, cuda::emitFill);
  }

  const cuda::Sm &sm_;
  DeviceFormat kind_;
};

FailureOr<TargetCode> CudaTarget::emitCode(ModuleOp program, CodeStage stage) const {
  auto kernels = program.lookupSymbol<ModuleOp>(program::ProgramDialect::kKernelsModule);
  if (!kernels) {
    return program.emitError("expected the program to have a module @")
           << program::ProgramDialect::kKernelsModule << " with its kernels";
  }
  if (stage == CodeStage::kernels) {
    return TargetCode{printModule(kernels), {}};
  }
  OwningOpRef<ModuleOp> copy = kernels.clone();
  bool isBitcode = stage == CodeStage::object && kind_ == DeviceFormat::simulator;
  cuda::DeviceStage device = stage == CodeStage::llvm ? cuda::DeviceStage::llvmIr
                             : isBitcode              ? cuda::DeviceStage::bitcode
                                                      : cuda::DeviceStage::ptx;
  FailureOr<std::string> code = cuda::emitDeviceCode(*copy, sm_, device);
  if (failed(code)) {
    return failure();
  }
  if (stage != CodeStage::object || kind_ != DeviceFormat::cubin) {
    return TargetCode{std::move(*code), {}};
  }
  return cuda::assemble(program, *code, sm_);
}

} // namespace

std::unique_ptr<Target> createCudaTarget(StringRef sm, DeviceFormat format) {
  const cuda::Sm *known = cuda::findSm(sm);
  return known ? std::make_unique<CudaTarget>(*known, format) : nullptr;
}

} // namespace cria
