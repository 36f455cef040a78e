#include "base/shell.h"

#include <array>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace modemedic {
namespace {

/// What /bin/sh takes a word for.
std::string understood(const std::string& word) {
  auto* pipe = popen(("printf '%s' " + word).c_str(), "r");
  std::string text;
  std::array<char, 256> buffer{};
  for (std::size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), count);
  }
  EXPECT_EQ(pclose(pipe), 0) << word;
  return text;
}

TEST(ShellWord, IsLeftAloneWherePlain) {
  for (const auto* plain : {"/var/lib/modemedic/backups/49cbd7ef_2026-11-21T093000Z.zip", "fw.zip", "a+b@c%d,e=f:g"}) {
    EXPECT_EQ(shell_word(plain), plain);
  }
}

TEST(ShellWord, IsQuotedAsAPersonWouldDoIt) {
  EXPECT_EQ(shell_word("/home/a b/fw.zip"), "'/home/a b/fw.zip'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("-rf"), "./-rf");
  EXPECT_EQ(shell_word("~root"), "'~root'");
}

TEST(ShellWord, MeansToAShellJustItsBytes) {
  for (const std::string text : {"$(reboot)", "`reboot`", "a;b&c|d>e<f", "*?[x]{a,b}", "\\", "'", "''\"", "#x", "!x",
                                 "a\tb", "a\nb", "a\n\n", "\n", "\x1b[2J%s\\n'", "J\xc3\xbcrgen's %d", "\xff\xfe"}) {
    EXPECT_EQ(understood(shell_word(text)), text);
  }
  std::string all;
  for (int byte = 1; byte < 256; ++byte) {
    all += static_cast<char>(byte);
  }
  EXPECT_EQ(understood(shell_word(all)), all);
}

TEST(ShellWord, ShowsNoTerminalWhatItMightObey) {
  EXPECT_EQ(shell_word("a\x1b[2J").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace modemedic
