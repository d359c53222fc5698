// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/Suite.h"

#include <chrono>

namespace cria::conformance {

std::string_view toString(Verdict verdict) {
  switch (verdict) {
  case Verdict::passed:
    return "passed";
  case Verdict::unsupported:
    return "unsupported";
  case Verdict::expectedFailure:
    return "expected failure";
  case Verdict::failed:
    return "failed";
  case Verdict::unexpectedPass:
    break;
  }
  return "unexpected pass";
}

bool isBad(Verdict verdict) { return verdict == Verdict::failed || verdict == Verdict::unexpectedPass; }

bool matches(std::string_view pattern, std::string_view name) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

static const std::string *find(const std::map<std::string, std::string> &declared, std::string_view name) {
  for (const auto &[pattern, reason] : declared) {
    if (matches(pattern, name)) {
      return &reason;
    }
  }
  return nullptr;
}

namespace {
enum class Ending { passed, failed, unsupported };

std::pair<Ending, std::string> endingOf(const Case &testCase) {
  try {
    testCase.run();
    return {Ending::passed, ""};
  } catch (const Unsupported &unsupported) {
    return {Ending::unsupported, unsupported.what()};
  } catch (const std::exception &failure) {
    return {Ending::failed, failure.what()};
  }
}

Result judge(const Case &testCase, const Expectations &expectations) {
  const auto [ending, text] = endingOf(testCase);
  const std::string *unsupported = find(expectations.unsupported, testCase.name);
  const std::string *failure = find(expectations.failures, testCase.name);
  if (ending == Ending::unsupported) {
    return {testCase.name, Verdict::unsupported, text};
  }
  if (ending == Ending::failed) {
    return unsupported != nullptr ? Result{testCase.name, Verdict::unsupported, *unsupported}
           : failure != nullptr   ? Result{testCase.name, Verdict::expectedFailure, *failure}
                                  : Result{testCase.name, Verdict::failed, text};
  }
  if (unsupported != nullptr || failure != nullptr) {
    return {testCase.name, Verdict::unexpectedPass,
            "passes, but is declared not to; remove the declaration (" +
                *(unsupported != nullptr ? unsupported : failure) + ")"};
  }
  return {testCase.name, Verdict::passed, ""};
}
} // namespace

Result runCase(const Case &testCase, const Expectations &expectations) {
  const auto start = std::chrono::steady_clock::now();
  Result result = judge(testCase, expectations);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

} // namespace cria::conformance
