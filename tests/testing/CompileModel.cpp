// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/testing/CompileModel.h"

#include "passes/driver/Compiler.h"
#include "tests/testing/Process.h"
#include "tools/cria-compile/CompileOptions.h"

#include <map>
#include <stdexcept>

namespace cria::test {

static CompileJob jobOf(const std::vector<std::string> &arguments) {
  std::vector<const char *> argv = {"cria-compile"};
  for (const std::string &argument : arguments) {
    argv.push_back(argument.c_str());
  }
  const CommandLine line = parseCommandLine(static_cast<int>(argv.size()), argv.data(), "", "");
  if (!line.options) {
    throw std::runtime_error(line.text);
  }
  StatusOr<CompileJob> job = makeJob(*line.options);
  if (!job.ok()) {
    throw std::runtime_error(job.status().message());
  }
  return std::move(job).value();
}

std::string compileModel(const std::string &model, const std::vector<std::string> &arguments) {
  static const TemporaryFolder folder;
  static std::map<std::vector<std::string>, std::string> compiled;
  std::vector<std::string> all = arguments;
  if (!model.empty()) {
    all.insert(all.begin(), model);
  }
  if (const auto found = compiled.find(all); found != compiled.end()) {
    return found->second;
  }
  const std::vector<std::string> key = all;
  const std::string package = folder.path(std::to_string(compiled.size()) + ".cria");
  all.insert(all.end(), {"-o", package});
  CompileObserver silent;
  const StatusOr<CompileResult> result = compile(jobOf(all), silent);
  if (!result.ok()) {
    throw std::runtime_error("compilation failed: " + result.status().message());
  }
  return compiled[key] = package;
}

} // namespace cria::test
