# modemedic_embed(<target> <pattern>…): text files below data/ become an object library with one function,
# modemedic::embedded_data(), that lists {path relative to data/, content}.
function(modemedic_embed target)
  set(table "")
  foreach(pattern IN LISTS ARGN)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/data ${CMAKE_SOURCE_DIR}/data/${pattern})
    foreach(file IN LISTS files)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/${file})
      file(READ ${CMAKE_SOURCE_DIR}/data/${file} content)
      string(APPEND table "    {\"${file}\", R\"~~~~(${content})~~~~\"},\n")
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${target}.cpp @ONLY CONTENT [[
#include "knowledge/embedded_data.h"

namespace modemedic::knowledge {

std::span<const EmbeddedFile> embedded_data() {
  static constexpr EmbeddedFile files[] = {
@table@  };
  return files;
}

}  // namespace modemedic::knowledge
]])
  add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/${target}.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/layers/knowledge)
endfunction()
