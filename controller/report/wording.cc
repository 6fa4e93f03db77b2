#include "controller/report/wording.h"

#include "controller/report/encode.h"

#include <fmt/format.h>

#include <array>

namespace ordeal::report {
namespace {

constexpr std::size_t kValueCharactersMax = 80;

/// Three digits that count, without an exponent: 4.12, 41.2, 412.
std::string three_digits(double number) {
  if (number < 10) return fmt::format("{:.2f}", number);
  if (number < 100) return fmt::format("{:.1f}", number);
  return fmt::format("{:.0f}", number);
}

std::string argument_words(const Op& invoke) {
  const Value::List* pair = invoke.value.as_list();
  if (invoke.f == "cas" && pair != nullptr && pair->size() == 2) {
    return " " + value_words((*pair)[0]) + " to " + value_words((*pair)[1]);
  }
  return invoke.value.is_nil() ? "" : " " + value_words(invoke.value);
}

}  // namespace

std::string value_words(const Value& value) {
  const std::string* text = value.as_string();
  return clip(printable(text != nullptr ? *text : to_text(value)), kValueCharactersMax);
}

std::string operation_words(const Op& invoke, const Op* complete) {
  std::string words = printable(invoke.f) + argument_words(invoke);
  if (complete == nullptr || complete->type == OpType::kInfo) return words + " ?";
  if (complete->type == OpType::kFail)
    return words + (complete->error.empty() ? " failed" : " " + clip(printable(complete->error), 24));
  // What was answered is news only where it differs from what was asked.
  if (complete->value != invoke.value || invoke.value.is_nil()) words += " → " + value_words(complete->value);
  return words;
}

std::string count_words(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string count_words(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count_words(count), count == 1 ? one : many);
}

std::string moment_words(Duration time) {
  return fmt::format("{:.3f} s", time.seconds());
}

std::string length_words(Duration length) {
  const double us = static_cast<double>(length.ns()) / 1e3;
  if (us < 0) return "-" + length_words(Duration(-length.ns()));
  if (us < 1e3) return three_digits(us) + " µs";
  if (us < 1e6) return three_digits(us / 1e3) + " ms";
  if (us < 600e6) return three_digits(us / 1e6) + " s";
  return fmt::format("{} min {} s", length.ns() / 60'000'000'000, length.ns() / 1'000'000'000 % 60);
}

std::string bytes_words(std::uint64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return count_words(bytes, "byte", "bytes");
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return three_digits(size) + " " + kUnits.at(unit);
}

}  // namespace ordeal::report
