#include "common/time.h"

#include <cmath>

namespace ordeal {

std::string to_text(Duration duration) {
  const std::int64_t ns = duration.ns();
  const double value = static_cast<double>(ns);
  const double size = std::fabs(value);
  if (size >= 999'950'000) return fmt::format("{:.3f}s", value / 1e9);  // From where ms would print 1000.0.
  if (size >= 1'000'000) return fmt::format("{:.1f}ms", value / 1e6);
  return fmt::format("{}us", ns / 1'000);
}

}  // namespace ordeal
