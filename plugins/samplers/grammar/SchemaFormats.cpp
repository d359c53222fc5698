// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugins/samplers/grammar/SchemaFormats.h"

#include "plugins/samplers/grammar/JsonPattern.h"

#include <algorithm>

namespace cria::grammar {
namespace {

struct Format {
  const char *name, *pattern;
  bool isAlways; // enforced where formats are annotations, too
};

// Days that exist: 31, 30 or 28 by month, and February 29 in years that are a multiple of 4 but not of 100,
// or of 400. There is no year 0000 in the calendar of most programs.
#define CRIA_YEAR "([1-9]\\d{3}|0[1-9]\\d\\d|00[1-9]\\d|000[1-9])"
#define CRIA_LEAP_YEAR "(\\d\\d(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
#define CRIA_DATE                                                                                            \
  "(" CRIA_YEAR                                                                                              \
  "-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))"       \
  "|" CRIA_LEAP_YEAR "-02-29)"
#define CRIA_TIME "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
#define CRIA_LABEL "[a-zA-Z\\d]{1,12}(-[a-zA-Z\\d]{1,12})?"
#define CRIA_HOST CRIA_LABEL "(\\." CRIA_LABEL "){0,5}"
#define CRIA_BYTE "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define CRIA_PATH "[a-zA-Z\\d._~!$&'()*+,;=:@/-]*"

constexpr Format kFormats[] = {
    {"date", "^" CRIA_DATE "$", true},
    {"time", "^" CRIA_TIME "$", true},
    {"date-time", "^" CRIA_DATE "T" CRIA_TIME "$", true},
    {"uuid", "^[\\da-fA-F]{8}(-[\\da-fA-F]{4}){3}-[\\da-fA-F]{12}$", true},
    {"duration",
     "^P(\\d{1,9}W|(\\d{1,9}Y(\\d{1,9}M(\\d{1,9}D)?)?|\\d{1,9}M(\\d{1,9}D)?|\\d{1,9}D)"
     "(T(\\d{1,9}H(\\d{1,9}M(\\d{1,9}S)?)?|\\d{1,9}M(\\d{1,9}S)?|\\d{1,9}S))?|"
     "T(\\d{1,9}H(\\d{1,9}M(\\d{1,9}S)?)?|\\d{1,9}M(\\d{1,9}S)?|\\d{1,9}S))$",
     false},
    {"email",
     "^[a-zA-Z\\d!#$%&'*+/=?^_`{|}~-]{1,30}(\\.[a-zA-Z\\d!#$%&'*+/=?^_`{|}~-]{1,30})?@" CRIA_HOST "$", false},
    {"hostname", "^" CRIA_HOST "$", false},
    {"ipv4", "^" CRIA_BYTE "(\\." CRIA_BYTE "){3}$", false},
    {"ipv6",
     "^(([\\da-fA-F]{1,4}:){7}[\\da-fA-F]{1,4}|([\\da-fA-F]{1,4}(:[\\da-fA-F]{1,4}){0,2})?::([\\da-fA-F]{1,4}"
     "(:[\\da-fA-F]{1,4}){0,2})?)$",
     false},
    {"uri",
     "^[a-zA-Z][a-zA-Z\\d+.-]{0,15}://" CRIA_HOST "(:\\d{1,4})?(/" CRIA_PATH ")?(\\?" CRIA_PATH
     ")?(#" CRIA_PATH ")?$",
     false},
    {"uri-reference",
     "^/?"
     "[a-zA-Z\\d._~-]*(/[a-zA-Z\\d._~-]+)*(\\?" CRIA_PATH ")?(#" CRIA_PATH ")?$",
     false},
    {"json-pointer", "^(/([^~/]|~[01])*)*$", false},
};

struct NumberFormat {
  const char *name, *low, *high;
  bool isInteger;
};

constexpr NumberFormat kNumberFormats[] = {
    {"int8", "-128", "127", true},
    {"int16", "-32768", "32767", true},
    {"int32", "-2147483648", "2147483647", true},
    {"int64", "-9223372036854775808", "9223372036854775807", true},
    {"uint8", "0", "255", true},
    {"uint16", "0", "65535", true},
    {"uint32", "0", "4294967295", true},
    {"uint64", "0", "18446744073709551615", true},
    {"float", "-340282346638528859811704183484516925440", "340282346638528859811704183484516925440", false},
    {"double", "-1.7976931348623157e308", "1.7976931348623157e308", false},
};

} // namespace

std::optional<Languages::Id> languageOfFormat(Languages &languages, const std::string &name, bool isExact) {
  for (const Format &format : kFormats) {
    if (name == format.name && (isExact || format.isAlways)) {
      return languageOfPattern(languages, format.pattern, name);
    }
  }
  return std::nullopt;
}

std::optional<NumberSet> numbersOfFormat(const std::string &name) {
  for (const NumberFormat &format : kNumberFormats) {
    if (name == format.name) {
      NumberSet numbers;
      numbers.addLow({*Decimal::parse(format.low), false});
      numbers.addHigh({*Decimal::parse(format.high), false});
      numbers.isInteger = format.isInteger;
      return numbers;
    }
  }
  return std::nullopt;
}

bool isFormatOfTexts(const std::string &name) {
  return std::any_of(std::begin(kFormats), std::end(kFormats),
                     [&](const Format &format) { return name == format.name; });
}

std::string knownFormats() {
  std::string names;
  for (const Format &format : kFormats) {
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  for (const NumberFormat &format : kNumberFormats) {
    names += ", " + std::string(format.name);
  }
  return names;
}

} // namespace cria::grammar
