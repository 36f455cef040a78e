#include "operation/program_image.h"

#include "operation/emit_log.h"
#include "operation/erase_range.h"
#include "operation/read_back.h"
#include "operation/upload.h"

#include <fmt/format.h>

namespace modemedic::operation {

using firmware::Image;
using firmware::ImageReader;
namespace firehose = protocol::firehose;

namespace {

/// What a programmer logs when it wrote something else than it was given, whatever it answers.
constexpr std::string_view signs_of_failure[] = {"mismatch with new_sector_address", "flash write failed"};

}  // namespace

Result<bool> ImageProgrammer::program(const Image& image, unsigned tries,
                                      const std::function<void(std::uint64_t)>& sent, const std::stop_token& stop) {
  for (unsigned tried = 1;; ++tried) {
    TRY_ASSIGN(auto doubt, try_once(image, sent, stop));
    if (!doubt && tried == 1) {
      return false;
    }
    if (doubt) {
      warn(events_, fmt::format("{} may not be written well: {}; reading it back", image.partition, *doubt));
    }
    TRY_ASSIGN(chip_, ask_chip(link_));  // a block that has turned bad moves the image
    TRY(plan::check_chip(plan_, package_, chip_));
    TRY_ASSIGN(auto right, reads_back(link_, package_, chip_, image));
    if (right) {
      events_.emit(event::Log{event::Log::Level::info, fmt::format("{} reads back right", image.partition)});
      return true;
    }
    if (tried >= tries) {
      return fail(Code::device_refused)
          .what(fmt::format("{} could not be written well in {} tries: {}", image.partition, tried,
                            doubt.value_or("it reads back wrong")))
          .hint("this flash is failing: the module is worn out");
    }
    warn(events_, fmt::format("{} is not what was sent; erasing and programming it again", image.partition));
    TRY(erase_again(image));
  }
}

Result<ImageProgrammer::Doubt> ImageProgrammer::try_once(const Image& image,
                                                         const std::function<void(std::uint64_t)>& sent,
                                                         const std::stop_token& stop) {
  const auto& file = package_.file(image);
  TRY_ASSIGN(auto reader, ImageReader::open(package_, image.file));
  firehose::Program command{package_.geometry, image.range.start, file.size,
                            file.path.substr(file.path.rfind('/') + 1)};
  auto answered = link_.program(command, *reader, sent, stop);
  if (!answered && answered.error().code == Code::timeout && reader->position() > 0) {
    return regain(std::move(answered.error()));
  }
  TRY_ASSIGN(auto reply, std::move(answered));
  auto asks_again = reply.attributes.contains("AttemptRetry");
  if (!reply.ack && !asks_again && reader->position() == 0) {
    return fail(Code::device_refused)
        .what(fmt::format("the modem refused to program {}: {}", image.partition, in_its_words(reply)))
        .hint("its programmer does not take this image at this place");
  }
  if (reader->position() > 0) {
    TRY(reader->verify());
  }
  for (auto sign : signs_of_failure) {
    if (const auto* log = find_log(reply.logs, sign)) {
      return Doubt(printable(*log));
    }
  }
  if (!reply.ack || asks_again) {
    return Doubt("it answered " + std::string(asks_again ? "AttemptRetry" : "NAK") + " " + in_its_words(reply));
  }
  return Doubt();
}

/// It took a part and then nothing for longer than a flash needs. One that takes commands again, after it has been
/// given the rest as 0xFF, may try once more.
Result<ImageProgrammer::Doubt> ImageProgrammer::regain(Error error) {
  emit_info(events_, "it takes no more data; looking whether it comes to itself");
  auto regained = operation::regain(link_, package_.geometry.page_size, package_.geometry.chip_size(), events_);
  return regained ? Result<Doubt>(Doubt("it stopped in the middle: " + error.what)) : fail(std::move(error));
}

Result<void> ImageProgrammer::erase_again(const Image& image) {
  TRY(erase_range(link_, {package_.geometry, image.range, {}}, chip_, image.partition));
  return {};
}

}  // namespace modemedic::operation
