#pragma once
// What a verdict rests on, as JSON lines that ordeal-verify and anybody else can read:
// docs/formats/certificate.md.

#include "checkers/keyed_checker.h"

#include <span>
#include <string>
#include <string_view>

namespace ordeal {

inline constexpr int kCertificateVersion = 1;

/// `events` is the size of the history.
[[nodiscard]] std::string print_certificate(std::string_view model, std::size_t events,
                                            std::span<const KeyProof> proofs);

}  // namespace ordeal
