#include "firmware/signing.h"

#include "base/digest.h"
#include "firmware/certificate_chain.h"
#include "firmware/mbn.h"
#include "support/tool.h"

#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modemedic::firmware {
namespace {

using State = Signing::State;

/// Certificates that `openssl` made: what we read must be what a stranger wrote.
class SigningTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    test::TemporaryDirectory dir;
    auto make = [&](const std::string& name, const std::string& subject, const std::string& issuer) {
      auto file = dir / name;
      auto signer = issuer.empty() ? std::string{} : fmt::format("-CA '{0}.pem' -CAkey '{0}.key'", dir / issuer);
      auto made =
          test::run(fmt::format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                                "-keyout '{0}.key' -out '{0}.pem' -days 3650 -subj '{1}' {2} && "
                                "openssl x509 -in '{0}.pem' -outform der -out '{0}.der'",
                                file, subject, signer));
      EXPECT_EQ(made.status, 0) << made.output;
      return test::read_file(file + ".der");
    };
    root = make("root", "/O=Example/CN=Example Root CA 1", "");
    auto issuer = make("issuer", "/O=Example/CN=Example Attestation CA", "root");
    auto own = make("own",
                    "/O=Example/OU=07 0001 SHA256/OU=06 0010 MODEL_ID/OU=04 0AB1 OEM_ID/OU=03 0000000000000002 "
                    "DEBUG/OU=02 000480E10AB10010 HW_ID/OU=01 0000000000000007 SW_ID/CN=Example Signer",
                    "issuer");
    chain = own;
    chain.insert(chain.end(), issuer.begin(), issuer.end());
    chain.insert(chain.end(), root.begin(), root.end());
  }

  static Buffer noise(std::size_t size) {
    std::mt19937 random(7);
    Buffer bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random()); });
    return bytes;
  }

  static Buffer elf(const Buffer& certificates) {
    auto code = noise(5000);
    const ByteView segments[] = {code};
    return make_elf(segments, 0x08000000, {noise(certificates.empty() ? 0 : 256), certificates});
  }

  static void expect_example(const std::optional<Signing>& signing) {
    ASSERT_TRUE(signing);
    EXPECT_EQ(signing->state, State::is_signed);
    EXPECT_EQ(signing->certificates, 3U);
    EXPECT_EQ(signing->signer, "Example Signer");
    EXPECT_EQ(signing->root, "Example Root CA 1");
    EXPECT_EQ(signing->root_hash, digest<Sha256>(root));
    EXPECT_EQ(signing->hardware_id, 0x000480E10AB10010U);
    EXPECT_EQ(signing->software_id, 7U);
    EXPECT_EQ(signing->oem_id, 0x0AB1U);
    EXPECT_EQ(signing->model_id, 0x0010U);
  }

  static Buffer root;
  static Buffer chain;
};

Buffer SigningTest::root;
Buffer SigningTest::chain;

TEST_F(SigningTest, ReadsWhoSignedAnElf) {
  auto image = elf(chain);
  expect_example(read_signing(image, image.size()));
  EXPECT_TRUE(check_elf(image));
}

TEST_F(SigningTest, NeedsOnlyTheStartOfALongElf) {
  auto image = elf(chain);
  expect_example(read_signing(ByteView(image).first(8192), image.size()));
}

TEST_F(SigningTest, ReadsWhoSignedAnSbl) {
  auto image = make_sbl(noise(20'000), 2048, chain);
  expect_example(read_signing(image, image.size()));
  EXPECT_EQ(*check_sbl(image), image.size());
}

TEST_F(SigningTest, ReadsWhoSignedAnImageWithAHeaderOf40Bytes) {
  auto code = noise(3000);
  auto signature = noise(256);
  ByteWriter out(Endian::little);
  auto size = static_cast<std::uint32_t>(code.size() + signature.size() + chain.size());
  out.u32(0x15).u32(3).u32(0).u32(0x8ff00000).u32(size).u32(static_cast<std::uint32_t>(code.size()));
  out.u32(0x8ff00bb8).u32(256).u32(0x8ff00cb8).u32(static_cast<std::uint32_t>(chain.size()));
  out.bytes(code).bytes(signature).bytes(chain);
  auto image = out.take();
  expect_example(read_signing(image, image.size()));
  image.pop_back();
  EXPECT_FALSE(read_signing(image, image.size())) << "a cut one says nothing";
}

TEST_F(SigningTest, FindsTheChainBehindAHeaderOfALaterFamily) {
  auto image = elf(chain);
  image[4096 + 4] = std::byte{6};  // header version
  expect_example(read_signing(image, image.size()));
}

TEST_F(SigningTest, TellsAnUnsignedImage) {
  auto image = elf({});
  auto signing = read_signing(image, image.size());
  ASSERT_TRUE(signing);
  EXPECT_EQ(*signing, Signing{});
  auto sbl = make_sbl(noise(5000), 2048);
  signing = read_signing(sbl, sbl.size());
  ASSERT_TRUE(signing);
  EXPECT_EQ(signing->state, State::not_signed);
}

TEST_F(SigningTest, TakesPaddingForNoSignature) {
  for (auto value : {0x00, 0xFF}) {
    auto image = elf(Buffer(1500, static_cast<std::byte>(value)));
    EXPECT_EQ(read_signing(image, image.size())->state, State::not_signed) << value;
  }
  auto padded = chain;
  padded.resize(padded.size() + 500, std::byte{0xFF});
  auto image = elf(padded);
  expect_example(read_signing(image, image.size()));
}

TEST_F(SigningTest, DoesNotCallNoiseUnsigned) {
  auto image = elf(noise(1500));
  EXPECT_EQ(read_signing(image, image.size())->state, State::not_understood);
  auto spoilt = chain;
  spoilt[4] ^= std::byte{0xFF};
  image = elf(spoilt);
  EXPECT_EQ(read_signing(image, image.size())->state, State::not_understood);
}

TEST_F(SigningTest, SaysNothingOfOtherFiles) {
  for (const auto& bytes : {Buffer{}, noise(10), noise(40), noise(5000), Buffer(100)}) {
    EXPECT_FALSE(read_signing(bytes, bytes.size())) << bytes.size();
  }
}

TEST_F(SigningTest, LivesThroughCutsAndFlippedBits) {
  auto image = elf(chain);
  image.resize(8192);
  for (std::size_t size = 0; size < image.size(); size += 37) {
    read_signing(ByteView(image).first(size), size);
    read_signing(ByteView(image).first(size), image.size());
  }
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto spoilt = image;
    auto range = i % 2 == 0 ? std::pair(0U, 200U) : std::pair(4096U, 4096U + 2000U);
    for (int flips = 0; flips < 3; ++flips) {
      spoilt[range.first + random() % (range.second - range.first)] ^= static_cast<std::byte>(1U << random() % 8);
    }
    read_signing(spoilt, spoilt.size());
  }
}

TEST(CertificateChain, ReadsOnlyUnitsThatAreWholeAndFit) {
  test::TemporaryDirectory dir;
  auto file = dir / "odd";
  auto made = test::run(fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout '{0}.key' -outform der -out "
      "'{0}' -subj '/OU=HW_ID/OU=02 HW_ID/OU=02  HW_ID/OU=02 00000000000000001 HW_ID/OU=04 000000001 OEM_ID/OU=01 "
      "12g4 SW_ID/CN=odd\\x1b[31m'",
      file));
  ASSERT_EQ(made.status, 0) << made.output;
  auto signing = read_certificate_chain(test::read_file(file));
  EXPECT_EQ(signing.state, State::is_signed);
  EXPECT_FALSE(signing.hardware_id || signing.software_id || signing.oem_id || signing.model_id);
}

}  // namespace
}  // namespace modemedic::firmware
