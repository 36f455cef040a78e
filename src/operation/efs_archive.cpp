#include "operation/efs_archive.h"

#include "base/digest.h"
#include "base/version.h"
#include "firmware/archive_writer.h"
#include "firmware/safe_path.h"
#include "firmware/source.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace modemedic::operation {

namespace efs2 = protocol::efs2;

namespace {

using Json = nlohmann::ordered_json;

constexpr auto format = "modemedic-efs";
constexpr int form = 1;
constexpr auto manifest_name = "manifest.json";
constexpr std::size_t longest_manifest = 64_MiB;

Failure bad(const std::string& what) {
  return fail(Code::package_bad).what("the copy of the modem's files is not whole: " + what).hint("use another copy");
}

const char* name_of(efs2::Kind kind) {
  return kind == efs2::Kind::directory ? "directory" : kind == efs2::Kind::link ? "link" : "file";
}

void append(std::string& list, const Json& object) {
  list += list.empty() ? "" : ",\n";
  list += object.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json about_json(const EfsArchive::About& about) {
  const auto& identity = about.identity;
  Json fields{{"format", format},
              {"version", form},
              {"made_by", "modemedic " + std::string(version())},
              {"time", about.time},
              {"modem",
               {{"imei", printable(identity.imei)},
                {"model", printable(identity.model)},
                {"revision", printable(identity.revision)}}},
              {"efs2",
               {{"version", about.efs.version},
                {"features", about.efs.features},
                {"statfs", about.efs.statfs},
                {"readdir", about.efs.readdir},
                {"entries", about.efs.entries},
                {"bytes", about.efs.bytes},
                {"troubles", about.efs.troubles}}}};
  fields["nv"] = about.nv ? Json{{"read", about.nv->read},
                                 {"inactive", about.nv->inactive},
                                 {"not_allowed", about.nv->not_allowed},
                                 {"other", about.nv->other}}
                          : Json();
  return fields;
}

/// What stands in the manifest of a file in the archive.
struct Expected {
  std::uint64_t size = 0;
  std::string digest;
  bool seen = false;
};

/// The manifest's text.
Result<std::string> manifest_of(firmware::Source& source) {
  const auto& entries = source.entries();
  auto found = std::ranges::find(entries, manifest_name, &firmware::SourceEntry::path);
  if (found == entries.end()) {
    return bad("it has no manifest");
  }
  if (found->size > longest_manifest) {
    return bad("its manifest is too large");
  }
  TRY_ASSIGN(auto stream, source.open(static_cast<std::size_t>(found - entries.begin())));
  std::string text;
  for (;;) {
    TRY_ASSIGN(auto bytes, stream->read());
    if (bytes.empty() || text.size() > longest_manifest) {
      return text;
    }
    text += as_text(bytes);
  }
}

class Verifier {
public:
  explicit Verifier(const std::stop_token& stop) : stop_(stop) {}

  Result<EfsArchiveContent> verify(const std::string& path) {
    TRY_ASSIGN(source_, firmware::open_source(path));
    TRY_ASSIGN(auto text, manifest_of(*source_));
    try {
      TRY(read_manifest(Json::parse(text)));
    } catch (const Json::exception& error) {
      return bad("its manifest: " + printable(error.what()));
    }
    for (std::size_t i = 0; i < source_->entries().size(); ++i) {
      if (source_->entries()[i].path != manifest_name) {
        TRY(compare(i));
      }
    }
    auto missing = std::ranges::find_if(expected_, [](const auto& one) { return !one.second.seen; });
    if (missing != expected_.end()) {
      return bad(printable(missing->first) + " is missing");
    }
    return content_;
  }

private:
  Result<void> read_manifest(const Json& fields) {
    if (fields.at("format").get<std::string>() != format) {
      return bad("it is of something else");
    }
    if (fields.at("version").get<int>() != form) {
      return fail(Code::package_bad)
          .what("the copy has a form that this modemedic does not know")
          .hint("use a later modemedic");
    }
    const auto& modem = fields.at("modem");
    content_.imei = printable(modem.at("imei").get<std::string>());
    content_.model = printable(modem.at("model").get<std::string>());
    content_.revision = printable(modem.at("revision").get<std::string>());
    content_.time = printable(fields.at("time").get<std::string>());
    content_.troubles = fields.at("efs2").at("troubles").get<std::uint64_t>();
    for (const auto* list : {"entries", "items"}) {
      for (const auto& row : fields.at(list)) {
        if (row.contains("file")) {
          expected_[row.at("file").get<std::string>()] = {row.at("size").get<std::uint64_t>(),
                                                          row.at("sha256").get<std::string>(), false};
        }
      }
    }
    content_.items = fields.at("items").size();
    content_.files = expected_.size() - std::min<std::uint64_t>(expected_.size(), content_.items);
    return {};
  }

  Result<void> compare(std::size_t index) {
    const auto& entry = source_->entries()[index];
    auto wanted = expected_.find(entry.path);
    if (wanted == expected_.end()) {
      return bad(printable(entry.path) + " does not belong to it");
    }
    TRY_ASSIGN(auto stream, source_->open(index));
    Hasher<Sha256> hasher;
    std::uint64_t size = 0;
    for (;;) {
      if (stop_.stop_requested()) {
        return fail(Code::interrupted).what("stopped by the person");
      }
      auto bytes = stream->read();
      if (!bytes) {
        return bad(printable(entry.path) + ": " + bytes.error().what);
      }
      if (bytes->empty()) {
        break;
      }
      size += bytes->size();
      hasher.update(*bytes);
    }
    wanted->second.seen = true;
    if (size != wanted->second.size || hex_digits(hasher.finish()) != wanted->second.digest) {
      return bad(printable(entry.path) + " is not what was written");
    }
    return {};
  }

  const std::stop_token& stop_;
  std::unique_ptr<firmware::Source> source_;
  std::map<std::string, Expected, std::less<>> expected_;
  EfsArchiveContent content_;
};

}  // namespace

std::string escaped_path(std::string_view path) {
  constexpr std::string_view plain_marks = "._-+,=@/";
  std::string text;
  for (char c : path) {
    auto plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 plain_marks.find(c) != std::string_view::npos;
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

EfsArchive::EfsArchive(std::unique_ptr<firmware::ArchiveWriter> writer) : writer_(std::move(writer)) {}

EfsArchive::EfsArchive(EfsArchive&&) noexcept = default;
EfsArchive::~EfsArchive() = default;

Result<EfsArchive> EfsArchive::create(const std::filesystem::path& out) {
  TRY_ASSIGN(auto writer, firmware::ArchiveWriter::create(out, firmware::ArchiveWriter::Form::tar));
  return EfsArchive(std::move(writer));
}

/// Its own path, unless some file system could not unpack that.
std::string EfsArchive::file_for(const std::string& path) {
  constexpr std::size_t longest = 900;
  constexpr std::size_t longest_part = 240;
  constexpr std::ptrdiff_t most_parts = 28;
  std::size_t part = 0;
  auto fits = path.size() <= longest && std::ranges::count(path, '/') <= most_parts;
  for (char c : path) {
    part = c == '/' ? 0 : part + 1;
    fits = fits && part <= longest_part;
  }
  if (fits && names_.insert(firmware::fold_case(path)).second) {
    return "efs" + path;
  }
  return fmt::format("efs-others/{:06}", ++others_);
}

Result<void> EfsArchive::add(const EfsEntry& entry) {
  auto path = escaped_path(entry.path);
  Json row{{"path", path},
           {"kind", name_of(entry.kind)},
           {"mode", fmt::format("{:o}", static_cast<std::uint32_t>(entry.mode))},
           {"changed", entry.changed}};
  if (entry.kind == efs2::Kind::link) {
    row["target"] = escaped_path(entry.target);
  } else if (entry.kind == efs2::Kind::file) {
    auto file = file_for(path);
    row["file"] = file;
    row["size"] = entry.content.size();
    row["told_size"] = entry.size;
    row["sha256"] = hex_digits(digest<Sha256>(entry.content));
    TRY(writer_->add(file, entry.content));
  }
  if (!entry.trouble.empty()) {
    row["trouble"] = printable(entry.trouble);
  }
  append(entries_, row);
  return {};
}

Result<void> EfsArchive::add(std::uint16_t item, ByteView bytes) {
  auto file = fmt::format("nv/{:05}", item);
  append(items_,
         {{"item", item}, {"file", file}, {"size", bytes.size()}, {"sha256", hex_digits(digest<Sha256>(bytes))}});
  return writer_->add(file, bytes);
}

Result<void> EfsArchive::close(const About& about) {
  auto text = about_json(about).dump(1, ' ', true, Json::error_handler_t::replace);
  text.pop_back();  // its closing brace
  text += ",\n \"entries\": [\n" + entries_ + "\n],\n \"items\": [\n" + items_ + "\n]\n}\n";
  TRY(writer_->add(manifest_name, as_bytes(text)));
  return writer_->close();
}

bool is_efs_archive(const std::string& path) {
  auto source = firmware::open_source(path);
  auto text = source ? manifest_of(**source) : Result<std::string>(std::string());
  auto fields = text ? Json::parse(*text, nullptr, false) : Json();
  auto named = fields.is_object() ? fields.find("format") : fields.end();
  return named != fields.end() && *named == format;
}

Result<EfsArchiveContent> verify_efs_archive(const std::string& path, const std::stop_token& stop) {
  return Verifier(stop).verify(path);
}

}  // namespace modemedic::operation
