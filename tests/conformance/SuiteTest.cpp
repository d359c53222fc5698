// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tests the suite: the verdicts on cases, and the names of cases that find faults.
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/ExpectationFile.h"
#include "tools/cria-plugin-test/PluginSuite.h"

#include <gmock/gmock.h>

namespace cria::conformance {
namespace {

using testing::HasSubstr;

const Case kPasses{"ops/add", [] {}};
const Case kFails{"ops/add", [] { throw Failure("row 1 is wrong"); }};
const Case kRefuses{"ops/add", [] { throw Unsupported("no sums here"); }};

TEST(SuiteTest, JudgesWithoutDeclarations) {
  EXPECT_EQ(runCase(kPasses, {}).verdict, Verdict::passed);
  EXPECT_EQ(runCase(kFails, {}).verdict, Verdict::failed);
  EXPECT_EQ(runCase(kFails, {}).text, "row 1 is wrong");
  EXPECT_EQ(runCase(kRefuses, {}).verdict, Verdict::unsupported);
  EXPECT_EQ(runCase({"x", [] { throw std::bad_alloc(); }}, {}).verdict, Verdict::failed);
}

TEST(SuiteTest, DistinguishesGapsFromPermanentReasons) {
  const Expectations gap{.unsupported = {}, .failures = {{"ops/*", "to be fixed"}}};
  const Expectations forGood{.unsupported = {{"ops/add", "no adder"}}, .failures = {}};
  EXPECT_EQ(runCase(kFails, gap).verdict, Verdict::expectedFailure);
  EXPECT_EQ(runCase(kFails, forGood).verdict, Verdict::unsupported);
  EXPECT_EQ(runCase(kFails, forGood).text, "no adder");
  EXPECT_EQ(runCase(kFails, {.unsupported = {{"ops/mul", "x"}}, .failures = {}}).verdict, Verdict::failed);
}

TEST(SuiteTest, FailsWhatPassesUnexpectedly) {
  for (const Expectations &declared :
       {Expectations{{{"ops/add", "no adder"}}, {}}, Expectations{{}, {{"ops/*", "to be fixed"}}}}) {
    const Result result = runCase(kPasses, declared);
    EXPECT_EQ(result.verdict, Verdict::unexpectedPass);
    EXPECT_TRUE(isBad(result.verdict));
    EXPECT_THAT(result.text, HasSubstr("remove the declaration"));
  }
}

TEST(SuiteTest, ReadsExpectationsNextToTheManifest) {
  const TemporaryFolder folder;
  const std::filesystem::path manifest = folder.write("mine.cria-plugin.json", "{}");
  EXPECT_TRUE(expectationsFor(manifest).value().failures.empty());
  folder.write("mine.cria-expect.json", R"({"expected_failures": {"replay/*": "later"}})");
  EXPECT_EQ(expectationsFor(manifest).value().failures.at("replay/*"), "later");
  for (const char *text : {"[]", "{", R"({"unsupported": {"a": ""}})", R"({"unsupported": 1})",
                           R"({"skip": {}})", R"({"unsupported": {"a": "x"}, "unsupported": {}})"}) {
    EXPECT_FALSE(expectationsFor(manifest, folder.write("bad.json", text)).ok()) << text;
  }
  EXPECT_EQ(expectationsFor(manifest, folder.path() / "none.json").status().code(), StatusCode::notFound);
}

TEST(SuiteTest, ReportsWhatItExpectedToOpen) {
  EXPECT_THAT(PluginSuite::open("/nowhere/x.so").status().message(), HasSubstr("/nowhere/x.so"));
  EXPECT_THAT(PluginSuite::open(builtPlugins()).status().message(), HasSubstr("a folder with one plugin"));
  const TemporaryFolder folder;
  folder.write("faulty.cria-plugin.json", ManifestText{}.text());
  EXPECT_THAT(PluginSuite::open(folder.path()).status().message(), HasSubstr("does not exist; install it"));
}

} // namespace
} // namespace cria::conformance
