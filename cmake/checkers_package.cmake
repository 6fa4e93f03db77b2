# The checkers for other projects: `cmake --install BUILD --component ordeal-checkers --prefix DIR`, after building the target
# ordeal-checkers, installs what find_package(ordeal-checkers) finds: docs/checkers-library.md.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Static for C++: types of the standard library and templates cross this interface, so it holds for one compiler and one
# version, and a shared library would promise more.
set(parts common checkers transactions causal consistency formats linearizability simple_checkers checker_driver)
add_library(ordeal_checkers_cxx STATIC)
foreach(part ${parts})
  target_sources(ordeal_checkers_cxx PRIVATE $<TARGET_OBJECTS:ordeal_${part}>)
  # These objects also go into libordeal-checkers.so; hidden, so that calls within it stay direct.
  set_target_properties(ordeal_${part} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden)
  if(NOT part STREQUAL common)
    get_target_property(part_headers ordeal_${part} HEADER_SET)
    list(APPEND headers ${part_headers})
  endif()
endforeach()
# Of common/ what those headers include.
foreach(name check history ids op result strong_int time value)
  list(APPEND headers ${PROJECT_SOURCE_DIR}/common/${name}.h)
endforeach()
target_sources(ordeal_checkers_cxx PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
target_compile_features(ordeal_checkers_cxx PUBLIC cxx_std_20)
target_link_libraries(ordeal_checkers_cxx PUBLIC fmt::fmt PRIVATE Boost::json Threads::Threads ZLIB::ZLIB)
set_target_properties(ordeal_checkers_cxx PROPERTIES
  LINKER_LANGUAGE CXX OUTPUT_NAME ordeal-checkers-cxx EXPORT_NAME checkers)
set_target_properties(ordeal_checkers_c PROPERTIES EXPORT_NAME checkers_c)
# For <ordeal/checkers/checker.h>; the file sets give the folder for "checkers/checker.h", which CMake before 3.23 does not read.
foreach(target ordeal_checkers_cxx ordeal_checkers_c)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/ordeal>)
endforeach()
add_custom_target(ordeal-checkers DEPENDS ordeal_checkers_cxx ordeal_checkers_c)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ordeal-checkers)
install(TARGETS ordeal_checkers_cxx ordeal_checkers_c EXPORT ordeal-checkers
  ARCHIVE COMPONENT ordeal-checkers
  LIBRARY COMPONENT ordeal-checkers
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ordeal COMPONENT ordeal-checkers)
install(EXPORT ordeal-checkers NAMESPACE ordeal:: FILE ordeal-checkers-targets.cmake
  DESTINATION ${config_dir} COMPONENT ordeal-checkers)
configure_package_config_file(cmake/ordeal-checkers-config.cmake.in ordeal-checkers-config.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(ordeal-checkers-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ordeal-checkers-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ordeal-checkers-config-version.cmake
  DESTINATION ${config_dir} COMPONENT ordeal-checkers)
install(FILES LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ordeal-checkers COMPONENT ordeal-checkers)
