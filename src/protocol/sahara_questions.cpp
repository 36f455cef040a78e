#include "protocol/sahara_questions.h"

#include <array>

namespace modemedic::protocol {

using sahara::ClientCommand;

namespace {

constexpr std::array questions = {ClientCommand::serial, ClientCommand::hwid, ClientCommand::pk_hash};
constexpr std::size_t pk_hash_size = 32;

}  // namespace

std::optional<ClientCommand> SaharaQuestions::current() const {
  return asked_ < questions.size() ? std::optional(questions.at(asked_)) : std::nullopt;
}

void SaharaQuestions::take_answer(ByteView answer) {
  ByteReader reader(answer, Endian::little);
  switch (questions.at(asked_)) {
    case ClientCommand::serial:
      if (auto serial = reader.u32(); !reader.failed()) {
        identity_.serial = serial;
      }
      break;
    case ClientCommand::hwid:
      if (auto hwid = reader.u64(); !reader.failed()) {
        identity_.hwid = hwid;
      }
      break;
    default:
      // Some chips send the hash three times over, one for each kind of image: the first is the boot ROM's.
      auto hash = reader.take(pk_hash_size);
      identity_.pk_hash.assign(hash.begin(), hash.end());
      break;
  }
  skip();
}

}  // namespace modemedic::protocol
