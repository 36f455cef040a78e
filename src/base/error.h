#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace modemedic {

/// What kind of failure this is. A code belongs to exactly one exit code of the command line's contract.
enum class Code {
  bug,                ///< an assumption of ours does not hold
  usage,              ///< the command line asks for something that does not exist
  no_modem,           ///< nothing in sight fits the selector
  several_modems,     ///< more than one modem in sight, and none chosen
  refused,            ///< a rule forbids it
  geometry_mismatch,  ///< page or block size of package and chip differ
  package_bad,        ///< the package is not whole, not one, or contradicts itself
  plan_unproven,      ///< the prover could not show the plan to be right
  timeout,            ///< nothing came before the deadline
  modem_lost,         ///< the modem left the bus, or did not come back
  device_protocol,    ///< the modem sent what its protocol does not allow
  device_refused,     ///< the modem answered no (NAK, FAIL, ERROR)
  not_proven,         ///< the flash ended but the modem did not prove it
  permission,         ///< the operating system does not let us
  busy,               ///< a driver or another program holds the modem
  interrupted,        ///< the person stopped it
  io,                 ///< a file, disk or socket of this machine
};

/// The exit code that the contract (docs/command-line.md) gives to a failure.
int exit_code(Code code);

/// The code's name as it stands in JSON: "package_bad".
std::string_view name(Code code);

/// What went wrong, told so that a person knows what to do now.
struct Error {
  // Not in the header: they would be compiled anew behind every TRY, which is half of a program's size.
  Error();
  Error(const Error& other);
  Error(Error&& other) noexcept;
  Error& operator=(const Error& other);
  Error& operator=(Error&& other) noexcept;
  ~Error();

  Code code = Code::bug;
  std::string what;                    ///< what happened, in the field's words
  std::string during;                  ///< the step, file or moment: "program sbl1.mbn"
  std::string device;                  ///< which modem, when known: "port 1-1"
  std::string hint;                    ///< what a person should do now
  std::string rule;                    ///< the id of the rule that spoke, for Code::refused
  std::shared_ptr<const Error> cause;  ///< the lower failure, for -v
};

template <typename T>
using Result = tl::expected<T, Error>;

/// Builds an Error in one expression and converts to any failed Result.
///
///     return fail(Code::package_bad).what("md5.txt lists no file").hint("download the package again");
class Failure {
public:
  explicit Failure(Code code) { error_.code = code; }

  explicit Failure(Error error) : error_(std::move(error)) {}

  Failure&& what(std::string text) &&;
  Failure&& during(std::string text) &&;
  Failure&& device(std::string text) &&;
  Failure&& hint(std::string text) &&;
  Failure&& rule(std::string id) &&;
  Failure&& cause(Error lower) &&;

  template <typename T>
  operator tl::expected<T, Error>() && {  // NOLINT(google-explicit-constructor): that is its purpose
    return tl::unexpected<Error>(std::move(error_));
  }

  operator Error() && { return std::move(error_); }  // NOLINT(google-explicit-constructor)

private:
  Error error_;
};

[[nodiscard]] inline Failure fail(Code code) {
  return Failure(code);
}

[[nodiscard]] inline Failure fail(Error error) {
  return Failure(std::move(error));
}

/// The failure of a system call, with errno's meaning in words. Code::permission for EACCES and EPERM, else Code::io.
/// @param what  what was attempted: "open EG25.zip"
[[nodiscard]] Failure fail_errno(int number, std::string what);

}  // namespace modemedic

#define MODEMEDIC_JOIN_(a, b) a##b
#define MODEMEDIC_JOIN(a, b) MODEMEDIC_JOIN_(a, b)

/// Returns the failure of EXPR from this function; its value, if any, is dropped.
#define TRY(...)                                               \
  do {                                                         \
    if (auto try_result = (__VA_ARGS__); !try_result) {        \
      return ::modemedic::fail(std::move(try_result.error())); \
    }                                                          \
  } while (false)

/// Declares or assigns TARGET from EXPR, or returns its failure from this function.
///
///     TRY_ASSIGN(auto mibib, parse_mibib(bytes));
#define TRY_ASSIGN(target, ...) TRY_ASSIGN_(MODEMEDIC_JOIN(try_result_, __LINE__), target, __VA_ARGS__)
#define TRY_ASSIGN_(name, target, ...)                   \
  auto name = (__VA_ARGS__);                             \
  if (!name) {                                           \
    return ::modemedic::fail(std::move((name).error())); \
  }                                                      \
  target = std::move(*(name))
