#include "support/command.h"
#include "support/tool.h"

#include <fstream>

#include <gmock/gmock.h>

/// A person looks at the chip itself.
namespace modemedic::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Edl : public testing::Test {
protected:
  Edl() { EXPECT_EQ(run({"virtual", "package", "eg25-g", package, "--small"}).exit, 0); }

  Ended edl(const Serve& serve, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--bus", serve.bus(), "--data", dir / "data", "edl"});
    words.insert(words.end(), {"--package", package});
    return run(words);
  }

  TempDir dir;
  std::string package = dir / "fw";
};

TEST_F(Edl, TellsTheChipItsPartitionsAndWhatTheyHold) {
  Serve serve({"eg25-g", "--fault", "bad-block:300"});
  auto info = edl(serve, {"info"});
  ASSERT_EQ(info.exit, 0) << info.err;
  EXPECT_THAT(info.out, AllOf(HasSubstr("chip serial "), HasSubstr("2048 blocks of 64 pages of 2048 bytes: 256 MiB"),
                              HasSubstr("300"), HasSubstr("the modem runs EG25GGBR07A07M2G")));
  auto table = edl(serve, {"partitions"});
  ASSERT_EQ(table.exit, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("EFS2                 1280     8704    17408"));
  auto read = edl(serve, {"read", dir / "sbl.bin", "--partition", "sbl"});
  ASSERT_EQ(read.exit, 0) << read.err;
  auto sbl = test::text_of(dir / "sbl.bin");
  EXPECT_EQ(sbl.size(), 640U * 2048U);
  EXPECT_EQ(sbl.substr(0, 12), std::string("\xD1\xDC\x4B\x84\x34\x10\xD7\x73\x5A\x43\x0B\x7D"));
  auto part = edl(serve, {"read", dir / "part.bin", "--sectors", "0+1"});
  ASSERT_EQ(part.exit, 0) << part.err;
  EXPECT_EQ(test::text_of(dir / "part.bin"), sbl.substr(0, 2048));
}

TEST_F(Edl, TakesAProgrammerOnItsOwnOnlyForThisChip) {
  Serve serve({"eg25-g"});
  auto programmer = package + "/update/firehose/prog_nand_firehose_9x07.mbn";
  auto with = [&](const std::string& file) {
    return run({"--bus", serve.bus(), "--data", dir / "data", "edl", "info", "--programmer", file});
  };
  EXPECT_EQ(with(programmer).exit, 0);
  std::ofstream(dir / "prog_firehose_sdx55.mbn", std::ios::binary) << test::text_of(programmer);
  auto other = with(dir / "prog_firehose_sdx55.mbn");
  EXPECT_EQ(other.exit, 4);
  EXPECT_THAT(other.err, AllOf(HasSubstr("is for sdx55, the modem's chip is 9x07"), HasSubstr("the modem runs")));
  std::ofstream(dir / "none.mbn", std::ios::binary) << "nothing";
  EXPECT_EQ(with(dir / "none.mbn").exit, 5);
  EXPECT_EQ(with(dir / "absent.mbn").exit, 11);
}

TEST_F(Edl, LeavesNothingBehindWhenItCannotRead) {
  Serve serve({"eg25-g"});
  auto none = edl(serve, {"read", dir / "x.bin", "--partition", "nosuch"});
  EXPECT_EQ(none.exit, 2);
  EXPECT_THAT(none.err, AllOf(HasSubstr("it has SBL, MIBIB, EFS2"), HasSubstr("the modem runs")));
  EXPECT_FALSE(std::ifstream(dir / "x.bin"));
  EXPECT_EQ(edl(serve, {"read", dir / "x.bin", "--sectors", "131071+2"}).exit, 2);
  EXPECT_EQ(edl(serve, {"read", dir / "x.bin", "--sectors", "1+"}).exit, 2);
  EXPECT_EQ(edl(serve, {"read", dir / "x.bin"}).exit, 2);
  std::ofstream(dir / "x.bin") << "mine";
  EXPECT_EQ(edl(serve, {"read", dir / "x.bin", "--sectors", "0+1"}).exit, 2);
  EXPECT_EQ(test::text_of(dir / "x.bin"), "mine");
}

TEST_F(Edl, WritesAndErasesByNameAndByARangeOnlyWhenItIsNamedTwice) {
  Serve serve({"eg25-g"});
  auto written = edl(serve, {"write", "recovery", package + "/update/mdm9607-perf-boot.img", "--yes"});
  ASSERT_EQ(written.exit, 0) << written.err;
  EXPECT_THAT(written.out, AllOf(HasSubstr("recovery is written and read back"), HasSubstr("it runs EG25GGBR07A07M2G"),
                                 HasSubstr("/backups/")));
  auto erased = edl(serve, {"erase", "MISC", "--yes"});
  ASSERT_EQ(erased.exit, 0) << erased.err;
  EXPECT_THAT(erased.out, HasSubstr("it runs"));
  auto once = edl(serve, {"erase", "--sectors", "51648+320", "--yes"});
  EXPECT_EQ(once.exit, 2);
  EXPECT_THAT(once.err, HasSubstr("--confirm 51648+320"));
  EXPECT_EQ(edl(serve, {"erase", "--sectors", "51648+320", "--confirm", "51648+64", "--yes"}).exit, 2);
  auto twice = edl(serve, {"erase", "--sectors", "51648+320", "--confirm", "51648+320", "--yes"});
  EXPECT_EQ(twice.exit, 0) << twice.err;
  EXPECT_EQ(edl(serve, {"erase", "misc"}).exit, 2) << "nobody is there to answer";
  auto efs = edl(serve, {"erase", "EFS2", "--yes"});
  EXPECT_EQ(efs.exit, 4);
  EXPECT_THAT(efs.err, AllOf(HasSubstr("efs"), HasSubstr("the modem runs")));
  EXPECT_EQ(edl(serve, {"write", "EFS2", package + "/md5.txt", "--yes", "--override", "efs"}).exit, 4);
}

}  // namespace
}  // namespace modemedic::tests
