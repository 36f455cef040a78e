#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace modemedic::protocol::firehose {

/// One `<name attribute="value" …/>` of a document, entities resolved.
struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;

  /// The value of an attribute, its name in any case; null when it isn't there.
  const std::string* find(std::string_view attribute) const;
};

/// Takes documents out of what a programmer sends, cut anywhere.
///
/// No XML parser, because it isn't always XML: values hold raw newlines and tabs, are cut at 255 characters in the
/// middle of an entity, and garbage stands between documents (facts: programmer-9x07.md). A document is what ends
/// with `</data>`. There are no entities but the five of XML and numbers, so nothing expands.
class DocumentReader {
public:
  /// @param limit  bytes a document may have, garbage before it included
  explicit DocumentReader(std::size_t limit = 64_KiB) : limit_(limit) {}

  void feed(ByteView bytes);

  /// The elements of the next document; nothing when more is needed or after broken() turned true.
  std::optional<std::vector<Element>> next();

  /// A document grew over the limit.
  bool broken() const { return broken_; }

  /// Takes what stands behind the last document.
  Buffer take_rest();

private:
  std::size_t limit_;
  std::string pending_;
  std::size_t taken_ = 0;
  std::size_t searched_ = 0;  ///< no end of a document begins before this position
  bool broken_ = false;
};

/// The text with `&lt; &gt; &amp; &quot; &apos; &#10; &#x0a;` resolved; anything else stays as it is.
std::string resolve_entities(std::string_view text);

/// The text fit for an attribute's value in double quotes.
std::string escape_attribute(std::string_view text);

}  // namespace modemedic::protocol::firehose
