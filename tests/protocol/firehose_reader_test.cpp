#include "protocol/firehose_reader.h"

#include <random>

#include <gmock/gmock.h>

namespace modemedic::protocol::firehose {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Elements as text: `log value=[hello]`.
std::vector<std::string> elements(DocumentReader& reader) {
  std::vector<std::string> found;
  while (auto document = reader.next()) {
    for (const auto& element : *document) {
      auto line = element.name;
      for (const auto& [name, value] : element.attributes) {
        line.append(" ").append(name).append("=[").append(value).append("]");
      }
      found.push_back(line);
    }
  }
  return found;
}

/// Without the `data` elements, which every document has.
std::vector<std::string> read(std::string_view bytes, std::size_t cut = 0) {
  DocumentReader reader;
  reader.feed(as_bytes(bytes).first(cut));
  auto found = elements(reader);
  reader.feed(as_bytes(bytes).subspan(cut));
  auto rest = elements(reader);
  found.insert(found.end(), rest.begin(), rest.end());
  std::erase(found, "data");
  return found;
}

const std::string configured =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<response value=\"ACK\" MemoryName=\"NAND\" "
    "MaxPayloadSizeToTargetInBytes=\"8192\" TargetName=\"9x07\" />\n</data>";
const std::string logged =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<log value=\"Binary build date: Apr 21 2021 @ "
    "15:42:43\n\"/>\n</data>";

TEST(FirehoseReader, ReadsAResponse) {
  EXPECT_THAT(read(configured), ElementsAre("response value=[ACK] MemoryName=[NAND] "
                                            "MaxPayloadSizeToTargetInBytes=[8192] TargetName=[9x07]"));
}

TEST(FirehoseReader, ReadsRawNewlinesAndTabsInALog) {
  EXPECT_THAT(read(logged), ElementsAre("log value=[Binary build date: Apr 21 2021 @ 15:42:43\n]"));
  EXPECT_THAT(read("<data><log value=\"Skipping:\tbad block 0x3\"/></data>"),
              ElementsAre("log value=[Skipping:\tbad block 0x3]"));
}

TEST(FirehoseReader, ReadsSeveralDocumentsHoweverTheyAreCut) {
  auto stream = logged + configured + "\r\n" + logged;
  auto whole = read(stream);
  ASSERT_EQ(whole.size(), 3U);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(read(stream, cut), whole) << cut;
  }
}

TEST(FirehoseReader, ReadsByteByByte) {
  auto stream = logged + configured;
  DocumentReader reader;
  std::vector<std::string> found;
  for (char c : stream) {
    reader.feed(as_bytes(std::string_view(&c, 1)));
    auto some = elements(reader);
    found.insert(found.end(), some.begin(), some.end());
  }
  std::erase(found, "data");
  EXPECT_EQ(found, read(stream));
}

TEST(FirehoseReader, ReadsWhatIsNotQuiteXml) {
  EXPECT_THAT(read("<data><!-- <log value=\"no\"/> --><log value='single \" quotes' /></data>"),
              ElementsAre("log value=[single \" quotes]"));
  EXPECT_THAT(read("garbage \xff <data><response value = \"ACK\" rawmode=true></response></data>"),
              ElementsAre("response value=[ACK] rawmode=[true]"));
  EXPECT_THAT(read("<data><log value=\"a > b\"/><log value=\"second\"/></data>"),
              ElementsAre("log value=[a > b]", "log value=[second]"));
  EXPECT_THAT(read("<data><log value=\"never closed/></data>"), ElementsAre("log value=[never closed/>]"));
  EXPECT_THAT(read("<data><log flag/></data>"), ElementsAre("log"));
  EXPECT_THAT(read("</data>"), IsEmpty());
}

TEST(FirehoseReader, ResolvesEntitiesOnceAndLeavesOthersAlone) {
  EXPECT_EQ(resolve_entities("{&quot;a&quot;: 1} &lt;&gt;&apos; &amp;lt;"), "{\"a\": 1} <>' &lt;");
  EXPECT_EQ(resolve_entities("&#65;&#x42;&#10;&#xe9;&#x20ac;&#x1f600;"), "AB\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  for (const auto* text : {"&", "&;", "&#;", "&#x;", "&quo", "&unknown;", "&#0;", "&#xd800;", "&#x110000;",
                           "&#99999999999;", "&#-1;", "a & b; c", "&amp"}) {
    EXPECT_EQ(resolve_entities(text), text);
  }
}

TEST(FirehoseReader, ExpandsNoEntityOfADocumentsOwn) {
  EXPECT_THAT(read("<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><data><log value=\"&b;\"/></data>"),
              ElementsAre("log value=[&b;]"));
}

TEST(FirehoseReader, FindsAttributesInAnyCase) {
  Element element{.name = "response", .attributes = {{"RawMode", "true"}}};
  ASSERT_NE(element.find("rawmode"), nullptr);
  EXPECT_EQ(*element.find("rawmode"), "true");
  EXPECT_EQ(element.find("raw"), nullptr);
}

TEST(FirehoseReader, EndsADocumentThatNeverEnds) {
  DocumentReader reader;
  std::size_t fed = 0;
  while (!reader.broken()) {
    reader.feed(Buffer(1000, std::byte{'x'}));
    fed += 1000;
    EXPECT_FALSE(reader.next());
    ASSERT_LE(fed, 70'000U);
  }
  EXPECT_GT(fed, 64_KiB);
  reader.feed(as_bytes(configured));
  EXPECT_FALSE(reader.next());
}

TEST(FirehoseReader, EndsADocumentThatCameWholeButTooLong) {
  DocumentReader reader;
  reader.feed(as_bytes("<data><log value=\"" + std::string(70'000, 'x') + "\"/></data>"));
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.broken());
}

TEST(FirehoseReader, HandsOutWhatStandsBehindADocument) {
  DocumentReader reader;
  reader.feed(as_bytes(configured + "raw data </data>"));
  EXPECT_TRUE(reader.next());
  EXPECT_EQ(as_text(reader.take_rest()), "raw data </data>");
  reader.feed(as_bytes(logged));
  EXPECT_TRUE(reader.next());
}

TEST(FirehoseReader, SurvivesAnyBytes) {
  std::mt19937 random(3);
  const std::string letters = "<>/=\"'&;!-? \nadtlogvue</data></data>";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t i = random() % 200; i > 0; --i) {
      text += random() % 10 == 0 ? "</data>" : std::string(1, letters[random() % letters.size()]);
    }
    read(text, random() % (text.size() + 1));
  }
}

TEST(FirehoseReader, EscapesSoThatItReadsBack) {
  const std::string text = "a<b>&\"c' d";
  EXPECT_EQ(resolve_entities(escape_attribute(text)), text);
  EXPECT_EQ(escape_attribute(text).find_first_of("<>\""), std::string::npos);
}

}  // namespace
}  // namespace modemedic::protocol::firehose
