// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Suite: the conformance suite for plugins, a list of named cases. `cria-plugin-test` runs it on any plugin;
// the tests run it on the built-in plugins and on faulty ones.
//
// A case throws Failure if the plugin breaks its contract, or Unsupported if its manifest or probe excludes
// what the case tests and the plugin refuses it with a reason. A file of expectations declares further cases
// that do not pass: unsupported ones, and expected failures, which are to be fixed. A declared case that
// passes counts as failed.
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
  std::string name; // a path, such as "ops/linear/f16"
  std::function<void()> run;
};

/// Returns a case for each check of a table {name, function of a subject}. `subject` is a pointer of any
/// kind; the cases hold copies of it.
template <typename Check, size_t size, typename Pointer>
std::vector<Case> casesOf(const Check (&checks)[size], const Pointer &subject) {
  std::vector<Case> cases;
  for (const Check &check : checks) {
    cases.push_back({check.name, [subject, run = check.run] { run(*subject); }});
  }
  return cases;
}

enum class Verdict { passed, unsupported, expectedFailure, failed, unexpectedPass };
std::string_view toString(Verdict verdict);
/// Returns whether the verdict counts as failed: failed or unexpectedPass.
bool isBad(Verdict verdict);

/// Cases that are known not to pass: a pattern (see matches()) and a reason.
struct Expectations {
  std::map<std::string, std::string> unsupported;
  std::map<std::string, std::string> failures;
};

struct Result {
  std::string name;
  Verdict verdict = Verdict::passed;
  std::string text; // the reason or the failure
  double seconds = 0;
};

/// Runs one case; never throws.
Result runCase(const Case &testCase, const Expectations &expectations);

/// Returns whether `pattern`, a name or a prefix of one followed by '*', matches `name`.
bool matches(std::string_view pattern, std::string_view name);

} // namespace cria::conformance
