#include "usb/permission_fix.h"

#include "support/tool.h"

#include <gmock/gmock.h>

namespace modemedic::usb {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PermissionFix : public testing::Test {
protected:
  std::string with(const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    test::write_text(folder / name, "");
    return folder / name;
  }

  test::TemporaryDirectory folder;
  PermissionSigns signs{.installed = {folder / "etc/70-modemedic.rules"}, .copies = {folder / "70-modemedic.rules"}};
};

TEST_F(PermissionFix, IsTheCommandsThatInstallTheRules) {
  with("70-modemedic.rules");
  EXPECT_THAT(permission_fix(signs),
              HasSubstr("sudo cp " + (folder / "70-modemedic.rules") +
                        " /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger"));
}

TEST_F(PermissionFix, NamesTheRulesWhereNoCopyIsFound) {
  EXPECT_THAT(permission_fix(signs), HasSubstr("sudo cp packaging/udev/70-modemedic.rules /etc/udev/rules.d/"));
}

TEST_F(PermissionFix, CanBePastedWhateverTheFolderIsCalled) {
  signs.copies = {with("it's mine; rm -rf/70-modemedic.rules")};
  EXPECT_THAT(permission_fix(signs), HasSubstr("'" + (folder / "it'\\''s mine; rm -rf/70-modemedic.rules") + "' /etc"));
}

TEST_F(PermissionFix, IsTheGroupWhereTheRulesAreThere) {
  with("etc/70-modemedic.rules");
  EXPECT_THAT(permission_fix(signs), AllOf(HasSubstr("are installed (" + (folder / "etc/70-modemedic.rules") + ")"),
                                           HasSubstr("usermod -aG plugdev"), Not(HasSubstr("sudo cp"))));
}

TEST_F(PermissionFix, IsNoRuleForRootNorWithoutUdev) {
  signs.root = true;
  EXPECT_THAT(permission_fix(signs), AllOf(HasSubstr("container"), Not(HasSubstr("udev rules"))));
  signs.root = false;
  signs.has_udev = false;
  EXPECT_THAT(permission_fix(signs), HasSubstr("sudo"));
}

TEST_F(PermissionFix, FindsTheCopyOfThisSourceTree) {
  auto here = PermissionSigns::here();
  here.root = false;
  here.has_udev = true;
  here.installed.clear();
  EXPECT_THAT(permission_fix(here), HasSubstr("70-modemedic.rules /etc/udev/rules.d/"));
}

}  // namespace
}  // namespace modemedic::usb
