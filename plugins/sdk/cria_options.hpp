// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_options.hpp - the options of a plugin as members of a struct. Each member declares an option and
// reads its value, so no code depends on the order of the options. Optional C++20 conveniences for plugins.
//
//   struct Options {
//     IntOption k{"k", "Number of tokens to keep", 40, 1, 1 << 30};
//     FlagOption strict{"strict", "Refuse unknown tokens", false};
//   };
//
// A plugin class names the struct as its member type `Options` and is constructed from a `const Options &`.
#pragma once

#include "cria_plugin.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <tuple>

namespace cria::plugin {

/// The default of a required numeric option.
struct Required {};
inline constexpr Required kRequired;

/// The base of all options. Names, descriptions and default texts are string literals.
struct Option {
  cria_option_info info;

protected:
  constexpr explicit Option(const cria_option_info &declaration) : info(declaration) {}
  static constexpr double kNoDefault = std::numeric_limits<double>::quiet_NaN();
  static constexpr cria_option_info number(uint32_t type, std::string_view name, std::string_view description,
                                           double defaultNumber, double minimum, double maximum) {
    return {sizeof(cria_option_info),
            type,
            string(name),
            string(description),
            defaultNumber,
            minimum,
            maximum,
            {nullptr, 0}};
  }
};

/// An integer from `minimum` to `maximum`, inclusive.
struct IntOption : Option {
  int64_t value = 0;

  constexpr IntOption(std::string_view name, std::string_view description, int64_t defaultValue,
                      int64_t minimum, int64_t maximum)
      : Option(number(CRIA_OPTION_INT, name, description, static_cast<double>(defaultValue),
                      static_cast<double>(minimum), static_cast<double>(maximum))),
        value(defaultValue) {}
  constexpr IntOption(std::string_view name, std::string_view description, Required, int64_t minimum,
                      int64_t maximum)
      : Option(number(CRIA_OPTION_INT, name, description, kNoDefault, static_cast<double>(minimum),
                      static_cast<double>(maximum))) {}

  void read(const cria_option &given) { value = given.integer; }
};

/// A number from `minimum` to `maximum`, inclusive.
struct FloatOption : Option {
  double value = 0;

  constexpr FloatOption(std::string_view name, std::string_view description, double defaultValue,
                        double minimum, double maximum)
      : Option(number(CRIA_OPTION_FLOAT, name, description, defaultValue, minimum, maximum)),
        value(defaultValue) {}
  constexpr FloatOption(std::string_view name, std::string_view description, Required, double minimum,
                        double maximum)
      : Option(number(CRIA_OPTION_FLOAT, name, description, kNoDefault, minimum, maximum)) {}

  void read(const cria_option &given) { value = given.number; }
};

struct FlagOption : Option {
  bool value;

  constexpr FlagOption(std::string_view name, std::string_view description, bool defaultValue)
      : Option(number(CRIA_OPTION_FLAG, name, description, defaultValue ? 1 : 0, 0, 1)), value(defaultValue) {
  }

  void read(const cria_option &given) { value = given.integer != 0; }
};

struct TextOption : Option {
  std::string value;

  TextOption(std::string_view name, std::string_view description, std::string_view defaultText)
      : Option({sizeof(cria_option_info), CRIA_OPTION_STRING, string(name), string(description), 0, 0, 0,
                string(defaultText)}),
        value(defaultText) {}

  void read(const cria_option &given) { value = view(given.text); }
};

/// The options of a plugin that has none.
struct NoOptions {};

namespace detail {

/// Converts to any option, to count the members of a struct of options.
struct AnyOption {
  template <std::derived_from<Option> Type> operator Type() const;
};

template <typename Options, typename... Members> constexpr size_t countOptions() {
  if constexpr (requires { Options{Members{}..., AnyOption{}}; }) {
    return countOptions<Options, Members..., AnyOption>();
  } else {
    return sizeof...(Members);
  }
}

template <typename Plugin> struct OptionsOf {
  using Type = NoOptions;
};
template <typename Plugin>
  requires requires { typename Plugin::Options; }
struct OptionsOf<Plugin> {
  using Type = typename Plugin::Options;
};

} // namespace detail

/// The member type `Options` of a plugin class, or NoOptions.
template <typename Plugin> using OptionsOf = typename detail::OptionsOf<Plugin>::Type;

/// References to the members of a struct of at most nine options, in the order of their declaration.
template <typename Options> auto membersOf(Options &options) {
  constexpr size_t count = detail::countOptions<std::remove_const_t<Options>>();
  static_assert(count <= 9, "a plugin has at most nine options; add a case here for more");
  if constexpr (count == 0) {
    static_assert(std::is_empty_v<Options>, "every member of a struct of options is an option");
    return std::tuple<>();
  } else if constexpr (count == 1) {
    auto &[a] = options;
    return std::tie(a);
  } else if constexpr (count == 2) {
    auto &[a, b] = options;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    auto &[a, b, c] = options;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    auto &[a, b, c, d] = options;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    auto &[a, b, c, d, e] = options;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto &[a, b, c, d, e, f] = options;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto &[a, b, c, d, e, f, g] = options;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto &[a, b, c, d, e, f, g, h] = options;
    return std::tie(a, b, c, d, e, f, g, h);
  } else {
    auto &[a, b, c, d, e, f, g, h, i] = options;
    return std::tie(a, b, c, d, e, f, g, h, i);
  }
}

/// Returns the declarations of the options for the function table. They live until the process ends.
template <typename Options> std::span<const cria_option_info *const> declarationsOf() {
  static const Options kDeclared{};
  static const auto kInfos = std::apply(
      [](const auto &...option) {
        return std::array<const cria_option_info *, sizeof...(option)>{&option.info...};
      },
      membersOf(kDeclared));
  return kInfos;
}

/// Returns the options with the values `given`, in the order of declaration, as a host passes them to
/// `create`. Errors: throws Refusal with INVALID_ARGUMENT if their number differs.
template <typename Options> Options readOptions(std::span<const cria_option *const> given) {
  Options options{};
  std::apply(
      [&](auto &...option) {
        if (given.size() != sizeof...(option)) {
          throw Refusal(CRIA_STATUS_INVALID_ARGUMENT, "expected " + std::to_string(sizeof...(option)) +
                                                          " options, got " + std::to_string(given.size()));
        }
        [[maybe_unused]] size_t next = 0;
        (option.read(*given[next++]), ...);
      },
      membersOf(options));
  return options;
}

/// Makes a sampler or chat template. The parameters of its constructor are its options, if it has any, and
/// then the vocabulary, if it uses it.
template <typename Plugin>
std::unique_ptr<Plugin> construct(std::span<const cria_option *const> given,
                                  const cria_vocabulary &vocabulary) {
  using Options = OptionsOf<Plugin>;
  const auto options = readOptions<Options>(given);
  if constexpr (std::is_constructible_v<Plugin, const Options &, const cria_vocabulary &>) {
    return std::make_unique<Plugin>(options, vocabulary);
  } else if constexpr (std::is_constructible_v<Plugin, const Options &>) {
    return std::make_unique<Plugin>(options);
  } else {
    static_assert(std::is_same_v<Options, NoOptions>, "the constructor takes a `const Options &`");
    return std::make_unique<Plugin>();
  }
}

} // namespace cria::plugin
