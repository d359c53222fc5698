// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the conformance suite on plugins of this build. Each program that compiles this file defines
// CRIA_SUITE_PLUGINS, the paths of its plugins in the build folder without extension.
#include "tools/cria-plugin-test/PluginSuite.h"
#include "tools/cria-plugin-test/BackendSuite.h"
#include "tools/cria-plugin-test/ExpectationFile.h"

#include <gtest/gtest.h>

using namespace cria;
using namespace cria::conformance;

namespace {

/// Plugins with required options.
std::string argumentsFor(const std::string &plugin) {
  static const std::map<std::string, std::string> arguments = {
      {"plugins/cria_sampler_grammar", R"(gbnf="root ::= [^\\x00]*")"},
      {"plugins/cria_chat_jinja",
       R"(template="{% for m in messages %}{{ bos_token + m.role + ':' + m.content }}{% endfor %}")"}};
  const auto found = arguments.find(plugin);
  return found != arguments.end() ? found->second : "";
}

class PluginSuiteTest : public testing::TestWithParam<const char *> {};

TEST_P(PluginSuiteTest, Passes) {
  const std::string path = std::string(CRIA_BINARY_DIR) + "/" + GetParam() + ".cria-plugin.json";
  SuiteOptions options;
  options.arguments = argumentsFor(GetParam());
  const auto suite = PluginSuite::open(path, options);
  ASSERT_TRUE(suite.ok()) << suite.status().message();
  const auto expectations = expectationsFor((*suite)->manifest());
  ASSERT_TRUE(expectations.ok()) << expectations.status().message();
  for (const Case &testCase : (*suite)->cases()) {
    const Result result = runCase(testCase, *expectations);
    EXPECT_FALSE(isBad(result.verdict))
        << result.name << ": " << toString(result.verdict) << ": " << result.text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PluginSuiteTest, testing::Values(CRIA_SUITE_PLUGINS), [](const auto &info) {
  const std::string path = info.param;
  return path.substr(path.rfind('/') + 1);
});

} // namespace
