#pragma once
// The files of assets/, built in. Their definitions are made by embed_assets.cmake.

#include <string_view>

namespace ordeal::report {

struct Asset {
  std::string_view text;
  std::string_view sha256;  ///< of the text, in hexadecimal
};

namespace assets {
extern const Asset report_css;
extern const Asset data_js;
extern const Asset plot_js;
extern const Asset timeline_js;
extern const Asset latency_js;
extern const Asset serve_css;
}  // namespace assets

}  // namespace ordeal::report
