// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A sampler without a chain: calls through the function table, candidates as a host makes them, and checks of
// the contract after each call.
#pragma once

#include "plugins/api/cria_plugin.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace cria {
class PluginOptions;
struct LoadedPlugin;
} // namespace cria

namespace cria::conformance {

/// Candidates before or after a sampler.
struct Candidates {
  std::vector<int32_t> ids;
  std::vector<float> logits;
  uint32_t sorted = 0;
  int64_t selected = -1;
  bool operator==(const Candidates &) const = default;
  int32_t choice() const { return selected < 0 ? -1 : ids[static_cast<size_t>(selected)]; }
};

enum class LogitKind { normal, peaked, equal, someForbidden, sorted };
/// Returns `size` candidates with distinct ids below the size of the test vocabulary.
Candidates randomCandidates(std::mt19937_64 &random, size_t size, LogitKind kind);

/// The position of a token, which determines its uniform random numbers.
struct Place {
  uint64_t seed = 1, sequence = 0, position = 0;
};

/// An instance of the sampler under test.
class SamplerObject {
public:
  SamplerObject(const cria_sampler_api &api, const PluginOptions &options);
  SamplerObject(SamplerObject &&) noexcept = default;

  SamplerObject clone() const;
  void accept(int32_t token, uint32_t origin);
  void reset();
  /// Applies the sampler. Errors: throws Failure if it fails or the result breaks the contract.
  Candidates apply(Candidates candidates, const Place &place);

private:
  using Handle = std::unique_ptr<cria_sampler, void (*)(cria_sampler *)>;
  SamplerObject(const cria_sampler_api &api, cria_sampler *sampler)
      : api_(&api), sampler_(sampler, api.destroy) {}
  const cria_sampler_api *api_;
  Handle sampler_;
};

} // namespace cria::conformance
