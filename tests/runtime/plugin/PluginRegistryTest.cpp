// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/PluginRegistry.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <thread>

namespace cria {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Loads plugin "faulty" from `library` with `manifest`; returns the message.
std::string refusalOfLibrary(const std::string &library, ManifestText manifest = {}) {
  const TemporaryFolder folder;
  folder.link(library + ".so");
  manifest.library = library + ".so";
  folder.write("faulty.cria-plugin.json", manifest.text());
  const auto registry = openRegistry({folder.path()});
  const auto plugin = registry->load(PluginKind::chat, "faulty");
  const auto listed = registry->list();
  EXPECT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].loaded, plugin.ok());
  EXPECT_EQ(listed[0].reason.empty(), plugin.ok());
  if (!plugin.ok()) { // the file is named, and the list has the same reason
    EXPECT_THAT(plugin.status().message(),
                AllOf(HasSubstr("faulty.cria-plugin.json"), HasSubstr(listed[0].reason)));
  }
  return plugin.ok() ? "" : plugin.status().message();
}

TEST(PluginRegistryTest, LoadsTheBuiltPlugins) {
  const auto registry = openRegistry();
  for (const char *name : {"greedy", "temperature", "top_k", "top_p", "draw"}) {
    const auto plugin = registry->load(PluginKind::sampler, name);
    ASSERT_TRUE(plugin.ok()) << plugin.status().message();
    EXPECT_EQ((*plugin)->name, name);
    EXPECT_EQ((*plugin)->abiMajor, CRIA_ABI_MAJOR);
    EXPECT_EQ((*plugin)->version, CRIA_VERSION);
    EXPECT_FALSE((*plugin)->description.empty());
    EXPECT_EQ(*registry->load(PluginKind::sampler, name), *plugin); // once
  }
  EXPECT_TRUE(registry->load(PluginKind::chat, "llama2").ok());
  EXPECT_TRUE(registry->load(PluginKind::chat, "plain").ok());
}

TEST(PluginRegistryTest, FindsTheInstallFolderRelativeToTheProgram) {
  const auto executable = std::filesystem::path(CRIA_BINARY_DIR) / "bin" / "cria";
  const auto registry = PluginRegistry::create({.folders = {}, .environment = {}, .executable = executable});
  ASSERT_TRUE(registry.ok());
  EXPECT_TRUE((*registry)->load(PluginKind::sampler, "greedy").ok());
  EXPECT_TRUE(PluginSearch::standard().executable.is_absolute());
}

TEST(PluginRegistryTest, SearchesFoldersThenEnvironmentThenInstallFolder) {
  const TemporaryFolder first, second, prefix;
  const auto install = prefix.path() / "lib" / "cria" / "plugins";
  std::filesystem::create_directories(install);
  ManifestText manifest;
  for (const auto &folder : {first.path(), second.path(), install}) {
    std::filesystem::create_symlink(faultyPlugins() / "faulty_none.so", folder / "faulty_none.so");
    std::ofstream(folder / "faulty.cria-plugin.json") << manifest.text();
  }
  const auto registry = PluginRegistry::create({.folders = {first.path(), first.path()},
                                                .environment = ":" + second.path().string() + "::",
                                                .executable = prefix.path() / "bin" / "cria"});
  ASSERT_TRUE(registry.ok());
  EXPECT_THAT((*registry)->folders(), testing::ElementsAre(first.path(), second.path(), install));
  const auto listed = (*registry)->list();
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_TRUE(listed[0].loaded);
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_FALSE(listed[i].loaded);
    EXPECT_THAT(listed[i].reason, AllOf(HasSubstr("shadowed by"), HasSubstr(listed[0].manifest.string())));
  }
}

TEST(PluginRegistryTest, NeverSearchesTheCurrentFolder) {
  const TemporaryFolder folder;
  folder.link("faulty_none.so");
  folder.write("faulty.cria-plugin.json", ManifestText().text());
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto registry =
      PluginRegistry::create({.folders = {}, .environment = "::.:plugins", .executable = {}});
  const auto none = PluginRegistry::create({});
  std::filesystem::current_path(before);
  ASSERT_TRUE(registry.ok() && none.ok());
  EXPECT_TRUE((*registry)->folders().empty());
  EXPECT_TRUE((*none)->list().empty());
  const auto listed = (*registry)->list();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_THAT(listed[0].reason, HasSubstr("absolute paths in CRIA_PLUGIN_PATH"));
}

TEST(PluginRegistryTest, NamesFoldersThatAreNone) {
  const auto registry =
      PluginRegistry::create({.folders = {"/no/such/folder"}, .environment = {}, .executable = {}});
  ASSERT_FALSE(registry.ok());
  EXPECT_EQ(registry.status().code(), StatusCode::notFound);
  EXPECT_THAT(registry.status().message(), HasSubstr("'/no/such/folder'"));
  const auto lenient =
      PluginRegistry::create({.folders = {}, .environment = "/no/such/folder", .executable = {}});
  ASSERT_TRUE(lenient.ok());
  EXPECT_THAT((*lenient)->list()[0].reason, HasSubstr("not a folder"));
}

TEST(PluginRegistryTest, SuggestsNearNames) {
  const auto registry = openRegistry();
  const auto plugin = registry->load(PluginKind::sampler, "topk");
  ASSERT_FALSE(plugin.ok());
  EXPECT_EQ(plugin.status().code(), StatusCode::notFound);
  EXPECT_THAT(plugin.status().message(),
              AllOf(HasSubstr("no sampler 'topk'"), HasSubstr("'top_k' or 'top_p'")));
  EXPECT_THAT(registry->load(PluginKind::chat, "xxxxxxxx").status().message(),
              HasSubstr("expected one of '"));
  const TemporaryFolder empty;
  EXPECT_THAT(openRegistry({empty.path()})->load(PluginKind::chat, "x").status().message(),
              HasSubstr("searched " + empty.path().string()));
}

TEST(PluginRegistryTest, AcceptsARightPlugin) {
  EXPECT_EQ(refusalOfLibrary("faulty_none"), "");
  EXPECT_EQ(refusalOfLibrary("faulty_old_table"), "");
}

TEST(PluginRegistryTest, RefusesWithoutOpening) {
  ManifestText manifest;
  manifest.abi = R"({"major": 9, "minor_min": 0, "minor_max": 3})";
  EXPECT_THAT(refusalOfLibrary("faulty_unresolved", manifest),
              AllOf(HasSubstr("supports plugin ABI 9.0 to 9.3"), HasSubstr("install a build")));
  manifest = {};
  manifest.needs = R"({"os": "linux", "arch": "riscv128"})";
  EXPECT_THAT(refusalOfLibrary("faulty_unresolved", manifest), HasSubstr("is built for linux on riscv128"));
  manifest.needs = R"({"os": "plan9", "arch": "x86_64"})";
  EXPECT_THAT(refusalOfLibrary("faulty_unresolved", manifest), HasSubstr("is built for plan9"));
  manifest = {};
  manifest.needs.insert(manifest.needs.size() - 1, R"(, "cpu": ["flux-capacitor"])");
  EXPECT_THAT(refusalOfLibrary("faulty_unresolved", manifest),
              HasSubstr("requires a processor with flux-capacitor"));
  EXPECT_EQ(dlopen((faultyPlugins() / "faulty_unresolved.so").c_str(), RTLD_NOLOAD | RTLD_LAZY), nullptr);
}

TEST(PluginRegistryTest, RefusesUnknownKinds) {
  const TemporaryFolder folder;
  folder.link("faulty_none.so");
  ManifestText manifest;
  manifest.kind = "oracle";
  folder.write("faulty.cria-plugin.json", manifest.text());
  const auto listed = openRegistry({folder.path()})->list();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].kind, "oracle");
  EXPECT_THAT(listed[0].reason, HasSubstr("expected kind backend, sampler or chat, got 'oracle'"));
}

TEST(PluginRegistryTest, RefusesBrokenLibraries) {
  EXPECT_THAT(refusalOfLibrary("no_such_library"), HasSubstr("does not exist; install it"));
  EXPECT_THAT(refusalOfLibrary("faulty_unresolved"),
              HasSubstr("undefined symbol: cria_symbol_that_nobody_defines"));
  EXPECT_THAT(refusalOfLibrary("faulty_no_symbol"), HasSubstr("has no symbol 'cria_plugin_query'"));
  const TemporaryFolder folder;
  folder.write("faulty_none.so", "this is no library");
  folder.write("faulty.cria-plugin.json", ManifestText().text());
  EXPECT_THAT(openRegistry({folder.path()})->load(PluginKind::chat, "faulty").status().message(),
              AllOf(HasSubstr("cannot be loaded"), HasSubstr("faulty_none.so")));
}

// A file that was cut off, or of full size whose end was not written: each part of the library in turn. The
// loader would end the process.
TEST(PluginRegistryTest, RefusesIncompleteLibraries) {
  std::ifstream stream(faultyPlugins() / "faulty_none.so", std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(stream), {});
  const TemporaryFolder folder;
  folder.write("faulty.cria-plugin.json", ManifestText().text());
  for (size_t eighths = 0; eighths < 8; ++eighths) {
    const std::string begin = whole.substr(0, whole.size() * eighths / 8);
    for (const std::string &text : {begin, begin + std::string(whole.size() - begin.size(), '\0')}) {
      folder.write("faulty_none.so", text);
      const auto plugin = openRegistry({folder.path()})->load(PluginKind::chat, "faulty");
      ASSERT_FALSE(plugin.ok()) << eighths;
      EXPECT_THAT(
          plugin.status().message(),
          AllOf(HasSubstr("faulty_none.so"),
                testing::AnyOf(HasSubstr("cut off"), HasSubstr("got zeros"), HasSubstr("cannot be loaded"))));
    }
  }
}

TEST(PluginRegistryTest, PassesOnWhyAPluginRefuses) {
  EXPECT_THAT(refusalOfLibrary("faulty_query_fails"),
              HasSubstr("cannot run on this machine: expected a machine with three hands, found two"));
  EXPECT_THAT(refusalOfLibrary("faulty_query_silent"), HasSubstr("failed with status 4711 and no message"));
}

TEST(PluginRegistryTest, RefusesLies) {
  EXPECT_THAT(refusalOfLibrary("faulty_wrong_kind"),
              HasSubstr("expected the library to state kind 'chat', got 'sampler'"));
  EXPECT_THAT(refusalOfLibrary("faulty_wrong_name"),
              HasSubstr("expected the library to state name 'faulty', got 'another'"));
  EXPECT_THAT(refusalOfLibrary("faulty_future_abi"), HasSubstr("got 7."));
  ManifestText manifest;
  manifest.version = "2.0";
  EXPECT_THAT(refusalOfLibrary("faulty_none", manifest),
              HasSubstr("expected the library to state version '2.0', got '1.0'"));
}

TEST(PluginRegistryTest, RefusesIncompleteTables) {
  EXPECT_THAT(refusalOfLibrary("faulty_missing_function"),
              HasSubstr("lacks the required function 'destroy'"));
  EXPECT_THAT(refusalOfLibrary("faulty_short_table"), HasSubstr("lacks the required function 'render'"));
  EXPECT_THAT(refusalOfLibrary("faulty_no_table"), HasSubstr("has no function table"));
  EXPECT_THAT(refusalOfLibrary("faulty_bad_option"), HasSubstr("option 0 ('loud')"));
}

// A plugin that cannot run on this machine does not hide another one of the same name that can.
TEST(PluginRegistryTest, ARefusedManifestShadowsNothing) {
  const TemporaryFolder first, second;
  ManifestText foreign;
  foreign.needs = R"({"os": "linux", "arch": "riscv128"})";
  first.write("faulty.cria-plugin.json", foreign.text());
  second.link("faulty_none.so");
  second.write("faulty.cria-plugin.json", ManifestText().text());
  const auto registry = openRegistry({first.path(), second.path()});
  const auto plugin = registry->load(PluginKind::chat, "faulty");
  ASSERT_TRUE(plugin.ok()) << plugin.status().message();
  EXPECT_EQ((*plugin)->library.parent_path(), second.path());
}

TEST(PluginRegistryTest, SeveralRegistriesAndThreadsShareALibrary) {
  std::vector<std::thread> threads;
  std::vector<const void *> tables(4);
  for (const void *&table : tables) {
    threads.emplace_back([&table] {
      const auto registry = openRegistry();
      table = (*registry->load(PluginKind::sampler, "top_p"))->api;
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  EXPECT_THAT(tables, testing::Each(testing::AllOf(testing::NotNull(), tables[0])));
}

} // namespace
} // namespace cria
