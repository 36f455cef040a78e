#include "catalog/minisign.h"

#include "support/tool.h"

#include <gmock/gmock.h>

/// The public minisign is the witness: keys and signatures are made by it.
namespace modemedic::catalog {
namespace {

using testing::HasSubstr;

class Minisign : public testing::TestWithParam<const char*> {
protected:
  void SetUp() override {
    if (!test::have("minisign")) {
      GTEST_SKIP() << "no minisign on this machine";
    }
    test::write_text(dir / "list", "what is signed\n");
    make_key("key");
    auto made = test::run("cd " + dir.path() + " && minisign -S " + GetParam() + " -s key.sec -m list -t 'by me'");
    ASSERT_EQ(made.status, 0) << made.output;
    signature_text = test::text_of(dir / "list.minisig");
    signature = parse_signature(signature_text).value();
    key = parse_public_key(test::text_of(dir / "key.pub")).value();
  }

  void make_key(const std::string& name) {
    auto made = test::run("cd " + dir.path() + " && minisign -G -W -p " + name + ".pub -s " + name + ".sec");
    ASSERT_EQ(made.status, 0) << made.output;
  }

  static std::string failure_of(const Result<void>& result) { return result ? "" : result.error().what; }

  test::TemporaryDirectory dir;
  std::string signature_text;
  Signature signature;
  PublicKey key;
};

TEST_P(Minisign, IsBelievedWhenTheKeyIsRight) {
  EXPECT_TRUE(verify(as_bytes("what is signed\n"), signature, key));
  EXPECT_EQ(signature.trusted_comment, "by me");
  auto shown = describe(key.id);
  EXPECT_THAT(key.comment, HasSubstr(shown.substr(shown.find_first_not_of('0'))));  // minisign leaves zeros out
}

TEST_P(Minisign, IsNotBelievedOfOtherBytes) {
  std::string text = "what is signed\n";
  for (auto& letter : text) {
    letter = static_cast<char>(letter ^ 1);
    EXPECT_THAT(failure_of(verify(as_bytes(text), signature, key)), HasSubstr("not of these bytes"));
    letter = static_cast<char>(letter ^ 1);
  }
  EXPECT_FALSE(verify({}, signature, key));
}

TEST_P(Minisign, IsNotBelievedWithAnotherComment) {
  signature.trusted_comment = "by mE";
  EXPECT_THAT(failure_of(verify(as_bytes("what is signed\n"), signature, key)), HasSubstr("says of the list"));
}

TEST_P(Minisign, IsNotBelievedFromAnotherKey) {
  make_key("other");
  auto other = parse_public_key(test::text_of(dir / "other.pub")).value();
  EXPECT_THAT(failure_of(verify(as_bytes("what is signed\n"), signature, other)),
              HasSubstr("not with " + describe(other.id)));
  other.id = key.id;  // who says so
  EXPECT_FALSE(verify(as_bytes("what is signed\n"), signature, other));
}

TEST_P(Minisign, IsNoneWhenItIsCut) {
  auto whole = signature_text.find_last_not_of("\r\n") + 1;
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_FALSE(parse_signature(signature_text.substr(0, size))) << size;
  }
  EXPECT_TRUE(parse_signature(signature_text.substr(0, whole)));
}

TEST_P(Minisign, HoldsWhateverLetterIsChanged) {
  for (std::size_t i = 0; i < signature_text.size(); ++i) {
    auto changed = signature_text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    auto parsed = parse_signature(changed);
    auto untrusted = i >= std::string_view("untrusted comment: ").size() && i < signature_text.find('\n');
    EXPECT_EQ(parsed && verify(as_bytes("what is signed\n"), *parsed, key), untrusted) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Minisign, testing::Values("-H", "-l"));

TEST(MinisignKey, IsTakenFromTheLineAlone) {
  // The key that minisign's own web page shows.
  auto key = parse_public_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
  ASSERT_TRUE(key);
  EXPECT_EQ(describe(key->id), "E7620F1842B4E81F");
  EXPECT_FALSE(parse_public_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO"));
  EXPECT_FALSE(parse_public_key("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\nmore"));
  EXPECT_FALSE(parse_public_key(" WQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"));
  EXPECT_FALSE(parse_public_key(""));
}

}  // namespace
}  // namespace modemedic::catalog
