// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A format needs a row and a name: with the rows of MadeUpFormats.cpp, the tests of CodedWeightsTest.cpp,
// which this program is linked with, pass on all targets.
#include "format/WeightArrays.h"
#include "tools/cria-device-check/CodedFormats.h"
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/OpCases.h"
#include "tools/cria-plugin-test/DispatchHarness.h"

#include <gmock/gmock.h>

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

/// The backend `reference` decodes weights, so this program uses one with the same rows.
class BackendsWithMadeUpFormats : public testing::Environment {
public:
  void SetUp() override {
    Backend::setFolders(
        {CRIA_BINARY_DIR "/made-up-formats", CRIA_BINARY_DIR "/plugins", CRIA_BINARY_DIR "/dev-plugins"});
  }
};
const testing::Environment *const kBackends =
    testing::AddGlobalTestEnvironment(new BackendsWithMadeUpFormats); // owned by GoogleTest

std::vector<std::string> madeUpNames() {
  std::vector<std::string> names;
  for (size_t i = cria::kWeightFormats.size(); i < cria::numWeightFormats(); ++i) {
    names.emplace_back(nameOf(cria::WeightFormat(i)));
  }
  return names;
}

TEST(MadeUpFormatsTest, AreRowsAfterThoseOfTheTable) {
  const std::vector<std::string> names = madeUpNames();
  ASSERT_GE(names.size(), 2u);
  for (const std::string &name : names) {
    EXPECT_THAT(cria::weightFormatNames(), HasSubstr(name));
    EXPECT_TRUE(std::ranges::count(codedFormats(), *cria::findWeightFormat(name)) == 1) << name;
  }
}

TEST(MadeUpFormatsTest, HaveDeviceCode) {
  for (const std::string &name : madeUpNames()) {
    Random random(1);
    for (const OpProgram &op :
         {embeddingProgram(random, name, 352), linearProgram(random, {name.c_str(), 338, 9})}) {
      const CompiledProgram program = compileProgram(op.module(), "cuda-sm_80-ptx", op.limits(), false);
      EXPECT_EQ(program.error, "");
      EXPECT_THAT(program.code, HasSubstr(".visible .entry"));
    }
  }
}

} // namespace
