#include "common/prng.h"

#include <bit>

namespace ordeal {
namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// -ln(u) for u in (0, 1], with IEEE additions, multiplications and divisions only: a library's log may round
// differently elsewhere. u = m * 2^e with m in [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m-1)/(m+1)).
double minus_log(double u) {
  const auto bits = std::bit_cast<std::uint64_t>(u);
  int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double t = (mantissa - 1.0) / (mantissa + 1.0);
  const double t2 = t * t;
  double sum = 0.0;
  double power = t;
  for (int k = 1; k <= 19; k += 2) {
    sum += power / k;
    power *= t2;
  }
  return -(2.0 * sum + exponent * 0.6931471805599453);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : seed_(seed) {
  std::uint64_t mix = seed;
  for (auto& word : state_) word = splitmix(mix);
}

Rng Rng::split(std::string_view purpose) const {
  return Rng(stable_hash(purpose, seed_));
}

Rng Rng::split(std::string_view purpose, std::uint64_t number) const {
  std::uint64_t mix = stable_hash(purpose, seed_) ^ (number * 0xd1342543de82ef95ULL);
  return Rng(splitmix(mix));
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  ORDEAL_CHECK(bound > 0);
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (low < threshold) {
      product = static_cast<Wide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t Rng::between(std::int64_t low, std::int64_t high) {
  ORDEAL_CHECK(low <= high);
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = span == 0 ? next() : below(span);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

double Rng::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

bool Rng::chance(std::uint64_t numerator, std::uint64_t denominator) {
  return below(denominator) < numerator;
}

std::int64_t Rng::exponential(std::int64_t mean) {
  ORDEAL_CHECK(mean >= 0);
  ORDEAL_CHECK(mean < std::int64_t{1} << 56);
  const double gap = minus_log(1.0 - unit());
  return static_cast<std::int64_t>((gap < 64.0 ? gap : 64.0) * static_cast<double>(mean));
}

std::uint64_t stable_hash(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ seed;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return splitmix(hash);
}

}  // namespace ordeal
