#include "operation/mask.h"

#include "operation/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace modemedic::operation {

namespace {

constexpr std::size_t shown_at_the_end = 2;
constexpr std::size_t type_code = 8;       ///< of an IMEI
constexpr std::size_t issuer = 6;          ///< of an ICCID: 89, country, network
constexpr std::size_t network = 5;         ///< of an IMSI: country and network
constexpr std::size_t least_digits = 9;    ///< of a known number: more than is shown anyway
constexpr std::size_t shortest_long = 14;  ///< no other number of a modem has so many digits in a row
constexpr std::size_t imei_length = 15;
constexpr std::size_t shortest_iccid = 18;
constexpr std::size_t shortest_phone = 8;
constexpr std::size_t most_separators = 4;  ///< between two digits: `", "`
constexpr char masked = 'x';

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_separator(char c) {
  return std::string_view(" -._:/,\"'\t\r\n").find(c) != std::string_view::npos;
}

bool is_word(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

/// The check digit of an IMEI is right (ISO/IEC 7812, Luhn).
bool luhn(std::string_view digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
    auto doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += i % 2 == 0 ? digit : doubled;
  }
  return sum % 10 == 0;
}

std::string mask_middle(std::string_view text, std::size_t front) {
  std::string result(text);
  for (auto i = front; i + shown_at_the_end < result.size(); ++i) {
    result[i] = masked;
  }
  return result;
}

/// "8673…" as the text of its bytes: "38363733…".
std::string as_hex_text(std::string_view digits) {
  std::string hex;
  for (auto c : digits) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return hex;
}

/// Two digits to a byte, the first in its lower half, as on a SIM (3GPP TS 31.102) and in NV items.
std::string swapped(std::string digits) {
  if (digits.size() % 2 != 0) {
    digits += 'f';
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    std::swap(digits[i], digits[i + 1]);
  }
  return digits;
}

/// The run of digits at `at`.
std::string_view digits_at(std::string_view text, std::size_t at) {
  auto end = at;
  while (end < text.size() && is_digit(text[end])) {
    ++end;
  }
  return text.substr(at, end - at);
}

/// Numbers of which nothing is known but that they are as long as those of a module, a SIM, a subscriber or a phone.
std::string without_long_numbers(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    auto digits = digits_at(text, i);
    if (digits.empty()) {
      result += text[i++];
      continue;
    }
    auto phone = i > 0 && text[i - 1] == '+' && digits.size() >= shortest_phone;
    if (digits.size() >= shortest_long) {
      auto imei = digits.size() == imei_length && luhn(digits);
      result += mask_middle(digits, imei ? type_code : digits.size() >= shortest_iccid ? issuer : network);
    } else {
      result += phone ? mask_middle(digits, 2) : std::string(digits);
    }
    i += digits.size();
  }
  return result;
}

/// The folder below /home and its like is a person's name.
std::string without_homes(std::string_view text) {
  constexpr std::array<std::string_view, 4> homes = {"/home/", "/Users/", "\\Users\\", "/media/"};
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    auto rest = text.substr(i);
    const auto* home = std::ranges::find_if(homes, [&](auto folder) { return rest.starts_with(folder); });
    if (home == homes.end()) {
      result += text[i++];
      continue;
    }
    auto end = std::min(rest.find_first_of("/\\\"' \t\r\n:;,)", home->size()), rest.size());
    result += *home;
    result += end > home->size() ? "(user)" : "";
    i += end;
  }
  return result;
}

}  // namespace

Mask Mask::off() {
  Mask mask;
  mask.on_ = false;
  return mask;
}

void Mask::hide_imei(std::string_view digits) {
  hide(digits, type_code);
}

void Mask::hide_iccid(std::string_view digits) {
  hide(digits, issuer);
}

void Mask::hide_imsi(std::string_view digits) {
  hide(digits, network);
}

void Mask::hide(std::string_view digits, std::size_t front) {
  if (!all_digits(digits) || digits.size() < shortest_long) {
    return;
  }
  secrets_.push_back({std::string(digits), front, shown_at_the_end, least_digits});
  secrets_.push_back({as_hex_text(digits), 0, 0, 2 * least_digits});
  // The digit before it: none, that of an IMEI, that of an IMSI.
  for (const auto* before : {"", "a", "9"}) {
    secrets_.push_back({swapped(before + std::string(digits)), 0, 0, least_digits});
  }
}

void Mask::hide_user(std::string_view name) {
  constexpr std::size_t shortest = 3;
  if (name.size() >= shortest && name != "root") {
    users_.emplace_back(name);
  }
}

std::string Mask::text(std::string_view text) const {
  if (!on_) {
    return std::string(text);
  }
  return without_users(without_homes(without_long_numbers(without_secrets(text))));
}

/// Walks over the text; where a part of a secret begins, its characters go on as what may be shown of them.
std::string Mask::without_secrets(std::string_view text) const {
  std::string result(text);
  // How many characters of `secret` from `from` on stand at `at`, and where in the text they end.
  auto match = [&](const Secret& secret, std::size_t from, std::size_t at) {
    std::vector<std::size_t> places;
    std::size_t separators = 0;
    for (auto i = at; i < text.size() && from + places.size() < secret.characters.size(); ++i) {
      if (lower(text[i]) == secret.characters[from + places.size()]) {
        places.push_back(i);
        separators = 0;
      } else if (places.empty() || !is_separator(text[i]) || ++separators > most_separators) {
        break;
      }
    }
    return places;
  };
  for (const auto& secret : secrets_) {
    const auto& wanted = secret.characters;
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::size_t taken = 0;
      for (std::size_t from = 0; from + secret.least <= wanted.size(); ++from) {
        if (lower(text[at]) != wanted[from]) {
          continue;
        }
        auto places = match(secret, from, at);
        auto length = places.empty() ? 0 : places.back() - at;
        if (places.size() < secret.least || length < taken) {
          continue;
        }
        taken = length;
        for (std::size_t i = 0; i < places.size(); ++i) {
          auto shown = from + i < secret.front || from + i + secret.back >= wanted.size();
          result[places[i]] = shown ? result[places[i]] : masked;
        }
      }
      at += taken;
    }
  }
  return result;
}

std::string Mask::without_users(std::string text) const {
  for (const auto& user : users_) {
    for (auto at = text.find(user); at != std::string::npos; at = text.find(user, at)) {
      auto end = at + user.size();
      auto alone = (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
      if (alone) {
        text.replace(at, user.size(), "(user)");
        at += std::string_view("(user)").size();
      } else {
        at = end;
      }
    }
  }
  return text;
}

}  // namespace modemedic::operation
