#include "operation/run_firehose.h"

#include "operation/feed_machine.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace modemedic::operation {

using namespace std::chrono_literals;
namespace firehose = protocol::firehose;

namespace {

/// The programmer takes no data while it works on the flash: some milliseconds, or a block's erase.
constexpr Duration send_patience = 15s;
constexpr std::uint64_t tell_every = 1_MiB;
/// How often the port is looked at while an image goes out: the programmer may log in the middle of raw data, and
/// stalls both sides until somebody reads (docs/protocols/firehose.md, trap 8).
constexpr std::uint64_t listen_every = 256_KiB;
constexpr std::size_t receive_size = 64_KiB;
/// Transfers between two pages of what another host left unfinished; a programmer says a line or two.
constexpr std::size_t most_said_per_page = 64;

}  // namespace

/// An image on its way to the modem.
struct FirehoseLink::Outgoing {
  std::function<Result<ByteView>(std::size_t)> next;  ///< exactly so many bytes of what is sent, or the shorter rest
  const std::function<void(std::uint64_t)>& sent;
  const std::stop_token& stop;
  std::uint64_t position = 0;      ///< bytes sent, padding left out
  std::uint64_t told = 0;          ///< of them, told to `sent`
  std::uint64_t heard = 0;         ///< of them, when the port was last looked at
  std::optional<Error> abandoned;  ///< why the rest goes out as 0xFF
  Buffer scratch;

  /// The part's bytes: the reader's own, or 0xFF when there is nothing right to send any more.
  ByteView bytes_of(const protocol::SendImage& part) {
    if (!abandoned && stop.stop_requested()) {
      abandoned = fail(Code::interrupted).what("stopped by the person");
    }
    auto bytes = abandoned ? Result<ByteView>(ByteView{}) : next(part.length);
    if (!bytes) {
      abandoned = bytes.error();
      bytes = ByteView{};
    } else if (!abandoned && bytes->size() != part.length) {
      abandoned = fail(Code::package_bad).what("the file is shorter than when it was verified");
    }
    if (!abandoned && part.padding == 0) {
      return *bytes;
    }
    scratch.assign(part.length + part.padding, std::byte{0xFF});
    std::copy(bytes->begin(), bytes->end(), scratch.begin());
    return scratch;
  }
};

/// Sectors on their way here.
struct FirehoseLink::Incoming {
  const Sink& sink;
  std::optional<Error> failed;

  void take(ByteView bytes) {
    if (!failed && !bytes.empty()) {
      if (auto taken = sink(bytes); !taken) {
        failed = taken.error();
      }
    }
  }
};

const std::string* find_log(const std::vector<std::string>& logs, std::string_view text) {
  auto log = std::find_if(logs.begin(), logs.end(),
                          [&](const std::string& line) { return line.find(text) != std::string::npos; });
  return log == logs.end() ? nullptr : &*log;
}

std::string in_its_words(const firehose::Reply& reply) {
  constexpr std::size_t most = 6;
  std::vector<std::string> lines;
  auto first = reply.logs.size() > most ? reply.logs.end() - most : reply.logs.begin();
  std::transform(first, reply.logs.end(), std::back_inserter(lines), [](const auto& line) { return printable(line); });
  return lines.empty() ? "without a reason" : fmt::format("{}", fmt::join(lines, " | "));
}

Result<void> FirehoseLink::greet(ByteView pending) {
  host_.start_greeting();
  host_.feed(pending);
  TRY(talk(nullptr, nullptr));
  return {};
}

Result<firehose::Reply> FirehoseLink::run(const firehose::Command& command) {
  host_.start(command);
  return talk(nullptr, nullptr);
}

Result<firehose::Reply> FirehoseLink::program(const firehose::Program& command, firmware::ImageReader& image,
                                              const std::function<void(std::uint64_t)>& sent,
                                              const std::stop_token& stop) {
  Outgoing outgoing{[&image](std::size_t want) { return image.next(want); }, sent, stop, 0, 0, 0, std::nullopt, {}};
  host_.start(command);
  TRY_ASSIGN(auto reply, talk(&outgoing, nullptr));
  if (outgoing.abandoned) {
    return fail(std::move(*outgoing.abandoned));
  }
  sent(outgoing.position);
  return reply;
}

Result<firehose::Reply> FirehoseLink::program(const firehose::Program& command, ByteView bytes) {
  auto next = [&bytes](std::size_t want) {
    auto piece = bytes.first(std::min(want, bytes.size()));
    bytes = bytes.subspan(piece.size());
    return Result<ByteView>(piece);
  };
  const std::function<void(std::uint64_t)> nobody = [](std::uint64_t) {};
  const std::stop_token never;
  Outgoing outgoing{next, nobody, never, 0, 0, 0, std::nullopt, {}};
  host_.start(command);
  return talk(&outgoing, nullptr);
}

Result<firehose::Reply> FirehoseLink::read(const firehose::Read& command, const Sink& sink) {
  Incoming incoming{sink, std::nullopt};
  host_.start(command);
  TRY_ASSIGN(auto reply, talk(nullptr, &incoming));
  if (incoming.failed) {
    return fail(std::move(*incoming.failed));
  }
  return reply;
}

Result<firehose::Reply> FirehoseLink::talk(Outgoing* outgoing, Incoming* incoming) {
  for (;;) {
    auto action = host_.next();
    tell_logs();
    if (incoming != nullptr) {
      incoming->take(host_.take_raw());
    }
    if (auto* send_now = std::get_if<protocol::Send>(&action)) {
      TRY(send(send_now->bytes, send_now->zlp));
    } else if (auto* part = std::get_if<protocol::SendImage>(&action); part != nullptr && outgoing != nullptr) {
      TRY(send_part(*part, *outgoing));
    } else if (auto* raw = std::get_if<protocol::ReceiveRaw>(&action); raw != nullptr && incoming != nullptr) {
      TRY(receive_raw(raw->length, *incoming));
    } else if (auto* wait = std::get_if<protocol::Await>(&action)) {
      TRY_ASSIGN(auto came, receive_and_feed(wait->patience));
      if (!came) {
        host_.timed_out();
      }
    } else if (auto* failed = std::get_if<protocol::Failed>(&action)) {
      return with_last_words(std::move(failed->error));
    } else if (std::holds_alternative<protocol::Done>(action)) {
      return host_.reply();
    } else {
      return fail(Code::bug).what("a Firehose command moved raw data that has nowhere to go");
    }
  }
}

Result<void> FirehoseLink::send_part(const protocol::SendImage& part, Outgoing& outgoing) {
  TRY(send(outgoing.bytes_of(part), part.zlp));
  outgoing.position += part.length;
  if (outgoing.position - outgoing.told >= tell_every) {
    outgoing.told = outgoing.position;
    outgoing.sent(outgoing.position);
  }
  if (outgoing.position - outgoing.heard >= listen_every) {
    outgoing.heard = outgoing.position;
    TRY(receive_and_feed(0s));
  }
  return {};
}

/// A programmer that takes nothing any more has often said why.
Result<void> FirehoseLink::send(ByteView bytes, usb::Zlp zlp) {
  auto sent = pipe_.send(bytes, zlp, Deadline::in(clock_, send_patience));
  if (sent || sent.error().code != Code::timeout) {
    return sent;
  }
  for (int transfers = 0; transfers < 16; ++transfers) {
    TRY_ASSIGN(auto came, receive_and_feed(100ms));
    if (!came) {
      break;
    }
  }
  tell_logs();
  return with_last_words(std::move(sent.error()));
}

Result<void> FirehoseLink::receive_raw(std::uint64_t length, Incoming& incoming) {
  buffer_.resize(receive_size);
  for (auto left = length; left > 0;) {
    auto room = std::span(buffer_).first(std::min<std::uint64_t>(left, buffer_.size()));
    TRY_ASSIGN(auto count, receive_some(pipe_, clock_, room, Deadline::in(clock_, send_patience)));
    incoming.take(ByteView(room).first(count));
    left -= count;
  }
  host_.received(length);
  return {};
}

/// @return false when nothing came
Result<bool> FirehoseLink::receive_and_feed(Duration patience) {
  buffer_.resize(receive_size);
  auto received = receive_some(pipe_, clock_, buffer_, Deadline::in(clock_, patience));
  if (!received && received.error().code == Code::timeout) {
    return false;
  }
  TRY_ASSIGN(auto count, std::move(received));
  host_.feed(ByteView(buffer_).first(count));
  return true;
}

Failure FirehoseLink::with_last_words(Error error) const {
  if (!last_log_.empty()) {
    error.what += fmt::format("; the last thing it logged: {}", last_log_);
  }
  return fail(std::move(error));
}

void FirehoseLink::start_over() {
  host_ = protocol::FirehoseHost();
  last_log_.clear();
}

void FirehoseLink::tell_logs() {
  for (const auto& line : host_.take_logs()) {
    last_log_ = printable(line);
    events_.emit(event::Log{event::Log::Level::debug, "programmer: " + last_log_});
  }
}

Result<void> FirehoseLink::leave_raw_mode(std::uint32_t page, std::uint64_t most) {
  const Buffer blank(page, std::byte{0xFF});
  std::string said;
  buffer_.resize(receive_size);
  for (std::uint64_t sent = 0; sent < most; sent += page) {
    TRY(pipe_.send(blank, usb::Zlp::if_multiple, Deadline::in(clock_, send_patience)));
    TRY(pipe_.flush(Deadline::in(clock_, send_patience)));
    // It queues no read after the last page before it has said so: at most one page too many goes out.
    for (std::size_t transfers = 0; transfers < most_said_per_page; ++transfers) {
      auto heard = receive_some(pipe_, clock_, buffer_, Deadline::in(clock_, 0s));
      if (!heard) {
        break;
      }
      said += as_text(ByteView(buffer_).first(*heard));
    }
    if (said.find("Finished sector address") != std::string::npos) {
      return {};
    }
    said.erase(0, said.size() - std::min<std::size_t>(said.size(), 64));
  }
  return fail(Code::device_protocol)
      .what("a programmer is still waiting for an image of a flash that broke off, and took no end of data")
      .hint("take all power from the modem for some seconds and start again");
}

}  // namespace modemedic::operation
