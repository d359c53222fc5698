// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontends/huggingface/StandIns.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <cctype>
#include <filesystem>

namespace cria::huggingface {

namespace fs = std::filesystem;

namespace {
constexpr const char *kDownload =
    "download the file again; if its repository needs a login, run 'hf auth login' and 'hf download'";
constexpr const char *kPull =
    "run 'git lfs install' and 'git lfs pull' in the repository, or download the file";
constexpr const char *kConvert = "save the model with transformers and safe_serialization=True";

/// How a file begins, and what it then is. A {} in `found` stands for its size.
struct Mark {
  std::string_view beginning;
  const char *found, *remedy;
};

// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; pointers of git-xet are TOML after this line.
constexpr Mark kPointers[] = {{"version https://git-lfs.github.com/spec/",
                               "the pointer of {} bytes that Git LFS keeps in its place", kPull},
                              {"version https://hawser.github.com/spec/",
                               "the pointer of {} bytes that Git LFS keeps in its place",
                               kPull}, // its first name
                              {"# xet version ", "the pointer of {} bytes that Git-Xet keeps in its place",
                               "install git-xet and check the file out again, or download the file"}};

// In lower case, after white space.
constexpr Mark kPages[] = {{"<!doctype html", "a page of HTML", kDownload},
                           {"<html", "a page of HTML", kDownload},
                           {"<head", "a page of HTML", kDownload},
                           {"<?xml", "a document of XML, such as the error of a server", kDownload}};

constexpr Mark kArchives[] = {
    {"PK\x03\x04", "a ZIP archive, such as a pickle of PyTorch", kConvert},
    {"\x80\x02", "a pickle of Python", kConvert},
    {"\x89HDF", "an HDF5 file", kConvert},
    {"GGUF", "a GGUF file", "compile the Hugging Face checkpoint that it was made from"},
    {"\x1F\x8B", "a gzip archive", "unpack it"}};

template <size_t N>
std::optional<StandIn> findMark(const Mark (&marks)[N], std::string_view beginning, uint64_t size) {
  for (const Mark &mark : marks) {
    if (beginning.starts_with(mark.beginning)) {
      return StandIn{fmt::format(fmt::runtime(mark.found), size), mark.remedy};
    }
  }
  return std::nullopt;
}

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The text without white space and a byte order mark in front.
std::string_view trimmed(std::string_view text) {
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  const auto *first = std::ranges::find_if_not(text, isBlank);
  return text.substr(size_t(first - text.begin()));
}

/// Whether a file begins as safetensors do: with 64 bits, the length of the header, and an object.
bool isSafetensors(std::string_view beginning) {
  constexpr size_t kLengthBytes = 8;
  return beginning.size() > kLengthBytes && beginning[kLengthBytes] == '{' &&
         beginning.substr(4, 4) == std::string_view("\0\0\0\0", 4);
}

/// Whether there is a text where bytes are expected: without a control character, which protocol buffers and
/// lengths of headers have.
bool isText(std::string_view beginning) {
  return !beginning.empty() &&
         std::ranges::all_of(beginning, [](char c) { return uint8_t(c) >= 0x20 || isBlank(c); });
}

std::string firstLineOf(std::string_view text) {
  constexpr size_t kShown = 60;
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  return fmt::format("'{}{}'", printable(line.substr(0, kShown)), line.size() > kShown ? "..." : "");
}

/// Whether a text cannot be JSON: it begins with a letter that no value of JSON begins with.
bool isProse(std::string_view text) {
  const std::string_view trimmedText = trimmed(text);
  constexpr std::array kWords = {"true", "false", "null", "NaN", "Infinity"};
  return !trimmedText.empty() && std::isalpha(uint8_t(trimmedText[0])) != 0 &&
         std::ranges::none_of(kWords, [&](const char *word) { return trimmedText.starts_with(word); });
}
} // namespace

std::optional<StandIn> findStandIn(std::string_view beginning, uint64_t size, FileContent expected) {
  if (expected == FileContent::bytes && isSafetensors(beginning)) {
    return std::nullopt;
  }
  if (size == 0 && expected != FileContent::text) {
    return StandIn{"an empty file", kDownload};
  }
  if (auto pointer = findMark(kPointers, beginning, size)) {
    return pointer;
  }
  if (auto page = findMark(
          kPages, boost::algorithm::to_lower_copy(std::string(trimmed(beginning)), std::locale::classic()),
          size)) {
    return page;
  }
  if (auto archive = findMark(kArchives, beginning, size); archive && expected == FileContent::bytes) {
    return archive;
  }
  if (expected == FileContent::bytes && isText(beginning)) {
    const char first = trimmed(beginning).empty() ? ' ' : trimmed(beginning)[0];
    return StandIn{
        fmt::format("{}, {}", first == '{' || first == '[' ? "JSON" : "text", firstLineOf(beginning)),
        kDownload};
  }
  if (expected == FileContent::json && isProse(beginning)) {
    return StandIn{"text, " + firstLineOf(beginning), kDownload};
  }
  return std::nullopt;
}

Status standsIn(const std::string &path, const StandIn &standIn) {
  return error(StatusCode::unsupported, "{}: expected the file itself, got {}; {}", path, standIn.found,
               standIn.remedy);
}

std::optional<StandIn> findErrorBody(const Json &json) {
  constexpr size_t kMostMembers = 4; // a configuration has more
  constexpr std::array kNames = {"error", "errors", "message", "detail"};
  const auto isStated = [&](const char *name) { // a number is the id of a token with this name
    return json.contains(name) && !json[name].is_number();
  };
  if (!json.is_object() || json.size() > kMostMembers || std::ranges::none_of(kNames, isStated)) {
    return std::nullopt;
  }
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return StandIn{"the error of a server, " + firstLineOf(text), kDownload};
}

bool isPartialDownload(std::string_view name) {
  constexpr std::array kEndings = {".incomplete", ".part", ".partial", ".crdownload",
                                   ".download",   ".!qB",  ".aria2",   ".tmp"};
  return std::ranges::any_of(kEndings, [&](const char *ending) { return name.ends_with(ending); });
}

/// The first partial download in a folder whose name begins with `start`; empty if there is none.
static std::string firstPartial(const fs::path &folder, std::string_view start) {
  std::string found;
  std::error_code failed;
  for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
    const std::string name = i->path().filename().string(), path = i->path().string();
    if (name.starts_with(start) && isPartialDownload(name) && (found.empty() || path < found)) {
      found = path;
    }
  }
  return found;
}

std::string findPartialDownload(const std::string &file) {
  const fs::path path(file), folder = path.parent_path();
  std::string found = firstPartial(folder, path.filename().string() + ".");
  // huggingface_hub: of --local-dir, and of its cache, whose snapshots/REVISION/ links to blobs/. The names
  // are digests.
  for (const char *place : {".cache/huggingface/download", "../../blobs"}) {
    found = found.empty() ? firstPartial(folder / place, "") : found;
  }
  return found;
}

} // namespace cria::huggingface
