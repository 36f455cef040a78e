#pragma once

#include "base/events.h"
#include "firmware/package.h"
#include "knowledge/judge.h"
#include "operation/chip_table.h"
#include "operation/find_modem.h"
#include "operation/identify.h"
#include "operation/modem_records.h"
#include "plan/plan.h"
#include "protocol/sahara_host.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The one gate between a package and a modem. Whatever erases or writes takes an Admission, and nothing but the gate
/// makes one.
namespace modemedic::operation {

/// What the person says to the rules.
struct GateOptions {
  std::set<std::string> overrides;               ///< rules that stop, lifted by their ids
  ModemRecords* records = nullptr;               ///< what is remembered of modems; nullptr: nothing
  bool backup_at_hand = false;                   ///< of this very modem's IMEI and calibration: what rule efs asks for
  bool saves_files = false;                      ///< a flash without Firehose copies files and NV items before it
                                                 ///< leaves a modem that shows them: that is a backup, too
  plan::Method method = plan::Method::firehose;  ///< of the plan that is to be walked
};

/// What is known of a modem before anything is done to it, and what the rules say of a package for it.
struct Examination {
  std::optional<Identity> identity;  ///< what it told, or what is remembered of its chip; nothing when neither
  bool told = false;                 ///< it told that itself, now
  std::string guess;                 ///< of one that is not known: what its port makes probable; never proof
  knowledge::ModemFacts modem;
  knowledge::PackageFacts package;
  std::vector<knowledge::Fault> faults;
  knowledge::Judgement judgement;
};

/// Asks a modem who it is, for who wants to judge many packages for it: the package's side and the judgement stay
/// empty. Changes nothing. The modem must be reserved.
/// @param records  as examine()
/// @return as examine()
Result<Examination> look_at(usb::Bus& bus, const Found& modem, ModemRecords* records, Events& events,
                            plan::Method method = plan::Method::firehose);

/// Asks a modem who it is, and all rules what they say. Changes nothing, refuses nothing: for who wants to know.
/// The modem must be reserved.
/// @param records  what is remembered of modems that can't be asked; nullptr: nothing
/// @return what keeps it from being asked: Code::permission, Code::busy, Code::modem_lost
/// @param method  by which it would go onto the modem: what that may erase is judged, too
Result<Examination> examine(usb::Bus& bus, const Found& modem, const firmware::Package& package, ModemRecords* records,
                            Events& events, plan::Method method = plan::Method::firehose);

/// The same without a modem in sight, from facts.
/// @param faults  what was found against the modem
/// @return Code::package_bad when no plan can be made of the package for a reason that is no rule
Result<knowledge::Judgement> judge_package(const knowledge::ModemFacts& modem, const firmware::Package& package,
                                           std::vector<knowledge::Fault> faults = {});

/// What the rules say of a package for whatever modem: only what none may take is in it.
Result<knowledge::Judgement> judge_alone(const firmware::Package& package);

/// A rule that spoke, as it is told.
event::Rule told(const knowledge::Spoken& spoken, const knowledge::Judgement& judgement, bool lifted);

/// Makes and verifies a backup of what is the module's own: for a rule that needs one before it can be lifted.
using BackUp = std::function<Result<void>()>;

/// Tells every rule that spoke, and whether the person lifts it.
/// @return the ids of the rules that were lifted; Code::refused with the gravest that was not; Code::usage for an
///         override that names no rule
Result<std::set<std::string>> pass(const knowledge::Judgement& judgement, const GateOptions& options, Events& events,
                                   const BackUp& back_up = {});

/// What the chip told when its programmer ran.
struct ChipAnswers {
  protocol::ChipIdentity identity;
  plan::ChipReport storage;
  ChipTable table;
  BackUp back_up = {};
};

/// A modem and a package that may go together, as far as anybody could say before the chip itself is asked. Keeps
/// others away from the modem as long as it lives.
class Admission {
public:
  Admission(Admission&&) = default;
  Admission& operator=(Admission&&) = default;

  const Found& modem() const { return modem_; }

  const firmware::Package& package() const { return *package_; }

  /// What the modem told of itself, or what is remembered of its chip; nullptr when it is not known.
  const Identity* identity() const { return examination_.identity ? &*examination_.identity : nullptr; }

  /// It told that itself, now: it runs.
  bool told() const { return examination_.told; }

  ModemRecords* records() const { return options_.records; }

  /// What the plan that it was given for goes by.
  plan::Method method() const { return options_.method; }

  /// Rules that the person lifted.
  const std::set<std::string>& lifted() const { return lifted_; }

  /// The person named a backup that was made before.
  bool backup_named() const { return options_.backup_at_hand; }

  /// Before the first erase: what only the chip can tell is known now, and the rules that waited for it speak.
  /// @return the ids of rules that were lifted by this; Code::refused
  Result<std::set<std::string>> confirm(const ChipAnswers& chip, const plan::ProvenPlan& plan, Events& events);

  /// The same for a way on which only the boot loader in fastboot can be asked, and only whether its chip is fused.
  /// @param fused  nothing: it did not say
  /// @return Code::refused
  Result<std::set<std::string>> confirm(std::optional<bool> fused, Events& events);

private:
  Result<std::set<std::string>> judge_again(Events& events, const BackUp& back_up);

  friend Result<Admission> admit(usb::Bus&, const Found&, const firmware::Package&, const GateOptions&, Events&);

  Admission(Found modem, const firmware::Package& package, GateOptions options)
      : modem_(std::move(modem)), package_(&package), options_(std::move(options)) {}

  Found modem_;
  const firmware::Package* package_;
  GateOptions options_;
  std::unique_ptr<usb::Reservation> reservation_;
  Examination examination_;
  std::set<std::string> lifted_;
};

/// Reserves the modem, asks it who it is, and lets the rules speak. Nothing that changes its state is sent.
/// @param package  must outlive the admission
/// @return Code::refused with the rule; Code::usage; what keeps the modem from being asked
Result<Admission> admit(usb::Bus& bus, const Found& modem, const firmware::Package& package, const GateOptions& options,
                        Events& events);

}  // namespace modemedic::operation
