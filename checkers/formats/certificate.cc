#include "checkers/formats/certificate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checkers/formats/json_text.h"

namespace ordeal {
namespace {

void append_proof(std::string& out, const KeyProof& proof) {
  out += fmt::format(R"({{"key":{},"verdict":"{}")", print_json(proof.key), to_text(proof.verdict));
  if (proof.verdict == Verdict::kValid) out += fmt::format(R"(,"order":[{}])", fmt::join(proof.order, ","));
  if (proof.verdict == Verdict::kInvalid) {
    if (proof.from) out += fmt::format(R"(,"from":{})", *proof.from);
    std::vector<std::uint32_t> whole;
    std::vector<std::uint32_t> writes;
    for (const KeyProof::Part& part : proof.parts) (part.write_only ? writes : whole).push_back(part.invoke);
    out += fmt::format(R"(,"until":{},"operations":[{}],"writes":[{}])", proof.until, fmt::join(whole, ","),
                       fmt::join(writes, ","));
  }
  out += "}\n";
}

}  // namespace

std::string print_certificate(std::string_view model, std::size_t events, std::span<const KeyProof> proofs) {
  std::string out = fmt::format(R"({{"certificate":{},"model":{},"events":{},"keys":{}}})",
                                kCertificateVersion, print_json(Value(model)), events, proofs.size());
  out += "\n";
  for (const KeyProof& proof : proofs) append_proof(out, proof);
  return out;
}

}  // namespace ordeal
