#include "firmware/package_source.h"

#include "firmware/safe_path.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::firmware {

namespace {

constexpr int most_nested = 2;
constexpr std::size_t most_listed = 20;

/// What a source holds that may be meant: folders with a package, archives.
struct Candidates {
  std::vector<PackageRoot> roots;
  std::vector<std::size_t> archives;

  std::size_t count() const { return roots.size() + archives.size(); }
};

/// Is it the whole path, or one of its parts?
bool names(std::string_view path, std::string_view wanted) {
  while (!wanted.empty() && wanted.back() == '/') {
    wanted.remove_suffix(1);
  }
  if (path == wanted || (path.empty() && wanted == ".")) {
    return true;
  }
  for (auto rest = path; !rest.empty(); rest = folder_of(rest)) {
    if (rest == wanted || last_part(rest) == wanted) {
      return true;
    }
  }
  return false;
}

/// Is it the archive's path, or its last part, with or without its ending?
bool names_archive(std::string_view path, std::string_view wanted) {
  auto name = last_part(path);
  return path == wanted || name == wanted ||
         (name.size() > wanted.size() && name.starts_with(wanted) && name[wanted.size()] == '.');
}

class PackageFinder {
public:
  PackageFinder(const PackageChoice& choice, Events& events, const std::stop_token& stop)
      : choice_(choice), wanted_(choice.firmware), events_(events), stop_(stop) {}

  Result<PackageSource> find(const std::string& path) {
    found_.reader = std::make_unique<PackageReader>(events_, stop_);
    TRY_ASSIGN(found_.source, open_source(path, found_.reader.get(), stop_));
    for (int depth = 0;; ++depth) {
      TRY_ASSIGN(auto one, choose());
      if (!one.roots.empty()) {
        found_.root = one.roots.front();
        return std::move(found_);
      }
      if (depth == most_nested) {
        return fail(Code::package_bad)
            .what(fmt::format("archives are packed in archives more than {} times, down to {}", most_nested,
                              printable(found_.inside)))
            .hint("unpack it once, and name what was in it");
      }
      TRY(descend(one.archives.front()));
    }
  }

private:
  Candidates look() const {
    Candidates all{find_roots(*found_.source, choice_), {}};
    const auto& entries = found_.source->entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (is_archive_name(entries[i].path)) {
        all.archives.push_back(i);
      }
    }
    return all;
  }

  /// The one root or archive to go on with.
  Result<Candidates> choose() {
    auto all = look();
    if (!wanted_.empty()) {
      if (auto named = only_wanted(all); named.count() == 1) {
        // An archive that was named has its say; what is in it may be asked for by the same name, or not.
        wanted_ = named.roots.empty() ? std::string{} : wanted_;
        return named;
      }
      // It may yet be found further down, when there is but one way.
      if (all.count() != 1 || !all.roots.empty()) {
        return none_wanted(all);
      }
    }
    if (all.roots.empty()) {
      if (auto known = known_no_package(*found_.source)) {
        return fail(std::move(*known));
      }
      if (all.archives.empty()) {
        return no_package(*found_.source);
      }
    } else {
      all.archives.clear();  // upgrade/targetfiles.zip and its like
    }
    return all.count() == 1 ? Result<Candidates>(std::move(all)) : several(all);
  }

  Candidates only_wanted(const Candidates& all) const {
    Candidates named;
    std::ranges::copy_if(all.roots, std::back_inserter(named.roots), [&](const PackageRoot& root) {
      return names(root.folder.substr(0, root.folder.size() - (root.folder.empty() ? 0 : 1)), wanted_);
    });
    std::ranges::copy_if(all.archives, std::back_inserter(named.archives), [&](std::size_t index) {
      return names_archive(found_.source->entries()[index].path, wanted_);
    });
    return named;
  }

  Failure none_wanted(const Candidates& all) const {
    return fail(Code::usage)
        .what(fmt::format("no firmware in it is called \"{}\", or more than one; it has {}", printable(wanted_),
                          all.count() == 0 ? "none" : list(all)))
        .hint("give --firmware with the whole path of one of these");
  }

  Failure several(const Candidates& all) const {
    return fail(Code::usage)
        .what(fmt::format("there are {} {} in it: {}", all.count(), all.roots.empty() ? "archives" : "packages",
                          list(all)))
        .hint(fmt::format("choose the one for your modem: --firmware \"{}\"", first_name(all)));
  }

  std::vector<std::string> names_of(const Candidates& all) const {
    std::vector<std::string> texts;
    for (const auto& root : all.roots) {
      texts.push_back(root.folder.empty() ? ". (its top folder)" : printable(root.folder));
    }
    for (auto index : all.archives) {
      texts.push_back(printable(found_.source->entries()[index].path));
    }
    return texts;
  }

  std::string list(const Candidates& all) const {
    auto texts = names_of(all);
    auto more = texts.size() > most_listed ? fmt::format(" and {} more", texts.size() - most_listed) : std::string{};
    texts.resize(std::min(texts.size(), most_listed));
    return fmt::format("{}{}", fmt::join(texts, ", "), more);
  }

  std::string first_name(const Candidates& all) const {
    auto texts = names_of(all);
    auto named = std::ranges::find_if(texts, [](const std::string& text) { return !text.starts_with(". "); });
    return named == texts.end() ? std::string{} : *named;
  }

  Result<void> descend(std::size_t index) {
    auto outer = found_.source;
    found_.inside += (found_.inside.empty() ? "" : "/") + outer->entries()[index].path;
    found_.reader = std::make_unique<PackageReader>(events_, stop_);
    TRY_ASSIGN(found_.source, open_inner_archive(*outer, index, found_.reader.get(), stop_));
    return {};
  }

  const PackageChoice& choice_;
  std::string wanted_;
  Events& events_;
  const std::stop_token& stop_;
  PackageSource found_;
};

}  // namespace

Result<PackageSource> find_package(const std::string& path, const PackageChoice& choice, Events& events,
                                   const std::stop_token& stop) {
  return PackageFinder(choice, events, stop).find(path);
}

}  // namespace modemedic::firmware
