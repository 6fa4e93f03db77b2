# Run by cmake -P at every build: writes ${OUTPUT} with the version and, in a work tree, the commit. Touches the
# file only when it changes.
execute_process(COMMAND git describe --always --dirty WORKING_DIRECTORY "${SOURCE_DIR}" OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  set(commit "")
endif()
set(text "#pragma once
// Made by build_commit.cmake.

namespace ordeal::report {

inline constexpr const char kBuildVersion[] = \"${VERSION}\";
inline constexpr const char kBuildCommit[] = \"${commit}\";

}  // namespace ordeal::report
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT text STREQUAL old)
  file(WRITE "${OUTPUT}" "${text}")
endif()
