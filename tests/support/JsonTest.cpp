// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict JSON, and what Python's json reads in addition.
#include "support/Json.h"

#include <cmath>
#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::HasSubstr;

TEST(JsonTest, StrictJsonHasNoLiteralsOfPython) {
  for (const char *text : {"NaN", "[Infinity]", R"({"a": -Infinity})"}) {
    EXPECT_THAT(parseJson(text, "a.json").status().message(), HasSubstr("a.json: not valid JSON")) << text;
  }
}

TEST(JsonTest, PythonWritesNumbersThatAreNotFinite) {
  const auto json = parsePythonJson(
      R"({"NaN": ["NaN", NaN, "x\\\"", Infinity, {"-Infinity": -Infinity, "b": "\"Infinity"}], "c": [1, "d", NaN]})",
      "a.json");
  ASSERT_TRUE(json.ok()) << json.status().message();
  const Json &list = (*json)["NaN"];
  EXPECT_EQ(list[0], "NaN");
  EXPECT_TRUE(std::isnan(list[1].get<double>()));
  EXPECT_EQ(list[2], "x\\\"");
  EXPECT_EQ(list[3], INFINITY);
  EXPECT_EQ(list[4]["-Infinity"], -INFINITY);
  EXPECT_EQ(list[4]["b"], "\"Infinity");
  EXPECT_EQ((*json)["c"][1], "d");
  EXPECT_TRUE(std::isnan((*json)["c"][2].get<double>()));
}

TEST(JsonTest, PythonReadsNoOtherTexts) {
  for (const char *text : {"-NaN", "NaNs", "1NaN", "[NaN", "\"NaN", "{NaN: 1}", "+Infinity", "Infinit",
                           "NaN\"\\", "[NaN NaN]", "\"\" NaN", R"({"NaN": 1, "NaN": 2})"}) {
    EXPECT_FALSE(parsePythonJson(text, "a.json").ok()) << text;
  }
}

TEST(JsonTest, DescribesNumbersThatAreNotFinite) {
  EXPECT_EQ(describeJson(NAN), "NaN");
  EXPECT_EQ(describeJson(INFINITY), "Infinity");
  EXPECT_EQ(describeJson(-INFINITY), "-Infinity");
  EXPECT_EQ(describeJson(1.5), "1.5");
}

} // namespace
} // namespace cria
