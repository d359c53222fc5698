// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaUri.h"

#include <charconv>
#include <vector>

namespace cria::grammar {
namespace {

struct Uri {
  std::string_view scheme, authority, path, query; // with ':', "//" and '?'
};

Uri splitUri(std::string_view text) {
  Uri uri;
  text = text.substr(0, text.find('#'));
  const size_t colon = text.find_first_of(":/?");
  if (colon != text.npos && colon > 0 && text[colon] == ':') {
    uri.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    uri.authority = text.substr(0, text.find_first_of("/?", 2));
    text.remove_prefix(uri.authority.size());
  }
  const size_t question = std::min(text.find('?'), text.size());
  uri.path = text.substr(0, question);
  uri.query = text.substr(question);
  return uri;
}

std::string withoutDots(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool isAbsolute = path.starts_with('/');
  for (size_t at = isAbsolute ? 1 : 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    }
    if (part != "." && part != "..") {
      parts.push_back(part);
    } else if (end == path.size()) {
      parts.emplace_back();
    }
    at = end + 1;
  }
  std::string result;
  for (size_t i = 0; i < parts.size(); ++i) {
    result += (i > 0 || isAbsolute ? "/" : "") + std::string(parts[i]);
  }
  return result;
}

std::string decodePercent(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

} // namespace

std::string fragmentOf(std::string_view reference) {
  const size_t hash = std::min(reference.find('#'), reference.size());
  return decodePercent(reference.substr(std::min(hash + 1, reference.size())));
}

std::string resolveUri(std::string_view base, std::string_view reference) {
  const Uri from = splitUri(base), to = splitUri(reference);
  const auto join = [](std::string_view scheme, std::string_view authority, const std::string &path,
                       std::string_view query) {
    return std::string(scheme) + std::string(authority) + path + std::string(query);
  };
  if (!to.scheme.empty()) {
    return join(to.scheme, to.authority, withoutDots(to.path), to.query);
  }
  if (!to.authority.empty()) {
    return join(from.scheme, to.authority, withoutDots(to.path), to.query);
  }
  if (to.path.empty()) {
    return join(from.scheme, from.authority, std::string(from.path),
                to.query.empty() ? from.query : to.query);
  }
  const size_t slash = from.path.rfind('/');
  std::string path(to.path);
  if (!path.starts_with('/')) {
    path = (slash == from.path.npos ? std::string(from.authority.empty() ? "" : "/")
                                    : std::string(from.path.substr(0, slash + 1))) +
           path;
  }
  return join(from.scheme, from.authority, withoutDots(path), to.query);
}

} // namespace cria::grammar
