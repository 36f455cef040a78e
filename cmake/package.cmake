# What an installed modemedic is: the program, the udev rules, completion and the docs; and the Debian package of it
# (./dev package).
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # tests are not installed: they need not be built for it
install(TARGETS modemedic RUNTIME)
install(FILES packaging/udev/70-modemedic.rules DESTINATION lib/udev/rules.d)
install(FILES packaging/bash/modemedic DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the modemedic project <modemedic@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "diagnose, flash and rescue Quectel cellular modems")
set(CPACK_PACKAGE_DESCRIPTION "Brings firmware onto EC20, EC25 and EG25-G modems from whatever state they are in, by a
plan that is proven and rehearsed on a virtual modem first, and tells what is wrong with one that does not work.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION comm)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/postinst)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
