// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors reader on every kind of damaged file, and the layout and round trip of the writer.
#include "format/Safetensors.h"

#include "tests/testing/TestFiles.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace cria;
using namespace cria::tests;
using ::testing::HasSubstr;

namespace {

std::string errorOf(std::string_view bytes) {
  TemporaryFolder folder;
  auto file = SafetensorsFile::open(folder.write("bad.safetensors", bytes));
  EXPECT_FALSE(file.ok());
  if (file.ok()) {
    return "";
  }
  EXPECT_THAT(file.status().message(), HasSubstr("bad.safetensors"));
  return file.status().message();
}

std::string errorOf(std::string_view header, std::string_view data) {
  return errorOf(safetensorsBytes(header, data));
}

std::string tensor(std::string_view name, std::string_view type, std::string_view shape, int begin, int end) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, type, shape, begin,
                     end);
}

TEST(Safetensors, ReadsAFile) {
  TemporaryFolder folder;
  std::string header = "{" + tensor("b", "F16", "[2]", 8, 12) + "," + tensor("a", "F32", "[1,2]", 0, 8) +
                       R"(,"__metadata__":{"format":"pt"}})";
  auto file = SafetensorsFile::open(folder.write("x", safetensorsBytes(header, "0123456789AB")));
  ASSERT_TRUE(file.ok()) << file.status().message();
  const SafetensorsFile &f = **file;
  ASSERT_EQ(f.tensors().size(), 2u);
  EXPECT_EQ(f.tensors()[0].name, "a");
  EXPECT_EQ(f.metadata().at("format"), "pt");
  const SafetensorsTensor *b = f.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, ElementType::f16);
  EXPECT_EQ(b->shape, std::vector<int64_t>{2});
  EXPECT_EQ(std::memcmp(f.data(*b).data(), "89AB", 4), 0);
  std::byte two[2];
  ASSERT_TRUE(f.read(*b, 1, two).ok());
  EXPECT_EQ(std::memcmp(two, "9A", 2), 0);
  EXPECT_FALSE(f.read(*b, 3, two).ok());
  EXPECT_EQ(f.find("c"), nullptr);
}

TEST(Safetensors, ScalarsAndEmptyTensors) {
  TemporaryFolder folder;
  std::string header = "{" + tensor("e", "F32", "[0,7]", 4, 4) + "," + tensor("s", "F32", "[]", 0, 4) + "}";
  auto file = SafetensorsFile::open(folder.write("x", safetensorsBytes(header, "0123")));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ((*file)->find("s")->size, 4u);
  EXPECT_EQ((*file)->find("e")->size, 0u);
}

TEST(Safetensors, MissingFileAndFolder) {
  TemporaryFolder folder;
  EXPECT_EQ(SafetensorsFile::open(folder.file("none")).status().code(), StatusCode::notFound);
  EXPECT_THAT(SafetensorsFile::open(folder.path().string()).status().message(), HasSubstr("regular file"));
}

TEST(Safetensors, DoesNotWaitForTheWriterOfAFifo) {
  TemporaryFolder folder;
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  EXPECT_EQ(SafetensorsFile::open(folder.file("fifo")).status().code(), StatusCode::io);
}

TEST(Safetensors, HeaderLength) {
  EXPECT_THAT(errorOf(""), HasSubstr("expected at least 8 bytes, got 0"));
  EXPECT_THAT(errorOf("1234567"), HasSubstr("expected at least 8 bytes"));
  EXPECT_THAT(errorOf(std::string("\x03\0\0\0\0\0\0\0{}", 10)), HasSubstr("the header length is 3 bytes"));
  EXPECT_THAT(errorOf("\xff\xff\xff\xff\xff\xff\xff\xff{}"),
              HasSubstr("the header length is 18446744073709551615 bytes"));
}

TEST(Safetensors, HeaderLargerThanTheLimit) {
  TemporaryFolder folder;
  std::string path = folder.write("huge", std::string("\0\0\0\x10\0\0\0\0", 8));
  std::filesystem::resize_file(path, (uint64_t(1) << 28) + 8);
  EXPECT_THAT(SafetensorsFile::open(path).status().message(), HasSubstr("header of at most 67108864 bytes"));
}

TEST(Safetensors, BadJson) {
  EXPECT_THAT(errorOf("{", ""), HasSubstr("not valid JSON"));
  EXPECT_THAT(errorOf("[]", ""), HasSubstr("expected the header to be an object, got an array of 0"));
  EXPECT_THAT(errorOf("{\"a\xff\":1}", ""), HasSubstr("not valid JSON"));
  EXPECT_THAT(errorOf(std::string(100000, '['), ""), HasSubstr("nesting is deeper than 64"));
}

TEST(Safetensors, DuplicateTensor) {
  EXPECT_THAT(
      errorOf("{" + tensor("w", "U8", "[1]", 0, 1) + "," + tensor("w", "U8", "[1]", 1, 2) + "}", "01"),
      HasSubstr("duplicate name 'w'"));
}

TEST(Safetensors, UnknownDtype) {
  EXPECT_THAT(errorOf("{" + tensor("w", "F12", "[1]", 0, 1) + "}", "0"),
              HasSubstr("tensor 'w': unknown dtype 'F12'"));
}

TEST(Safetensors, MalformedEntries) {
  EXPECT_THAT(errorOf(R"({"w":3})", ""), HasSubstr("tensor 'w': expected an object, got 3"));
  EXPECT_THAT(errorOf(R"({"w":{"shape":[],"data_offsets":[0,0]}})", ""), HasSubstr("'dtype' is missing"));
  EXPECT_THAT(errorOf(R"({"w":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":0}})", "0"),
              HasSubstr("unknown member 'x'"));
  EXPECT_THAT(errorOf("{" + tensor("w", "U8", "[-1]", 0, 1) + "}", "0"),
              HasSubstr("dimensions from 0 to 2^48, got -1"));
  EXPECT_THAT(errorOf("{" + tensor("w", "U8", "[1.0]", 0, 1) + "}", "0"), HasSubstr("got 1.0"));
  EXPECT_THAT(errorOf(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", "0"),
              HasSubstr("two offsets"));
  EXPECT_THAT(errorOf(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", "0"),
              HasSubstr("two offsets"));
  EXPECT_THAT(errorOf(R"({"__metadata__":{"a":1}})", ""), HasSubstr("'a' to be a string"));
}

TEST(Safetensors, ShapeDoesNotMatchRange) {
  EXPECT_THAT(errorOf("{" + tensor("w", "F16", "[3]", 0, 4) + "}", "0123"),
              HasSubstr("tensor 'w': expected the 6 bytes of shape [3] and type F16, got the range 0 to 4"));
  EXPECT_THAT(errorOf("{" + tensor("w", "U8", "[3]", 4, 1) + "}", "0123"), HasSubstr("the range 4 to 1"));
}

TEST(Safetensors, ShapeOverflow) {
  std::string shape = "[281474976710656, 281474976710656]";
  EXPECT_THAT(errorOf("{" + tensor("w", "F32", shape, 0, 0) + "}", ""), HasSubstr("2^63 or more"));
  EXPECT_THAT(errorOf("{" + tensor("w", "F32", "[18446744073709551615]", 0, 0) + "}", ""), HasSubstr("2^48"));
}

TEST(Safetensors, TruncatedData) {
  EXPECT_THAT(errorOf("{" + tensor("w", "U8", "[9]", 0, 9) + "}", "01234567"),
              HasSubstr("truncated: tensor 'w' ends at byte 9 of the data, which has 8"));
}

TEST(Safetensors, OverlapHoleAndRest) {
  EXPECT_THAT(
      errorOf("{" + tensor("a", "U8", "[4]", 0, 4) + "," + tensor("b", "U8", "[4]", 2, 6) + "}", "012345"),
      HasSubstr("tensor 'b' overlaps the previous one; expected it to start at byte 4, got 2"));
  EXPECT_THAT(
      errorOf("{" + tensor("a", "U8", "[2]", 0, 2) + "," + tensor("b", "U8", "[2]", 4, 6) + "}", "012345"),
      HasSubstr("tensor 'b' leaves a gap after the previous one"));
  EXPECT_THAT(errorOf("{" + tensor("a", "U8", "[2]", 0, 2) + "}", "012345"),
              HasSubstr("the bytes after the last tensor belong to none"));
}

TEST(Safetensors, EveryPrefixIsAnError) {
  std::string whole = safetensorsBytes("{" + tensor("a", "U8", "[4]", 0, 4) + "}", "0123");
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(errorOf(std::string_view(whole).substr(0, length)), "") << length;
  }
}

TEST(Safetensors, WriterAlignsAndReadsBack) {
  TemporaryFolder folder;
  auto writer = SafetensorsWriter::create(
      folder.file("w"),
      {{"a", ElementType::u8, {3}}, {"b", ElementType::f32, {2, 2}}, {"c", ElementType::f16, {32}}});
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  float b[4] = {1, 2, 3, 4};
  auto bytes = std::as_bytes(std::span(b));
  ASSERT_TRUE((*writer)->write(1, 8, bytes.subspan(8)).ok());
  ASSERT_TRUE((*writer)->write(1, 0, bytes.first(8)).ok());
  EXPECT_FALSE((*writer)->write(1, 12, bytes.first(8)).ok());
  EXPECT_EQ((*writer)->sizeOfTensor(2), 64u);
  ASSERT_TRUE((*writer)->finish().ok());

  auto file = SafetensorsFile::open(folder.file("w"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  const SafetensorsFile &f = **file;
  EXPECT_EQ(f.find("a")->offset, 4096u);
  EXPECT_EQ(f.find("b")->offset, 4096u + 64);
  EXPECT_EQ(f.find("c")->offset, 4096u + 128);
  EXPECT_EQ(f.tensors().size(), 5u);
  EXPECT_TRUE(isPadding(f.tensors()[1]));
  EXPECT_TRUE(std::ranges::equal(f.data(*f.find("b")), bytes));
  EXPECT_EQ(f.data(*f.find("a"))[0], std::byte(0));
}

TEST(Safetensors, WriterRefusesBadDeclarations) {
  TemporaryFolder folder;
  auto create = [&](const std::vector<SafetensorsDeclaration> &tensors) {
    return SafetensorsWriter::create(folder.file("w"), tensors).status().message();
  };
  EXPECT_THAT(create({{"a", ElementType::u8, {1}}, {"a", ElementType::u8, {1}}}),
              HasSubstr("'a' is declared twice"));
  EXPECT_THAT(create({{"__padding.0", ElementType::u8, {1}}}), HasSubstr("is reserved"));
  EXPECT_THAT(create({{"a", ElementType::f32, {int64_t(1) << 40, int64_t(1) << 40}}}),
              HasSubstr("too large"));
}

TEST(Safetensors, WriterRemovesAnUnfinishedFile) {
  TemporaryFolder folder;
  {
    auto writer = SafetensorsWriter::create(folder.file("w"), {{"a", ElementType::u8, {3}}});
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("w")));
}

TEST(Safetensors, AFileThatShrinksIsAReadError) {
  TemporaryFolder folder;
  std::string path = folder.write("x", safetensorsBytes("{" + tensor("a", "U8", "[4]", 0, 4) + "}", "0123"));
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(truncate(path.c_str(), 60), 0);
  std::byte four[4];
  EXPECT_THAT((*file)->read(*(*file)->find("a"), 0, four).message(), HasSubstr("the file was truncated"));
}

} // namespace
