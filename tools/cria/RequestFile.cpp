// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RequestFile.h"

#include "support/Json.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace cria::cli {
namespace {

template <typename T> Status readNumber(const Json &value, const std::string &name, std::optional<T> &out) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > std::numeric_limits<T>::max()) {
    return invalidArgument("'{}': expected a whole number from 0 to {}, found {}", name,
                           std::numeric_limits<T>::max(), describeJson(value));
  }
  out = value.get<T>();
  return {};
}

Status readStops(const Json &value, std::vector<std::string> &out) {
  const Json list = value.is_string() ? Json::array({value}) : value;
  if (!list.is_array()) {
    return invalidArgument("'stop': expected a text or an array of texts, found {}", describeJson(value));
  }
  for (const Json &text : list) {
    if (!text.is_string()) {
      return invalidArgument("'stop': expected a text or an array of texts, found {}", describeJson(value));
    }
    out.push_back(text.get<std::string>());
  }
  return {};
}

Status readPrompt(const Json &value, FileRequest &request) {
  if (!value.is_string()) {
    return invalidArgument("'prompt': expected a text, found {}", describeJson(value));
  }
  request.prompt = value.get<std::string>();
  return {};
}

Status readMember(const std::string &name, const Json &value, FileRequest &request) {
  if (name == "prompt") {
    return readPrompt(value, request);
  }
  if (name == "max_tokens") {
    return readNumber(value, name, request.maxTokens);
  }
  if (name == "seed") {
    return readNumber(value, name, request.seed);
  }
  if (name == "stop") {
    return readStops(value, request.stopTexts);
  }
  return invalidArgument("unexpected member '{}'; expected prompt, max_tokens, seed or stop", name);
}

StatusOr<FileRequest> readRequest(const std::string &line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return invalidArgument("expected an object like {{\"prompt\": \"Once\"}}, found {}",
                           json.is_discarded() ? "what is no JSON" : describeJson(json));
  }
  if (!json.contains("prompt")) {
    return invalidArgument("the object has no 'prompt'; expected one like {{\"prompt\": \"Once\"}}");
  }
  FileRequest request;
  for (const auto &[name, value] : json.items()) {
    CRIA_RETURN_IF_ERROR(readMember(name, value, request));
  }
  return request;
}

} // namespace

StatusOr<std::string> readTextFile(const std::string &path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  }
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    return error(StatusCode::io, "cannot read '{}': {}", path,
                 file ? "it is a folder" : std::strerror(errno));
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

StatusOr<std::vector<FileRequest>> readRequestFile(const std::string &path) {
  CRIA_ASSIGN_OR_RETURN(const std::string text, readTextFile(path));
  std::vector<FileRequest> requests;
  std::istringstream lines(text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    StatusOr<FileRequest> request = readRequest(line);
    if (!request.ok()) {
      return request.status().withContext(fmt::format("{}:{}", path, number));
    }
    request->line = number;
    requests.push_back(std::move(*request));
  }
  if (requests.empty()) {
    return invalidArgument("'{}' holds no prompts; expected one JSON object a line", path);
  }
  return requests;
}

} // namespace cria::cli
