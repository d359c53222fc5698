// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Checks.h"

#include "tools/cria-device-check/DeviceCheck.h"

#include <fmt/format.h>
#include <map>

namespace cria::check {
namespace {

using namespace conformance;

Row checkCase(const CheckOptions &options, const DeviceCase &testCase, const std::string &target,
              const CompiledProgram &program) {
  const CompiledProgram ops =
      readProgram((options.data / "kernels" / (testCase.name + ".ops.program")).string());
  const DeviceFindings findings =
      checkOnDevice(testCase, ops, program, options.backend, {.device = options.device});
  const bool isGood = findings.failure.empty();
  return {.section = "kernel",
          .name = testCase.name,
          .target = target,
          .outcome = isGood ? Outcome::ok : Outcome::failed,
          .text = isGood ? fmt::format("relative error {:.1e} (prompt), {:.1e} (few rows)",
                                       findings.promptError, findings.fewError)
                         : findings.failure,
          .values = {{"prompt_error", findings.promptError}, {"few_error", findings.fewError}}};
}

} // namespace

void checkKernels(const CheckOptions &options, Report &report) {
  std::map<std::string, DeviceCase> cases;
  for (DeviceCase &testCase : deviceCases()) {
    if (isSelected(options, testCase.name)) {
      cases.emplace(testCase.name, std::move(testCase));
    }
  }
  size_t checked = 0;
  forEachProgram(options, options.data / "kernels",
                 [&](const std::string &name, const std::string &target, const CompiledProgram &program) {
                   if (cases.count(name) != 0) {
                     report.add(checkCase(options, cases.at(name), target, program));
                     ++checked;
                   }
                 });
  if (checked == 0) {
    report.add({"kernel", "all", "", Outcome::failed, "no program in kernels/ runs on this device"});
  }
}

} // namespace cria::check
