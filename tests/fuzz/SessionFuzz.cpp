// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a series of operations on the sessions of a model with few KV pages, two bytes
// each. The logits of each step are those of the tokens that the session should hold.
#include "runtime/exec/Session.h"
#include "tests/fuzz/FuzzFolder.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/toy/ToyBackend.h"
#include "tests/testing/toy/ToyPackage.h"

using namespace cria;
using namespace cria::test;

namespace {
/// A session, and the tokens that it should hold.
struct Checked {
  Session session;
  std::vector<int32_t> tokens;

  explicit Checked(Model &model) : session(model) {}
  Checked(Session forked, std::vector<int32_t> same) : session(std::move(forked)), tokens(std::move(same)) {}

  void check() const {
    if (!std::equal(tokens.begin(), tokens.end(), session.tokens().begin(), session.tokens().end())) {
      abort();
    }
  }

  void append(std::span<const int32_t> added) {
    Status status = session.prefill(added, [&](uint32_t, std::span<const float> logits) {
      std::vector<int32_t> all = tokens;
      all.insert(all.end(), added.begin(), added.end());
      const std::vector<float> expected = toyLogits(all, kToyVocab);
      if (!std::equal(expected.begin(), expected.end(), logits.begin(), logits.end())) {
        abort();
      }
      return Status();
    });
    tokens.assign(session.tokens().begin(), session.tokens().end()); // full pools and contexts keep chunks
    if (status.ok() && tokens.size() < added.size()) {
      abort();
    }
  }
};

class Sessions {
public:
  explicit Sessions(Model &model) : model_(model) {}

  void apply(uint8_t operation, uint8_t value) {
    constexpr size_t kMaxSessions = 6;
    if (sessions_.empty() || (operation % 8 == 0 && sessions_.size() < kMaxSessions)) {
      sessions_.push_back(std::make_unique<Checked>(model_));
    }
    const size_t index = value % sessions_.size();
    Checked &chosen = *sessions_[index];
    const std::vector<int32_t> some = someTokens(value);
    switch (operation % 8) {
    case 1:
    case 2:
      chosen.append(some);
      break;
    case 3:
      chosen.append(std::span(some).first(1));
      break;
    case 4:
      truncate(chosen, value);
      break;
    case 5:
      if (sessions_.size() < kMaxSessions) {
        sessions_.push_back(std::make_unique<Checked>(chosen.session.fork(), chosen.tokens));
      }
      break;
    case 6:
      keepPrefix(chosen, value);
      break;
    case 7:
      sessions_.erase(sessions_.begin() + std::ptrdiff_t(index));
      break;
    default:
      break;
    }
    for (const auto &session : sessions_) {
      session->check();
    }
  }

private:
  static std::vector<int32_t> someTokens(uint8_t value) {
    std::vector<int32_t> tokens;
    for (uint32_t i = 0; i < 1u + value % 13; ++i) {
      tokens.push_back(int32_t((value * 31u + i * 7u) % kToyVocab));
    }
    return tokens;
  }

  static void truncate(Checked &chosen, uint8_t value) {
    chosen.tokens.resize(chosen.tokens.empty() ? 0 : value % chosen.tokens.size());
    chosen.session.truncate(uint32_t(chosen.tokens.size()));
  }

  static void keepPrefix(Checked &chosen, uint8_t value) {
    std::vector<int32_t> wanted = chosen.tokens;
    if (!wanted.empty()) {
      wanted[value % wanted.size()] = value % kToyVocab;
    }
    wanted.push_back(3);
    const uint32_t kept = chosen.session.keepCommonPrefix(wanted);
    if (kept > chosen.tokens.size()) {
      abort();
    }
    chosen.tokens.resize(kept);
  }

  Model &model_;
  std::vector<std::unique_ptr<Checked>> sessions_;
};

std::unique_ptr<Model> openModel(const FuzzFolder &folder) {
  writeToyPackage(folder.path() + "/toy");
  return openToyModel(folder.path() + "/toy",
                      {.kvMemoryBytes = 12 * kToyPageBytes, .debug = {.poisonBuffers = true}});
}
} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const FuzzFolder folder;
  static const std::unique_ptr<Model> model = openModel(folder);
  toyState().steps.clear();
  {
    Sessions sessions(*model);
    for (size_t i = 0; i + 1 < size; i += 2) {
      sessions.apply(data[i], data[i + 1]);
    }
  }
  if (model->kvPool().numFreePages() != model->kvPool().numPages()) {
    abort(); // a page was lost
  }
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {std::string("\0\x01\x01\x0c\x05\x01\x03\x02\x04\x05\x06\x07\x01\x1f\x07\0", 16),
          std::string("\x01\x0c\x05\0\x01\x0d\x02\x30\x05\x01\x04\x02\x03\x01\x06\x05", 16)};
}
