// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-plugin-test/SamplerChecks.h"

#include "runtime/plugin/PluginCall.h"
#include "runtime/plugin/PluginOptions.h"
#include "runtime/plugin/SamplerChain.h"
#include "tools/cria-plugin-test/Suite.h"
#include "tools/cria-plugin-test/TestVocabulary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace cria::conformance {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

float randomLogit(std::mt19937_64 &random, LogitKind kind) {
  const double normal = std::normal_distribution<double>(0, 3)(random);
  switch (kind) {
  case LogitKind::equal:
    return 1.5f;
  case LogitKind::peaked:
    return static_cast<float>(normal * 10);
  case LogitKind::someForbidden:
    return random() % 3 == 0 ? kForbidden : static_cast<float>(normal);
  case LogitKind::normal:
  case LogitKind::sorted:
    return static_cast<float>(normal);
  }
  __builtin_unreachable(); // not an enumerator
}

bool isBefore(const Candidates &c, size_t a, size_t b) {
  return c.logits[a] > c.logits[b] || (c.logits[a] == c.logits[b] && c.ids[a] < c.ids[b]);
}

void sortCandidates(Candidates &c) {
  std::vector<size_t> order(c.ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return isBefore(c, a, b); });
  Candidates sorted{.sorted = 1};
  for (const size_t i : order) {
    sorted.ids.push_back(c.ids[i]);
    sorted.logits.push_back(c.logits[i]);
  }
  c = std::move(sorted);
}

Status callOk(const std::function<cria_status(cria_message *)> &call) { return callPlugin("sampler", call); }
void requireCall(std::string_view what, const std::function<cria_status(cria_message *)> &call) {
  const Status status = callOk(call);
  require(status.ok(), "{}: expected ok, got: {}", what, status.message());
}

void checkIds(const Candidates &after, const Candidates &before) {
  std::vector<int32_t> known = before.ids, left = after.ids;
  std::sort(known.begin(), known.end());
  std::sort(left.begin(), left.end());
  require(std::adjacent_find(left.begin(), left.end()) == left.end(),
          "apply: an id occurs twice in the result");
  require(std::includes(known.begin(), known.end(), left.begin(), left.end()),
          "apply: an id of the result is not one of the {} candidates", before.ids.size());
}

void checkLogits(const Candidates &after) {
  bool anyNumber = false;
  for (size_t i = 0; i < after.logits.size(); ++i) {
    const float logit = after.logits[i];
    require(!std::isnan(logit) && logit <= std::numeric_limits<float>::max(),
            "apply: expected the logit of id {} to be finite or -infinity, got {}", after.ids[i], logit);
    anyNumber |= std::isfinite(logit);
  }
  require(anyNumber, "apply: all {} logits of the result are -infinity", after.logits.size());
}

void checkOrder(const Candidates &after) {
  require(after.sorted <= 1, "apply: expected sorted to be 0 or 1, got {}", after.sorted);
  for (size_t i = 1; after.sorted == 1 && i < after.ids.size(); ++i) {
    require(isBefore(after, i - 1, i),
            "apply: sorted is 1, but candidate {} (id {}, logit {}) precedes id {}, logit {}", i - 1,
            after.ids[i - 1], after.logits[i - 1], after.ids[i], after.logits[i]);
  }
}

} // namespace

Candidates randomCandidates(std::mt19937_64 &random, size_t size, LogitKind kind) {
  std::vector<int32_t> all(kTestVocabularySize);
  std::iota(all.begin(), all.end(), 0);
  std::shuffle(all.begin(), all.end(), random);
  Candidates result;
  result.ids.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(size));
  for (size_t i = 0; i < size; ++i) {
    result.logits.push_back(randomLogit(random, kind));
  }
  if (!std::any_of(result.logits.begin(), result.logits.end(), [](float x) { return std::isfinite(x); })) {
    result.logits[0] = 0;
  }
  if (kind == LogitKind::sorted) {
    sortCandidates(result);
  }
  return result;
}

SamplerObject::SamplerObject(const cria_sampler_api &api, const PluginOptions &options)
    : api_(&api), sampler_(nullptr, api.destroy) {
  cria_sampler *sampler = nullptr;
  requireCall("create", [&](cria_message *message) {
    return api.create(options.data(), options.size(), &testVocabulary().view(), &sampler, message);
  });
  require(sampler != nullptr, "create: expected an instance with status ok, got null");
  sampler_.reset(sampler);
}

SamplerObject SamplerObject::clone() const {
  cria_sampler *copy = nullptr;
  requireCall("clone", [&](cria_message *message) { return api_->clone(sampler_.get(), &copy, message); });
  require(copy != nullptr && copy != sampler_.get(), "clone: expected a new instance with status ok");
  return SamplerObject(*api_, copy);
}

void SamplerObject::accept(int32_t token, uint32_t origin) {
  if (api_->accept != nullptr) {
    requireCall("accept",
                [&](cria_message *message) { return api_->accept(sampler_.get(), token, origin, message); });
  }
}

void SamplerObject::reset() {
  if (api_->reset != nullptr) {
    api_->reset(sampler_.get());
  }
}

Candidates SamplerObject::apply(Candidates candidates, const Place &place) {
  const Candidates before = candidates;
  SamplePoint point{place.seed, place.sequence, place.position};
  const cria_sample_context context{
      sizeof(context), 0, place.sequence, place.position, &point, [](void *user, uint32_t index) {
        return uniformAt(*static_cast<const SamplePoint *>(user), index);
      }};
  cria_candidates view{};
  view.struct_size = sizeof(view);
  view.sorted = candidates.sorted;
  view.ids = candidates.ids.data();
  view.logits = candidates.logits.data();
  view.size = candidates.ids.size();
  view.selected = -1;
  requireCall("apply",
              [&](cria_message *message) { return api_->apply(sampler_.get(), &view, &context, message); });
  require(view.ids == candidates.ids.data() && view.logits == candidates.logits.data(),
          "apply: the arrays of the candidates, which belong to the host, were replaced");
  require(view.size >= 1 && view.size <= before.ids.size(), "apply: expected 1 to {} candidates, got {}",
          before.ids.size(), view.size);
  candidates.ids.resize(view.size);
  candidates.logits.resize(view.size);
  candidates.sorted = view.sorted;
  candidates.selected = view.selected;
  require(view.selected >= -1 && view.selected < static_cast<int64_t>(view.size),
          "apply: selected index {} is out of range for {} candidates", view.selected, view.size);
  checkIds(candidates, before);
  if (candidates.selected < 0) {
    checkLogits(candidates);
    checkOrder(candidates);
  }
  return candidates;
}

} // namespace cria::conformance
