// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A streamer of the remarks of category "fusion".
#include "passes/driver/FusionRemarks.h"

#include "mlir/IR/Remarks.h"

namespace cria {

namespace {
class ObserverStreamer : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  explicit ObserverStreamer(CompileObserver &observer) : observer_(observer) {}

  void streamOptimizationRemark(const mlir::remark::detail::Remark &remark) override {
    std::string line = remark.getRemarkName().str() + ":";
    const char *separator = " ";
    for (const auto &argument : remark.getArgs()) {
      line += separator + argument.key + " " + argument.val;
      separator = ", ";
    }
    observer_.remark(line);
  }

private:
  CompileObserver &observer_;
};
} // namespace

void reportFusions(mlir::MLIRContext &context, CompileObserver &observer) {
  mlir::remark::RemarkCategories categories;
  categories.missed = categories.analysis = "fusion";
  // It fails only when the streamer cannot be set up, and this one needs no set-up.
  (void)mlir::remark::enableOptimizationRemarks(context, std::make_unique<ObserverStreamer>(observer),
                                                std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(),
                                                categories);
}

} // namespace cria
