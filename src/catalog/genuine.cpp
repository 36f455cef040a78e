#include "catalog/genuine.h"

#include "base/durable_file.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace modemedic::catalog {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_list = 16_MiB;
constexpr std::size_t longest_small_file = 8192;
constexpr std::size_t longest_name = 300;
constexpr auto signature_suffix = ".minisig";

/// A list whose signature is right.
struct Verified {
  std::string text;
  std::string signature_text;
  Signature signature;
  std::map<Sha256, std::string> names;
};

Result<std::map<Sha256, std::string>> parse_list(std::string_view text) {
  std::map<Sha256, std::string> names;
  std::size_t number = 0;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.front() == '#') {
      continue;
    }
    auto digest = parse_sha256(line.substr(0, std::min<std::size_t>(64, line.size())));
    if (!digest || line.size() < 66 || line[64] != ' ') {
      return fail(Code::usage)
          .what(fmt::format("line {} is not a digest and a name", number))
          .hint("each line is 64 hex digits, two blanks, a name: `modemedic catalog list` shows digests");
    }
    names.emplace(*digest, printable(line.substr(66), longest_name));
  }
  return names;
}

Result<Verified> verify_list(const fs::path& file, const std::vector<PublicKey>& keys) {
  Verified verified;
  TRY_ASSIGN(verified.text, read_beginning(file, longest_list));
  if (verified.text.size() == longest_list) {
    return fail(Code::usage).what("the list is too long").hint("split it: 16 MiB is the most");
  }
  TRY_ASSIGN(verified.signature_text, read_beginning(file.string() + signature_suffix, longest_small_file));
  TRY_ASSIGN(verified.signature, parse_signature(verified.signature_text));
  auto key = std::ranges::find(keys, verified.signature.key, &PublicKey::id);
  if (key == keys.end()) {
    return fail(Code::refused)
        .what(fmt::format("it is signed with the key {}, which is not trusted", describe(verified.signature.key)))
        .hint("if it is the key of whom you trust: modemedic catalog trust THEIR.pub");
  }
  TRY(verify(as_bytes(verified.text), verified.signature, *key));
  TRY_ASSIGN(verified.names, parse_list(verified.text));
  return verified;
}

/// What its signer says of a list; minisign puts tabs between its own words.
std::string said_with(const Signature& signature) {
  auto text = signature.trusted_comment;
  std::ranges::replace(text, '\t', ' ');
  return printable(text, longest_name);
}

/// What may stand in a file's name everywhere.
std::string safe_name(std::string_view name) {
  constexpr std::size_t longest = 60;
  std::string safe(name.substr(0, longest));
  std::ranges::replace_if(
      safe, [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '-' && letter != '_'; }, '_');
  return safe;
}

/// Files of a folder, by their names.
std::vector<fs::path> files_in(const fs::path& folder, std::string_view suffix) {
  constexpr std::size_t most = 1000;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && files.size() < most;
       entry.increment(error)) {
    if (entry->path().native().ends_with(suffix)) {
      files.push_back(entry->path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<PublicKey> read_keys(const fs::path& folder, Events& events) {
  std::vector<PublicKey> keys;
  for (const auto& file : files_in(folder / "keys", ".pub")) {
    auto text = read_beginning(file, longest_small_file);
    auto key = text ? parse_public_key(*text) : fail(std::move(text.error()));
    if (!key) {
      warn(events, fmt::format("{} is left alone: {}", printable(file.string()), key.error().what));
      continue;
    }
    keys.push_back(std::move(*key));
  }
  return keys;
}

/// When a file was signed, in seconds since 1970: what minisign writes where its user says nothing.
std::optional<std::uint64_t> signed_at(const Signature& signature) {
  constexpr std::string_view label = "timestamp:";
  std::string_view text = signature.trusted_comment;
  if (!text.starts_with(label)) {
    return std::nullopt;
  }
  text.remove_prefix(label.size());
  std::uint64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  auto whole = end == text.data() + text.size() || *end == '\t' || *end == ' ';
  return error == std::errc{} && whole ? std::optional(seconds) : std::nullopt;
}

/// Who kept an old list may not bring back what its signer has taken out of a newer one.
Result<void> check_newer(const Signature& wanted, const Signature& kept) {
  auto before = signed_at(kept);
  auto now = signed_at(wanted);
  if (!before || (now && *now >= *before)) {
    return {};
  }
  return fail(Code::refused)
      .what(fmt::format("you have a list of that name that was signed later ({}); this one {}", said_with(kept),
                        now ? fmt::format("is older ({})", said_with(wanted)) : "does not say when it was signed"))
      .hint("an old list may name packages that its signer has withdrawn. To take it all the same: --older");
}

}  // namespace

Genuine Genuine::read(const fs::path& folder, Events& events) {
  Genuine genuine;
  genuine.keys_ = read_keys(folder, events);
  for (const auto& file : files_in(folder / "lists", ".txt")) {
    genuine.read_list(file, events);
  }
  return genuine;
}

void Genuine::read_list(const fs::path& file, Events& events) {
  auto verified = verify_list(file, keys_);
  if (!verified) {
    warn(events, fmt::format("the list {} vouches for nothing: {}", printable(file.string()), verified.error().what));
    return;
  }
  ++lists_;
  for (auto& [content, name] : verified->names) {
    vouchers_.emplace(content, Voucher{std::move(name), printable(file.filename().string()),
                                       describe(verified->signature.key), said_with(verified->signature)});
  }
}

const Voucher* Genuine::find(const Sha256& content) const {
  auto found = vouchers_.find(content);
  return found == vouchers_.end() ? nullptr : &found->second;
}

Result<PublicKey> trust_key(const fs::path& folder, const fs::path& key_file) {
  TRY_ASSIGN(auto text, read_beginning(key_file, longest_small_file));
  TRY_ASSIGN(auto key, parse_public_key(text));
  auto file = folder / "keys" / (describe(key.id) + ".pub");
  auto known = read_beginning(file, longest_small_file);
  auto same = known ? parse_public_key(*known) : fail(std::move(known.error()));
  if (same && same->key != key.key) {
    return fail(Code::refused)
        .what(fmt::format("another key with the id {} is trusted already", describe(key.id)))
        .hint(fmt::format("two keys don't get the same id by chance; if this is the right one, delete {} first",
                          printable(file.string(), longest_name)));
  }
  TRY(replace_file(file, text));
  return key;
}

Result<TakenList> take_list(const fs::path& folder, const fs::path& list, Taking taking) {
  EventRecorder nobody;
  auto keys = read_keys(folder, nobody);
  TRY_ASSIGN(auto verified, verify_list(list, keys));
  // A list that comes again under its name takes the place of the older.
  auto name = describe(verified.signature.key) + "-" + safe_name(list.stem().string()) + ".txt";
  TakenList taken{describe(verified.signature.key), said_with(verified.signature), verified.names.size(), ""};
  auto kept = verify_list(folder / "lists" / name, keys);  // one that can't be used holds up nothing
  if (kept && kept->text != verified.text) {
    taken.replaced = said_with(kept->signature);
    TRY(taking == Taking::any ? Result<void>() : check_newer(verified.signature, kept->signature));
  }
  TRY(replace_file(folder / "lists" / (name + signature_suffix), verified.signature_text));
  TRY(replace_file(folder / "lists" / name, verified.text));
  return taken;
}

}  // namespace modemedic::catalog
