// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Suite: what a plugin is tested for, as a list of named cases. `cria-plugin-test` runs it on anyone's
// plugin, the tests run it on ours and on faulty ones.
//
// A case throws Failure (the plugin breaks its contract) or Unsupported (sidecar or probe say that it does
// not do this, and it refuses properly). A file of expectations declares more: what is unsupported for good,
// with the reason; and expected failures, gaps that someone means to close. A case that passes although it is
// declared fails.
#pragma once

#include <fmt/format.h>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace cria::conformance {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Failure unless `condition` holds.
template <typename... Args> void require(bool condition, fmt::format_string<Args...> text, Args &&...args) {
  if (!condition) {
    throw Failure(fmt::format(text, std::forward<Args>(args)...));
  }
}

struct Case {
  std::string name; // "ops/linear/f16": a path from the general to the particular
  std::function<void()> run;
};

/// The checks of a table {name, function of a subject} as cases. subject: a pointer of any kind, which the
/// cases keep.
template <typename Check, size_t size, typename Pointer>
std::vector<Case> casesOf(const Check (&checks)[size], Pointer subject) {
  std::vector<Case> cases;
  for (const Check &check : checks) {
    cases.push_back({check.name, [subject, run = check.run] { run(*subject); }});
  }
  return cases;
}

enum class Verdict { passed, unsupported, expectedFailure, failed, unexpectedPass };
std::string_view toString(Verdict verdict);
/// failed and unexpectedPass.
bool isBad(Verdict verdict);

/// What is known not to pass: case name, or its beginning with a '*' at the end, and why.
struct Expectations {
  std::map<std::string, std::string> unsupported;
  std::map<std::string, std::string> failures;
};

struct Result {
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string text; // reason or what went wrong
  double seconds = 0;
};

/// Runs one case; never throws.
Result runCase(const Case &testCase, const Expectations &expectations);

/// Whether `pattern` (a name, or its beginning with a '*' at the end) means `name`.
bool matches(std::string_view pattern, std::string_view name);

} // namespace cria::conformance
