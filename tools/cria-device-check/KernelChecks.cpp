// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/Checks.h"

#include "tools/cria-device-check/RealCheck.h"

#include <fmt/format.h>
#include <map>

namespace cria::check {
namespace {

using namespace conformance;

Row rowOf(const std::string &name, const std::string &target, const DeviceFindings &findings) {
  const bool isGood = findings.failure.empty();
  return {.section = "kernel",
          .name = name,
          .target = target,
          .outcome = isGood ? Outcome::ok : Outcome::failed,
          .text = isGood ? fmt::format("relative error {:.1e} (prompt), {:.1e} (few rows)",
                                       findings.promptError, findings.fewError)
                         : findings.failure,
          .values = {{"prompt_error", findings.promptError}, {"few_error", findings.fewError}}};
}

DeviceFindings runCase(const CheckOptions &options, const DeviceCase &testCase,
                       const CompiledProgram &program) {
  const CompiledProgram ops =
      readProgram((options.data / "kernels" / (testCase.name + ".ops.program")).string());
  return checkOnDevice(testCase, ops, program, options.backend, {.device = options.device});
}

DeviceFindings runCase(const CheckOptions &options, const RealCase &testCase,
                       const CompiledProgram &program) {
  return checkRealCase(testCase, program, options.backend, {.device = options.device});
}

/// The selected cases by name, which is that of their programs.
template <typename Case>
std::map<std::string, Case> selected(const CheckOptions &options, std::vector<Case> all) {
  std::map<std::string, Case> cases;
  for (Case &testCase : all) {
    if (isSelected(options, testCase.name)) {
      cases.emplace(testCase.name, std::move(testCase));
    }
  }
  return cases;
}

std::vector<RealCase> allRealCases() {
  std::vector<RealCase> cases = realCases(kRealSizes);
  for (RealCase &testCase : realCases(kRehearsalSizes)) {
    cases.push_back(std::move(testCase));
  }
  return cases;
}

} // namespace

void checkKernels(const CheckOptions &options, Report &report) {
  const std::map<std::string, DeviceCase> cases = selected(options, deviceCases());
  const std::map<std::string, RealCase> real = selected(options, allRealCases());
  size_t checked = 0;
  forEachProgram(options, options.data / "kernels",
                 [&](const std::string &name, const std::string &target, const CompiledProgram &program) {
                   if (cases.count(name) != 0) {
                     report.add(rowOf(name, target, runCase(options, cases.at(name), program)));
                     ++checked;
                   } else if (real.count(name) != 0) {
                     report.add(rowOf(name, target, runCase(options, real.at(name), program)));
                     ++checked;
                   }
                 });
  if (checked == 0) {
    report.add({"kernel", "all", "", Outcome::failed,
                cases.empty() && real.empty() ? "no case has a name that --filter and --exclude select"
                                              : "no program in kernels/ runs on this device"});
  }
}

} // namespace cria::check
