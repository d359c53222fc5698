// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plugins with one fault each: the case of the suite that tests for it fails. Without a fault the same
// plugins pass.
#include "tests/runtime/plugin/PluginFolders.h"
#include "tools/cria-plugin-test/PluginSuite.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <set>

namespace cria::conformance {
namespace {

struct Fault {
  const char *kind;
  const char *name;
  const char *foundBy; // a case that must fail
};

constexpr Fault kFaults[] = {
    {"backend", "kv-head-modulo", "ops/attention/f32-group2"},
    {"backend", "padding-appended", "ops/kv_append/f32"},
    {"backend", "padding-not-finite", "ops/attention/f32"},
    {"backend", "gaps-written", "ops/linear/f32"},
    {"backend", "norm-without-mean", "ops/rms_norm/f32"},
    {"backend", "residual-forgotten", "ops/fused_linear/f32-residual"},
    {"backend", "low-precision", "ops/linear/f16"},
    {"backend", "recording-keeps-values", "replay/linear/f32"},
    {"backend", "cancel-ignored", "recordings/cancelled"},
    {"backend", "unknown-op-accepted", "refusals/unknown-op"},
    {"backend", "unknown-attribute-ignored", "refusals/unknown-attribute"},
    {"backend", "outside-accepted", "transfers/outside-refused"},
    {"backend", "events-never-done", "events/signal"},
    {"backend", "usage-refused", "buffers/every-usage"},
    {"backend", "any-host-accepted", "query/refuses-hosts-of-other-versions"},
    {"backend", "probe-without-reason", "probe/ops"},
    {"backend", "version-echoed", "query/negotiates-the-version"},
    {"backend", "weights-unscaled", "ops/fill_random/f32"},
    {"sampler", "shared-random", "determinism/seed"},
    {"sampler", "biased-draw", "distribution/choice"},
    {"sampler", "clone-forgets", "state/clone"},
    {"sampler", "reset-does-nothing", "state/reset"},
    {"sampler", "sorted-lies", "contract/candidates"},
    {"sampler", "nothing-left", "contract/candidates"},
    {"sampler", "id-twice", "contract/candidates"},
    {"chat", "doubled-bos", "render/one-bos"},
    {"chat", "bos-as-text", "render/one-bos"},
    {"chat", "inner-space-lost", "render/preserves-texts"},
    {"chat", "messages-as-array", "render/preserves-texts"},
    {"chat", "forged-tokens", "safety/no-forged-tokens"},
    {"chat", "refusal-ignored", "refusals/propagated"},
    {"chat", "unknown-flag-accepted", "refusals/unknown"},
    {"chat", "unknown-role-accepted", "refusals/unknown"},
    {"chat", "refusal-without-reason", "refusals/unknown"},
};

/// Names of the cases matching `filter` that fail.
std::set<std::string> failuresOf(const std::string &kind, const char *fault, std::string_view filter) {
  const TemporaryFolder folder;
  const std::string library = "faulty_" + kind + ".so";
  folder.link(library);
  ManifestText manifest;
  manifest.library = library;
  manifest.kind = kind;
  folder.write("faulty.cria-plugin.json", manifest.text());
  setenv("CRIA_TEST_FAULT", fault, 1);
  std::set<std::string> failures;
  const auto suite = PluginSuite::open(folder.path());
  EXPECT_TRUE(suite.ok()) << suite.status().message();
  for (const Case &testCase : suite.ok() ? (*suite)->cases() : std::vector<Case>()) {
    if (matches(filter, testCase.name) && isBad(runCase(testCase, {}).verdict)) {
      failures.insert(testCase.name);
    }
  }
  unsetenv("CRIA_TEST_FAULT");
  return failures;
}

class FaultyPluginsTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultyPluginsTest, IsFoundByName) {
  EXPECT_THAT(failuresOf(GetParam().kind, GetParam().name, GetParam().foundBy),
              testing::Contains(GetParam().foundBy));
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultyPluginsTest, testing::ValuesIn(kFaults), [](const auto &info) {
  std::string name = std::string(info.param.kind) + "-" + info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(FaultyPluginsTest, PassWithoutAFault) {
  for (const char *kind : {"backend", "sampler", "chat"}) {
    EXPECT_THAT(failuresOf(kind, "none", "*"), testing::IsEmpty()) << kind;
  }
}

} // namespace
} // namespace cria::conformance
