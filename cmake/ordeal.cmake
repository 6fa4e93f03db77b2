# The one library function of the project, and its twin for tests.
#
# ordeal_library(raft
#   HEADERS a.h b.h        public and private headers alike; each is compiled alone
#   SOURCES a.cc
#   DEPS ordeal::common    the include table of docs/ARCHITECTURE.md, section 4
#   PRIVATE_DEPS Boost::json)
# makes the target ordeal_raft with the alias ordeal::raft.
function(ordeal_library name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  set(target ordeal_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE_DEPS})
    ordeal_compile_options(${target})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ordeal::${name} ALIAS ${target})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${ARG_DEPS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# ordeal_program(ordeal-node SOURCES main.cc DEPS ordeal::host): an installed program.
function(ordeal_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  ordeal_compile_options(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(NOT name MATCHES "^bench-")
    install(TARGETS ${name} RUNTIME DESTINATION bin)
  endif()
endfunction()

# ordeal_test(raft_test SOURCES log_test.cc DEPS ordeal::raft [LABEL integration] [TIMEOUT 60] [RUN_SERIAL]):
# one GoogleTest program, one ctest entry. The default label is unit.
function(ordeal_test name)
  cmake_parse_arguments(ARG "RUN_SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(ORDEAL_SANITIZE)
    math(EXPR ARG_TIMEOUT "3 * ${ARG_TIMEOUT}") # instrumented code is several times slower
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE ORDEAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             ORDEAL_BINARY_DIR="${CMAKE_BINARY_DIR}/bin")
  ordeal_compile_options(${name})
  if(NOT TARGET tests_${ARG_LABEL})
    add_custom_target(tests_${ARG_LABEL}) # all tests of one label
  endif()
  add_dependencies(tests_${ARG_LABEL} ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_RUN_SERIAL})
endfunction()

# Warnings, sanitizers and the floating point rule of docs/ARCHITECTURE.md, section 4, for one target.
function(ordeal_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 takes the alternatives of a std::variant that are not held for uninitialised reads.
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  endif()
  if(CMAKE_UNITY_BUILD)
    # Neighbours in a unity file hide each other's names; the other presets compile each file by itself.
    target_compile_options(${target} PRIVATE -Wno-shadow -Wno-subobject-linkage)
  endif()
  if(ORDEAL_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(ORDEAL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${ORDEAL_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${ORDEAL_SANITIZE})
    if(ORDEAL_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-tsan) # Asio's fences; g++ warns on each
    endif()
  endif()
  if(ORDEAL_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY clang-tidy-14)
  endif()
endfunction()
