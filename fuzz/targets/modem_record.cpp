// What is remembered of a modem: a file that is read is written the same.

#include "operation/modem_record.h"

#include "fuzz_target.h"

using namespace modemedic;
using namespace modemedic::operation;

MODEMEDIC_FUZZ(modem_record) {
  auto record = parse_record(as_text(bytes));
  if (!record) {
    fuzz::must(!record.error().why.empty(), "what can't be used has a reason");
    fuzz::must(printable(record.error().why, 100'000) == record.error().why, "a reason can be printed");
    return;
  }
  auto text = record_text(*record);
  fuzz::must(text.size() <= ModemRecord::longest_file, "a record has its bounds");
  auto again = parse_record(text);
  fuzz::must(again && *again == *record, "a record that was read can be written and read again");
  auto twice = *record;
  twice.absorb(*record);
  fuzz::must(twice.states.size() <= ModemRecord::most_states && twice.jobs.size() <= ModemRecord::most_jobs,
             "it forgets what is too much");
  record->identity();
  record->last_seen();
}
