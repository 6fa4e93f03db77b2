#include <string_view>
#include <vector>

#include "checkers/c_api/ordeal_checkers.h"
#include "checkers/driver/models.h"
#include "checkers/formats/formats.h"

namespace ordeal::c_api {
namespace {

/// Of a list of constants, all of which are literals and so end with a zero byte.
template <class Info>
const char* text_at(const std::vector<Info>& infos, std::size_t index, std::string_view Info::*member) {
  return index < infos.size() ? (infos[index].*member).data() : nullptr;
}

}  // namespace
}  // namespace ordeal::c_api

// The functions of C are in no namespace.
using namespace ordeal;
using namespace ordeal::c_api;

extern "C" {

size_t ordeal_model_count(void) {
  return list_models().size();
}

const char* ordeal_model_name(size_t index) {
  return text_at(list_models(), index, &ModelInfo::name);
}

const char* ordeal_model_text(size_t index) {
  return text_at(list_models(), index, &ModelInfo::text);
}

size_t ordeal_format_count(void) {
  return list_formats().size();
}

const char* ordeal_format_name(size_t index) {
  return text_at(list_formats(), index, &FormatInfo::name);
}

const char* ordeal_format_text(size_t index) {
  return text_at(list_formats(), index, &FormatInfo::text);
}

}  // extern "C"
