#include "app/revision_option.h"

namespace modemedic::app {

Result<firmware::Revision> revision_option(const std::string& text) {
  auto revision = firmware::parse_revision(text);
  if (!revision) {
    return fail(Code::usage)
        .what("`" + text + "` is no revision name")
        .hint("write it as AT+QGMR shows it, such as EG25GGBR07A08M2G_30.006.30.006");
  }
  return *revision;
}

}  // namespace modemedic::app
