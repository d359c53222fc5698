// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_sampler.hpp - optional C++20 conveniences for samplers: the function table of a class, a total order
// of candidates, and softmax weights that are bitwise equal on every machine.
#pragma once

#include "cria_options.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

namespace cria::plugin {

/// A sampler with state. reset() restores the state after construction.
template <typename Sampler>
concept StatefulSampler = requires(Sampler &sampler, int32_t token, uint32_t origin) {
  sampler.accept(token, origin); // CRIA_ORIGIN_*
  sampler.reset();
};

/// Implements the functions of a sampler with a copyable class that has
///   struct Options { .. };                        // cria_options.hpp; may be missing
///   explicit Sampler(const Options &options);     // may take a second parameter, const cria_vocabulary &
///   void apply(cria_candidates &candidates, const cria_sample_context &context);
/// and, if it is a StatefulSampler, accept and reset. All functions except reset may throw Refusal.
template <typename Sampler> struct SamplerFunctions {
  static cria_status create(const cria_option *const *options, uint32_t numOptions,
                            const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message) {
    if (vocabulary->reserved != 0) {
      return refuseReserved(message, "vocabulary");
    }
    return guarded(message, [&] {
      *out = reinterpret_cast<cria_sampler *>(
          construct<Sampler>(std::span(options, numOptions), *vocabulary).release());
      return CRIA_STATUS_OK;
    });
  }

  static void destroy(cria_sampler *sampler) { delete reinterpret_cast<Sampler *>(sampler); }

  static cria_status apply(cria_sampler *sampler, cria_candidates *candidates,
                           const cria_sample_context *context, cria_message *message) {
    if (candidates->size == 0) {
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected at least one candidate, got none");
    }
    if (context->reserved != 0) {
      return refuseReserved(message, "context");
    }
    return guarded(message, [&] {
      reinterpret_cast<Sampler *>(sampler)->apply(*candidates, *context);
      return CRIA_STATUS_OK;
    });
  }

  static cria_status clone(const cria_sampler *sampler, cria_sampler **out, cria_message *message) {
    return guarded(message, [&] {
      *out = reinterpret_cast<cria_sampler *>(new Sampler(*reinterpret_cast<const Sampler *>(sampler)));
      return CRIA_STATUS_OK;
    });
  }

  static cria_sampler_api table() {
    const std::span<const cria_option_info *const> options = declarationsOf<OptionsOf<Sampler>>();
    cria_sampler_api api{};
    api.struct_size = sizeof(api);
    api.num_options = static_cast<uint32_t>(options.size());
    api.options = options.data();
    api.create = create;
    api.destroy = destroy;
    api.apply = apply;
    api.clone = clone;
    if constexpr (StatefulSampler<Sampler>) {
      api.accept = accept;
      api.reset = reset;
    }
    return api;
  }

private:
  static cria_status accept(cria_sampler *sampler, int32_t token, uint32_t origin, cria_message *message) {
    return guarded(message, [&] {
      reinterpret_cast<Sampler *>(sampler)->accept(token, origin);
      return CRIA_STATUS_OK;
    });
  }

  static void reset(cria_sampler *sampler) { reinterpret_cast<Sampler *>(sampler)->reset(); }
};

/// Implements cria_plugin_query for the sampler of that class.
template <typename Sampler>
cria_status answerSampler(const cria_host *host, cria_plugin *out, cria_message *message,
                          std::string_view name, std::string_view version, std::string_view description) {
  static const cria_sampler_api kApi = SamplerFunctions<Sampler>::table();
  return answerQuery(host, out, message, CRIA_PLUGIN_SAMPLER, name, version, description, &kApi);
}

/// Returns the rank of a candidate, which orders by ascending logit and then by descending id. All
/// candidates have different ranks.
inline uint64_t rankOf(float logit, int32_t id) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0f); // -0 becomes 0
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return uint64_t{ordered} << 32 | ~static_cast<uint32_t>(id);
}

/// The number of independent partial results in a reduction over candidates: sufficient for the vector
/// unit, and the order of summation is the same on every machine.
inline constexpr size_t kLanes = 16;

/// Returns the highest logit. REQUIRES: size > 0.
inline float highestLogit(const cria_candidates &candidates) {
  float lanes[kLanes];
  std::fill(std::begin(lanes), std::end(lanes), candidates.logits[0]);
  size_t i = 0;
  for (; i + kLanes <= candidates.size; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float logit = candidates.logits[i + lane];
      lanes[lane] = logit > lanes[lane] ? logit : lanes[lane];
    }
  }
  for (; i < candidates.size; ++i) {
    lanes[0] = std::max(lanes[0], candidates.logits[i]);
  }
  return *std::max_element(std::begin(lanes), std::end(lanes));
}

/// Returns the sum of weights.
inline double sumOf(std::span<const float> weights) {
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= weights.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += static_cast<double>(weights[i + lane]);
    }
  }
  double total = 0;
  for (; i < weights.size(); ++i) {
    total += static_cast<double>(weights[i]);
  }
  for (const double lane : lanes) {
    total += lane;
  }
  return total;
}

/// Returns the index of the candidate with the highest rank.
inline size_t findBest(const cria_candidates &candidates) {
  const float best = highestLogit(candidates);
  size_t choice = candidates.size;
  for (size_t i = 0; i < candidates.size; ++i) {
    if (candidates.logits[i] == best &&
        (choice == candidates.size || candidates.ids[i] < candidates.ids[choice])) {
      choice = i;
    }
  }
  return choice;
}

/// Keeps the candidates for which stays(index) is true, in their order. Calls stays once for each, in
/// order.
template <typename Stays> void keepIf(cria_candidates &candidates, Stays stays) {
  size_t kept = 0;
  for (size_t i = 0; i < candidates.size; ++i) { // without branches, which would be hard to predict
    const bool isKept = stays(i);
    candidates.ids[kept] = candidates.ids[i];
    candidates.logits[kept] = candidates.logits[i];
    kept += isKept ? 1 : 0;
  }
  candidates.size = kept;
}

/// Keeps the candidates whose rank is at least `cutoff`, in their order.
inline void keepFrom(cria_candidates &candidates, uint64_t cutoff) {
  keepIf(candidates, [&](size_t i) { return rankOf(candidates.logits[i], candidates.ids[i]) >= cutoff; });
}

/// The rank and the weight of a candidate. No two candidates have the same rank.
struct Ranked {
  uint64_t rank;
  float weight;
};

/// Returns the lowest rank to keep: in descending order of rank, candidates are kept up to and including
/// the first one where the sum of weights exceeds `limit`. Bisects the range, and reorders `ranked`.
/// REQUIRES: `ranked` is not empty.
inline uint64_t cutoffOf(std::vector<Ranked> &ranked, double limit) {
  size_t first = 0; // [0, first) ranks above the range and has the total weight `before`
  size_t end = ranked.size();
  double before = 0;
  while (end - first > 1) {
    const size_t middle = first + (end - first) / 2;
    const auto at = [&](size_t index) { return ranked.begin() + static_cast<ptrdiff_t>(index); };
    std::nth_element(at(first), at(middle), at(end),
                     [](const Ranked &a, const Ranked &b) { return a.rank > b.rank; });
    double upper = 0;
    for (size_t i = first; i < middle; ++i) {
      upper += ranked[i].weight;
    }
    if (before + upper > limit) {
      end = middle;
    } else {
      before += upper;
      first = middle;
    }
  }
  return ranked[first].rank;
}

/// Sets `sorted` to 0 if changed logits are not in descending order.
inline void recheckOrder(cria_candidates &candidates) {
  for (size_t i = 1; candidates.sorted != 0 && i < candidates.size; ++i) {
    if (rankOf(candidates.logits[i - 1], candidates.ids[i - 1]) <
        rankOf(candidates.logits[i], candidates.ids[i])) {
      candidates.sorted = 0;
    }
  }
}

/// Returns exp(x) for x <= 0 with a relative error below 1e-7 for x >= -87, and 0 below. It uses neither a
/// library nor fused operations, so a seed gives the same text on every machine. It has no branches, so the
/// compiler vectorizes loops over it.
inline float expNegative(float x) {
  constexpr float log2e = 1.44269504f;
  constexpr float ln2High = 0.693145751953125f; // 16 bits: n * ln2High is exact
  constexpr float ln2Low = 1.42860682e-06f;
  constexpr float roundBias = 12582912.0f; // 1.5 * 2^23: adding it rounds to an integer
  const float clamped = x < -87.0f ? -87.0f : x;
  const float biased = clamped * log2e + roundBias;
  const float n = biased - roundBias;
  const float r = (clamped - n * ln2High) - n * ln2Low;
  float p = 1.98919813e-04f; // (exp(r) - 1 - r) / r^2, interpolated at the Chebyshev nodes of |r| <= ln2 / 2
  p = p * r + 1.39345419e-03f;
  p = p * r + 8.33331002e-03f;
  p = p * r + 4.16664568e-02f;
  p = p * r + 1.66666667e-01f;
  p = p * r + 5.00000001e-01f;
  const float value = p * (r * r) + r + 1.0f;
  const uint32_t power = (std::bit_cast<uint32_t>(biased) - std::bit_cast<uint32_t>(roundBias)) << 23;
  const float scaled = std::bit_cast<float>(std::bit_cast<uint32_t>(value) + power);
  return x < -87.0f ? 0.0f : scaled;
}

/// Sets weights[i] = exp(logits[i] - max) and returns their sum. If all logits are -infinity, all weights
/// are 1.
inline double softmaxWeights(const cria_candidates &candidates, std::vector<float> &weights) {
  weights.resize(candidates.size);
  const float best = highestLogit(candidates);
  if (std::isinf(best)) {
    std::fill(weights.begin(), weights.end(), 1.0f);
    return static_cast<double>(candidates.size);
  }
  const float *logits = candidates.logits;
  float *out = weights.data();
  const size_t size = candidates.size;
  for (size_t i = 0; i < size; ++i) {
    out[i] = expNegative(logits[i] - best);
  }
  return sumOf(weights);
}

/// Returns index i with probability weights[i] / total, from one uniform number. Never returns an index of
/// weight 0.
inline int64_t drawIndex(std::span<const float> weights, double total, double uniform) {
  const double target = uniform * total;
  double sum = 0;
  int64_t choice = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0.0f) {
      continue;
    }
    sum += weights[i];
    choice = static_cast<int64_t>(i); // if the sum is rounded down, the last index with a weight
    if (sum > target) {
      break;
    }
  }
  return choice;
}

/// The indices that samplers pass to uniform(). They differ, so that the random numbers are independent.
inline constexpr uint32_t kUniformDraw = 0;
inline constexpr uint32_t kUniformXtc = 1;

} // namespace cria::plugin
