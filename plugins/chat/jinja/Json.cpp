// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The writer of tojson: Python's json.dumps with ensure_ascii=False and no escapes for HTML.
#include "plugins/chat/jinja/Json.h"

#include <algorithm>
#include <cstdio>

namespace cria::jinja {

namespace {

class JsonWriter {
public:
  JsonWriter(Budget &budget, int64_t indent, bool sortsKeys)
      : budget_(budget), indent_(std::min<int64_t>(indent, 16)), sortsKeys_(sortsKeys) {}

  Text write(const Value &value) {
    add(value);
    return std::move(out_);
  }

private:
  void add(const Value &value) {
    budget_.step();
    if (value.text() != nullptr) {
      addText(*value.text());
    } else if (value.list() != nullptr) {
      const std::vector<Value> &items = value.list()->items;
      addBrackets(U"[", U"]", items.size(), [&](size_t i) { add(items[i]); });
    } else if (value.dict() != nullptr) {
      addDict(*value.dict());
    } else if (value.is<Undefined>() || (!value.number() && !value.is<None>())) {
      throw Failure("'tojson' cannot serialize a value of type " + std::string(value.typeName()));
    } else {
      out_ += value.is<None>()   ? Text(U"null")
              : value.is<bool>() ? Text(value.get<bool>() ? U"true" : U"false")
                                 : toText(budget_, value);
    }
  }

  void addDict(const Dict &dict) {
    std::vector<const Entry *> entries;
    for (const Entry &entry : dict.entries) {
      entries.push_back(&entry);
    }
    if (sortsKeys_) {
      std::ranges::stable_sort(
          entries, [&](const Entry *a, const Entry *b) { return less(budget_, a->first, b->first); });
    }
    addBrackets(U"{", U"}", entries.size(), [&](size_t i) {
      addKey(entries[i]->first);
      out_ += U": ";
      add(entries[i]->second);
    });
  }

  void addKey(const Value &key) {
    if (key.text() == nullptr) {
      throw Failure("'tojson' expected keys of type str, got " + std::string(key.typeName()));
    }
    addText(*key.text());
  }

  template <typename AddItem> void addBrackets(TextView open, TextView close, size_t count, AddItem addItem) {
    out_ += open;
    ++depth_;
    for (size_t i = 0; i < count; ++i) {
      out_ += i == 0 ? U"" : indent_ < 0 ? U", " : U",";
      newLine();
      addItem(i);
    }
    --depth_;
    if (count > 0) {
      newLine();
    }
    out_ += close;
  }

  void newLine() {
    if (indent_ >= 0) {
      out_ += U"\n" + Text(static_cast<size_t>(indent_ * depth_), U' ');
      budget_.characters(static_cast<uint64_t>(indent_ * depth_));
    }
  }

  void addText(TextView text) {
    constexpr size_t kMaxEscapeCharacters = 6; // as in \u001b
    budget_.characters(text.size() * kMaxEscapeCharacters);
    out_ += U'"';
    for (const char32_t c : text) {
      addCharacter(c);
    }
    out_ += U'"';
  }

  void addCharacter(char32_t c) {
    constexpr TextView escapable = U"\"\\\n\r\t\b\f";
    constexpr TextView names = U"\"\\nrtbf";
    if (const size_t found = escapable.find(plain(c)); found != TextView::npos) {
      (out_ += U'\\' | marksOf(c)) += names[found] | marksOf(c);
    } else if (plain(c) < 0x20) {
      char digits[16];
      std::snprintf(digits, sizeof(digits), "\\u%04x", static_cast<unsigned>(plain(c)));
      out_ += textFromAscii(digits, marksOf(c));
    } else {
      out_ += c;
    }
  }

  Budget &budget_;
  int64_t indent_;
  bool sortsKeys_;
  int64_t depth_ = 0;
  Text out_;
};

} // namespace

Text toJson(Budget &budget, const Value &value, int64_t indent, bool sortsKeys) {
  return JsonWriter(budget, indent, sortsKeys).write(value);
}

} // namespace cria::jinja
