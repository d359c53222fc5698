// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cache of compiled checkpoints: it never answers with another model, compiles once, removes what is old
// or too much, and only what is its own.
#include "StoriesPackage.h"

#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/stat.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kPrompt = "Once upon a time";

/// Runs a model with the cache in `cache`.
ProcessResult runCached(const std::string &model, const TemporaryFolder &cache,
                        std::vector<std::string> environment = {}) {
  environment.push_back("CRIA_CACHE=" + cache.path());
  return runCria({"run", model, "-p", kPrompt, "--temperature", "0", "-n", "12"}, "", environment);
}

json entriesOf(const TemporaryFolder &cache) {
  return json::parse(runCria({"cache", "list", "--json"}, "", {"CRIA_CACHE=" + cache.path()}).output);
}

void setTimes(const std::string &path) {
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

/// Makes a copy of the model whose weights differ in their last bytes alone, with the sizes and times of the
/// others, as in an archive whose times are clamped.
void makeTwin(const std::string &folder, uint32_t seed) {
  fs::copy(kStoriesCheckpoint, folder);
  std::string weights = readFile(folder + "/model.safetensors");
  std::mt19937 random(seed);
  for (size_t i = 1; i <= 40'000; i += 2) { // low bytes of f16
    weights[weights.size() - i - 1] = static_cast<char>(random());
  }
  writeFile(folder + "/model.safetensors", weights);
  for (const auto &entry : fs::directory_iterator(folder)) {
    setTimes(entry.path().string());
  }
}

TEST(CompileCacheTest, CheckpointsThatBeginAlikeAreDistinct) {
  const TemporaryFolder cache, folder;
  for (uint32_t i = 0; i < 2; ++i) {
    const std::string model = folder.path(std::to_string(i)) + "/model";
    fs::create_directory(folder.path(std::to_string(i)));
    makeTwin(model, i);
    const ProcessResult result = runCached(model, cache);
    EXPECT_EQ(result.exitCode, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("compiling the checkpoint")) << i;
  }
  EXPECT_EQ(entriesOf(cache).size(), 2u);
}

// A file that takes the place of another has another inode and another time of change, whatever its times of
// modification say.
TEST(CompileCacheTest, AReplacedFileIsNoticed) {
  const TemporaryFolder cache, folder;
  makeTwin(folder.path("model"), 1);
  makeTwin(folder.path("other"), 2);
  EXPECT_THAT(runCached(folder.path("model"), cache).errors, HasSubstr("compiling the checkpoint"));
  EXPECT_THAT(runCached(folder.path("model"), cache).errors, Not(HasSubstr("compiling the checkpoint")));
  fs::rename(folder.path("other/model.safetensors"), folder.path("model/model.safetensors"));
  EXPECT_THAT(runCached(folder.path("model"), cache).errors, HasSubstr("compiling the checkpoint"));
}

// A link that leads to other weights while the compiler reads them, and back afterwards, as when a version is
// deployed and withdrawn: nothing of the other checkpoint is kept under the name of the first.
TEST(CompileCacheTest, ACheckpointThatChangesWhileItIsCompiledIsNotKept) {
  const TemporaryFolder cache, folder;
  makeTwin(folder.path("a"), 1);
  makeTwin(folder.path("b"), 2);
  fs::copy(folder.path("a"), folder.path("model"));
  const std::string weights = folder.path("model/model.safetensors");
  fs::remove(weights);
  fs::create_symlink(folder.path("a/model.safetensors"), weights);
  const std::string command = "(" CRIA_BINARY_DIR "/bin/cria run " + folder.path("model") +
                              " -p Once -n 3; echo code $?) & while ! compgen -G '" + cache.path("*.lock") +
                              "' >/dev/null; do sleep 0.01; done; ln -s " +
                              folder.path("b/model.safetensors") + " " + folder.path("other") + "; mv -T " +
                              folder.path("other") + " " + weights + "; sleep 0.1; ln -s " +
                              folder.path("a/model.safetensors") + " " + folder.path("other") + "; mv -T " +
                              folder.path("other") + " " + weights + "; wait";
  const ProcessResult result = runProcess("/bin/bash", {"-c", command}, "", {"CRIA_CACHE=" + cache.path()});
  EXPECT_THAT(result.errors, HasSubstr("was changed while it was compiled"));
  EXPECT_THAT(result.output, HasSubstr("code 2"));
  EXPECT_EQ(entriesOf(cache).size(), 0u);
}

TEST(CompileCacheTest, NativeCodeIsNotCompiledWhereItIsExcluded) {
  const TemporaryFolder cache;
  const ProcessResult result =
      runCria({"run", kStoriesCheckpoint, "-p", kPrompt, "-n", "3", "--no-native-code"}, "",
              {"CRIA_CACHE=" + cache.path()});
  EXPECT_EQ(result.exitCode, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr(kPrompt));
}

TEST(CompileCacheTest, ProcessesAtOnceCompileOnce) {
  const TemporaryFolder cache, texts;
  std::string command;
  for (int i = 0; i < 3; ++i) {
    command += CRIA_BINARY_DIR "/bin/cria run " + kStoriesCheckpoint + " -p Once -n 3 --temperature 0 >" +
               texts.path(std::to_string(i)) + " & ";
  }
  const ProcessResult all = runProcess("/bin/bash", {"-c", command + "wait; cat " + texts.path("*")}, "",
                                       {"CRIA_CACHE=" + cache.path()});
  size_t compiled = 0;
  for (size_t at = 0; (at = all.errors.find("compiling the checkpoint '", at)) != std::string::npos; ++at) {
    ++compiled;
  }
  EXPECT_EQ(compiled, 1u) << all.errors; // the others wait for it, or find the package
  const std::string text = all.output.substr(0, all.output.find('\n') + 1);
  EXPECT_EQ(all.output, text + text + text);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache.path()), fs::directory_iterator()), 1)
      << "a lock stays";
}

// The least recently used ones go first, and never the one that is about to run.
TEST(CompileCacheTest, OldAndLargeEntriesAreRemoved) {
  const TemporaryFolder cache;
  const std::string key = "-0123456789abcdef.cria";
  const auto make = [&](const std::string &name, std::chrono::hours age) {
    fs::create_directories(cache.path(name + key));
    writeFile(cache.path(name + key + "/manifest.json"), R"({"format": "cria"})");
    writeFile(cache.path(name + key + "/weights"), std::string(1 << 20, 'x'));
    fs::last_write_time(cache.path(name + key), fs::file_time_type::clock::now() - age);
  };
  make("ancient", std::chrono::days(100));
  make("old", std::chrono::days(50));
  make("new", std::chrono::days(1));
  const ProcessResult first = runCached(kStoriesCheckpoint, cache);
  EXPECT_EQ(first.exitCode, 0) << first.errors;
  EXPECT_THAT(first.errors, HasSubstr("removed 1 package from the cache"));
  EXPECT_FALSE(fs::exists(cache.path("ancient" + key)));
  ASSERT_EQ(entriesOf(cache).size(), 3u);
  for (const json &entry : entriesOf(cache)) {
    fs::last_write_time(std::string(entry["path"]), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  fs::copy(kStoriesCheckpoint, cache.path("model"));
  const ProcessResult second = runCached(cache.path("model"), cache, {"CRIA_CACHE_SIZE=64K"});
  EXPECT_EQ(second.exitCode, 0) << second.errors;
  EXPECT_THAT(second.errors, HasSubstr("removed 3 packages from the cache"));
  ASSERT_EQ(entriesOf(cache).size(), 1u);
  EXPECT_THAT(runCached(cache.path("model"), cache, {"CRIA_CACHE_SIZE=64K"}).errors,
              Not(HasSubstr("compiling the checkpoint")));
}

// Two processes whose packages do not fit together: neither removes what the other is about to open.
TEST(CompileCacheTest, EntriesThatWereJustUsedStay) {
  const TemporaryFolder cache;
  fs::copy(kStoriesCheckpoint, cache.path("model"));
  for (const std::string &checkpoint : {std::string(kStoriesCheckpoint), cache.path("model")}) {
    EXPECT_EQ(runCached(checkpoint, cache, {"CRIA_CACHE_SIZE=1K"}).exitCode, 0);
  }
  EXPECT_EQ(entriesOf(cache).size(), 2u);
}

TEST(CompileCacheTest, LimitsAreStatedAsSizesAndDays) {
  for (const auto &[variable, part] :
       {std::pair("CRIA_CACHE_SIZE=much", "expected a size such as 512M or 20G"),
        std::pair("CRIA_CACHE_DAYS=-1", "expected a number of days")}) {
    const TemporaryFolder cache;
    const ProcessResult result = runCached(kStoriesCheckpoint, cache, {variable});
    EXPECT_EQ(result.exitCode, 2);
    EXPECT_THAT(result.errors, HasSubstr(part));
  }
}

TEST(CompileCacheTest, ClearRemovesLocksThatNobodyHolds) {
  const TemporaryFolder cache;
  const std::string lock = cache.path("a-0123456789abcdef.cria.lock");
  writeFile(lock, "");
  writeFile(cache.path("package.lock"), "");
  writeFile(cache.path("b-0123456789abcdef.cria.lock"), "precious");
  EXPECT_EQ(runCria({"cache", "clear"}, "", {"CRIA_CACHE=" + cache.path()}).exitCode, 0);
  EXPECT_FALSE(fs::exists(lock));
  EXPECT_TRUE(fs::exists(cache.path("package.lock")));
  EXPECT_TRUE(fs::exists(cache.path("b-0123456789abcdef.cria.lock")));
}

TEST(CompileCacheTest, ACheckpointIsCompiledIntoTheCacheOnce) {
  const TemporaryFolder cache;
  const std::vector<std::string> environment = {"CRIA_CACHE=" + cache.path()};
  const std::vector<std::string> arguments = {
      "run", kStoriesCheckpoint, "-p", kPrompt, "--temperature", "0", "-n", "5"};
  const ProcessResult first = runCria(arguments, "", environment);
  EXPECT_EQ(first.exitCode, 0) << first.errors;
  EXPECT_THAT(first.errors, HasSubstr("compiling the checkpoint"));
  const ProcessResult second = runCria(arguments, "", environment);
  EXPECT_THAT(second.errors, testing::Not(HasSubstr("compiling the checkpoint")));
  EXPECT_EQ(second.output, first.output);
  const json entries = json::parse(runCria({"cache", "list", "--json"}, "", environment).output);
  ASSERT_EQ(entries.size(), 1u);
  const json about = json::parse(runCria({"inspect", entries[0]["path"], "--json"}).output);
  EXPECT_EQ(about["targets"].size(), 1u) << "of this machine alone";
  writeFile(entries[0]["path"].get<std::string>() + "/chat.json", "damaged"); // is compiled again
  const ProcessResult third = runCria(arguments, "", environment);
  EXPECT_THAT(third.errors, HasSubstr("compiling the checkpoint"));
  EXPECT_EQ(third.output, first.output);
}

// The cache folder may be any folder. Only folders with a name that the cache makes, and with the proof of a
// package or of an unfinished one, are listed and removed.
TEST(CompileCacheTest, ClearRemovesOnlyItsOwn) {
  namespace fs = std::filesystem;
  const TemporaryFolder cache;
  const std::vector<std::string> environment = {"CRIA_CACHE=" + cache.path()};
  const auto make = [&](const std::string &name, const std::string &file, const std::string &content) {
    fs::create_directories(cache.path(name));
    writeFile(cache.path(name + "/" + file), content);
  };
  const std::string manifest = R"({"format": "cria"})", key = "0123456789abcdef";
  make("a-" + key + ".cria", "manifest.json", manifest);
  make("b-" + key + ".cria.tmp-" + key, ".cria-unfinished", "");
  make("webext", "manifest.json", R"({"manifest_version": 3})");
  make("c-" + key + ".cria", "manifest.json", R"({"manifest_version": 3})");
  make("mine.cria", "manifest.json", manifest);
  make("notes.cria.tmp-backup", "notes.txt", "precious");
  make("d-" + key + ".cria.tmp-" + key, "notes.txt", "precious");
  fs::create_directory_symlink(cache.path("mine.cria"), cache.path("e-" + key + ".cria"));
  EXPECT_EQ(json::parse(runCria({"cache", "list", "--json"}, "", environment).output).size(), 2u);
  const ProcessResult cleared = runCria({"cache", "clear"}, "", environment);
  EXPECT_EQ(cleared.exitCode, 0) << cleared.errors;
  std::vector<std::string> left;
  for (const auto &entry : fs::directory_iterator(cache.path())) {
    EXPECT_FALSE(fs::is_empty(entry.path())) << entry.path();
    left.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("webext", "c-" + key + ".cria", "mine.cria",
                                                  "notes.cria.tmp-backup", "d-" + key + ".cria.tmp-" + key,
                                                  "e-" + key + ".cria"));
}

// A package that cannot be removed does not keep the next ones. One with more nested folders than the process
// may have open files cannot be removed by anyone.
TEST(CompileCacheTest, ClearContinuesAfterAFailure) {
  namespace fs = std::filesystem;
  const TemporaryFolder cache;
  const std::string key = "-0123456789abcdef.cria/";
  std::string nested = "a" + key;
  for (int i = 0; i < 200; ++i) {
    nested += "n/";
  }
  for (const std::string &folder : {nested, "b" + key}) {
    fs::create_directories(cache.path(folder));
  }
  for (const std::string name : {"a", "b"}) {
    writeFile(cache.path(name + key + "manifest.json"), R"({"format": "cria"})");
  }
  const ProcessResult cleared =
      runProcess("/bin/sh", {"-c", "ulimit -n 100; exec " CRIA_BINARY_DIR "/bin/cria cache clear"}, "",
                 {"CRIA_CACHE=" + cache.path()});
  EXPECT_EQ(cleared.exitCode, 2) << cleared.errors;
  EXPECT_THAT(cleared.errors, HasSubstr("a-0123456789abcdef.cria: cannot remove: Too many open files"));
  EXPECT_THAT(cleared.errors, HasSubstr("run 'cria cache clear' again"));
  EXPECT_TRUE(fs::exists(cache.path("a" + key + "manifest.json")));
  EXPECT_FALSE(fs::exists(cache.path("b" + key)));
}

TEST(CompileCacheTest, ACacheThatIsAFileIsAnError) {
  const TemporaryFolder folder;
  const std::string file = folder.path("file");
  writeFile(file, "");
  for (const char *action : {"list", "clear"}) {
    const ProcessResult result = runCria({"cache", action}, "", {"CRIA_CACHE=" + file});
    EXPECT_EQ(result.exitCode, 2) << action;
    EXPECT_THAT(result.errors, HasSubstr(file + ": expected the folder of the cache, got a file")) << action;
  }
  const ProcessResult none = runCria({"cache", "clear"}, "", {"CRIA_CACHE=" + folder.path("none")});
  EXPECT_EQ(none.exitCode, 0) << none.errors;
}

} // namespace
} // namespace cria::test
