add_library(modemedic_warnings INTERFACE)
target_compile_options(modemedic_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND MODEMEDIC_SANITIZE)
  # GCC's flow warnings see paths that only the sanitizers' instrumentation makes.
  target_compile_options(modemedic_warnings INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: "literal" + std::string looks like overlapping memory to it.
  target_compile_options(modemedic_warnings INTERFACE -Wno-restrict)
endif()
if(MODEMEDIC_FUZZ)
  # Another compiler than the tests': what it warns of is told, and stops nobody who fuzzes.
  target_compile_options(modemedic_warnings INTERFACE -Wno-error)
endif()
