#include "common/check.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ordeal {
namespace {

thread_local const std::string* context = nullptr;

}  // namespace

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s%s%s\n", file, line, condition,
               context != nullptr ? ", in " : "", context != nullptr ? context->c_str() : "");
  std::abort();
}

CheckContext::CheckContext(std::string what) : what_(std::move(what)), before_(context) {
  context = &what_;
}

CheckContext::~CheckContext() {
  context = before_;
}

}  // namespace ordeal
