#pragma once

#include "base/digest.h"
#include "base/events.h"
#include "catalog/minisign.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Who says of which packages that they are genuine: lists of content digests, signed by keys that the person trusts.
namespace modemedic::catalog {

/// Somebody's word for a package.
struct Voucher {
  std::string name;    ///< what the list calls the package
  std::string list;    ///< the list's file name
  std::string signer;  ///< the key, as minisign shows it
  std::string said;    ///< the signer's trusted comment on the list
};

/// The keys and lists that are kept in a folder:
///
///     keys/2B3F8D7A1C0E5594.pub
///     lists/vendor.txt  lists/vendor.txt.minisig
///
/// A list has a line for each package as sha256sum makes it: 64 hex digits of its content_digest(), two blanks, a name.
/// Empty lines and those that begin with # are passed over. Signatures are verified each time the lists are read: a
/// list that was changed on disk vouches for nothing.
class Genuine {
public:
  /// Reads what is there; a folder that isn't has nothing. A list that can't be used is told and left alone.
  static Genuine read(const std::filesystem::path& folder, Events& events);

  /// There is a list; without one the question has no answer.
  bool has_lists() const { return lists_ > 0; }

  /// @return nullptr: nobody vouches for it
  const Voucher* find(const Sha256& content) const;

  const std::vector<PublicKey>& keys() const { return keys_; }

  std::size_t packages() const { return vouchers_.size(); }

private:
  void read_list(const std::filesystem::path& file, Events& events);

  std::vector<PublicKey> keys_;
  std::map<Sha256, Voucher> vouchers_;
  std::size_t lists_ = 0;
};

/// Keeps a key: from now on lists that it signed are believed.
/// @param key_file  a minisign .pub file
/// @return Code::usage, Code::io
Result<PublicKey> trust_key(const std::filesystem::path& folder, const std::filesystem::path& key_file);

/// What a list that was taken says.
struct TakenList {
  std::string signer;
  std::string said;
  std::size_t packages = 0;
  std::string replaced;  ///< what was said of the list whose place it takes; empty: there was none, or the same
};

/// Which lists are taken.
enum class Taking {
  newer,  ///< not one that is older than the kept one of its name, or can't show that it isn't
  any,
};

/// Verifies a list and its signature (LIST.minisig beside it) by the keys that are trusted, and keeps both.
/// @return Code::refused: also a list that was signed before the one it would take the place of, or does not say when,
///         where that one does (minisign's `timestamp:` in the trusted comment); Code::usage, Code::io
Result<TakenList> take_list(const std::filesystem::path& folder, const std::filesystem::path& list,
                            Taking taking = Taking::newer);

}  // namespace modemedic::catalog
