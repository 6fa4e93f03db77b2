# Run by cmake -P: writes ${OUTPUT}, a C++ file with the files of ${ASSETS} (joined by "|") as string constants, each
# with its SHA-256, which the page's content security policy names.
set(text "// Made by embed_assets.cmake.\n#include \"controller/report/assets.h\"\n\nnamespace ordeal::report::assets {\n")
string(REPLACE "|" ";" files "${ASSETS}")
foreach(path IN LISTS files)
  get_filename_component(file "${path}" NAME)
  string(MAKE_C_IDENTIFIER "${file}" name)
  file(READ "${path}" content)
  string(SHA256 hash "${content}")
  string(APPEND text "const Asset ${name} = {R\"ordeal_asset(${content})ordeal_asset\", \"${hash}\"};\n")
endforeach()
string(APPEND text "}  // namespace ordeal::report::assets\n")
file(WRITE "${OUTPUT}" "${text}")
