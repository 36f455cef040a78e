#include "catalog/entry.h"

#include "plan/objections.h"

namespace modemedic::catalog {

std::string Entry::id() const {
  constexpr std::size_t digits = 12;
  return hex_digits(content).substr(0, digits);
}

Result<Entry> make_entry(const firmware::Package& package, const Sha256& content) {
  Entry entry;
  entry.content = content;
  entry.facts = knowledge::facts_of(package);
  TRY_ASSIGN(entry.faults, plan::objections(package));
  for (const auto& file : package.files) {
    entry.bytes += file.size;
  }
  return entry;
}

}  // namespace modemedic::catalog
