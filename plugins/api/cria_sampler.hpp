// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_sampler.hpp - optional C++20 conveniences for samplers: the function table from a class, an order over
// candidates, and softmax weights that are the same on every machine.
#pragma once

#include "cria_plugin.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

namespace cria::plugin {

/// A sampler with a state; reset() brings it back to the state after construction.
template <typename Sampler>
concept StatefulSampler = requires(Sampler &sampler, int32_t token, uint32_t origin) {
  sampler.accept(token, origin); // CRIA_ORIGIN_*
  sampler.reset();
};

/// The functions of a sampler from a copyable class with
///   explicit Sampler(std::span<const cria_option *const> options);   // or with (.., const cria_vocabulary
///   &) void apply(cria_candidates &candidates, const cria_sample_context &context);
/// and, when it is a StatefulSampler, accept and reset. All may throw Refusal; reset throws nothing.
template <typename Sampler> struct SamplerFunctions {
  static cria_status create(const cria_option *const *options, uint32_t numOptions,
                            const cria_vocabulary *vocabulary, cria_sampler **out, cria_message *message) {
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
      return report(message, CRIA_STATUS_INVALID_ARGUMENT, "expected at least one candidate, found none");
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

  static cria_sampler_api table(std::span<const cria_option_info *const> options) {
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

/// A number that is greater for the better candidate: the higher logit, and of equal logits the lower id. No
/// two candidates have the same.
inline uint64_t rankOf(float logit, int32_t id) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0f); // -0 becomes 0
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return uint64_t{ordered} << 32 | ~static_cast<uint32_t>(id);
}

/// Independent chains in a reduction over candidates: enough to fill a vector unit, and an order of summation
/// that is the same on every machine.
inline constexpr size_t kLanes = 16;

/// The highest logit; size > 0.
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

/// The sum of weights.
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

/// Index of the best candidate.
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

/// Keeps the candidates whose rank is at least `cutoff`, in their order.
inline void keepFrom(cria_candidates &candidates, uint64_t cutoff) {
  size_t kept = 0;
  for (size_t i = 0; i < candidates.size; ++i) { // no branches: which ones stay is hard to predict
    const bool stays = rankOf(candidates.logits[i], candidates.ids[i]) >= cutoff;
    candidates.ids[kept] = candidates.ids[i];
    candidates.logits[kept] = candidates.logits[i];
    kept += stays ? 1 : 0;
  }
  candidates.size = kept;
}

/// exp(x) for x <= 0 with a relative error below 1e-7 down to -87, and 0 below. It uses no library and no
/// fused operations, so a seed gives the same text on every machine; and it is free of branches, so that it
/// vectorizes.
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

/// weights[i] = exp(logits[i] - max); returns their sum. When all logits are -infinity all weights are 1.
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

} // namespace cria::plugin
