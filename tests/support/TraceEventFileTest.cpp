// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TraceEventFile: what viewers of traces read, in any state of the disk.
#include "support/TraceEventFile.h"

#include "tests/testing/TestFiles.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cria::test {
namespace {

using testing::HasSubstr;

class TraceEventFileTest : public ::testing::Test {
protected:
  std::string path(const std::string &name) const { return (folder_.path() / name).string(); }
  TraceEventFile create(const std::string &name) const {
    StatusOr<TraceEventFile> file =
        TraceEventFile::create(path(name), "a \"model\"", {{"device", "line\nbreak"}});
    EXPECT_TRUE(file.ok()) << file.status().message();
    return std::move(*file);
  }
  Json read(const std::string &name) const {
    StatusOr<Json> json = readJsonFile(path(name));
    EXPECT_TRUE(json.ok()) << json.status().message();
    return json.ok() ? *json : Json();
  }

  tests::TemporaryFolder folder_;
};

TEST_F(TraceEventFileTest, IsJsonWithoutAnyEvent) {
  TraceEventFile file = create("t.json");
  ASSERT_TRUE(file.finish().ok());
  const Json json = read("t.json");
  EXPECT_EQ(json["otherData"]["device"], "line\nbreak");
  ASSERT_EQ(json["traceEvents"].size(), 1u);
  EXPECT_EQ(json["traceEvents"][0], Json::parse(R"({"name": "process_name", "ph": "M", "pid": 1, "tid": 0,
                                                    "args": {"name": "a \"model\""}})"));
}

TEST_F(TraceEventFileTest, HasTracksAndTimesInMicroseconds) {
  TraceEventFile file = create("t.json");
  file.addTrack(2, "kernels");
  file.addSlice({.track = 2, .name = "linear", .startNs = 1500, .endNs = 3501, .arguments = {{"layer", 3}}});
  file.addSlice({.track = 2, .name = "norm", .startNs = 3501, .endNs = 3501});
  ASSERT_TRUE(file.finish().ok());
  const Json events = read("t.json")["traceEvents"];
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[1], Json::parse(R"({"name": "thread_name", "ph": "M", "pid": 1, "tid": 2,
                                       "args": {"name": "kernels"}})"));
  EXPECT_EQ(events[2]["args"], Json::parse(R"({"sort_index": 2})"));
  EXPECT_EQ(events[3], Json::parse(R"({"name": "linear", "ph": "X", "ts": 1.5, "dur": 2.001, "pid": 1,
                                       "tid": 2, "args": {"layer": 3}})"));
  EXPECT_EQ(events[4], Json::parse(R"({"name": "norm", "ph": "X", "ts": 3.501, "dur": 0.0, "pid": 1,
                                       "tid": 2, "args": {}})"));
}

TEST_F(TraceEventFileTest, KeepsNamesOfAnyText) {
  const std::string names[] = {"\"quoted\" \\ name", "größe \xF0\x9F\xA6\x99",
                               "tab\tnul" + std::string(1, '\0')};
  TraceEventFile file = create("t.json");
  for (const std::string &name : names) {
    file.addSlice({.track = 1, .name = name});
  }
  file.addSlice({.track = 1, .name = "cut \xF0\x9F"});
  ASSERT_TRUE(file.finish().ok());
  const Json events = read("t.json")["traceEvents"];
  ASSERT_EQ(events.size(), 5u);
  for (size_t i = 0; i < std::size(names); ++i) {
    EXPECT_EQ(events[i + 1]["name"], names[i]);
  }
  EXPECT_EQ(events[4]["name"], "cut \xEF\xBF\xBD");
}

// More than a buffer, so that events are written before the end.
TEST_F(TraceEventFileTest, WritesWhileEventsAreAdded) {
  TraceEventFile file = create("t.json");
  constexpr uint64_t kEvents = 3000;
  for (uint64_t i = 0; i < kEvents; ++i) {
    file.addSlice({.track = 1, .name = "step", .startNs = i * 10, .endNs = i * 10 + 7});
  }
  const auto entry = *std::filesystem::directory_iterator(folder_.path());
  EXPECT_THAT(entry.path().filename().string(), HasSubstr("t.json.tmp-"));
  EXPECT_GT(entry.file_size(), 60u << 10);
  ASSERT_TRUE(file.finish().ok());
  const Json events = read("t.json")["traceEvents"];
  ASSERT_EQ(events.size(), kEvents + 1);
  EXPECT_EQ(events[kEvents]["ts"], (kEvents - 1) / 100.0);
}

TEST_F(TraceEventFileTest, AFileThatIsNotFinishedIsRemoved) {
  {
    create("t.json").addTrack(1, "steps");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(TraceEventFileTest, ReportsAFullDiskAtTheEnd) {
  StatusOr<TraceEventFile> file = TraceEventFile::create("/dev/full", "p", OrderedJson::object());
  ASSERT_TRUE(file.ok()) << file.status().message();
  file->addTrack(1, "steps");
  const Status status = file->finish();
  EXPECT_EQ(status.code(), StatusCode::io);
  EXPECT_THAT(status.message(), HasSubstr("/dev/full: cannot write: No space left"));
}

TEST_F(TraceEventFileTest, RefusesAPathThatCannotBeWritten) {
  const auto file = TraceEventFile::create(path("none/t.json"), "p", OrderedJson::object());
  EXPECT_EQ(file.status().code(), StatusCode::io);
}

} // namespace
} // namespace cria::test
