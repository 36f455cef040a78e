#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace modemedic {

Error::Error() = default;
Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

Failure&& Failure::what(std::string text) && {
  error_.what = std::move(text);
  return std::move(*this);
}

Failure&& Failure::during(std::string text) && {
  error_.during = std::move(text);
  return std::move(*this);
}

Failure&& Failure::device(std::string text) && {
  error_.device = std::move(text);
  return std::move(*this);
}

Failure&& Failure::hint(std::string text) && {
  error_.hint = std::move(text);
  return std::move(*this);
}

Failure&& Failure::rule(std::string id) && {
  error_.rule = std::move(id);
  return std::move(*this);
}

Failure&& Failure::cause(Error lower) && {
  error_.cause = std::make_shared<const Error>(std::move(lower));
  return std::move(*this);
}

int exit_code(Code code) {
  switch (code) {
    case Code::bug:
    case Code::plan_unproven:
      return 1;
    case Code::usage:
      return 2;
    case Code::no_modem:
    case Code::several_modems:
      return 3;
    case Code::refused:
    case Code::geometry_mismatch:
      return 4;
    case Code::package_bad:
      return 5;
    case Code::timeout:
    case Code::modem_lost:
      return 6;
    case Code::device_protocol:
    case Code::device_refused:
      return 7;
    case Code::not_proven:
      return 8;
    case Code::permission:
    case Code::busy:
      return 9;
    case Code::interrupted:
      return 10;
    case Code::io:
      return 11;
  }
  return 1;
}

std::string_view name(Code code) {
  switch (code) {
    case Code::bug:
      return "bug";
    case Code::usage:
      return "usage";
    case Code::no_modem:
      return "no_modem";
    case Code::several_modems:
      return "several_modems";
    case Code::refused:
      return "refused";
    case Code::geometry_mismatch:
      return "geometry_mismatch";
    case Code::package_bad:
      return "package_bad";
    case Code::plan_unproven:
      return "plan_unproven";
    case Code::timeout:
      return "timeout";
    case Code::modem_lost:
      return "modem_lost";
    case Code::device_protocol:
      return "device_protocol";
    case Code::device_refused:
      return "device_refused";
    case Code::not_proven:
      return "not_proven";
    case Code::permission:
      return "permission";
    case Code::busy:
      return "busy";
    case Code::interrupted:
      return "interrupted";
    case Code::io:
      return "io";
  }
  return "bug";
}

namespace {

/// What a person does about it, whatever it befell; empty where that depends on what was tried.
std::string_view way_out(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return "make room there, or name a place that has some";
    case EROFS:
    case EACCES:
    case EPERM:
      return "see whose it is and who may read and write there, or name another place";
    case ENOENT:
    case ENOTDIR:
      return "see whether the name is right";
    case EMFILE:
    case ENFILE:
      return "too many files are open: end other programs, or raise the limit (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

Failure fail_errno(int number, std::string what) {
  auto code = number == EACCES || number == EPERM ? Code::permission : Code::io;
  return fail(code)
      .what(std::move(what) + ": " + std::generic_category().message(number))
      .hint(std::string(way_out(number)));
}

}  // namespace modemedic
