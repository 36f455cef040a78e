#pragma once

#include "base/events.h"
#include "operation/chip_table.h"
#include "operation/find_modem.h"
#include "operation/identify.h"
#include "operation/programmer_file.h"
#include "operation/run_firehose.h"
#include "plan/plan.h"
#include "usb/bus.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace modemedic::operation {

/// A modem in EDL whose programmer runs, with all that can be known of its chip: what backup, restore and the `edl`
/// commands work on. Others are kept away from the modem as long as it lives. Opening one writes nothing.
class ChipSession {
public:
  struct Setup {
    usb::Bus& bus;
    const Found& modem;
    const Programmer& programmer;
    ModemRecords* records = nullptr;  ///< what is remembered of modems; nullptr: nothing
    std::string time;                 ///< now, UTC, ISO 8601, for the records
    Events& events;
    std::stop_token stop;
  };

  /// Asks a running modem who it is and brings it into EDL, asks the boot ROM, looks whether the programmer is for that
  /// chip, hands it over, and asks it for geometry, bad blocks and the partition table. A modem that can't be brought
  /// so far is put back where it came from.
  static Result<std::unique_ptr<ChipSession>> open(const Setup& setup);

  ~ChipSession() = default;
  ChipSession(const ChipSession&) = delete;
  ChipSession& operator=(const ChipSession&) = delete;

  FirehoseLink& link() { return *link_; }

  const Found& modem() const { return modem_; }

  const Geometry& geometry() const { return storage_.geometry; }

  const plan::ChipReport& storage() const { return storage_; }

  const ChipTable& table() const { return table_; }

  /// The partition of that name in whatever case.
  /// @return Code::usage, naming those that there are
  Result<firmware::Partition> partition(const std::string& name) const;

  const Programmer& programmer() const { return setup_.programmer; }

  /// What it told of itself before the switch, or what is remembered of its chip for certain; and its chip.
  const Identity& identity() const { return identity_; }

  /// It ran before, and is brought back when all is done.
  bool ran() const { return told_; }

  /// Its programmer ran when it was found: nothing has changed on the chip since then but by us.
  bool programmer_ran() const { return programmer_ran_; }

  const std::stop_token& stop() const { return setup_.stop; }

  Events& events() { return setup_.events; }

  const Clock& clock() const { return setup_.bus.clock(); }

  const std::string& time() const { return setup_.time; }

  ModemRecords* records() const { return setup_.records; }

  /// Leaves a modem to which nothing was written: it is reset, and one that ran is seen to run again.
  /// @return one sentence on how that went
  std::string leave();

  /// The same after a failure, as the hint of it.
  Error explain(Error error);

  /// Resets a modem that was written to.
  Result<void> reset();

  /// And waits until it runs.
  /// @return what it says of itself
  Result<Identity> restart();

private:
  explicit ChipSession(Setup setup) : setup_(std::move(setup)), modem_(setup_.modem) {}

  Result<void> enter();
  Result<void> ask_boot_rom();
  Result<void> upload();
  void remember();
  void step(std::string id, std::string what);

  Setup setup_;
  std::unique_ptr<usb::Reservation> reservation_;
  Found modem_;
  Identity identity_;
  std::optional<Identity> before_;
  std::unique_ptr<usb::Pipe> pipe_;
  std::optional<FirehoseLink> link_;
  plan::ChipReport storage_;
  ChipTable table_;
  std::string during_;
  Buffer said_;  ///< by a programmer that was found running
  bool told_ = false;
  bool programmer_ran_ = false;
  bool programmer_runs_ = false;
};

}  // namespace modemedic::operation
