#include "common/time.h"

namespace ordeal {

std::string to_text(Duration duration) {
  const std::int64_t ns = duration.ns();
  const std::int64_t size = ns < 0 ? -ns : ns;
  const double value = static_cast<double>(ns);
  if (size >= 1'000'000'000) return fmt::format("{:.3f}s", value / 1e9);
  if (size >= 1'000'000) return fmt::format("{:.1f}ms", value / 1e6);
  return fmt::format("{}us", ns / 1'000);
}

}  // namespace ordeal
