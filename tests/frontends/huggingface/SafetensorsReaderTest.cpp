// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/SafetensorsReader.h"

#include "tests/testing/TestFiles.h"

#include <gmock/gmock.h>

using namespace cria;
using namespace cria::huggingface;
using namespace cria::tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

class SafetensorsReaderTest : public ::testing::Test {
protected:
  void SetUp() override {
    folder.write("a", safetensorsBytes(R"({"m": {"dtype": "U8", "shape": [3, 2], "data_offsets": [0, 6]},
      "v": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}})",
                                       "abcdefgh"));
    reader = std::move(SafetensorsReader::open({folder.file("a")})).value();
  }

  TemporaryFolder folder;
  std::unique_ptr<SafetensorsReader> reader;
};

TEST_F(SafetensorsReaderTest, ReadsRows) {
  std::string rows(4, ' ');
  ASSERT_TRUE(reader->readRows("m", 1, 2, std::as_writable_bytes(std::span(rows))).ok());
  EXPECT_EQ(rows, "cdef");
  std::string vector(2, ' ');
  ASSERT_TRUE(reader->readRows("v", 0, 1, std::as_writable_bytes(std::span(vector))).ok());
  EXPECT_EQ(vector, "gh");
}

TEST_F(SafetensorsReaderTest, RefusesRowsOutside) {
  std::string rows(4, ' ');
  const auto bytes = std::as_writable_bytes(std::span(rows));
  EXPECT_THAT(reader->readRows("m", 2, 2, bytes).message(), HasSubstr("lie outside tensor 'm' of 3 rows"));
  EXPECT_EQ(reader->readRows("m", -1, 1, bytes).code(), StatusCode::invalidArgument);
  EXPECT_EQ(reader->readRows("none", 0, 1, bytes).code(), StatusCode::notFound);
}

TEST_F(SafetensorsReaderTest, DescribesTensors) {
  ASSERT_NE(reader->find("m"), nullptr);
  EXPECT_THAT(reader->find("m")->shape, ElementsAre(3, 2));
  EXPECT_EQ(reader->find("m")->file, folder.file("a"));
  reader->discard("m");
  EXPECT_EQ(reader->find("m"), nullptr);
}

TEST_F(SafetensorsReaderTest, RefusesTheSameNameTwice) {
  folder.write("b", readAll(folder.file("a")));
  EXPECT_THAT(SafetensorsReader::open({folder.file("a"), folder.file("b")}).status().message(),
              HasSubstr("is also in"));
}

} // namespace
