// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/CutText.h"

#include <gmock/gmock.h>

namespace cria {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CutText, NoPartContainsAName) {
  const std::vector<std::string> names = {"<a>", "<a>b", "éé", "x", ""};
  EXPECT_THAT(cutAtNames("", names), IsEmpty());
  EXPECT_THAT(cutAtNames("plain x", names), ElementsAre("plain x"));
  EXPECT_THAT(cutAtNames("1<a>b2", names), ElementsAre("1<", "a>b2"));
  EXPECT_THAT(cutAtNames("<a><a>", names), ElementsAre("<", "a><", "a>"));
  EXPECT_THAT(cutAtNames("ééé", names), ElementsAre("é", "é", "é"));
  EXPECT_THAT(cutAtNames("text", {}), ElementsAre("text"));
}

} // namespace
} // namespace cria
