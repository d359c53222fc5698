// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/DynamicScopes.h"

#include "plugins/sdk/cria_plugin.hpp"

namespace cria::grammar {

DynamicScopes::Id DynamicScopes::enter(Id scope, const DynamicAnchors &anchors) {
  if (anchors.empty()) {
    return scope;
  }
  DynamicAnchors inner = scopes_[scope];
  inner.insert(anchors.begin(), anchors.end()); // names that the scope has keep their anchors
  const auto [known, isNew] = ids_.emplace(std::move(inner), static_cast<Id>(scopes_.size()));
  if (isNew && scopes_.size() == kMaxScopes) {
    throw plugin::Refusal(CRIA_STATUS_UNSUPPORTED, "JSON Schema: dynamic anchors are reached in more than " +
                                                       std::to_string(kMaxScopes) +
                                                       " combinations; use $ref in place of $dynamicRef");
  }
  if (isNew) {
    scopes_.push_back(known->first);
  }
  return known->second;
}

const Json *DynamicScopes::find(Id scope, const std::string &name) const {
  const auto found = scopes_[scope].find(name);
  return found == scopes_[scope].end() ? nullptr : found->second;
}

} // namespace cria::grammar
