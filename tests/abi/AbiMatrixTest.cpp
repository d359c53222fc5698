// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plugins of other versions of the ABI on this host: supported ones pass the whole suite, the others are
// refused with file, reason and remedy, if possible before any of their code runs.
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/ExpectationFile.h"
#include "tools/cria-plugin-test/PluginSuite.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ManifestText manifestOf(const std::string &library, const std::string &kind) {
  ManifestText manifest;
  manifest.library = library + ".so";
  manifest.kind = kind;
  return manifest;
}

std::string abiOf(uint32_t lowest, uint32_t highest) {
  return fmt::format(R"({{"major": 1, "minor_min": {}, "minor_max": {}}})", lowest, highest);
}

/// The reason why the plugin of this manifest is refused; empty if it is loaded.
std::string refusalOf(const ManifestText &manifest, PluginKind kind) {
  const TemporaryFolder folder;
  folder.link(manifest.library);
  folder.write("faulty.cria-plugin.json", manifest.text());
  const auto plugin = openRegistry({folder.path()})->load(kind, "faulty");
  return plugin.ok() ? "" : std::string(plugin.status().message());
}

class AbiMatrixTest : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Kinds, AbiMatrixTest, testing::Values("backend", "sampler", "chat"),
                         [](const auto &info) { return info.param; });

/// Runs the suite on a plugin, with the expectations of the null plugin of its kind.
void expectPasses(const std::string &library, const std::string &kind, const std::string &abi) {
  const TemporaryFolder folder;
  ManifestText manifest = manifestOf(library, kind);
  manifest.abi = abi;
  folder.link(manifest.library);
  const auto path = folder.write("faulty.cria-plugin.json", manifest.text());
  const auto suite = conformance::PluginSuite::open(folder.path());
  ASSERT_TRUE(suite.ok()) << suite.status().message();
  EXPECT_EQ((*suite)->plugin().abiMinor, CRIA_ABI_MINOR); // the highest that both support
  const auto expectations = conformance::expectationsFor(
      path, kind == "backend" ? CRIA_SOURCE_DIR "/plugins/backends/null/expect.json" : "");
  for (const conformance::Case &testCase : (*suite)->cases()) {
    const conformance::Result result = runCase(testCase, *expectations);
    EXPECT_FALSE(isBad(result.verdict)) << library << ": " << result.name << ": " << result.text;
  }
}

TEST_P(AbiMatrixTest, APluginOfVersion1Passes) {
  expectPasses(std::string("v1_") + GetParam(), GetParam(), abiOf(0, 0));
}

// Built with a later header, in which every struct has grown, but supports 1.0.
TEST_P(AbiMatrixTest, APluginFromTheFuturePasses) {
  expectPasses(std::string("future_") + GetParam(), GetParam(), abiOf(0, 7));
}

TEST_P(AbiMatrixTest, APluginThatNeedsTheFutureIsRefused) {
  ManifestText manifest = manifestOf(std::string("future_") + GetParam(), GetParam());
  manifest.abi = abiOf(CRIA_ABI_MINOR + 3, CRIA_ABI_MINOR + 7);
  const auto kind = std::string(GetParam()) == "backend"   ? PluginKind::backend
                    : std::string(GetParam()) == "sampler" ? PluginKind::sampler
                                                           : PluginKind::chat;
  EXPECT_THAT(refusalOf(manifest, kind),
              AllOf(HasSubstr("faulty.cria-plugin.json"), HasSubstr("supports plugin ABI 1.3 to 1.7"),
                    HasSubstr("install a build of the plugin")));
}

TEST(AbiMatrixTest, ADependencyThatIsMissingIsNamed) {
  EXPECT_THAT(refusalOf(manifestOf("needs_gone", "chat"), PluginKind::chat),
              AllOf(HasSubstr("libgone.so"), HasSubstr("cannot open shared object file")));
}

// The header of an ELF file for another processor, which the manifest does not state.
TEST(AbiMatrixTest, ALibraryForAnotherProcessorIsRefused) {
  std::string elf(64, '\0');
  elf.replace(0, 7,
              "\x7F"
              "ELF\x02\x01\x01");
  elf[16] = 3;           // a shared object
  elf[18] = '\xF3';      // RISC-V
  elf[20] = elf[52] = 1; // version
  const TemporaryFolder folder;
  folder.write("other.so", elf);
  folder.write("faulty.cria-plugin.json", manifestOf("other", "chat").text());
  EXPECT_THAT(
      openRegistry({folder.path()})->load(PluginKind::chat, "faulty").status().message(),
      AllOf(HasSubstr("other.so"), HasSubstr("cannot be loaded"), HasSubstr("rebuild it for this system")));
}

TEST(AbiMatrixTest, AFileThatCannotBeReadIsRefused) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(folder.path() / "nowhere", folder.path() / "faulty.cria-plugin.json");
  EXPECT_THAT(openRegistry({folder.path()})->list()[0].reason, HasSubstr("cannot open"));
}

// One folder with every fault: each plugin is listed with its reason, and the correct ones work.
TEST(AbiMatrixTest, TheRightOnesWorkAmongTheWrong) {
  const TemporaryFolder folder;
  folder.write("a.cria-plugin.json", "no JSON");
  folder.write("b.cria-plugin.json", manifestOf("needs_gone", "sampler").text());
  folder.link("needs_gone.so");
  folder.write("c.cria-plugin.json", manifestOf("not_there", "backend").text());
  folder.write("d.cria-plugin.json", manifestOf("v1_chat", "chat").text());
  folder.write("e.cria-plugin.json", manifestOf("v1_chat", "chat").text()); // the same again
  folder.link("v1_chat.so");
  const auto registry = openRegistry({folder.path()});
  const auto listed = registry->list();
  ASSERT_EQ(listed.size(), 5u);
  for (size_t i = 0; i < listed.size(); ++i) {
    EXPECT_EQ(listed[i].loaded, i == 3) << i;
    EXPECT_EQ(listed[i].reason.empty(), i == 3) << i;
  }
  EXPECT_THAT(listed[4].reason, AllOf(HasSubstr("shadowed by"), HasSubstr("d.cria-plugin.json"),
                                      HasSubstr("remove or rename")));
  EXPECT_TRUE(registry->load(PluginKind::chat, "faulty").ok());
}

} // namespace
} // namespace cria
