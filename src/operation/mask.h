#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace modemedic::operation {

/// Takes out of a text what tells whose modem it is: the numbers of module, SIM and subscriber, phone numbers, and
/// names in paths. What tells which kind of modem it is stays: the type code of an IMEI, the issuer of a SIM, and the
/// last two digits, so that two modems can be told apart.
///
/// Numbers that are known are found in whatever form they stand: with blanks between their digits, as a part of nine
/// digits, in hex as text, in the swapped digits of a SIM file or an NV item. Others are masked by their length.
class Mask {
public:
  Mask() = default;

  /// Masks nothing.
  static Mask off();

  void hide_imei(std::string_view digits);   ///< shows the type code, 8 digits
  void hide_iccid(std::string_view digits);  ///< shows the issuer, 6 digits
  void hide_imsi(std::string_view digits);   ///< shows country and network, 5 digits

  /// The name of a user of this machine, where it stands as a word.
  void hide_user(std::string_view name);

  bool masks() const { return on_; }

  /// The text without them.
  std::string text(std::string_view text) const;

private:
  /// A row of characters to be found, blanks and other separators between them or not.
  struct Secret {
    std::string characters;  ///< lower case
    std::size_t front = 0;   ///< how many of them are shown at the beginning
    std::size_t back = 0;    ///< … and at the end
    std::size_t least = 0;   ///< so many in a row are found, wherever in it they begin
  };

  void hide(std::string_view digits, std::size_t front);
  std::string without_secrets(std::string_view text) const;
  std::string without_users(std::string text) const;

  bool on_ = true;
  std::vector<Secret> secrets_;
  std::vector<std::string> users_;
};

}  // namespace modemedic::operation
