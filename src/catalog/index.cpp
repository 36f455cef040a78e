#include "catalog/index.h"

#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace modemedic::catalog {

namespace {

/// Of the rows' form. An index of another form is made anew.
constexpr int form = 1;
constexpr int patience_ms = 10'000;

/// What is no index is told from a disk that is full or a folder that can't be written: only the first helps to make
/// it anew.
Failure failed(sqlite3* database, std::string_view what) {
  auto code = sqlite3_errcode(database) & 0xFF;
  auto busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  auto no_index = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR || code == SQLITE_SCHEMA;
  return fail(busy       ? Code::busy
              : no_index ? Code::package_bad
                         : Code::io)
      .what(fmt::format("{}: {}", what, sqlite3_errmsg(database)))
      .hint(busy ? "another modemedic works on the catalogue: wait until it is done"
                 : "see that the disk has room and the folder can be written");
}

/// A statement that is being run.
class Statement {
public:
  Statement(sqlite3* database, std::string_view text) : database_(database) {
    sqlite3_prepare_v2(database, text.data(), static_cast<int>(text.size()), &statement_, nullptr);
  }

  ~Statement() { sqlite3_finalize(statement_); }

  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void bind(int place, const std::string& text) {
    sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }

  /// @return true for a row, false at the end
  Result<bool> step() {
    auto code = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
      return failed(database_, "the catalogue's index");
    }
    return code == SQLITE_ROW;
  }

  std::string_view text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes), size);
  }

  int number(int column) const { return sqlite3_column_int(statement_, column); }

private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

void Index::Close::operator()(sqlite3* used) const {
  sqlite3_close(used);
}

Result<Index> Index::open(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  auto code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Index index(std::unique_ptr<sqlite3, Close>{opened});
  if (code != SQLITE_OK) {
    return failed(opened, "the catalogue's index");
  }
  sqlite3_busy_timeout(opened, patience_ms);
  TRY(index.prepare());
  return index;
}

Result<int> Index::form_found() const {
  Statement version(database_.get(), "PRAGMA user_version");
  TRY_ASSIGN(auto row, version.step());
  return row ? version.number(0) : 0;
}

Result<void> Index::prepare() {
  TRY_ASSIGN(auto found, form_found());
  if (found != 0 && found != form) {
    return fail(Code::package_bad)
        .what(fmt::format("the catalogue's index has form {}, this version reads {}", found, form))
        .hint("it is made anew from the packages");
  }
  if (found == form) {
    return {};  // a catalogue that may only be read is one, too
  }
  TRY(run("CREATE TABLE IF NOT EXISTS package (content TEXT PRIMARY KEY, added TEXT NOT NULL, entry TEXT NOT NULL)"));
  return run(fmt::format("PRAGMA user_version = {}", form).c_str());
}

Result<void> Index::run(const char* statement) {
  Statement ran(database_.get(), statement);
  TRY(ran.step());
  return {};
}

Result<std::vector<Entry>> Index::entries() const {
  Statement select(database_.get(), "SELECT entry FROM package ORDER BY added DESC, content");
  std::vector<Entry> entries;
  for (;;) {
    TRY_ASSIGN(auto row, select.step());
    if (!row) {
      return entries;
    }
    TRY_ASSIGN(auto entry, entry_from_json(select.text(0)));
    entries.push_back(std::move(entry));
  }
}

Result<std::vector<std::string>> Index::contents() const {
  Statement select(database_.get(), "SELECT content FROM package");
  std::vector<std::string> contents;
  for (;;) {
    TRY_ASSIGN(auto row, select.step());
    if (!row) {
      return contents;
    }
    contents.emplace_back(select.text(0));
  }
}

Result<void> Index::put(const Entry& entry) {
  auto content = hex_digits(entry.content);
  auto json = to_json(entry);
  Statement insert(database_.get(), "INSERT OR REPLACE INTO package (content, added, entry) VALUES (?, ?, ?)");
  insert.bind(1, content);
  insert.bind(2, entry.added);
  insert.bind(3, json);
  TRY(insert.step());
  return {};
}

Result<void> Index::remove(const std::string& content) {
  Statement statement(database_.get(), "DELETE FROM package WHERE content = ?");
  statement.bind(1, content);
  TRY(statement.step());
  return {};
}

}  // namespace modemedic::catalog
