#pragma once
// A tagged integer: a term cannot be passed for an index, nor a node for a process. Arithmetic is what
// counters need and no more. `fmt` prints the bare number.

#include <fmt/format.h>

#include <compare>
#include <cstdint>

namespace ordeal {

template <class Tag, class Representation = std::uint64_t>
class StrongInt {
 public:
  using rep = Representation;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(rep value) : value_(value) {}

  [[nodiscard]] constexpr rep value() const { return value_; }
  constexpr auto operator<=>(const StrongInt&) const = default;

  constexpr StrongInt& operator++() {
    ++value_;
    return *this;
  }
  friend constexpr StrongInt operator+(StrongInt a, rep n) {
    return StrongInt(static_cast<rep>(a.value_ + n));
  }
  friend constexpr StrongInt operator-(StrongInt a, rep n) {
    return StrongInt(static_cast<rep>(a.value_ - n));
  }
  /// Distance. Requires: a >= b for unsigned representations.
  friend constexpr rep operator-(StrongInt a, StrongInt b) { return static_cast<rep>(a.value_ - b.value_); }

 private:
  rep value_ = 0;
};

}  // namespace ordeal

template <class Tag, class Representation>
struct fmt::formatter<ordeal::StrongInt<Tag, Representation>> : fmt::formatter<Representation> {
  template <class Context>
  auto format(const ordeal::StrongInt<Tag, Representation>& id, Context& context) const {
    return fmt::formatter<Representation>::format(id.value(), context);
  }
};
