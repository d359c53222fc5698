// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/BackendPlugin.h"
#include "tests/runtime/plugin/PluginFolders.h"

#include <gmock/gmock.h>
#include <set>

namespace cria {
namespace {

TEST(BackendPluginTest, AsksTheNullBackend) {
  const auto registry = openRegistry();
  const auto backend = BackendPlugin::load(*registry, "null");
  ASSERT_TRUE(backend.ok()) << backend.status().message();
  EXPECT_EQ(backend->name(), "null");
  EXPECT_TRUE(backend->explicitOnly());
  ASSERT_EQ(*backend->deviceCount(), 1u);
  EXPECT_FALSE(backend->device(0)->name.empty());
  const auto unknown = backend->probe(0, "no.such.format", "", 1);
  ASSERT_TRUE(unknown.ok());
  EXPECT_TRUE(unknown->score > 0 || !unknown->reason.empty());
}

// Backends that are slow or compute nothing are never chosen automatically.
TEST(BackendPluginTest, OnlyTemplateAndReferenceMustBeNamed) {
  const auto registry = openRegistry();
  std::set<std::string> explicitOnly;
  const std::vector<std::string> names = registry->names(PluginKind::backend);
  for (const std::string &name : names) {
    const auto backend = BackendPlugin::load(*registry, name);
    if (backend.ok() && backend->explicitOnly()) { // a driver may be missing
      explicitOnly.insert(name);
    }
  }
  EXPECT_THAT(names, testing::Contains("cpu"));
  EXPECT_THAT(explicitOnly, testing::UnorderedElementsAre("null", "reference"));
}

TEST(BackendPluginTest, PassesOnErrors) {
  const auto registry = openRegistry();
  const auto backend = BackendPlugin::load(*registry, "null");
  ASSERT_TRUE(backend.ok());
  const Status status = backend->call([](cria_message *message) {
    message->data[0] = 'x';
    message->size = 1;
    return CRIA_STATUS_DEVICE_LOST;
  });
  EXPECT_EQ(status.code(), StatusCode::deviceLost);
  EXPECT_EQ(status.message(), "backend null: x");
  EXPECT_EQ(BackendPlugin::load(*registry, "nul").status().code(), StatusCode::notFound);
}

TEST(PluginCallTest, ReadsHostileMessages) {
  MessageBuffer message;
  message.get()->size = UINT64_MAX;
  std::memset(message.get()->data, 0, message.get()->capacity);
  EXPECT_EQ(message.text(), std::string(message.get()->capacity, ' '));
  std::memcpy(message.get()->data, "cut \xE2\x82", 6);
  message.get()->size = 6;
  EXPECT_EQ(message.text(), "cut ");
  EXPECT_EQ(message.toStatus(99, "here").code(), StatusCode::internal);
}

TEST(PluginCallTest, ReadsShortTables) {
  cria_chat_api table{};
  table.struct_size = offsetof(cria_chat_api, find_tags);
  table.num_options = 3;
  table.find_tags = reinterpret_cast<decltype(table.find_tags)>(8);
  const auto read = readTable<cria_chat_api>(&table);
  EXPECT_EQ(read.num_options, 3u);
  EXPECT_EQ(read.find_tags, nullptr);
}

} // namespace
} // namespace cria
