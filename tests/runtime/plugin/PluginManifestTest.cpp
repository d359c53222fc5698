// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginManifest.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::HasSubstr;

std::string refusalOfManifest(std::string_view text) {
  const TemporaryFolder folder;
  PluginManifest manifest;
  return readPluginManifest(folder.write("x.cria-plugin.json", text), manifest).message();
}

TEST(PluginManifestTest, ReadsAllMembers) {
  ManifestText text;
  text.needs = R"({"os": "linux", "arch": "x86_64", "cpu": ["x86-64-v3", "avx2"]})";
  const TemporaryFolder folder;
  PluginManifest manifest;
  const Status status = readPluginManifest(folder.write("x.cria-plugin.json", text.text()), manifest);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(manifest.library, "faulty_none.so");
  EXPECT_EQ(manifest.kind, "chat");
  EXPECT_EQ(manifest.name, "faulty");
  EXPECT_EQ(manifest.abiMinorMax, CRIA_ABI_MINOR);
  EXPECT_THAT(manifest.cpuFeatures, testing::ElementsAre("x86-64-v3", "avx2"));
}

TEST(PluginManifestTest, ReadsTheOpsOfABackend) {
  ManifestText text;
  text.more =
      R"(, "ops": {"linear": {"types": {"weight": ["f32", "bf16"]}}, "fused_linear": {"parts": ["residual"]}, "add": {}})";
  const TemporaryFolder folder;
  PluginManifest manifest;
  const Status status = readPluginManifest(folder.write("x.cria-plugin.json", text.text()), manifest);
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_TRUE(manifest.ops.has_value());
  EXPECT_EQ(manifest.ops->ops.size(), 3u);
  EXPECT_EQ(manifest.ops->ops["linear"].types["weight"], (std::set<std::string>{"bf16", "f32"}));
  EXPECT_EQ(manifest.ops->ops["fused_linear"].parts, std::set<std::string>{"residual"});
  EXPECT_EQ(manifest.ops->ops["add"].parts.size(), 3u);
}

TEST(PluginManifestTest, RefusesOpsThatAreNone) {
  const auto refusalOfOps = [](const std::string &ops) {
    ManifestText text;
    text.more = ", \"ops\": " + ops;
    return refusalOfManifest(text.text());
  };
  EXPECT_THAT(refusalOfOps("{}"), HasSubstr("expected member 'ops' to be an object of ops"));
  EXPECT_THAT(refusalOfOps("[1]"), HasSubstr("expected member 'ops'"));
  EXPECT_THAT(refusalOfOps(R"({"linaer": {}})"),
              HasSubstr("lists op 'linaer', which opset 1 does not have; did you mean 'linear'?"));
  EXPECT_THAT(refusalOfOps(R"({"linear": true})"), HasSubstr("expected 'ops.linear' to be an object"));
  EXPECT_THAT(refusalOfOps(R"({"linear": {"speed": 1}})"), HasSubstr("unknown member 'ops.linear.speed'"));
  EXPECT_THAT(refusalOfOps(R"({"linear": {"types": {"input": ["f32"]}}})"),
              HasSubstr("to name operands with several types, got '"));
  EXPECT_THAT(refusalOfOps(R"({"linear": {"types": {"weight": ["f64"]}}})"), HasSubstr("\"f64\""));
  EXPECT_THAT(refusalOfOps(R"({"add": {"parts": []}})"), HasSubstr("unknown member 'ops.add.parts'"));
  EXPECT_THAT(refusalOfOps(R"({"fused_linear": {"parts": ["bias"]}})"), HasSubstr("expected one of 'norm'"));
}

TEST(PluginManifestTest, RefusesWhatIsNoManifest) {
  EXPECT_THAT(refusalOfManifest(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusalOfManifest("[1]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(refusalOfManifest("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusalOfManifest(std::string(50000, '[')), HasSubstr("nesting is deeper"));
  EXPECT_THAT(refusalOfManifest(std::string(100000, ' ')), HasSubstr("expected at most 65536"));
  EXPECT_THAT(refusalOfManifest("{\"name\": \"\xFF\"}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusalOfManifest("{}"), HasSubstr("expected member 'kind'"));
  EXPECT_THAT(refusalOfManifest(R"({"kind": 3})"), HasSubstr("expected member 'kind' to be a string"));
}

TEST(PluginManifestTest, RefusesWhatDoesNotBelong) {
  ManifestText text;
  text.more = R"(, "extra": 1)";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("unknown member 'extra'"));
  text.more = R"(, "kind": "backend")";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("duplicate name 'kind'"));
  text = {};
  text.needs.insert(text.needs.size() - 1, R"(, "moon": "full")");
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("unknown member 'needs.moon'"));
  text = {};
  text.needs.insert(text.needs.size() - 1, R"(, "cpu": [1])");
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("needs.cpu"));
}

TEST(PluginManifestTest, RefusesStrangeValues) {
  ManifestText text;
  for (const std::string library : {"../x.so", "/lib/x.so", "..", "a/b.so"}) {
    text.library = library;
    EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("to be a file in the same folder")) << library;
  }
  text = {};
  text.name = "Top-K";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("a name of letters a-z, digits and _"));
  text = {};
  text.abi = R"({"major": -1, "minor_min": 0, "minor_max": 0})";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("expected member 'major'"));
  text.abi = R"({"major": 0, "minor_min": 3, "minor_max": 1})";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("to be at most minor_max 1, got 3"));
  text.abi = R"({"major": 0, "minor_min": 1e99, "minor_max": 1})";
  EXPECT_THAT(refusalOfManifest(text.text()), HasSubstr("expected member 'minor_min'"));
}

// A manifest of a newer ABI may have unknown members; the message must state the version.
TEST(PluginManifestTest, ReportsTheVersionFirst) {
  ManifestText text;
  text.abi = R"({"major": 2, "minor_min": 0, "minor_max": 0, "flavour": "new"})";
  text.more = R"(, "extra": 1)";
  EXPECT_THAT(refusalOfManifest(text.text()),
              HasSubstr("supports plugin ABI 2.0, this program supports 1.0"));
}

TEST(PluginManifestTest, RefusesFoldersAndMissingFiles) {
  const TemporaryFolder folder;
  PluginManifest manifest;
  EXPECT_EQ(readPluginManifest(folder.path(), manifest).code(), StatusCode::io);
  EXPECT_EQ(readPluginManifest(folder.path() / "none", manifest).code(), StatusCode::notFound);
}

} // namespace
} // namespace cria
