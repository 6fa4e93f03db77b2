#pragma once
// Accepts or refuses what a checker claims about a history (JSON lines, docs/formats/history.md) on the
// strength of its certificate alone (docs/formats/certificate.md). It knows what the models mean and how to
// try an order; it shares no code with the checkers and does not search large things.

#include <iosfwd>

/// 0: accepted, 1: refused, 2: the certificate claims nothing, 3: one of them cannot be read; says so on
/// `out` or `errors`.
int verify(std::istream& history, std::istream& certificate, std::ostream& out, std::ostream& errors);
