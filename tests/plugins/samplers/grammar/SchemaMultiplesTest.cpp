// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiples in JSON Schemas: their grammars are small, and accept what arithmetic says.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/sdk/cria_plugin.hpp"
#include "tests/plugins/samplers/grammar/Grammars.h"
#include "tests/testing/Sanitizers.h"

#include <gtest/gtest.h>
#include <random>

namespace cria::grammar {
namespace {

std::string grammarOf(const std::string &members) { return grammarOfJsonSchema("{" + members + "}"); }

/// Expects the grammar to accept, of random integers, those that `modulus` divides.
void expectMultiples(const std::string &members, int64_t modulus, int64_t low, int64_t high) {
  Matcher matcher(parseGeneratedGbnf(grammarOf(members)));
  std::mt19937_64 random(7);
  const int64_t range = 4'000'000'000;
  for (int i = 0; i < (test::kUnderAddressSanitizer ? 20 : 100); ++i) {
    int64_t number = static_cast<int64_t>(random() % static_cast<uint64_t>(2 * range)) - range;
    number >>= random() % 24;
    number -= i % 2 == 0 ? number % modulus : 0;
    const bool conforms = number % modulus == 0 && number >= low && number <= high;
    EXPECT_EQ(accepts(matcher, std::to_string(number)), conforms) << members << "  " << number;
  }
}

TEST(SchemaMultiplesTest, AcceptsMultiplesOfEveryNumberUpToTheLimit) {
  for (const int64_t modulus : {10, 60, 257, 1000, 8192}) {
    for (const char *type : {"integer", "number"}) {
      const std::string members =
          R"("type": ")" + std::string(type) + R"(", "multipleOf": )" + std::to_string(modulus);
      SCOPED_TRACE(members);
      expectMultiples(members, modulus, INT64_MIN, INT64_MAX);
    }
  }
}

TEST(SchemaMultiplesTest, AcceptsMultiplesWithinBounds) {
  for (const int64_t modulus : {7, 60, 100, 512, 8000}) {
    const std::string members = R"("type": "integer", "multipleOf": )" + std::to_string(modulus);
    expectMultiples(members + R"(, "minimum": -1000, "maximum": 2000000000)", modulus, -1000, 2000000000);
  }
  for (const int64_t modulus : {513, 8191}) {
    const std::string members = R"("type": "number", "multipleOf": )" + std::to_string(modulus);
    expectMultiples(members + R"(, "minimum": 0)", modulus, 0, INT64_MAX);
    expectMultiples(members + R"(, "exclusiveMaximum": 0)", modulus, INT64_MIN, -1);
  }
}

TEST(SchemaMultiplesTest, AcceptsMultiplesThatAreShifted) {
  struct Case {
    const char *members;
    std::vector<const char *> accepted, rejected;
  };
  const Case kCases[] = {
      {R"("multipleOf": 100)", {"0", "0.0", "-100", "100.00", "1200"}, {"10", "100.5", "150", "1.00"}},
      {R"("multipleOf": 0.001)", {"0.125", "-3", "7.100"}, {"0.0001", "1.0005"}},
      {R"("multipleOf": 8.191)", {"8.191", "16.382", "-8191", "0.000"}, {"8.19", "8192", "0.001"}},
      {R"("multipleOf": 81920000)", {"81920000", "163840000.0", "0"}, {"8192000", "81920001", "40960000"}},
      {R"("multipleOf": 1e18)", {"1000000000000000000", "0"}, {"100000000000000000", "1"}},
      {R"("not": {"multipleOf": 1000}, "type": "integer")", {"1", "100", "1001"}, {"0", "1000", "-5000"}},
      {R"("enum": [100, 150, 1e3, 0, 0.5], "multipleOf": 100)", {"100", "1e3", "0"}, {"150", "0.5"}},
  };
  for (const Case &each : kCases) {
    const std::string type = each.members[1] == 'm' ? R"("type": "number", )" : "";
    Matcher matcher(parseGeneratedGbnf(grammarOf(type + each.members)));
    for (const char *text : each.accepted) {
      EXPECT_TRUE(accepts(matcher, text)) << each.members << "  " << text;
    }
    for (const char *text : each.rejected) {
      EXPECT_FALSE(accepts(matcher, text)) << each.members << "  " << text;
    }
  }
}

/// The size of a grammar stands for the time that it takes.
TEST(SchemaMultiplesTest, GrammarsOfRoundNumbersAreSmall) {
  for (const char *type : {"integer", "number"}) {
    const std::string begin = R"("type": ")" + std::string(type) + R"(", "multipleOf": )";
    for (const char *modulus : {"10", "100", "1000", "1000000"}) {
      EXPECT_LT(grammarOf(begin + modulus).size(), 200'000) << begin << modulus;
    }
    EXPECT_LT(grammarOf(begin + "8192").size(), 2'000'000);
  }
}

TEST(SchemaMultiplesTest, RefusesOthersByName) {
  for (const char *modulus : {"8193", "1e19", "1e-19", "12345"}) {
    EXPECT_THROW(grammarOf(R"("type": "number", "multipleOf": )" + std::string(modulus)), plugin::Refusal)
        << modulus;
  }
}

} // namespace
} // namespace cria::grammar
