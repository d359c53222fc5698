// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes tests/golden/samplers.jsonl: the results of llama.cpp's samplers for given logits. Links against
// llama.cpp (libllama) and nlohmann-json, and is not part of the build:
//
//   FLAGS="-I LLAMA/include -I LLAMA/ggml/include -L BUILD/bin"
//   c++ -std=c++17 make_samplers.cpp $FLAGS -lllama -o make_samplers
//   ./make_samplers > samplers.jsonl
//
// One object per line: "sampler" (our expression), "logits", optionally "accepted" (ids accepted before), and
// the result: "ids" and "values" (final logits, ids ascending, without those at -infinity).
#include "llama.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

using Json = nlohmann::ordered_json;
using Make = std::function<llama_sampler *()>;

static std::vector<float> randomLogits(std::mt19937 &random, size_t size, double spread) {
  std::normal_distribution<double> normal(0, spread);
  std::vector<float> logits(size);
  for (float &logit : logits) {
    logit = static_cast<float>(std::round(normal(random) * 256) / 256); // short in text, and no rounding
  }
  return logits;
}

static Json apply(const std::string &expression, const Make &make, const std::vector<float> &logits,
                  const std::vector<int> &accepted) {
  std::vector<llama_token_data> data;
  for (size_t i = 0; i < logits.size(); ++i) {
    data.push_back({static_cast<llama_token>(i), logits[i], 0});
  }
  llama_token_data_array array{data.data(), data.size(), -1, false};
  llama_sampler *sampler = make();
  for (const int token : accepted) {
    llama_sampler_accept(sampler, token);
  }
  llama_sampler_apply(sampler, &array);
  llama_sampler_free(sampler);
  std::sort(array.data, array.data + array.size, [](const auto &a, const auto &b) { return a.id < b.id; });
  Json line{{"sampler", expression}, {"logits", logits}};
  if (!accepted.empty()) {
    line["accepted"] = accepted;
  }
  line["ids"] = Json::array();
  line["values"] = Json::array();
  for (size_t i = 0; i < array.size; ++i) {
    if (std::isfinite(array.data[i].logit)) {
      line["ids"].push_back(array.data[i].id);
      line["values"].push_back(array.data[i].logit);
    }
  }
  return line;
}

struct Subject {
  std::string expression;
  Make make;
  bool hasHistory = false;
};

static std::vector<Subject> truncations() {
  std::vector<Subject> all;
  for (const float p : {0.02f, 0.1f, 0.35f, 0.9f}) {
    all.push_back({"min_p(" + Json(std::round(p * 100) / 100).dump() + ")",
                   [=] { return llama_sampler_init_min_p(p, 0); }});
  }
  for (const float p : {0.2f, 0.5f, 0.9f, 0.97f}) {
    all.push_back({"typical_p(" + Json(std::round(p * 100) / 100).dump() + ")",
                   [=] { return llama_sampler_init_typical(p, 0); }});
  }
  for (const float n : {0.5f, 1.0f, 1.5f, 3.0f}) {
    all.push_back({"top_n_sigma(" + Json(n).dump() + ")", [=] { return llama_sampler_init_top_n_sigma(n); }});
  }
  for (const int k : {1, 3, 40}) {
    all.push_back({"top_k(" + std::to_string(k) + ")", [=] { return llama_sampler_init_top_k(k); }});
  }
  for (const float threshold : {0.02f, 0.1f, 0.3f}) { // probability 1: no luck involved
    all.push_back({"xtc(1," + Json(std::round(threshold * 100) / 100).dump() + ")",
                   [=] { return llama_sampler_init_xtc(1.1f, threshold, 0, 1); }});
  }
  for (const float tau : {0.5f, 1.5f, 3.0f}) { // the first step: what is left before it draws
    all.push_back(
        {"mirostat(" + Json(tau).dump() + ")", [=] { return llama_sampler_init_mirostat_v2(1, tau, 0.1f); }});
  }
  return all;
}

static std::vector<Subject> temperatures() {
  return {
      {"temperature(0.7)", [] { return llama_sampler_init_temp(0.7f); }},
      {"temperature(0.8,range=0.5)", [] { return llama_sampler_init_temp_ext(0.8f, 0.5f, 1); }},
      {"temperature(1,range=0.9,exponent=2)", [] { return llama_sampler_init_temp_ext(1, 0.9f, 2); }},
      {"temperature(1.5,range=1,exponent=0.5)", [] { return llama_sampler_init_temp_ext(1.5f, 1, 0.5f); }}};
}

static std::vector<Subject> histories() {
  return {
      {"penalties(repeat=1.3)", [] { return llama_sampler_init_penalties(12, 64, 1.3f, 0, 0); }, true},
      {"penalties(last_n=5,repeat=1.1,frequency=0.2,presence=0.5)",
       [] { return llama_sampler_init_penalties(12, 5, 1.1f, 0.2f, 0.5f); }, true},
      {"penalties(last_n=12,repeat=1,frequency=-0.3,presence=0)",
       [] { return llama_sampler_init_penalties(12, 12, 1, -0.3f, 0); }, true},
      {"dry(breakers=\"\")",
       [] { return llama_sampler_init_dry(nullptr, 0.8f, 1.75f, 2, 1 << 20, nullptr, 0); }, true},
      {"dry(multiplier=2,base=1.2,allowed_length=1,last_n=8,breakers=\"\")",
       [] { return llama_sampler_init_dry(nullptr, 2, 1.2f, 1, 8, nullptr, 0); }, true},
      {"dry(multiplier=1,base=1.75,allowed_length=3,last_n=40,breakers=\"\")",
       [] { return llama_sampler_init_dry(nullptr, 1, 1.75f, 3, 40, nullptr, 0); }, true},
  };
}

/// Few different ids, so that runs repeat.
static std::vector<int> randomHistory(std::mt19937 &random, int length) {
  std::vector<int> history;
  while (static_cast<int>(history.size()) < length) {
    const bool repeats = history.size() > 6 && random() % 3 == 0;
    const size_t begin = repeats ? random() % (history.size() - 5) : 0;
    for (size_t i = 0; repeats && i < 4; ++i) {
      history.push_back(history[begin + i]);
    }
    if (!repeats) {
      history.push_back(static_cast<int>(random() % 9));
    }
  }
  return history;
}

static void write(const Json &line) { std::printf("%s\n", line.dump().c_str()); }

int main() {
  llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
  std::mt19937 random(17);
  std::vector<Subject> stateless = truncations();
  for (Subject &subject : temperatures()) {
    stateless.push_back(std::move(subject));
  }
  for (const Subject &subject : stateless) {
    for (const auto &[size, spread] :
         {std::pair<size_t, double>{2, 1}, {7, 1}, {60, 2}, {60, 0.3}, {300, 3}}) {
      write(apply(subject.expression, subject.make, randomLogits(random, size, spread), {}));
    }
  }
  for (const Subject &subject : histories()) {
    for (const int length : {1, 3, 9, 30, 120}) {
      write(apply(subject.expression, subject.make, randomLogits(random, 12, 2),
                  randomHistory(random, length)));
    }
  }
}
