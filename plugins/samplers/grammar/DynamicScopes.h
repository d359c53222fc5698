// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// DynamicScopes: where dynamic references lead, by the resources through which a schema was reached.
#pragma once

#include "plugins/samplers/grammar/SchemaText.h"

#include <map>

namespace cria::grammar {

/// The dynamic anchors of a resource, by name.
using DynamicAnchors = std::map<std::string, const Json *>;

/// A scope has for each name the anchor of the outermost resource that has one. Scopes with the same anchors
/// have the same id.
class DynamicScopes {
public:
  using Id = uint32_t;
  static constexpr Id kNone = 0; // the scope without anchors
  static constexpr size_t kMaxScopes = 4096;

  /// Returns the scope inside a resource with these anchors that is entered from `scope`. Errors: throws
  /// plugin::Refusal (UNSUPPORTED) if there are more than kMaxScopes.
  Id enter(Id scope, const DynamicAnchors &anchors);
  /// Returns the anchor of a name; null if the scope has none.
  const Json *find(Id scope, const std::string &name) const;

private:
  std::vector<DynamicAnchors> scopes_ = {{}};
  std::map<DynamicAnchors, Id> ids_ = {{{}, kNone}};
};

} // namespace cria::grammar
