// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Answers the requests of grammar_probe.cpp with llama.cpp's reader of GBNF and its translation of JSON
// Schemas. It is not part of the build. With the sources of llama.cpp in $L:
//   g++ -std=c++17 -O2 -I$L/common -I$L/src -I$L/include -I$L/ggml/include -I$L/vendor -o llama-cpp-probe
//     llama_cpp_probe.cpp $L/common/{json,json-schema,json-schema-to-grammar,trie,unicode}.cpp
//     $L/src/llama-grammar.cpp
#include "common.h"
#include "json-schema-to-grammar.h"
#include "llama-grammar.h"
#include "llama-vocab.h"

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using Request = nlohmann::ordered_json;

// Functions of llama.cpp's other sources that these use.
std::string string_repeat(const std::string &text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}
std::string string_join(const std::vector<std::string> &parts, const std::string &separator) {
  std::string result;
  for (size_t i = 0; i < parts.size(); ++i) {
    result += (i == 0 ? "" : separator) + parts[i];
  }
  return result;
}
std::vector<std::string> string_split(const std::string &text, const std::string &separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != text.npos; begin = end + separator.size()) {
    parts.push_back(text.substr(begin, end - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}
void llama_log_internal(ggml_log_level, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
}
// Without a vocabulary, these are never called.
void ggml_abort(const char *, int, const char *, ...) { std::abort(); }
bool llama_vocab::is_eog(llama_token) const { std::abort(); }
const std::string &llama_vocab::token_to_piece(llama_token) const { std::abort(); }
int32_t llama_vocab::tokenize(const char *, int32_t, llama_token *, int32_t, bool, bool) const {
  std::abort();
}

namespace {

using GrammarPointer = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>;

std::string gbnfOf(const Request &request) {
  return request.contains("gbnf")
             ? request["gbnf"].get<std::string>()
             : json_schema_to_grammar(common_json::parse(request["schema"].get<std::string>()), true);
}

bool accepts(llama_grammar &grammar, const std::string &text) {
  try {
    llama_grammar_accept_str(grammar, text);
  } catch (const std::runtime_error &) {
    return false; // no parse is left
  }
  return grammar.partial_utf8.n_remain == 0 && std::any_of(grammar.stacks.begin(), grammar.stacks.end(),
                                                           [](const auto &stack) { return stack.empty(); });
}

Request answerTo(const Request &request) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string gbnf = gbnfOf(request);
  const GrammarPointer grammar(
      llama_grammar_init_impl(nullptr, gbnf.c_str(), "root", false, nullptr, 0, nullptr, 0),
      llama_grammar_free_impl);
  if (grammar == nullptr) {
    return {{"refusal", "the grammar is refused"}};
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  Request answer = {{"seconds", seconds.count()}, {"accepts", Request::array()}};
  const llama_grammar_stacks start = grammar->stacks;
  for (const std::string text : request["texts"]) {
    grammar->stacks = start;
    grammar->partial_utf8 = {};
    answer["accepts"].push_back(accepts(*grammar, text));
  }
  return answer;
}

} // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    Request answer;
    try {
      answer = answerTo(Request::parse(line));
    } catch (const std::exception &error) {
      answer = {{"refusal", error.what()}};
    }
    std::cout << answer.dump(-1, ' ', false, Request::error_handler_t::replace) << std::endl;
  }
}
