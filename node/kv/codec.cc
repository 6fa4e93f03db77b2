#include "node/kv/codec.h"

namespace ordeal::kv {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kStepSizeMin = 5;     // kind and an empty key
constexpr std::size_t kResultSizeMin = 10;  // ok, version and the tag of the value
enum StoredTag : std::uint8_t { kNothing = 0, kPlain = 1, kList = 2 };

bool has_value(StepKind kind) {
  return kind == StepKind::kPut || kind == StepKind::kCas || kind == StepKind::kAppend;
}

void encode_step(Encoder& encoder, const Step& step) {
  encoder.u8(static_cast<std::uint8_t>(step.kind));
  encoder.bytes(step.key);
  if (has_value(step.kind)) encoder.bytes(step.value);
  if (step.kind != StepKind::kCas) return;
  encoder.boolean(step.expected.has_value());
  if (step.expected) encoder.bytes(*step.expected);
}

Step decode_step(Decoder& decoder) {
  Step step;
  const std::uint8_t kind = decoder.u8();
  if (kind < static_cast<std::uint8_t>(StepKind::kGet) || kind > static_cast<std::uint8_t>(StepKind::kAppend))
    decoder.fail();
  step.kind = static_cast<StepKind>(kind);
  step.key = decoder.bytes();
  if (has_value(step.kind)) step.value = decoder.bytes();
  if (step.kind == StepKind::kCas && decoder.boolean()) step.expected = Bytes(decoder.bytes());
  return step;
}

}  // namespace

void encode_stored(Encoder& encoder, const Stored& stored) {
  if (const auto* plain = std::get_if<Bytes>(&stored)) {
    encoder.u8(kPlain);
    encoder.bytes(*plain);
  } else if (const auto* list = std::get_if<std::vector<Bytes>>(&stored)) {
    encoder.u8(kList);
    encoder.u32(static_cast<std::uint32_t>(list->size()));
    for (const Bytes& item : *list) encoder.bytes(item);
  } else {
    encoder.u8(kNothing);
  }
}

Stored decode_stored(Decoder& decoder) {
  switch (decoder.u8()) {
    case kNothing:
      return {};
    case kPlain:
      return Bytes(decoder.bytes());
    case kList: {
      std::vector<Bytes> list(decoder.count(4));
      for (Bytes& item : list) item = decoder.bytes();
      return list;
    }
    default:
      decoder.fail();
      return {};
  }
}

Bytes encode(const Command& command) {
  Encoder encoder;
  encoder.u8(kFormat);
  encoder.boolean(command.session.has_value());
  if (command.session) {
    encoder.u64(command.session->client);
    encoder.u64(command.session->sequence);
  }
  encoder.u32(static_cast<std::uint32_t>(command.steps.size()));
  for (const Step& step : command.steps) encode_step(encoder, step);
  return std::move(encoder).take();
}

Result<Command> decode_command(std::string_view bytes) {
  Decoder decoder(bytes);
  Command command;
  if (decoder.u8() != kFormat) decoder.fail();
  if (decoder.boolean()) {
    const std::uint64_t client = decoder.u64();
    command.session = SessionStamp{client, decoder.u64()};
  }
  const std::uint32_t count = decoder.count(kStepSizeMin);
  command.steps.reserve(count);
  for (std::uint32_t i = 0; i < count && decoder.ok(); ++i) command.steps.push_back(decode_step(decoder));
  if (!decoder.finished()) return Error{ErrorCode::kCorruption, "these bytes are no encoded command"};
  return command;
}

Bytes encode(const Reply& reply) {
  Encoder encoder;
  encoder.u8(kFormat);
  encoder.u8(static_cast<std::uint8_t>(reply.code));
  encoder.boolean(reply.duplicate);
  encoder.id(reply.index);
  encoder.u32(static_cast<std::uint32_t>(reply.results.size()));
  for (const StepResult& result : reply.results) {
    encoder.boolean(result.ok);
    encoder.id(result.version);
    encode_stored(encoder, result.value);
  }
  return std::move(encoder).take();
}

Result<Reply> decode_reply(std::string_view bytes) {
  Decoder decoder(bytes);
  Reply reply;
  if (decoder.u8() != kFormat) decoder.fail();
  const std::uint8_t code = decoder.u8();
  if (code > static_cast<std::uint8_t>(ReplyCode::kInvalid)) decoder.fail();
  reply.code = static_cast<ReplyCode>(code);
  reply.duplicate = decoder.boolean();
  reply.index = decoder.id<LogIndex>();
  const std::uint32_t count = decoder.count(kResultSizeMin);
  reply.results.reserve(count);
  for (std::uint32_t i = 0; i < count && decoder.ok(); ++i) {
    StepResult result;
    result.ok = decoder.boolean();
    result.version = decoder.id<Version>();
    result.value = decode_stored(decoder);
    reply.results.push_back(std::move(result));
  }
  if (!decoder.finished()) return Error{ErrorCode::kCorruption, "these bytes are no encoded reply"};
  return reply;
}

}  // namespace ordeal::kv
