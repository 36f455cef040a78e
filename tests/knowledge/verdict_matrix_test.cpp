#include "knowledge/judge.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

/// No false pass: pairs of a modem and a package by the thousand, whose right verdict is known by how they were made.
/// The oracle below is written from the facts of the field, not from data/rules.toml: it never looks at a row.
namespace modemedic::knowledge {
namespace {

/// A name in its parts, so that the oracle needs no parser.
struct Name {
  std::string order_code;
  int baseline = 0;
  int release = 0;
  std::string memory;       ///< "M4G"; empty: none
  std::string marker;       ///< "A" of M2GA
  std::string suffix;       ///< "_OCPU"
  std::string sub_version;  ///< "20.200.20.200"; empty: not told

  std::string text() const {
    auto sub = sub_version.empty() ? "" : "_" + sub_version;
    return fmt::format("{}R{:02}A{:02}{}{}{}{}", order_code, baseline, release, memory, marker, suffix, sub);
  }

  std::string channel() const { return sub_version.substr(0, sub_version.find('.')); }

  bool starts(const char* code, const char* sub) const {
    return order_code.starts_with(code) && sub_version.starts_with(sub);
  }
};

/// A side of a pair. What is empty is not known.
struct Side {
  std::optional<Name> name;
  std::string chip = "9x07";
  std::optional<Geometry> geometry;
  bool foreign = false;  ///< modem: not Qualcomm; package: another vendor's
};

struct Pair {
  Side modem;
  Side package;
  std::optional<bool> fused = false;
  bool is_signed = false;
};

/// What must come out. Order is gravity.
enum class Must { allow, unknown, stop, refuse };

/// The rules of the field, one after the other.
class Oracle {
public:
  explicit Oracle(const Pair& pair) : pair_(pair) {}

  Must verdict() {
    must_ = Must::allow;
    look_at_hardware();
    const auto& [modem, package, fused, is_signed] = pair_;
    if (!modem.name || !package.name) {
      at_least(Must::unknown);  // and what is known of the other side makes no refusal out of nothing
    } else {
      look_at_names(*modem.name, *package.name);
    }
    return must_;
  }

private:
  void at_least(Must must) { must_ = std::max(must_, must); }

  void look_at_hardware() {
    const auto& [modem, package, fused, is_signed] = pair_;
    if (modem.foreign || package.foreign) {
      at_least(Must::refuse);
    }
    if (modem.chip.empty() || package.chip.empty() || !modem.geometry || !package.geometry) {
      at_least(Must::unknown);
    }
    if (!modem.chip.empty() && !package.chip.empty() && modem.chip != package.chip) {
      at_least(Must::refuse);
    }
    if (modem.geometry && package.geometry && modem.geometry->page_size != package.geometry->page_size) {
      at_least(Must::refuse);
    }
    if (fused != false && !is_signed) {
      at_least(fused ? Must::stop : Must::unknown);
    }
    if (fused != false && is_signed) {
      at_least(Must::unknown);  // with whose key, in these pairs nobody knows
    }
  }

  void look_at_names(const Name& modem, const Name& package) {
    if (modem.order_code != package.order_code) {
      at_least(Must::refuse);  // EC25-E takes no EU, EUX or A
    }
    if (modem.memory.empty() != package.memory.empty()) {
      at_least(Must::unknown);
    } else if (modem.memory != package.memory) {
      at_least(Must::refuse);
    }
    look_at_the_story(modem, package);
    if (modem.baseline != package.baseline) {
      at_least(Must::stop);
    }
    if ((modem.suffix == "_OCPU") != (package.suffix == "_OCPU") ||
        (modem.suffix == "_LNV") != (package.suffix == "_LNV")) {
      at_least(Must::stop);
    }
    auto has_none = [](const Name& name) { return name.memory == "E2G"; };  // 9x15: CGMR shows all there is
    auto told = [&](const Name& name) { return !name.sub_version.empty() || has_none(name); };
    if (!told(modem) || !told(package)) {
      at_least(Must::unknown);
    } else if (modem.channel() != package.channel()) {
      at_least(Must::stop);
    }
    if (modem.starts("EG25", "30.00") && package.starts("EG25", "01.00")) {
      at_least(Must::stop);
    }
  }

  /// EC25EFAR06A17_20.200 and EC25EFAR08A01_01.001 must not cross; 20.200 goes only to EC25EFAR06Axx_20.2xx.
  void look_at_the_story(const Name& modem, const Name& package) {
    auto r06 = [](const Name& name) { return name.order_code == "EC25EFA" && name.baseline == 6; };
    auto r08 = [](const Name& name) { return name.order_code == "EC25EFA" && name.baseline == 8; };
    if ((r06(modem) && r08(package)) || (r08(modem) && r06(package))) {
      at_least(Must::refuse);
    }
    auto of_20_2xx = [&](const Name& name) { return r06(name) && name.sub_version.starts_with("20.2"); };
    if (of_20_2xx(modem) && !of_20_2xx(package)) {
      // A package of that very line whose sub-version was not told may be right.
      at_least(r06(package) && package.sub_version.empty() ? Must::unknown : Must::refuse);
    }
  }

  const Pair& pair_;
  Must must_ = Must::allow;
};

Must said(const Judgement& judgement) {
  switch (judgement.verdict()) {
    case Answer::unknown:
      return Must::unknown;
    case Answer::stop:
      return Must::stop;
    case Answer::refuse:
      return Must::refuse;
    default:
      return Must::allow;
  }
}

ModemFacts facts_of(const Side& modem, std::optional<bool> fused) {
  ModemFacts facts;
  facts.revision = modem.name ? firmware::parse_revision(modem.name->text()) : std::nullopt;
  facts.chip = modem.chip;
  facts.foreign_maker = modem.foreign ? "Unisoc" : "";
  facts.geometry = modem.geometry;
  facts.fused = fused;
  facts.table.emplace();
  facts.chip_asked = true;
  return facts;
}

PackageFacts package_facts_of(const Side& package, bool is_signed) {
  PackageFacts facts;
  facts.revision = package.name ? firmware::parse_revision(package.name->text()) : std::nullopt;
  facts.chip = package.chip;
  facts.foreign = package.foreign;
  facts.maker = package.foreign ? "SIMCom" : "Quectel";
  facts.geometry = package.geometry;
  facts.signing.state =
      is_signed ? firmware::PackageSigning::State::is_signed : firmware::PackageSigning::State::not_signed;
  facts.table.emplace();
  return facts;
}

/// Names of the field and their close neighbours: each part changed alone.
std::vector<Name> names() {
  std::vector<Name> all = {
      {"EC20EQA", 2, 4, "E2G", "", "", ""},
      {"EC20AQA", 2, 3, "E2G", "", "", ""},
      {"EC20CEFAG", 6, 16, "M4G", "", "", "01.001.01.001"},
      {"EC20CEFA", 6, 16, "M4G", "", "", "01.001.01.001"},
      {"EC20CEHDLG", 8, 8, "M1G", "", "", ""},
      {"EC25EFA", 2, 8, "M4G", "", "", ""},
      {"EC25EFA", 6, 11, "M4G", "", "", "01.001.01.001"},
      {"EC25EFA", 6, 15, "M4G", "", "", "01.002.01.002"},
      {"EC25EFA", 6, 17, "M4G", "", "", "20.200.20.200"},
      {"EC25EFA", 6, 18, "M4G", "", "", "20.204.20.204"},
      {"EC25EFA", 6, 18, "M4G", "", "", "20.104.20.104"},
      {"EC25EFA", 6, 18, "M4G", "", "", ""},
      {"EC25EFA", 8, 1, "M4G", "", "", "01.001.01.001"},
      {"EC25EFA", 8, 2, "M4G", "", "", "20.200.20.200"},
      {"EC25EUGA", 8, 3, "M4G", "", "", "01.200.01.200"},
      {"EC25EUXGA", 8, 15, "M1G", "", "", "20.200.20.200"},
      {"EC25AFA", 6, 11, "M4G", "", "", "01.001.01.001"},
      {"EG25GGB", 7, 7, "M2G", "", "", "01.001.02"},
      {"EG25GGB", 7, 7, "M2G", "", "_OCPU", "01.001.01.001"},
      {"EG25GGB", 7, 8, "M2G", "", "", "30.006.30.006"},
      {"EG25GGB", 7, 7, "M2G", "", "", "30.004.30.004"},
      {"EG25GGB", 7, 8, "M2G", "A", "", "30.006.30.006"},
      {"EP06ELA", 4, 20, "M4G", "", "", ""},
      {"EM05CEFC", 8, 16, "M1G", "", "_LNV", ""},
      {"RM502QAEAA", 13, 2, "M4G", "", "", "01.001.01.001"},
      {"RM520NGLAA", 1, 7, "M4G", "", "", "01.200.01.200"},
      {"RG520NEUDB", 1, 6, "M8G", "A", "", ""},
      {"BG95M3LA", 2, 3, "", "", "", "A0.300.A300"},
  };
  auto bases = all;
  for (const auto& base : bases) {
    auto add = [&](auto change) {
      auto changed = base;
      change(changed);
      all.push_back(changed);
    };
    add([](Name& name) { name.release = name.release % 20 + 1; });
    add([](Name& name) { name.baseline = name.baseline == 6 ? 8 : 6; });
    add([](Name& name) { name.memory = name.memory == "M4G" ? "M2G" : "M4G"; });
    add([](Name& name) { name.suffix = name.suffix == "_LNV" ? "" : "_LNV"; });
    add([](Name& name) { name.sub_version = name.sub_version.starts_with("01.") ? "30.001.30.001" : "01.001.01.001"; });
    add([](Name& name) { name.order_code += "X"; });
  }
  return all;
}

std::string show(const Pair& pair, const Judgement& judgement) {
  auto side = [](const Side& one) {
    return fmt::format("{} {} {}{}", one.name ? one.name->text() : "unknown", one.chip,
                       one.geometry ? cells_name(*one.geometry) : "p?", one.foreign ? " foreign" : "");
  };
  std::string text = fmt::format("{} <- {}\n", side(pair.modem), side(pair.package));
  for (const auto& spoken : judgement.spoken) {
    text += fmt::format("  {} {}: {}\n", name(spoken.answer), spoken.rule->id, spoken.what);
  }
  return text;
}

class VerdictMatrix : public testing::Test {
protected:
  void judge_one(const Pair& pair) {
    auto judgement = judge(*rules(), facts_of(pair.modem, pair.fused), package_facts_of(pair.package, pair.is_signed));
    auto must = Oracle(pair).verdict();
    ++pairs_;
    ++verdicts_[must];
    EXPECT_EQ(said(judgement), must) << show(pair, judgement);
  }

  /// Every name against every other, on hardware that fits.
  void judge_names() {
    for (const auto& modem : all_) {
      for (const auto& package : all_) {
        judge_one({{modem, "9x07", p2K}, {package, "9x07", p2K}});
      }
    }
  }

  /// Every name against itself and its neighbours, on all kinds of hardware, known or not.
  void judge_hardware() {
    const std::array<std::optional<Geometry>, 3> cells = {p2K, p4K, std::nullopt};
    for (std::size_t i = 0; i < all_.size(); ++i) {
      for (const auto& modem_cells : cells) {
        for (const auto& package_cells : cells) {
          judge_one({{all_[i], "9x07", modem_cells}, {all_[(i + 1) % all_.size()], "9x07", package_cells}});
          judge_one({{all_[i], "9x07", modem_cells}, {all_[i], "9x07", package_cells}});
        }
      }
      for (const auto* modem_chip : {"9x07", "9x15", ""}) {
        for (const auto* package_chip : {"9x07", "9x15", ""}) {
          judge_one({{all_[i], modem_chip, p2K}, {all_[i], package_chip, p2K}});
        }
      }
      for (auto fused : {std::optional(true), std::optional(false), std::optional<bool>()}) {
        for (auto is_signed : {true, false}) {
          judge_one({{all_[i], "9x07", p2K}, {all_[i], "9x07", p2K}, fused, is_signed});
        }
      }
      judge_one({{all_[i], "9x07", p2K, true}, {all_[i], "9x07", p2K}});
      judge_one({{all_[i], "9x07", p2K}, {all_[i], "9x07", p2K, true}});
      judge_one({{std::nullopt, "9x07", p2K}, {all_[i], "9x07", p2K}});
      judge_one({{all_[i], "9x07", p2K}, {std::nullopt, "9x07", p2K}});
      judge_one({{std::nullopt, "9x07", p2K}, {all_[i], "9x07", p4K}});
    }
  }

  const Geometry p2K{2048, 64, 2048};
  const Geometry p4K{4096, 64, 2048};
  std::vector<Name> all_ = names();
  std::size_t pairs_ = 0;
  std::map<Must, std::size_t> verdicts_;
};

TEST_F(VerdictMatrix, HasEveryNameReadAsItWasMade) {
  for (const auto& name : all_) {
    auto read = firmware::parse_revision(name.text());
    ASSERT_TRUE(read) << name.text();
    EXPECT_EQ(read->order_code, name.order_code);
    EXPECT_EQ(read->sub_version, name.sub_version);
    EXPECT_EQ(read->suffix, name.suffix);
    EXPECT_EQ(read->memory, name.memory);
  }
}

/// Not one wrong pair comes out as allow, and no right one as refuse: each comes out as it must.
TEST_F(VerdictMatrix, ComesOutAsItMustForEveryPair) {
  judge_names();
  judge_hardware();
  EXPECT_GE(pairs_, 5000U);
  // A matrix in which everything is refused would prove nothing.
  EXPECT_GE(verdicts_[Must::allow], 300U);
  EXPECT_GE(verdicts_[Must::unknown], 300U);
  EXPECT_GE(verdicts_[Must::stop], 300U);
  EXPECT_GE(verdicts_[Must::refuse], 5000U);
  RecordProperty("pairs", static_cast<int>(pairs_));
}

/// With a rule taken away the matrix fails: it would notice.
TEST_F(VerdictMatrix, NoticesEachRuleThatIsMissing) {
  for (const auto* id :
       {"order-code", "memory", "r06-r08", "baseline", "ocpu", "build", "geometry", "chip", "vendor", "secure-boot"}) {
    auto fewer = *rules();
    std::erase_if(fewer.rows, [&](const Rule& rule) { return rule.id == id; });
    auto wrong = 0;
    auto look = [&](const Pair& pair) {
      auto judgement = judge(fewer, facts_of(pair.modem, pair.fused), package_facts_of(pair.package, pair.is_signed));
      wrong += said(judgement) != Oracle(pair).verdict() ? 1 : 0;
    };
    for (const auto& modem : all_) {
      for (const auto& package : all_) {
        look({{modem, "9x07", p2K}, {package, "9x07", p2K}});
      }
      look({{modem, "9x07", p2K}, {modem, "9x07", p4K}});
      look({{modem, "9x07", p2K}, {modem, "9x15", p2K}});
      look({{modem, "9x07", p2K, true}, {modem, "9x07", p2K}});
      look({{modem, "9x07", p2K}, {modem, "9x07", p2K, true}});
      look({{modem, "9x07", p2K}, {modem, "9x07", p2K}, true, false});
    }
    EXPECT_GT(wrong, 0) << id;
  }
}

}  // namespace
}  // namespace modemedic::knowledge
