#include "app/package_page.h"

#include "app/package_summary.h"
#include "app/progress.h"
#include "base/bytes.h"
#include "base/digest.h"

#include <fmt/format.h>

namespace modemedic::app {

using firmware::Finding;
using firmware::Package;
using firmware::PackageKind;
using firmware::PartitionFate;

namespace {

constexpr std::size_t longest_text = 2000;

// Nothing may be loaded from anywhere, whatever the package's names say.
constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ --ink: #1b1f24; --faint: #667; --line: #d5d9df; --paper: #fff; --panel: #f4f6f8;
  --stays: #7fa88b; --written: #4a7ebb; --erased: #d9903d; --lost: #c62828; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e9ee; --faint: #9aa3b2; --line: #3a414c; --paper: #14171b;
  --panel: #1e2329; --stays: #4d7a5b; --written: #3f70ab; --erased: #b3742c; --lost: #e05555; }} }}
* {{ box-sizing: border-box; }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  padding: 2rem 1rem 4rem; max-width: 62rem; }}
h1 {{ font-size: 1.6rem; line-height: 1.2; margin: 0 0 .2rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.1rem; margin: 2.2rem 0 .6rem; }}
p.under {{ color: var(--faint); margin: 0 0 1.5rem; overflow-wrap: anywhere; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: 0; }}
dt {{ color: var(--faint); }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
.alarm {{ background: var(--lost); color: #fff; font-weight: 700; padding: .8rem 1rem; margin: 0 0 .6rem; }}
.fate {{ margin: 0; border-left: 4px solid var(--stays); padding: .2rem .8rem; overflow-wrap: anywhere; }}
.goes {{ border-color: var(--written); font-size: 1.6rem; line-height: 1.3; font-weight: 700; }}
.map {{ display: flex; height: 3rem; border: 1px solid var(--line); overflow: hidden; }}
.map div {{ min-width: 2px; border-right: 1px solid var(--paper); color: #fff; font-size: .7rem; padding: .2rem;
  overflow: hidden; white-space: nowrap; }}
.legend {{ color: var(--faint); font-size: .85rem; margin: .4rem 0 1rem; }}
.legend span, td .dot {{ display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }}
td .dot {{ margin: 0 .5em 0 0; }}
.stays {{ background: var(--stays); }} .written {{ background: var(--written); }}
.erased {{ background: var(--erased); }} .lost {{ background: var(--lost); }} .none {{ background: var(--panel); }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; }}
th {{ text-align: left; font-weight: 600; color: var(--faint); }}
th, td {{ padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
td.path {{ overflow-wrap: anywhere; min-width: 14rem; }}
code {{ font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }}
ul.findings {{ list-style: none; padding: 0; margin: 0; }}
ul.findings li {{ border-left: 4px solid var(--line); padding: .3rem .8rem; margin: 0 0 .6rem; background: var(--panel);
  overflow-wrap: anywhere; }}
ul.findings li.error {{ border-color: var(--lost); }} ul.findings li.warning {{ border-color: var(--erased); }}
footer {{ margin-top: 3rem; color: var(--faint); font-size: .85rem; }}
@media print {{ body {{ max-width: none; padding: 0; }} .map div, .dot, .alarm {{ print-color-adjust: exact; }} }}
</style>
</head>
<body>
)";

std::string escape(std::string_view text) {
  std::string safe;
  for (char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// A stranger's text: no control characters, no letters that turn the line around, no markup.
std::string shown(std::string_view text) {
  return escape(printable(text, longest_text));
}

std::string_view style_of(const PartitionFate& fate) {
  return fate.is_lost_for_ever() ? "lost" : word(fate);
}

class PackagePage {
public:
  explicit PackagePage(const Package& package) : package_(package), fates_(firmware::partition_fates(package)) {}

  std::string write(const std::string& made) {
    auto name = package_.revision ? shown(package_.revision->text) : std::string("Firmware of unknown revision");
    page_ = fmt::format(fmt::runtime(head), fmt::arg("title", name));
    page_ +=
        fmt::format("<h1>{}</h1>\n<p class=\"under\">what a flash of this package would do, and would not</p>\n", name);
    write_alarms();
    write_summary();
    write_consequences();
    write_findings();
    if (package_.kind == PackageKind::firehose) {
      write_map();
      write_partitions();
    } else {
      write_images();
    }
    write_files();
    page_ += fmt::format("<footer>{}</footer>\n</body>\n</html>\n", shown(made));
    return std::move(page_);
  }

private:
  void write_alarms() {
    for (const auto& alarm : consequences(package_).alarms) {
      page_ += fmt::format("<p class=\"alarm\">{}</p>\n", shown(alarm));
    }
    for (const auto& finding : package_.findings) {
      if (finding.level == Finding::Level::error) {
        page_ += fmt::format("<p class=\"alarm\">{}</p>\n", shown(finding.text));
      }
    }
  }

  void write_summary() {
    page_ += "<dl>\n";
    for (const auto& [label, text] : summarize(package_)) {
      page_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape(label), shown(text));
    }
    page_ += "</dl>\n";
  }

  void write_consequences() {
    auto all = consequences(package_);
    if (!all.goes.empty()) {
      page_ += fmt::format("<h2>What stays</h2>\n<p class=\"fate\">{}</p>\n", shown(all.stays));
      page_ += fmt::format("<h2>What does not</h2>\n<p class=\"fate goes\">{}</p>\n", shown(all.goes));
    }
  }

  void write_findings() {
    page_ += "<h2>Findings</h2>\n<ul class=\"findings\">\n";
    for (const auto& finding : by_weight(package_.findings)) {
      page_ += fmt::format("<li class=\"{0}\"><strong>{0}</strong> {1} <code>{2}</code></li>\n", word(finding.level),
                           shown(finding.text), escape(finding.id));
    }
    page_ += package_.findings.empty() ? "<li>nothing</li>\n</ul>\n" : "</ul>\n";
  }

  void write_map() {
    page_ += "<h2>The chip</h2>\n<div class=\"map\">\n";
    auto chip = static_cast<double>(package_.geometry.chip_sectors().n);
    auto bar = [&](std::string_view style, std::string_view name, std::uint64_t count) {
      auto percent = static_cast<double>(count) * 100 / chip;
      page_ += fmt::format("<div class=\"{}\" style=\"flex: {:.4f}\" title=\"{}\">{}</div>\n", style, percent, name,
                           percent >= 3 ? name : "");
    };
    auto in_order = fates_;
    std::ranges::sort(in_order, {}, [](const PartitionFate& fate) { return fate.partition->range.start.n; });
    std::uint64_t at = 0;
    for (const auto& fate : in_order) {
      const auto& range = fate.partition->range;
      if (range.start.n > at) {
        bar("none", "in no partition", range.start.n - at);
      }
      bar(style_of(fate), shown(fate.partition->name), range.count.n);
      at = range.end().n;
    }
    if (package_.geometry.chip_sectors().n > at) {
      bar("none", "in no partition", package_.geometry.chip_sectors().n - at);
    }
    page_ +=
        "</div>\n<p class=\"legend\"><span class=\"stays\"></span>stays<span class=\"written\"></span>erased and "
        "written<span class=\"erased\"></span>erased<span class=\"lost\"></span>lost for ever</p>\n";
  }

  void write_partitions() {
    page_ +=
        "<div class=\"scroll\"><table>\n<tr><th>Partition</th><th class=\"n\">Sector</th><th class=\"n\">Sectors</th>"
        "<th>Fate</th><th>Image</th><th class=\"n\">Size</th></tr>\n";
    for (const auto& fate : fates_) {
      page_ += fmt::format(
          "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td><span class=\"dot {}\"></span>{}</td>"
          "<td class=\"path\">{}</td><td class=\"n\">{}</td></tr>\n",
          shown(fate.partition->name), fate.partition->range.start.n, fate.partition->range.count.n, style_of(fate),
          fate.is_lost_for_ever() ? "LOST FOR EVER" : word(fate), fate.image == nullptr ? "" : shown(fate.image->path),
          fate.image == nullptr ? "" : human_size(fate.image->size));
    }
    page_ += "</table></div>\n";
  }

  void write_images() {
    page_ +=
        "<h2>Images</h2>\n<div class=\"scroll\"><table>\n<tr><th>Partition</th><th>Image</th><th class=\"n\">Size</th>"
        "</tr>\n";
    for (const auto& image : package_.images) {
      const auto& file = package_.file(image);
      page_ += fmt::format("<tr><td>{}</td><td class=\"path\">{}</td><td class=\"n\">{}</td></tr>\n",
                           shown(image.partition), shown(file.path), human_size(file.size));
    }
    page_ += "</table></div>\n";
  }

  void write_files() {
    page_ +=
        "<h2>Files</h2>\n<div class=\"scroll\"><table>\n<tr><th>File</th><th class=\"n\">Bytes</th><th>Use</th>"
        "<th>md5.txt</th><th>MD5</th></tr>\n";
    for (const auto& file : package_.files) {
      page_ += fmt::format(
          "<tr><td class=\"path\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
          shown(file.path), file.size, word(file.use), word(file.status), hex_digits(file.md5));
    }
    page_ += "</table></div>\n";
  }

  const Package& package_;
  std::vector<PartitionFate> fates_;
  std::string page_;
};

}  // namespace

std::string package_page(const Package& package, const std::string& made) {
  return PackagePage(package).write(made);
}

}  // namespace modemedic::app
