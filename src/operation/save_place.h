#pragma once

#include "base/error.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

/// Where the copies lie that a flash makes of what is the module's own.
namespace modemedic::operation {

/// Where such a copy goes, and what its name is made of.
struct SavePlace {
  std::filesystem::path folder;  ///< made when it isn't there; only its owner may look into it
  std::string port;              ///< names the file of a chip that tells no serial
  std::string time;              ///< now, UTC, ISO 8601
};

/// Makes the folder, and keeps others out of it.
/// @return Code::io, Code::permission
Result<void> prepare(const SavePlace& place);

/// What a copy is called until it is whole.
std::filesystem::path partial(const std::filesystem::path& copy);

/// Takes a name for a new copy that no other has, nor one that is on its way: SERIAL_TIME, or port-PORT_TIME.
/// @param serial     of the chip; empty: not known
/// @param extension  ".zip"
/// @param claim      makes what holds the name while the copy is made, at the path it is given; false when somebody
///                   else has it. For two that flash at once
/// @return the path of the copy; the failure of `claim`; Code::io
Result<std::filesystem::path> claim_copy(
    const SavePlace& place, const std::string& serial, std::string_view extension,
    const std::function<Result<bool>(const std::filesystem::path& partial)>& claim);

}  // namespace modemedic::operation
