// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// URIs, as references of a JSON Schema write them.
#pragma once

#include <string>
#include <string_view>

namespace cria::grammar {

/// Resolves a URI reference against a base URI (RFC 3986, section 5.2), without its fragment.
std::string resolveUri(std::string_view base, std::string_view reference);
/// Returns the fragment of a URI reference, without '#' and percent-encoding; empty if it has none.
std::string fragmentOf(std::string_view reference);

} // namespace cria::grammar
