#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modemedic::twin {

/// One thing that goes wrong, at a named moment. Spelled KIND[@AT][:ARGUMENT] on the command line:
///   cut@N            power is cut when the programmer has received N raw bytes
///   vanish@N         the same moment, but the modem stays away from the bus
///   nak@TAG          the first <TAG> is refused (`nak@erase`, `nak@program`, `nak@configure`)
///   bad-block:B      block B is a factory bad block
///   erase-fails:B    block B fails to erase
///   page-fails:P     page P fails to program, once
///   page-dead:P      page P fails to program, every time
///   page-lost:P      page P takes what is programmed and holds nothing, once; nothing tells
///   grows-bad:B      block B turns bad when it is next programmed: what was meant for it is lost, and nothing tells
///   retry@TAG        the first <TAG> is refused with AttemptRetry, before anything is done
///   stall@N          when the programmer has received N raw bytes it takes nothing for 20 s, once
///   slow-erase:S     the first erase takes S seconds longer
///   unanswered@TAG   the first <TAG> is taken, and nothing is done and said
///   tells-digests    the programmer has getsha256digest, as those of later families do
///   wrong-digest     its digests are those of something else
///   ignores-skip-write   SkipWrite="1" is answered as it should be, and programs are written all the same
///   sahara-out-of-range   READ_DATA asks beyond the programmer's end
///   sahara-4gib      READ_DATA asks for 4 GiB
///   lost-hello       Sahara says nothing
///   log-flood        the programmer logs without end after configure
///   half-document    the reply to configure is cut in the middle of its XML
///   silent           the programmer never answers
///   babble@TAG       instead of the answer to the first <TAG> comes more than fits the host's transfer
///   never-returns    after the reset nothing comes back to the bus
///   wrong-revision   the modem boots but reports another revision
///   loader-refused   DLOAD takes nothing at NPRG's address
///   loader-dead      a streaming loader that was started by GO is never heard of again
///   wrong-address@N  the streaming write of byte N is confirmed with another address
///   sahara-dead      Sahara takes everything and never says a word
///   loops:S          the firmware it came with restarts by itself S seconds after it came; DIAG answers meanwhile
///   full-speed       it comes up at full speed in every mode
/// What a modem has on its chip when it is first powered on (birth.h); a flash or a backup cures it, as for real:
///   blank@NAME       partition NAME is erased
///   torn@NAME        power was cut while the middle of NAME was programmed
///   force-fastboot   misc holds the flag that `fastboot flash` leaves
///   no-imei          EFS has no IMEI in it
///   no-calibration   EFS has no RF calibration in it
///   foreign-efs      EFS has the calibration of another module in it
/// How its firmware behaves:
///   composition@NAME its USB composition is rndis, ecm, mbim, mbim_only, laptop, no_at or no_diag (composition.h)
///   at-silent        AT is there and says nothing; likewise diag-silent
///   at-noise         AT answers with bytes that mean nothing
///   at-error@NAME    the AT commands that begin with +NAME are answered by ERROR (`at-error@cfun`)
///   diag-flood       DIAG sends log frames without end
///   not-ready:S      QGMR shows its placeholder for S seconds longer
///   cfun:N           somebody has put it into AT+CFUN=N
///   no-sim, sim-pin, sim-fails   what it says of its SIM
struct Fault {
  std::string kind;
  std::optional<std::uint64_t> at;  ///< @N as a number
  std::string where;                ///< @TAG as text
  std::uint64_t argument = 0;       ///< :N
};

/// @return Code::usage, listing the kinds
Result<Fault> parse_fault(std::string_view spec);

/// The faults of one modem; asked at the moments they name.
class Faults {
public:
  Faults() = default;

  explicit Faults(std::vector<Fault> faults) : faults_(std::move(faults)) {}

  /// The first fault of that kind, or nullptr.
  const Fault* find(std::string_view kind) const;

  /// True once for a fault KIND@WHERE; it is used up.
  bool strikes(std::string_view kind, std::string_view where);

  const std::vector<Fault>& all() const { return faults_; }

private:
  std::vector<Fault> faults_;
};

}  // namespace modemedic::twin
