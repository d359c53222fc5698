// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/SupportedOps.h"
#include "plugins/sdk/cria_opset.hpp"
#include "runtime/plugin/PluginManifest.h"
#include "support/Json.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::HasSubstr;
using testing::Key;
using testing::UnorderedElementsAre;

constexpr opset::Op kTwoVersions[] = {{.name = "add"}, {.name = "later", .since = 2}};

StatusOr<SupportedOps> read(std::string_view ops, uint32_t version) {
  return readSupportedOps(Json::parse(ops), version, kTwoVersions, /*tableVersion=*/2);
}

TEST(SupportedOpsTest, ReadsOpsOfEveryVersionUpToTheStatedOne) {
  const StatusOr<SupportedOps> supported = read(R"({"add": {}, "later": {}})", 2);
  ASSERT_TRUE(supported.ok()) << supported.status().message();
  EXPECT_EQ(supported->version, 2u);
  EXPECT_THAT(supported->ops, UnorderedElementsAre(Key("add"), Key("later")));
  EXPECT_TRUE(read(R"({"add": {}})", 1).ok());
}

TEST(SupportedOpsTest, RefusesOpsOfALaterVersionThanTheStatedOne) {
  EXPECT_THAT(read(R"({"later": {}})", 1).status().message(),
              HasSubstr("lists op 'later' of opset 2; expected member 'opset' to be at least 2, got 1"));
  EXPECT_THAT(read(R"({"latest": {}})", 2).status().message(),
              HasSubstr("lists op 'latest', which opset 2 does not have; did you mean 'later'?"));
}

// A backend that is newer than this program runs the programs that this program can make.
TEST(SupportedOpsTest, IgnoresOpsOfVersionsThatThisProgramDoesNotKnow) {
  const StatusOr<SupportedOps> supported = read(R"({"add": {}, "latest": {"shape": 1}})", 3);
  ASSERT_TRUE(supported.ok()) << supported.status().message();
  EXPECT_THAT(supported->ops, UnorderedElementsAre(Key("add")));
}

TEST(SupportedOpsTest, TypesAreThoseOfTheOperandInTheOpset) {
  const auto typesOf = [](const std::string &op, const std::string &types, uint32_t version) {
    return readSupportedOps(Json::parse("{\"" + op + "\": {\"types\": " + types + "}}"), version);
  };
  const auto supported = typesOf("linear", R"({"weight": ["f16", "i8", "u8"], "weight.scales": ["f16"]})", 2);
  ASSERT_TRUE(supported.ok()) << supported.status().message();
  EXPECT_THAT(supported->ops.at("linear").types.at("weight"), UnorderedElementsAre("f16", "i8", "u8"));
  EXPECT_THAT(typesOf("linear", R"({"weight": ["f16", "i8"]})", 1).status().message(),
              HasSubstr("'ops.linear.types.weight' lists i8 of opset 2; expected member 'opset' to be at "
                        "least 2, got 1"));
  EXPECT_THAT(typesOf("linear", R"({"weight": []})", 2).status().message(),
              HasSubstr("expected 'ops.linear.types.weight' to list at least one of f32, f16, bf16, u8, i8"));
  EXPECT_THAT(typesOf("kv_append", R"({"cache": ["bf16"]})", 2).status().message(),
              HasSubstr("'ops.kv_append.types.cache' contains \"bf16\""));
  EXPECT_THAT(typesOf("linear", R"({"output": ["f32"]})", 2).status().message(),
              HasSubstr("to name operands with several types, got 'output'"));
}

TEST(SupportedOpsTest, ActivationsAreClassesOfTheOpInTheOpset) {
  const auto read = [](const std::string &op, const std::string &classes, uint32_t version) {
    return readSupportedOps(Json::parse("{\"" + op + "\": {\"activations\": " + classes + "}}"), version);
  };
  const auto supported = read("linear", R"(["int8"])", 4);
  ASSERT_TRUE(supported.ok()) << supported.status().message();
  EXPECT_THAT(supported->ops.at("linear").activations, UnorderedElementsAre("f32", "int8"));
  const auto unlisted = readSupportedOps(Json::parse(R"({"linear": {}})"), 4);
  EXPECT_THAT(unlisted->ops.at("linear").activations, UnorderedElementsAre("f32"));
  EXPECT_THAT(read("fused_linear", R"(["bf16"])", 3).status().message(),
              HasSubstr("'ops.fused_linear.activations' lists bf16 of opset 4; expected member 'opset' to be "
                        "at least 4, got 3"));
  EXPECT_THAT(read("linear", R"(["a8"])", 4).status().message(),
              HasSubstr("'ops.linear.activations' contains \"a8\""));
  EXPECT_THAT(read("embedding", R"(["f32"])", 4).status().message(),
              HasSubstr("unknown member 'ops.embedding.activations'"));
}

TEST(SupportedOpsTest, IsReadFromAManifestWithItsVersion) {
  const TemporaryFolder folder;
  const auto statusOf = [&](const std::string &members, PluginManifest &manifest) {
    ManifestText text;
    text.more = members;
    return readPluginManifest(folder.write("x.cria-plugin.json", text.text()), manifest);
  };
  PluginManifest manifest;
  ASSERT_TRUE(statusOf(R"(, "ops": {"add": {}})", manifest).ok());
  EXPECT_EQ(manifest.ops->version, 1u);
  ASSERT_TRUE(statusOf(R"(, "opset": 9, "ops": {"add": {}, "softmax": {}})", manifest).ok());
  EXPECT_EQ(manifest.ops->version, 9u);
  EXPECT_THAT(statusOf(R"(, "opset": 0, "ops": {"add": {}})", manifest).message(),
              HasSubstr("expected member 'opset'"));
  EXPECT_THAT(statusOf(R"(, "opset": 1)", manifest).message(), HasSubstr("with a member 'ops'"));
}

} // namespace
} // namespace cria
