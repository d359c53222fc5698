// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_options.hpp - the options of a plugin as a table: each row declares an option and says where its value
// is stored, so that no code depends on the order of the options. Optional C++20 conveniences for plugins.
#pragma once

#include "cria_plugin.hpp"

#include <array>
#include <cstddef>

namespace cria::plugin {

/// An option whose value becomes part of a `Values`.
template <typename Values> struct Option {
  cria_option_info info;
  void (*store)(Values &values, const cria_option &given);
};

template <typename Values, typename Member> Values ownerOf(Member Values::*);

/// Stores the value of an option in a member: a bool, a number, or a type that a std::string converts to.
template <auto member> void storeIn(decltype(ownerOf(member)) &values, const cria_option &given) {
  auto &value = values.*member;
  using Member = std::remove_reference_t<decltype(value)>;
  if constexpr (std::is_same_v<Member, bool>) {
    value = given.integer != 0;
  } else if constexpr (std::is_integral_v<Member>) {
    value = static_cast<Member>(given.integer);
  } else if constexpr (std::is_floating_point_v<Member>) {
    value = static_cast<Member>(given.number);
  } else {
    value = std::string(view(given.text));
  }
}

/// The declarations in a table of options that has static storage duration, as a function table lists them.
template <const auto &table>
inline constexpr auto kDeclarations = [] {
  std::array<const cria_option_info *, std::size(table)> declarations{};
  for (size_t i = 0; i < declarations.size(); ++i) {
    declarations[i] = &table[i].info;
  }
  return declarations;
}();

/// Returns `values` with all options of the table stored in it. `given` are their values in the order of the
/// table, as a host passes them to `create`. Errors: Refusal INVALID_ARGUMENT when there is another number.
template <typename Values, size_t count>
Values readOptions(const Option<Values> (&table)[count], std::span<const cria_option *const> given,
                   Values values = {}) {
  if (given.size() != count) {
    throw Refusal(CRIA_STATUS_INVALID_ARGUMENT,
                  "expected " + std::to_string(count) + " options, got " + std::to_string(given.size()));
  }
  for (size_t i = 0; i < count; ++i) {
    table[i].store(values, *given[i]);
  }
  return values;
}

} // namespace cria::plugin
