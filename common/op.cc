#include "common/op.h"

#include <fmt/format.h>

namespace ordeal {

std::string_view to_text(OpType type) {
  switch (type) {
    case OpType::kInvoke:
      return "invoke";
    case OpType::kOk:
      return "ok";
    case OpType::kFail:
      return "fail";
    case OpType::kInfo:
      return "info";
  }
  return "info";
}

std::optional<OpType> parse_op_type(std::string_view text) {
  for (const OpType type : {OpType::kInvoke, OpType::kOk, OpType::kFail, OpType::kInfo}) {
    if (text == to_text(type)) return type;
  }
  return std::nullopt;
}

std::string to_text(const Op& op) {
  const std::string process =
      op.process == kNemesisProcess ? std::string("nemesis") : fmt::format("p{}", op.process);
  std::string out =
      fmt::format("{} {} {} {} {}", op.index, to_text(op.time), process, to_text(op.type), op.f);
  if (!op.key.is_nil()) out += ' ' + to_text(op.key);
  out += ' ' + to_text(op.value);
  if (!op.error.empty()) out += " (" + op.error + ')';
  return out;
}

}  // namespace ordeal
