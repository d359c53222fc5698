// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stream for the remarks of category "fusion".
#include "tools/cria-compile/FusionReport.h"

#include "tools/terminal/Terminal.h"

#include "mlir/IR/Remarks.h"

namespace cria {

namespace {
class StderrStreamer : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  void streamOptimizationRemark(const mlir::remark::detail::Remark &remark) override {
    std::string line = remark.getRemarkName().str() + ":";
    const char *separator = " ";
    for (const auto &argument : remark.getArgs()) {
      line += separator + argument.key + " " + argument.val;
      separator = ", ";
    }
    cli::writeMessage(line + "\n");
  }
};
} // namespace

void enableFusionReport(mlir::MLIRContext &context) {
  mlir::remark::RemarkCategories categories;
  categories.missed = categories.analysis = "fusion";
  // It only fails when a stream cannot be set up, which this one needs not.
  (void)mlir::remark::enableOptimizationRemarks(context, std::make_unique<StderrStreamer>(),
                                                std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(),
                                                categories);
}

} // namespace cria
