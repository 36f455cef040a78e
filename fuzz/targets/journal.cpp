// Journals of jobs, as they may lie in the state folder: torn, edited, of another make.

#include "fuzz_target.h"
#include "operation/past_jobs.h"
#include "rehearsal/memory_journals.h"

using namespace modemedic;

MODEMEDIC_FUZZ(journal) {
  fuzz::PrintableEvents events;
  rehearsal::MemoryJournals journals;
  auto text = std::string(as_text(bytes));
  journals.files["2026-11-21-flash.jsonl"] = text;
  journals.files["2026-11-20-flash.jsonl"] =
      "{\"journal\":1,\"command\":\"flash\",\"port\":\"1-1\",\"plan\":\"abc\"}\n" + text;
  auto jobs = operation::read_past_jobs(journals, 8, events);
  protocol::ChipIdentity chip;
  const auto* job = operation::unfinished_job(jobs, chip, "1-1");
  fuzz::must(job == nullptr || (job->unfinished() && job->port == "1-1"), "a job that is found is of this modem");
  chip.serial = 0x49CBD7EF;
  job = operation::unfinished_job(jobs, chip, "1-1");
  fuzz::must(job == nullptr || (job->unfinished() && job->chip_serial == "49cbd7ef"), "… by its serial");
  operation::was_cut_before_erasing(jobs, "1-1");
}
