// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What stands in place of the files of a checkpoint is named, under every name, with the way to the file.
#include "frontends/huggingface/StandIns.h"

#include "frontends/FrontendRegistry.h"
#include "tests/frontends/huggingface/SmallCheckpoint.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using namespace cria::tests;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace {

std::string errorOfFolder(const TemporaryFolder &folder) {
  const auto checkpoint = openCheckpoint(folder.path().string());
  return checkpoint.ok() ? "read" : checkpoint.status().message();
}

struct StandInCase {
  std::string text, found, remedy;
};

// As git-lfs, git-xet, huggingface.co, S3 and proxies answer.
const std::vector<StandInCase> kEverywhere = {
    {"version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, '0') + "\nsize 12345\n",
     "the pointer of 130 bytes that Git LFS keeps in its place", "git lfs pull"},
    {"version https://hawser.github.com/spec/v1\noid sha256:00\nsize 9\n",
     "the pointer of 63 bytes that Git LFS keeps in its place", "git lfs pull"},
    {"# xet version 0\nfilesize = 12345\nhash = '" + std::string(64, '0') + "'\n",
     "the pointer of 107 bytes that Git-Xet keeps in its place", "install git-xet"},
    {"<!doctype html>\n<html class=\"\">\n<head>", "a page of HTML", "hf auth login"},
    {"\n\n  <HTML><body>Sign in</body>", "a page of HTML", "hf auth login"},
    {"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", "a document of XML",
     "download the file again"}};
const std::vector<StandInCase> kErrors = {
    {"", "an empty file", "download the file again"},
    {"Entry not found", "text, 'Entry not found'", "download the file again"},
    {"Invalid credentials in Authorization header", "text, 'Invalid credentials", "hf auth login"},
    {R"({"error":"Repository not found"})", R"({"error":"Repository not found"}')",
     "download the file again"}};
const std::vector<StandInCase> kArchived = {
    {std::string("PK\x03\x04\x14\0\0\0\0\0", 10), "a ZIP archive, such as a pickle of PyTorch",
     "safe_serialization"},
    {std::string("\x80\x02}q\0(X\x03\0\0\0", 11), "a pickle of Python", "safe_serialization"},
    {std::string("\x89HDF\r\n\x1A\n\0", 9), "an HDF5 file", "safe_serialization"},
    {std::string("GGUF\x03\0\0\0\0", 9), "a GGUF file", "compile the Hugging Face checkpoint"},
    {std::string("\x1F\x8B\b\0\0\0\0\0\0", 9), "a gzip archive", "unpack it"}};

/// Expects the errors of a checkpoint with these texts in place of one of its files.
void expectNamed(const std::vector<std::string> &names, const std::vector<StandInCase> &cases) {
  for (const std::string &name : names) {
    TemporaryFolder folder;
    SmallCheckpoint().write(folder);
    for (const StandInCase &one : cases) {
      folder.write(name, one.text);
      EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr(name + ": expected the file itself, got "),
                                               HasSubstr(one.found), HasSubstr(one.remedy)))
          << one.text;
    }
  }
}

TEST(StandIns, AreNamedUnderEveryName) {
  const std::vector<std::string> bytes = {"model.safetensors", "tokenizer.model"};
  const std::vector<std::string> json = {"config.json",           "generation_config.json",
                                         "tokenizer_config.json", "tokenizer.json",
                                         "added_tokens.json",     "special_tokens_map.json"};
  expectNamed(bytes, kEverywhere);
  expectNamed(bytes, kErrors);
  expectNamed(bytes, kArchived);
  expectNamed(json, kEverywhere);
  expectNamed(json, kErrors);
  expectNamed({"chat_template.jinja"}, kEverywhere);
}

TEST(StandIns, AreNamedInShards) {
  for (const StandInCase &one : kEverywhere) {
    TemporaryFolder folder;
    SmallCheckpoint().write(folder);
    std::filesystem::rename(folder.file("model.safetensors"), folder.file("a.safetensors"));
    folder.write("model.safetensors.index.json", R"({"weight_map": {"lm_head.weight": "b.safetensors"}})");
    folder.write("b.safetensors", one.text);
    EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr("b.safetensors"), HasSubstr(one.found)));
    folder.write("model.safetensors.index.json", one.text);
    EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr("index.json"), HasSubstr(one.found)));
  }
}

// Headers of safetensors whose length in bytes begins as archives and texts do.
TEST(StandIns, AreNotSeenInSafetensors) {
  for (const char *length : {"PK\x03\x04", "\x80\x02", "\x1F\x8B", "{\"", "<htm"}) {
    std::string beginning = length;
    beginning.resize(8, '\0');
    beginning += R"({"a":{"dtype":"F32"}})";
    EXPECT_FALSE(findStandIn(beginning, 1 << 20, FileContent::bytes)) << length;
  }
}

TEST(StandIns, AreNotSeenInConfigurations) {
  for (const char *text : {"{}", " [1]", "\n{\"error\"", "null", "NaN", "\xEF\xBB\xBF{", "", "12", "\"x\""}) {
    EXPECT_FALSE(findStandIn(text, 1, FileContent::json)) << text;
  }
  for (const char *text : {"{% if x %}", "{{ bos_token }}", "Entry", "<s>[INST]", "{\"error\": 1}", ""}) {
    EXPECT_FALSE(findStandIn(text, 1, FileContent::text)) << text;
  }
  EXPECT_FALSE(findErrorBody(Json::parse(R"({"error": 32000, "message": 32001})"))); // added tokens
  EXPECT_TRUE(findErrorBody(Json::parse(R"({"detail": "Not authenticated"})")));
  EXPECT_TRUE(findErrorBody(Json::parse(R"({"errors": [{"code": 7}], "data": null})")));
}

TEST(PartialDownloads, AreNamedInPlaceOfMissingFiles) {
  for (const char *name : {"model.safetensors", "tokenizer.model"}) {
    for (const char *ending : {".incomplete", ".part", ".partial", ".crdownload", ".aria2"}) {
      TemporaryFolder folder;
      SmallCheckpoint().write(folder);
      std::filesystem::rename(folder.file(name), folder.file(name + std::string(ending)));
      EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr(name + std::string(ending)),
                                               HasSubstr("not completed"), HasSubstr("continue it")));
    }
  }
}

TEST(PartialDownloads, OfHuggingFaceHubAreFound) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  std::filesystem::remove(folder.file("model.safetensors"));
  std::filesystem::create_directories(folder.file(".cache/huggingface/download"));
  folder.write(".cache/huggingface/download/abc.def.incomplete", "x");
  EXPECT_THAT(errorOfFolder(folder), HasSubstr("abc.def.incomplete"));
  folder.write("model.safetensors.index.json", R"({"weight_map": {"lm_head.weight": "b.safetensors"}})");
  EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr("b.safetensors"), HasSubstr("abc.def.incomplete")));
}

// Its size is right, and zeros stand in place of what is missing.
TEST(PartialDownloads, OfAriaAreRefused) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  folder.write("model.safetensors.aria2", "x");
  EXPECT_THAT(errorOfFolder(folder), AllOf(HasSubstr("model.safetensors: its download was not completed"),
                                           HasSubstr("model.safetensors.aria2")));
}

// Leftovers of other files do not matter where nothing is missing.
TEST(PartialDownloads, AreNoMatterWhereNothingIsMissing) {
  TemporaryFolder folder;
  SmallCheckpoint().write(folder);
  folder.write("pytorch_model.bin.incomplete", "x");
  folder.write("README.md.part", "x");
  EXPECT_EQ(errorOfFolder(folder), "read");
}

} // namespace
