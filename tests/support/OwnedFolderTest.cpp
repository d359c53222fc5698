// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Publishes and removes folders while each system call fails, the process is killed after each system call,
// and other processes interfere before each system call.
#include "support/OwnedFolder.h"

#include "support/FolderLeftovers.h"
#include "support/FolderRemoval.h"
#include "tests/support/FaultyFileSystem.h"
#include "tests/testing/TestFiles.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cria::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char *kForeignLeftover =
    "m.data.tmp-0123456789abcdef"; // has the form of a leftover, and no proof

FolderProof proof() {
  return {.noun = "parcel", .file = "label", .accepts = [](std::string_view text) {
            return text.starts_with("parcel ");
          }};
}

struct Setting {
  bool hasRenameFlags = true, hasLocks = true;
  std::string old;

  std::string name() const {
    return fmt::format("flags {}, locks {}, old '{}'", hasRenameFlags, hasLocks, old);
  }
  void apply(FaultyFileSystem &files) const {
    files.hasRenameFlags = hasRenameFlags;
    files.hasLocks = hasLocks;
  }
};

class OwnedFolderTest : public ::testing::Test {
protected:
  OwnedFolderTest() { reset(""); }

  std::string path(const std::string &name) const { return folder_.file(name); }
  std::string target() const { return path("m.data"); }

  /// Resets the folder of this test: a folder of another user, and version `old` unless it is empty.
  void reset(const std::string &old) {
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
      fs::remove_all(entry.path());
    }
    makeForeign(kForeignLeftover);
    if (!old.empty()) {
      makeFinished("m.data", old);
    }
  }
  void makeForeign(const std::string &name) const {
    fs::create_directory(path(name));
    folder_.write(name + "/data", "precious");
  }
  bool isForeign(const std::string &name) const { return tests::readAll(path(name) + "/data") == "precious"; }
  void makeFinished(const std::string &name, const std::string &version) const {
    fs::create_directories(path(name + "/inside"));
    folder_.write(name + "/label", "parcel " + version);
    folder_.write(name + "/inside/content", version);
  }

  /// Writes version `version` and publishes it.
  Status publish(const std::string &version, FileSystem &files = FileSystem::system()) const {
    CRIA_ASSIGN_OR_RETURN(OwnedFolder owned, OwnedFolder::create(target(), proof(), files));
    CRIA_RETURN_IF_ERROR(owned.addFolder("inside"));
    std::ofstream(owned.path() + "/inside/content") << version;
    std::ofstream(owned.path() + "/label") << "parcel " + version;
    return owned.publish();
  }

  int callsToPublish(const Setting &setting) {
    reset(setting.old);
    FaultyFileSystem files;
    setting.apply(files);
    EXPECT_TRUE(publish("new", files).ok());
    return files.calls();
  }

  /// The version of a complete folder; empty without one.
  std::string versionOf(const std::string &name) const {
    const std::string content = tests::readAll(path(name + "/inside/content"));
    return tests::readAll(path(name + "/label")) == "parcel " + content ? content : "";
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto &entry : fs::directory_iterator(folder_.path())) {
      all.push_back(entry.path().filename().string());
    }
    std::ranges::sort(all);
    return all;
  }
  /// Versions of complete folders that were moved aside.
  std::vector<std::string> asideVersions() const {
    std::vector<std::string> versions;
    for (const std::string &name : names()) {
      if (name.starts_with("m.data.old-")) {
        versions.push_back(versionOf(name));
      }
    }
    return versions;
  }
  /// Checks that the next publication works and leaves only its result and the folders of others.
  void expectRecovery() const {
    FaultyFileSystem faultless;
    const Status status = publish("next", faultless);
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(versionOf("m.data"), "next");
    EXPECT_THAT(names(), ElementsAre("m.data", kForeignLeftover));
    EXPECT_TRUE(isForeign(kForeignLeftover));
  }

  tests::TemporaryFolder folder_;
};

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const bool hasRenameFlags : {true, false}) {
    for (const char *old : {"", "old"}) {
      all.push_back({.hasRenameFlags = hasRenameFlags, .old = old});
    }
  }
  return all;
}

TEST_F(OwnedFolderTest, PublishesANewFolderAndReplacesAnOldOne) {
  for (const Setting &setting : settings()) {
    SCOPED_TRACE(setting.name());
    for (const bool hasLocks : {true, false}) {
      reset(setting.old);
      FaultyFileSystem files;
      setting.apply(files);
      files.hasLocks = hasLocks;
      const Status status = publish("new", files);
      EXPECT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(versionOf("m.data"), "new");
      EXPECT_THAT(names(), ElementsAre("m.data", kForeignLeftover));
    }
  }
}

TEST_F(OwnedFolderTest, AnUnpublishedFolderIsRemoved) {
  {
    StatusOr<OwnedFolder> owned = OwnedFolder::create(target(), proof());
    ASSERT_TRUE(owned.ok()) << owned.status().message();
    EXPECT_EQ(names().size(), 2u);
    EXPECT_THAT(owned->publish().message(), HasSubstr("expected the file 'label'"));
    OwnedFolder moved = std::move(*owned);
    EXPECT_TRUE(moved.addFolder("inside").ok());
  }
  EXPECT_THAT(names(), ElementsAre(kForeignLeftover));
}

// Each call fails in turn: afterwards the old or the new folder has the name.
TEST_F(OwnedFolderTest, EveryErrorOfEveryCall) {
  int successes = 0, failures = 0;
  for (const Setting &setting : settings()) {
    for (const int problem :
         {EXDEV, EBUSY, EPERM, EINVAL, ENOSPC, EIO, ENOSYS, EEXIST, ENOENT, EWOULDBLOCK}) {
      for (int failing = 0, calls = 1; failing < calls; ++failing) {
        SCOPED_TRACE(fmt::format("{}: {} of call {}", setting.name(), strerrorname_np(problem), failing));
        reset(setting.old);
        FaultyFileSystem files;
        setting.apply(files);
        files.before = [=](int call) { return call == failing ? problem : 0; };
        const Status status = publish("new", files);
        calls = files.calls();
        EXPECT_EQ(versionOf("m.data"), status.ok() ? "new" : setting.old) << status.message();
        ++(status.ok() ? successes : failures);
        expectRecovery();
      }
    }
  }
  EXPECT_GT(successes, 100);
  EXPECT_GT(failures, 100);
}

// All calls fail from one on, so that nothing can be undone: the old folder still exists, and the message
// states its path if it has another name.
TEST_F(OwnedFolderTest, EveryErrorFromEveryCallOn) {
  for (const Setting &setting : settings()) {
    for (const int problem : {EXDEV, EBUSY, EPERM, EINVAL, ENOSPC, EIO, ENOSYS, EEXIST}) {
      for (int failing = 0, calls = 1; failing < calls; ++failing) {
        SCOPED_TRACE(
            fmt::format("{}: {} from call {} on", setting.name(), strerrorname_np(problem), failing));
        reset(setting.old);
        FaultyFileSystem files;
        setting.apply(files);
        files.before = [=](int call) { return call >= failing ? problem : 0; };
        const Status status = publish("new", files);
        calls = files.calls();
        const std::string version = versionOf("m.data");
        if (version != "new" && version != setting.old) {
          EXPECT_THAT(asideVersions(), ElementsAre(setting.old));
          EXPECT_THAT(status.message(), HasSubstr("is now called"));
          EXPECT_FALSE(setting.hasRenameFlags);
        }
        EXPECT_TRUE(!status.ok() || version == "new");
        expectRecovery();
      }
    }
  }
}

TEST_F(OwnedFolderTest, AKillAfterEveryCall) {
  constexpr int kKilled = 77;
  for (const Setting &setting : settings()) {
    bool isKilled = true;
    for (int last = 0; isKilled; ++last) {
      SCOPED_TRACE(fmt::format("{}: killed after call {}", setting.name(), last));
      reset(setting.old);
      const pid_t child = fork();
      if (child == 0) {
        FaultyFileSystem files;
        setting.apply(files);
        files.after = [=](int call) { call == last ? _exit(kKilled) : void(); };
        _exit(publish("new", files).ok() ? 0 : 1);
      }
      int state = 0;
      ASSERT_EQ(waitpid(child, &state, 0), child);
      ASSERT_TRUE(WIFEXITED(state));
      ASSERT_THAT(WEXITSTATUS(state), AnyOf(0, kKilled));
      isKilled = WEXITSTATUS(state) == kKilled;
      const std::string version = versionOf("m.data");
      if (version != "new" && version != setting.old) {
        EXPECT_THAT(asideVersions(), ElementsAre(setting.old));
        EXPECT_FALSE(setting.hasRenameFlags);
      }
      expectRecovery();
    }
  }
}

// Before each call in turn, another process moves the folder away, if it exists, and creates one at its path.
TEST_F(OwnedFolderTest, AFolderThatAppearsMeanwhileStays) {
  int refusals = 0;
  for (const Setting &setting : settings()) {
    const int calls = callsToPublish(setting);
    for (int moment = 0; moment < calls; ++moment) {
      SCOPED_TRACE(fmt::format("{}: before call {}", setting.name(), moment));
      reset(setting.old);
      FaultyFileSystem files;
      setting.apply(files);
      files.before = [&](int call) {
        if (call == moment) {
          std::error_code ignored;
          fs::rename(target(), path("saved"), ignored);
          makeForeign("m.data");
        }
        return 0;
      };
      const Status status = publish("new", files);
      EXPECT_TRUE(isForeign("m.data")) << status.message();
      EXPECT_TRUE(isForeign(kForeignLeftover));
      EXPECT_TRUE(setting.old.empty() || versionOf("saved") != "" ||
                  asideVersions() == std::vector<std::string>{"old"});
      EXPECT_TRUE(status.ok() ? versionOf("saved") == "new" : versionOf("saved") != "new")
          << status.message();
      refusals += status.ok() ? 0 : 1;
    }
  }
  EXPECT_GT(refusals, 20);
}

// Before each call in turn, another writer begins and stops, or publishes its version.
TEST_F(OwnedFolderTest, OtherWritersComeAtAnyMoment) {
  for (const Setting &setting : settings()) {
    const int calls = callsToPublish(setting);
    for (int moment = 0; moment < calls; ++moment) {
      for (const bool isPublishing : {false, true}) {
        SCOPED_TRACE(fmt::format("{}: before call {}, {}", setting.name(), moment, isPublishing));
        reset(setting.old);
        FaultyFileSystem files, others;
        setting.apply(files);
        setting.apply(others);
        files.before = [&](int call) {
          if (call == moment && isPublishing) {
            EXPECT_TRUE(publish("other", others).ok() || !setting.hasRenameFlags);
          } else if (call == moment) {
            EXPECT_TRUE(OwnedFolder::create(target(), proof(), others).ok());
          }
          return 0;
        };
        const Status status = publish("new", files);
        EXPECT_TRUE(status.ok() || (isPublishing && !setting.hasRenameFlags)) << status.message();
        const std::string version = versionOf("m.data");
        EXPECT_TRUE(version == "new" || (isPublishing && version == "other")) << version;
        EXPECT_TRUE(isForeign(kForeignLeftover));
        expectRecovery();
      }
    }
  }
}

TEST_F(OwnedFolderTest, AFileOrAnEmptyFolderStays) {
  folder_.write("m.data", "precious");
  EXPECT_THAT(publish("new").message(), HasSubstr("belongs to something that is not a parcel"));
  EXPECT_EQ(tests::readAll(target()), "precious");
  fs::remove(target());
  fs::create_directory(target());
  EXPECT_THAT(publish("new").message(), HasSubstr("belongs to something that is not a parcel"));
  EXPECT_THAT(names(), ElementsAre("m.data", kForeignLeftover));
}

TEST_F(OwnedFolderTest, NamesThatCannotBeReplacedAreRefused) {
  makeFinished("m.data", "old");
  for (const std::string name : {"/.", "/..", "/./", "/inside/.."}) {
    EXPECT_THAT(checkOutputFolder(target() + name, proof()).message(),
                HasSubstr("expected the name of a folder"))
        << name;
  }
  for (const char *name : {"", ".", "..", "/"}) {
    EXPECT_THAT(checkOutputFolder(name, proof()).message(), HasSubstr("expected the name of a folder"))
        << name;
  }
  EXPECT_TRUE(checkOutputFolder(target() + "//", proof()).ok());
  EXPECT_EQ(checkOutputFolder(path("none/m.data"), proof()).code(), StatusCode::notFound);
  EXPECT_EQ(versionOf("m.data"), "old");
}

TEST_F(OwnedFolderTest, ALinkStaysAndLeadsToTheNewFolder) {
  fs::create_directory(path("behind"));
  fs::create_symlink("behind/real", target()); // nothing is there yet
  for (const char *version : {"first", "second"}) {
    const Status status = publish(version);
    EXPECT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(fs::is_symlink(target()));
    EXPECT_EQ(versionOf("behind/real"), version);
  }
  fs::create_symlink("loop", path("loop"));
  EXPECT_THAT(checkOutputFolder(path("loop"), proof()).message(), HasSubstr("loop of links"));
}

TEST_F(OwnedFolderTest, LeftoversAreRemovedOnlyWithProofAndWithoutUser) {
  StatusOr<OwnedFolder> writer = OwnedFolder::create(target(), proof());
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  const std::string inUse = fs::path(writer->path()).filename().string();
  fs::create_directory(path("m.data.tmp-00000000000000e1"));
  fs::create_directory(path("m.data.tmp-00000000000000d1"));
  folder_.write(std::string("m.data.tmp-00000000000000d1/") + kUnfinishedFile, "");
  folder_.write("m.data.tmp-00000000000000d1/part", "");
  makeFinished("m.data.old-0000000000000001", "older");
  makeFinished("m.data.old-00000000000000012", "too long a name");
  makeFinished("n.data.old-0000000000000001", "another name");
  makeFinished("m.data.old-backup", "a backup");
  makeFinished("m.data.tmp-241129", "a backup");
  fs::create_directory_symlink(path(kForeignLeftover), path("m.data.tmp-00000000000000aa"));
  makeFinished("m.data", "old");
  EXPECT_TRUE(publish("new").ok());
  std::vector<std::string> left = {
      "m.data", "m.data.old-00000000000000012", kForeignLeftover,    "m.data.tmp-00000000000000aa",
      inUse,    "n.data.old-0000000000000001",  "m.data.old-backup", "m.data.tmp-241129"};
  std::ranges::sort(left);
  EXPECT_EQ(names(), left);
  EXPECT_TRUE(isForeign(kForeignLeftover));
}

TEST_F(OwnedFolderTest, AFolderThatWasMovedAsideGetsItsNameBack) {
  makeFinished("m.data.old-0000000000000001", "old");
  {
    StatusOr<OwnedFolder> owned = OwnedFolder::create(target(), proof());
    ASSERT_TRUE(owned.ok()) << owned.status().message();
  }
  EXPECT_EQ(versionOf("m.data"), "old");
  EXPECT_THAT(names(), ElementsAre("m.data", kForeignLeftover));
}

// If the name has unknown contents, the folder that was moved aside may be the last copy.
TEST_F(OwnedFolderTest, AFolderThatWasMovedAsideStaysWithoutASuccessor) {
  makeFinished("m.data.old-0000000000000001", "old");
  makeForeign("m.data");
  EXPECT_FALSE(publish("new").ok());
  EXPECT_EQ(versionOf("m.data.old-0000000000000001"), "old");
  EXPECT_TRUE(isForeign("m.data"));
}

TEST_F(OwnedFolderTest, RemovalFollowsNoLinkAndNeedsProof) {
  makeFinished("m.data", "old");
  makeForeign("foreign");
  fs::create_directory_symlink(path("foreign"), path("m.data/inside/link"));
  fs::create_directory_symlink(path("m.data"), path("link"));
  EXPECT_FALSE(isOwnedFolder(path("link"), proof()));
  EXPECT_FALSE(isOwnedFolder(path("foreign"), proof()));
  EXPECT_EQ(removeOwnedFolder(path("foreign"), proof()).status().code(), StatusCode::invalidArgument);
  EXPECT_EQ(removeOwnedFolder(path("link"), proof()).status().code(), StatusCode::io);
  EXPECT_EQ(versionOf("m.data"), "old");
  const StatusOr<bool> removed = removeOwnedFolder(target(), proof());
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_TRUE(*removed);
  EXPECT_FALSE(fs::exists(target()));
  EXPECT_TRUE(isForeign("foreign"));
}

// An interrupted removal can be repeated, because the proof is removed last.
TEST_F(OwnedFolderTest, ARemovalThatFailsKeepsTheProof) {
  for (int failing = 0; failing < 5; ++failing) { // the lock, content, inside, label, m.data
    reset("old");
    FaultyFileSystem files;
    files.before = [=](int call) { return call == failing ? EIO : 0; };
    const StatusOr<bool> removed = removeOwnedFolder(target(), proof(), files);
    EXPECT_EQ(removed.ok(), failing == 0) << failing;
    EXPECT_TRUE(failing == 0 || failing == 4 || isOwnedFolder(target(), proof())) << failing;
  }
}

TEST_F(OwnedFolderTest, AFolderInUseIsNotRemoved) {
  StatusOr<OwnedFolder> owned = OwnedFolder::create(target(), proof());
  ASSERT_TRUE(owned.ok()) << owned.status().message();
  const StatusOr<bool> removed = removeOwnedFolder(owned->path(), proof());
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_FALSE(*removed);
  EXPECT_TRUE(fs::exists(owned->path()));
}

TEST_F(OwnedFolderTest, PermissionsAreThoseOfTheUmask) {
  const mode_t before = umask(027);
  const Status status = publish("new");
  umask(before);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(fs::status(target()).permissions(), fs::perms(0750));
  StatusOr<OwnedFolder> temporary = OwnedFolder::createTemporary("cria-test");
  ASSERT_TRUE(temporary.ok()) << temporary.status().message();
  EXPECT_EQ(fs::status(temporary->path()).permissions(), fs::perms(0700));
}

} // namespace
} // namespace cria::test
