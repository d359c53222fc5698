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
    folder_.write("a", safetensorsBytes(R"({"m": {"dtype": "U8", "shape": [3, 2], "data_offsets": [0, 6]},
      "v": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}})",
                                        "abcdefgh"));
    reader_ = std::move(SafetensorsReader::open({folder_.file("a")})).value();
  }

  TemporaryFolder folder_;
  std::unique_ptr<SafetensorsReader> reader_;
};

TEST_F(SafetensorsReaderTest, ReadsRows) {
  std::string rows(4, ' ');
  ASSERT_TRUE(reader_->readRows("m", 1, 2, std::as_writable_bytes(std::span(rows))).ok());
  EXPECT_EQ(rows, "cdef");
  std::string vector(2, ' ');
  ASSERT_TRUE(reader_->readRows("v", 0, 1, std::as_writable_bytes(std::span(vector))).ok());
  EXPECT_EQ(vector, "gh");
}

TEST_F(SafetensorsReaderTest, RefusesRowsOutside) {
  std::string rows(4, ' ');
  const auto bytes = std::as_writable_bytes(std::span(rows));
  EXPECT_THAT(reader_->readRows("m", 2, 2, bytes).message(), HasSubstr("lie outside tensor 'm' of 3 rows"));
  EXPECT_EQ(reader_->readRows("m", -1, 1, bytes).code(), StatusCode::invalidArgument);
  EXPECT_EQ(reader_->readRows("none", 0, 1, bytes).code(), StatusCode::notFound);
}

TEST_F(SafetensorsReaderTest, DescribesTensors) {
  ASSERT_NE(reader_->find("m"), nullptr);
  EXPECT_THAT(reader_->find("m")->shape, ElementsAre(3, 2));
  EXPECT_EQ(reader_->find("m")->file, folder_.file("a"));
  reader_->discard("m");
  EXPECT_EQ(reader_->find("m"), nullptr);
}

TEST_F(SafetensorsReaderTest, RefusesTheSameNameTwice) {
  folder_.write("b", readAll(folder_.file("a")));
  EXPECT_THAT(SafetensorsReader::open({folder_.file("a"), folder_.file("b")}).status().message(),
              HasSubstr("is also in"));
}

} // namespace
