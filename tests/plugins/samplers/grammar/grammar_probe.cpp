// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Answers requests about grammars and JSON Schemas for measure_schemas.py, make_gbnf_cases.py and
// make_sample_cases.py: lines of JSON on stdin, one answer on stdout for each.
//   {"schema": "...", "documents": "...", "texts": [...]} or {"gbnf": "...", "texts": [...]}
//   {"seconds": 0.1, "accepts": [...]} or {"refusal": "..."}
// Beside a schema, "open", "openapi" and "exact" may be true, as the options of the sampler.
// A request with "samples": N and "seed": S has N random texts of the grammar in its answer, "samples".
// With the argument VOCABULARY, a file with a token in each line (a kind of cria_token_kind, the bytes in
// hexadecimal), the answer has "masks" as well: the microseconds that the allowed tokens after each token of
// the accepted texts took.
#include "plugins/samplers/grammar/JsonSchema.h"
#include "plugins/samplers/grammar/TokenFilter.h"
#include "plugins/sdk/cria_plugin.hpp"

#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <unordered_map>

namespace cria::grammar {
namespace {

using Clock = std::chrono::steady_clock;
using Request = nlohmann::ordered_json;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// A vocabulary in the form that samplers get.
class Vocabulary {
public:
  explicit Vocabulary(const char *path) {
    std::ifstream file(path);
    int kind = 0;
    for (std::string hex; file >> kind && std::getline(file, hex);) {
      kinds_.push_back(static_cast<uint8_t>(kind));
      std::string &bytes = texts_.emplace_back();
      for (size_t at = 1; at + 1 < hex.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
      }
    }
    for (size_t id = 0; id < texts_.size(); ++id) {
      pieces_.push_back({texts_[id].data(), texts_[id].size()});
      ids_.try_emplace(texts_[id], id);
      longest_ = std::max(longest_, texts_[id].size());
    }
    view_.struct_size = sizeof view_;
    view_.size = static_cast<uint32_t>(pieces_.size());
    view_.pieces = pieces_.data();
    view_.kinds = kinds_.data();
  }

  const cria_vocabulary &view() const { return view_; }

  /// Returns the longest token at the beginning of a text; its first byte if there is none.
  std::string_view tokenOf(std::string_view text) const {
    for (size_t size = std::min(longest_, text.size()); size > 1; --size) {
      if (ids_.contains(std::string(text.substr(0, size)))) {
        return text.substr(0, size);
      }
    }
    return text.substr(0, 1);
  }

private:
  std::vector<std::string> texts_;
  std::vector<uint8_t> kinds_;
  std::vector<cria_string> pieces_;
  cria_vocabulary view_{};
  std::unordered_map<std::string, size_t> ids_;
  size_t longest_ = 1;
};

std::string gbnfOf(const Request &request) {
  if (request.contains("gbnf")) {
    return request["gbnf"];
  }
  return grammarOfJsonSchema(request["schema"].get_ref<const std::string &>(),
                             {.hasExactFormats = request.value("exact", false),
                              .isOpenApi = request.value("openapi", false),
                              .hasOpenObjects = request.value("open", false),
                              .documents = request.value("documents", "")});
}

Grammar grammarOf(const Request &request) {
  const std::string gbnf = gbnfOf(request);
  return request.contains("gbnf") ? parseGbnf(gbnf, "root") : parseGeneratedGbnf(gbnf);
}

bool accepts(Matcher &matcher, std::string_view text) {
  Position position = matcher.start();
  for (const char byte : text) {
    position = matcher.next(position, static_cast<uint8_t>(byte));
  }
  return matcher.isComplete(position);
}

Request masksOf(TokenFilter &filter, const Vocabulary &vocabulary, std::string_view text) {
  Request microseconds = Request::array();
  Position position = filter.matcher().start();
  while (true) {
    const Clock::time_point begin = Clock::now();
    filter.allowedAfter(position);
    microseconds.push_back(secondsSince(begin) * 1e6);
    if (text.empty()) {
      return microseconds;
    }
    const std::string_view token = vocabulary.tokenOf(text);
    text.remove_prefix(token.size());
    position = filter.after(position, token);
  }
}

/// Returns a random text of the grammar; an empty one if it becomes too long. Digits, letters and what closes
/// an object, an array or a string are more likely than other characters.
std::string sampleOf(Matcher &matcher, Completions &completions, std::mt19937 &random) {
  constexpr size_t kLong = 120, kLongest = 600;
  const std::string_view common = "abcxy0123459-\"}],:.";
  std::string text;
  for (Position position = matcher.start(); text.size() < kLongest;) {
    std::vector<std::pair<char, Position>> next;
    for (int byte = 1; byte < 256; ++byte) {
      const Position after = matcher.next(position, static_cast<uint8_t>(byte));
      if (completions.allows(after)) {
        const char character = static_cast<char>(byte);
        const size_t weight = std::string_view("}]\"").find(character) != std::string_view::npos
                                  ? (text.size() > kLong ? 200 : 10)
                              : common.find(character) != std::string_view::npos ? 10
                                                                                 : 1;
        next.insert(next.end(), weight, {character, after});
      }
    }
    if (next.empty() || (matcher.isComplete(position) && random() % 3 == 0)) {
      return text;
    }
    const auto &[character, after] = next[random() % next.size()];
    text += character;
    position = after;
  }
  return "";
}

Request answerTo(const Request &request, const Vocabulary *vocabulary) {
  const Clock::time_point begin = Clock::now();
  const Grammar grammar = grammarOf(request);
  Matcher matcher(grammar);
  Request answer = {{"seconds", secondsSince(begin)}, {"accepts", Request::array()}};
  std::optional<TokenFilter> filter;
  if (vocabulary != nullptr) {
    filter.emplace(grammar, vocabulary->view());
  }
  Completions completions(matcher);
  std::mt19937 random(request.value("seed", 0U));
  for (int i = 0; i < request.value("samples", 0); ++i) {
    answer["samples"].push_back(sampleOf(matcher, completions, random));
  }
  for (const std::string text : request.value("texts", Request::array())) {
    answer["accepts"].push_back(accepts(matcher, text));
    if (filter && answer["accepts"].back() == true) {
      answer["masks"].push_back(masksOf(*filter, *vocabulary, text));
    }
  }
  return answer;
}

int serve(const Vocabulary *vocabulary) {
  for (std::string line; std::getline(std::cin, line);) {
    Request answer;
    try {
      answer = answerTo(Request::parse(line), vocabulary);
    } catch (const plugin::Refusal &refusal) {
      answer = {{"refusal", refusal.what()}};
    }
    std::cout << answer.dump(-1, ' ', false, Request::error_handler_t::replace) << std::endl;
  }
  return 0;
}

} // namespace
} // namespace cria::grammar

int main(int argc, char **argv) {
  if (argc < 2) {
    return cria::grammar::serve(nullptr);
  }
  const cria::grammar::Vocabulary vocabulary(argv[1]);
  return cria::grammar::serve(&vocabulary);
}
