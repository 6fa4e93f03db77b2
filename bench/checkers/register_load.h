#pragma once
// Clients that are always busy with one register: half reads, three tenths writes, two tenths
// compare-and-sets, no value twice. Each operation takes effect at one moment between its invocation and its
// completion, so the history is linearizable, unless it is asked to be bad: then one read, after seven tenths
// of the operations, returns what was overwritten long before.

#include "checkers/history_table.h"
#include "common/prng.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::bench {

struct RegisterShape {
  std::uint64_t operations = 0;
  std::uint32_t clients = 0;
  bool bad = false;
};

enum class RegisterVerb : std::uint8_t { kRead, kWrite, kCas };

/// Values count from 1; 0 is what the register holds first.
struct RegisterEvent {
  std::uint64_t position = 0;  ///< in the history
  std::uint64_t invoke = 0;    ///< position of the operation's invocation
  std::uint64_t process = 0;
  OpType type = OpType::kInvoke;
  RegisterVerb verb = RegisterVerb::kRead;
  std::uint64_t expects = 0;  ///< of a read that returned, what it returned
  std::uint64_t gives = 0;
  std::uint64_t seen = 0;  ///< of a failed compare-and-set
};

/// Makes the events one after the other. The same shape gives the same history.
class RegisterLoad {
 public:
  explicit RegisterLoad(const RegisterShape& shape);

  /// Nothing at the end.
  [[nodiscard]] std::optional<RegisterEvent> next();

 private:
  struct Client {
    enum class State : std::uint8_t { kIdle, kInvoked, kDone };

    State state = State::kIdle;
    RegisterEvent open;
    bool unknown = false;  ///< nobody will hear how it ended
  };

  RegisterEvent invoke(Client& client);
  void take_effect(Client& client);
  RegisterEvent complete(Client& client);

  RegisterShape shape_;
  Rng rng_;
  std::vector<Client> clients_;
  std::uint64_t value_ = 0;
  std::uint64_t last_value_ = 0;  ///< that was given to an operation
  std::uint64_t old_value_ = 0;   ///< held at half of the operations
  std::uint64_t invoked_ = 0;     ///< operations
  std::uint64_t positions_ = 0;
  std::uint64_t processes_;
  bool lied_ = false;
};

[[nodiscard]] HistoryTable make_table(const RegisterShape& shape);
/// As JSON lines. The error says what the disk said.
[[nodiscard]] Status write_jsonl(const RegisterShape& shape, const std::string& path);

}  // namespace ordeal::bench
