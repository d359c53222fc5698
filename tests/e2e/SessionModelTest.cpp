// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random series of prefill, decode, truncate, fork and keepCommonPrefix on many sessions of one model with
// few KV pages. After each, the logits have the bits of those of a fresh session with the same tokens.
#include "tests/testing/CompileModel.h"
#include "tests/testing/CompiledModel.h"
#include "tests/testing/Golden.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace cria::test {
namespace {

using Tokens = std::vector<int32_t>;

struct Case {
  std::string target, backend;
};

class SessionModelTest : public testing::TestWithParam<Case> {
protected:
  static constexpr size_t kMaxSessions = 5;
  static constexpr uint64_t kKvBytes = 256 << 10;

  void SetUp() override {
    if (!runsHere(GetParam().target)) {
      GTEST_SKIP() << "this processor does not run " << GetParam().target;
    }
    const std::string package =
        compileModel(goldenModelPath("gqa"), {"--no-tokenizer", "--target", "cpu,ops", "--weights", "f16"});
    const OpenOptions options{.target = GetParam().target, .backend = GetParam().backend};
    fresh_ = openCompiled(package, options);
    OpenOptions small = options;
    small.kvMemoryBytes = kKvBytes;
    model_ = openCompiled(package, small);
  }

  size_t below(size_t n) { return random_() % n; }

  Tokens someTokens(size_t count) {
    Tokens tokens(count);
    for (int32_t &token : tokens) {
      token = static_cast<int32_t>(below(model_->vocabSize()));
    }
    return tokens;
  }

  /// Appends tokens in one or many steps, and compares the logits of the last one.
  void append(Session &session, size_t count) {
    Tokens all(session.tokens().begin(), session.tokens().end());
    const Tokens added = someTokens(count);
    std::vector<float> logits;
    const Status status = session.prefill(added, [&](uint32_t, std::span<const float> row) {
      logits.assign(row.begin(), row.end());
      return Status();
    });
    if (!status.ok()) { // the pool or the context is full, and what was complete stays
      EXPECT_TRUE(status.code() == StatusCode::outOfMemory || status.code() == StatusCode::invalidArgument)
          << status.message();
      return;
    }
    all.insert(all.end(), added.begin(), added.end());
    ASSERT_EQ(Tokens(session.tokens().begin(), session.tokens().end()), all);
    expectFresh(all, logits);
  }

  void decode(Session &session) {
    const auto row = session.decode(someTokens(1)[0]);
    if (row.ok()) {
      const std::vector<float> logits(row->begin(), row->end());
      expectFresh(Tokens(session.tokens().begin(), session.tokens().end()), logits);
    }
  }

  void expectFresh(const Tokens &tokens, const std::vector<float> &logits) {
    Session session(*fresh_);
    const Status status = session.prefill(tokens, [&](uint32_t, std::span<const float> row) {
      EXPECT_EQ(row.size(), logits.size());
      EXPECT_EQ(std::memcmp(row.data(), logits.data(), row.size_bytes()), 0) << tokens.size() << " tokens";
      return Status();
    });
    EXPECT_TRUE(status.ok()) << status.message();
    ++compared_;
  }

  void keepPrefix(Session &session) {
    Tokens wanted(session.tokens().begin(), session.tokens().end());
    if (!wanted.empty()) {
      wanted[below(wanted.size())] = someTokens(1)[0];
    }
    wanted.push_back(1);
    const Tokens before(session.tokens().begin(), session.tokens().end());
    const uint32_t kept = session.keepCommonPrefix(wanted);
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + kept, session.tokens().begin()));
  }

  void step(std::vector<Session> &sessions) {
    if (sessions.empty() || (sessions.size() < kMaxSessions && below(12) == 0)) {
      sessions.emplace_back(*model_);
    }
    Session &session = sessions[below(sessions.size())];
    switch (below(8)) {
    case 0:
      return append(session, 1 + below(40));
    case 1:
      return append(session, 1 + below(3));
    case 2:
      return session.truncate(static_cast<uint32_t>(below(session.length() + 1)));
    case 3:
      return keepPrefix(session);
    case 4:
      if (sessions.size() < kMaxSessions) {
        Session copy = session.fork();
        sessions.push_back(std::move(copy));
      }
      return;
    case 5:
      sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(&session - sessions.data()));
      return;
    default:
      return decode(session);
    }
  }

  std::unique_ptr<Model> model_, fresh_;
  std::mt19937 random_{20};
  size_t compared_ = 0;
};

TEST_P(SessionModelTest, EveryStepEqualsThatOfAFreshSession) {
  constexpr int kSteps = 400;
  {
    std::vector<Session> sessions;
    sessions.reserve(kMaxSessions);
    for (int i = 0; i < kSteps && !HasFailure(); ++i) {
      SCOPED_TRACE(i);
      step(sessions);
    }
  }
  EXPECT_GT(compared_, size_t(kSteps) / 10);
  EXPECT_EQ(model_->kvPool().numFreePages(), model_->kvPool().numPages());
}

INSTANTIATE_TEST_SUITE_P(Backends, SessionModelTest,
                         testing::Values(Case{"cpu-x86-64-v3", "cpu"}, Case{"cpu-x86-64-v4", "cpu"},
                                         Case{"ops", "reference"}),
                         [](const auto &info) { return info.param.backend + std::to_string(info.index); });

} // namespace
} // namespace cria::test
