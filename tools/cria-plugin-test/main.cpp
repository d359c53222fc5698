// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria-plugin-test: runs the conformance suite on a plugin. Writes one line for each case, or JSON, to
// stdout. Exit codes: 0 all cases pass; 1 a case failed; 2 error.
#include "tools/cria-plugin-test/ExpectationFile.h"
#include "tools/cria-plugin-test/PluginSuite.h"
#include "tools/terminal/CommandLine.h"
#include "tools/terminal/JsonOutput.h"

#include <CLI/CLI.hpp>
#include <map>

namespace {

using namespace cria;
using namespace cria::cli;
using conformance::Result;
using conformance::Verdict;

constexpr int kExitPassed = 0, kExitFailed = 1, kExitError = 2;

struct Options {
  std::string path;
  std::string filter = "*";
  std::string expectations;
  bool list = false;
  bool json = false;
  bool quiet = false;
  conformance::SuiteOptions suite;
};

std::string lineOf(const Result &result) {
  const std::string reason = result.text.empty() ? "" : "\n    " + result.text;
  return fmt::format("{:<16}  {}{}\n", toString(result.verdict), result.name, reason);
}

nlohmann::ordered_json jsonOf(const Result &result) {
  return {{"case", result.name},
          {"verdict", toString(result.verdict)},
          {"reason", result.text},
          {"seconds", result.seconds}};
}

/// "plugin null 0.1.0: 51 passed, 2 failed"
std::string summary(const LoadedPlugin &plugin, const std::map<Verdict, int> &counts) {
  std::string text;
  for (const auto &[verdict, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, toString(verdict));
  }
  return fmt::format("{} {} {}: {}", toString(plugin.kind), plugin.name, plugin.version,
                     text.empty() ? "no cases" : text);
}

int runAll(const Options &options, const conformance::PluginSuite &suite,
           const conformance::Expectations &expectations) {
  auto rows = nlohmann::ordered_json::array();
  std::map<Verdict, int> counts;
  bool bad = false;
  for (const conformance::Case &testCase : suite.cases()) {
    if (!conformance::matches(options.filter, testCase.name)) {
      continue;
    }
    const Result result = runCase(testCase, expectations);
    ++counts[result.verdict];
    bad |= isBad(result.verdict);
    options.json ? rows.push_back(jsonOf(result)) : (void)writeData(lineOf(result));
  }
  if (options.json) {
    writeJson(rows, 2);
  }
  logInfo(options.quiet, "{}", summary(suite.plugin(), counts));
  if (counts.empty()) {
    logError("no case matches '{}'; use --list to print the names of all cases", options.filter);
    return kExitError;
  }
  return bad ? kExitFailed : kExitPassed;
}

StatusOr<int> run(const Options &options) {
  CRIA_ASSIGN_OR_RETURN(const auto suite, conformance::PluginSuite::open(options.path, options.suite));
  CRIA_ASSIGN_OR_RETURN(const conformance::Expectations expectations,
                        conformance::expectationsFor(suite->manifest(), options.expectations));
  if (!options.list) {
    return runAll(options, *suite, expectations);
  }
  for (const conformance::Case &testCase : suite->cases()) {
    writeData(testCase.name + "\n");
  }
  return kExitPassed;
}

void addOptions(CLI::App &app, Options &options) {
  app.set_version_flag("--version", fmt::format("cria-plugin-test {}\nplugin ABI: {}.{}", CRIA_VERSION,
                                                CRIA_ABI_MAJOR, CRIA_ABI_MINOR));
  app.add_option(
         "plugin", options.path,
         "A plugin manifest (NAME.cria-plugin.json), the library next to it, or a folder with one plugin")
      ->required();
  app.add_option("--options", options.suite.arguments,
                 "Options of a sampler or chat template, such as 'p=0.9'");
  app.add_option("--filter", options.filter, "Run only this case, or those with this prefix: 'ops/linear*'");
  app.add_option("--expect", options.expectations,
                 "JSON file of cases that are known not to pass (default: NAME.cria-expect.json next to the "
                 "plugin manifest)");
  app.add_option(
      "--package", options.suite.package,
      "Package compiled for this backend and for ops; also compare whole models with backend 'reference'");
  app.add_option("--device", options.suite.device, "Device number of a backend")
      ->transform(wholeNumber(0, UINT32_MAX));
  app.add_option("--seed", options.suite.seed, "Seed of random shapes and values")
      ->transform(wholeNumber(0, UINT64_MAX));
  app.add_flag("--list", options.list, "Print the names of cases and exit");
  app.add_flag("--json", options.json, "Print results as a JSON array of objects");
  app.add_flag("--quiet", options.quiet, "Do not print the summary");
  app.footer("Example:\n  cria-plugin-test build/plugins/cria_sampler_mine.cria-plugin.json");
}

int report(const Status &status) {
  logError("{}", status.message());
  return kExitError;
}

} // namespace

int main(int argc, char **argv) {
  openStandardStreams();
  CLI::App app("Run the conformance suite on a plugin.", "cria-plugin-test");
  Options options;
  addOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &problem) {
    if (problem.get_exit_code() == 0) {
      return app.exit(problem);
    }
    logError("{}\n{}\nSee 'cria-plugin-test --help'.", describeParseError(problem), app.get_footer());
    return kExitError;
  }
  try {
    const StatusOr<int> result = run(options);
    const int code = result.ok() ? *result : report(result.status());
    return finishData() ? code : report(error(StatusCode::io, "cannot write to standard output"));
  } catch (const std::exception &problem) {
    return report(error(StatusCode::internal, "{}", problem.what()));
  }
}
