#pragma once

#include "operation/journal_store.h"

#include <algorithm>
#include <map>
#include <optional>

namespace modemedic::rehearsal {

/// Journals in memory: of a host that may die, on a disk that may be full.
class MemoryJournals final : public operation::JournalStore {
public:
  Result<std::unique_ptr<operation::JournalFile>> create(const std::string& stem) override {
    if (room && *room == 0) {
      return full();
    }
    auto name = stem + "-" + std::to_string(files.size()) + ".jsonl";
    return std::make_unique<File>(*this, files[name]);
  }

  Result<std::vector<std::string>> names() const override {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const auto& [name, content] : files) {
      names.push_back(name);
    }
    std::ranges::reverse(names);
    return names;
  }

  Result<std::string> read(const std::string& name, std::size_t most) const override {
    return files.at(name).substr(0, most);
  }

  /// The latest journal is torn at any byte, as when a host dies while it writes.
  /// @param dice  any number
  void tear(std::uint64_t dice) {
    if (!files.empty()) {
      auto& torn = std::prev(files.end())->second;
      torn.resize(dice % (torn.size() + 1));
    }
  }

  std::map<std::string, std::string> files;
  std::optional<std::size_t> room;  ///< bytes that still fit on the disk

private:
  static Failure full() { return fail(Code::io).what("no space left on device"); }

  class File final : public operation::JournalFile {
  public:
    File(MemoryJournals& store, std::string& content) : store_(store), content_(content) {}

    Result<void> append(std::string_view bytes) override {
      auto taken = store_.room ? std::min(*store_.room, bytes.size()) : bytes.size();
      content_ += bytes.substr(0, taken);
      if (store_.room) {
        *store_.room -= taken;
      }
      return taken == bytes.size() ? Result<void>{} : full();
    }

  private:
    MemoryJournals& store_;
    std::string& content_;
  };
};

}  // namespace modemedic::rehearsal
