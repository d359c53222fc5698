// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/WeightRules.h"

#include "format/WeightArrays.h"
#include "support/Json.h"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <charconv>
#include <fmt/ranges.h>
#include <iterator>
#include <sstream>

namespace cria {
namespace {

constexpr double kFewBits = 5; // below them, embedding and output matrix are q8_0

struct ShortName {
  std::string_view name, format;
};
constexpr ShortName kShortNames[] = {{"q8", "q8_0"}, {"q4", "iq4_xs"}};

/// The mixes of llama.cpp (llama_tensor_get_type_impl in llama-quant.cpp): a format for most matrices, and
/// another for V and down projections of some layers and for the output.
struct Mix {
  std::string_view name, format;
};
constexpr Mix kMixes[] = {{"q4_k_m", "q4_k"}, {"q5_k_m", "q5_k"}};
constexpr WeightFormat kMixUpper = WeightFormat::q6_k;

/// The layers of a mix whose V and down projections have more bits: the first and last eighths, and every
/// third between them.
std::vector<bool> layersWithMoreBits(int64_t layers) {
  std::vector<bool> result;
  for (int64_t i = 0; i < layers; ++i) {
    result.push_back(i < layers / 8 || i >= 7 * layers / 8 || (i - layers / 8) % 3 == 2);
  }
  return result;
}

std::optional<WeightFormat> formatNamed(std::string_view name) {
  const auto *shortName = std::ranges::find(kShortNames, name, &ShortName::name);
  return findWeightFormat(shortName != std::end(kShortNames) ? shortName->format : name);
}

/// The names that a rule may have.
std::string formatNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kShortNames, std::back_inserter(names), &ShortName::name);
  return fmt::format("{}, {}", fmt::join(names, ", "), weightFormatNames());
}

std::vector<std::string> wordsIn(const std::string &text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// The parts between commas.
std::vector<std::string> partsOf(const std::string &list) {
  std::istringstream stream(list);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, ',');) {
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<LlamaTensor> matricesOf(const ModelConfig &config) {
  std::vector<LlamaTensor> tensors = llamaTensors(config);
  std::erase_if(tensors, [&](LlamaTensor tensor) { return shapeOf(tensor, config).size() != 2; });
  return tensors;
}

std::vector<TensorRole> matrixRoles() {
  std::vector<TensorRole> roles;
  for (const LlamaTensor tensor : matricesOf({.layers = 1})) {
    roles.push_back(tensor.role);
  }
  return roles;
}

} // namespace

bool WeightRules::Rule::matches(LlamaTensor tensor) const {
  return std::ranges::find(roles, tensor.role) != roles.end() &&
         (!layers || (isPerLayer(tensor.role) && layers->at(size_t(tensor.layer))));
}

/// One line of a file, while it is read.
class WeightRules::Line {
public:
  Line(const std::string &text, std::string where, const ModelConfig &config)
      : words_(wordsIn(text.substr(0, text.find('#')))),
        printed_(printable(fmt::format("{}", fmt::join(words_, " ")))), where_(std::move(where)),
        config_(config) {}

  bool isEmpty() const { return words_.empty(); }

  StatusOr<Rule> read() const {
    if (words_.size() < 2 || words_.size() > 3) {
      return invalidArgument("{}: expected ROLES [LAYERS] FORMAT, as in 'v,down 0-3 q6_k', got '{}'", where_,
                             printed_);
    }
    Rule rule;
    CRIA_ASSIGN_OR_RETURN(rule.roles, roles(words_.front()));
    if (words_.size() == 3) {
      CRIA_ASSIGN_OR_RETURN(rule.layers, layers(words_[1]));
    }
    const std::optional<WeightFormat> format =
        formatNamed(boost::algorithm::to_lower_copy(words_.back(), std::locale::classic()));
    if (!format) {
      return invalidArgument("{}: expected a weight format, one of {}, got '{}'", where_, formatNames(),
                             printable(words_.back()));
    }
    rule.format = *format;
    const std::vector<LlamaTensor> matrices = matricesOf(config_);
    if (std::ranges::none_of(matrices, [&](LlamaTensor tensor) { return rule.matches(tensor); })) {
      return invalidArgument(
          "{}: '{}' matches no matrix of the model, which has {} layers{}; remove the line", where_, printed_,
          config_.layers, config_.tiedEmbeddings ? " and no output matrix beside the embedding" : "");
    }
    return rule;
  }

  /// Whether a matrix is left to `rule` by the lines before it.
  Status checkDecides(const Rule &rule, const std::vector<Rule> &before) const {
    const std::vector<LlamaTensor> matrices = matricesOf(config_);
    const bool decides = std::ranges::any_of(matrices, [&](LlamaTensor tensor) {
      return rule.matches(tensor) &&
             std::ranges::none_of(before, [&](const Rule &each) { return each.matches(tensor); });
    });
    return decides ? Status()
                   : invalidArgument("{}: '{}' decides nothing, since the first line that matches a matrix "
                                     "decides, and lines before it match the same; move it before them, or "
                                     "remove it",
                                     where_, printed_);
  }

private:
  StatusOr<std::vector<TensorRole>> roles(const std::string &names) const {
    const std::vector<TensorRole> all = matrixRoles();
    if (names == "*") {
      return all;
    }
    std::vector<TensorRole> found;
    for (const std::string &name : partsOf(names)) {
      const auto role = std::ranges::find(all, name, roleName);
      if (role == all.end()) {
        std::vector<std::string_view> expected;
        std::ranges::transform(all, std::back_inserter(expected), roleName);
        return invalidArgument("{}: expected * or roles of matrices, of {}, got '{}'", where_,
                               fmt::join(expected, ", "), printable(name));
      }
      found.push_back(*role);
    }
    return found;
  }

  StatusOr<std::vector<bool>> layers(const std::string &ranges) const {
    std::vector<bool> chosen(size_t(config_.layers), false);
    for (const std::string &range : partsOf(ranges)) {
      const size_t dash = std::min(range.find('-'), range.size());
      const std::optional<int64_t> first = number(range.substr(0, dash));
      const std::optional<int64_t> last = dash < range.size() ? number(range.substr(dash + 1)) : first;
      if (!first || !last || *first > *last || *last >= config_.layers) {
        return invalidArgument("{}: expected layers from 0 to {}, as in 0-3,7, got '{}'", where_,
                               config_.layers - 1, printable(range));
      }
      std::fill(chosen.begin() + *first, chosen.begin() + *last + 1, true);
    }
    return chosen;
  }

  static std::optional<int64_t> number(const std::string &text) {
    int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
  }

  std::vector<std::string> words_;
  std::string printed_; // the words, for messages
  std::string where_;
  const ModelConfig &config_;
};

WeightRules WeightRules::uniform(WeightFormat format) {
  WeightRules rules;
  rules.rules_.push_back({matrixRoles(), std::nullopt, format});
  return rules;
}

StatusOr<WeightRules> WeightRules::named(std::string_view name, const ModelConfig &config) {
  const std::string lower = boost::algorithm::to_lower_copy(std::string(name), std::locale::classic());
  const auto *mix = std::ranges::find(kMixes, lower, &Mix::name);
  const std::optional<WeightFormat> format = formatNamed(mix != std::end(kMixes) ? mix->format : lower);
  if (!format) {
    return invalidArgument("--weights: expected one of {}, got '{}'", weightRuleNames(), name);
  }
  WeightRules rules = uniform(*format);
  if (mix != std::end(kMixes)) {
    std::vector<Rule> before = {
        {{config.tiedEmbeddings ? TensorRole::embedding : TensorRole::output}, std::nullopt, kMixUpper},
        {{TensorRole::attnV, TensorRole::mlpDown}, layersWithMoreBits(config.layers), kMixUpper}};
    if (*format == WeightFormat::q4_k && config.layers == 80 && config.kvHeads < config.heads) { // 70B
      before.push_back({{TensorRole::attnV}, std::nullopt, WeightFormat::q5_k});
    }
    rules.rules_.insert(rules.rules_.begin(), before.begin(), before.end());
  } else if (bitsPerWeight(traitsOf(*format)) < kFewBits) {
    rules.rules_.insert(rules.rules_.begin(),
                        {{TensorRole::embedding, TensorRole::output}, std::nullopt, WeightFormat::q8_0});
  }
  return rules;
}

Status WeightRules::prepend(std::string_view text, const std::string &where, const ModelConfig &config) {
  std::vector<Rule> before;
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0); // a byte order mark
  std::istringstream stream{std::string(text)};
  size_t number = 1;
  for (std::string each; std::getline(stream, each); ++number) {
    const Line line(each, fmt::format("{}, line {}", where, number), config);
    if (!line.isEmpty()) {
      CRIA_ASSIGN_OR_RETURN(Rule rule, line.read());
      CRIA_RETURN_IF_ERROR(line.checkDecides(rule, before));
      before.push_back(std::move(rule));
    }
  }
  if (before.empty()) {
    return invalidArgument("{}: expected rules, a line each: ROLES [LAYERS] FORMAT, as in 'v,down 0-3 q6_k'; "
                           "the file has none",
                           where);
  }
  rules_.insert(rules_.begin(), before.begin(), before.end());
  return {};
}

bool WeightRules::hasCodes() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const Rule &rule) { return !isDense(rule.format); });
}

WeightFormat WeightRules::formatOf(LlamaTensor tensor) const {
  return std::ranges::find_if(rules_, [&](const Rule &rule) { return rule.matches(tensor); })->format;
}

std::string weightRuleNames() {
  std::vector<std::string_view> names;
  std::ranges::transform(kShortNames, std::back_inserter(names), &ShortName::name);
  std::ranges::transform(kMixes, std::back_inserter(names), &Mix::name);
  return fmt::format("{}, {}", weightFormatNames(), fmt::join(names, ", "));
}

} // namespace cria
