#pragma once

#include "firmware/revision.h"

#include <cstddef>
#include <optional>
#include <string_view>

/// The grammar of revision names, shared by those who read one and those who look for one.
namespace modemedic::firmware::revision_grammar {

/// RddAdd: where order code and the rest meet; the fixed point every name has.
inline constexpr std::size_t anchor_size = 6;

/// The longest order code and the longest name that are taken for one.
inline constexpr std::size_t longest_order_code = 20;
inline constexpr std::size_t longest_name = 96;

/// Does RddAdd stand at `at`?
bool anchor_at(std::string_view text, std::size_t at);

/// The name around the anchor at `anchor`: left to the order code's start, right as far as the grammar goes.
/// @return nothing when there is no order code, or what follows the release is no name's
std::optional<Revision> read_around(std::string_view text, std::size_t anchor);

}  // namespace modemedic::firmware::revision_grammar
