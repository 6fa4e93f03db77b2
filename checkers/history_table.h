#pragma once
// A history as columns: what a vector of Op says, in a fraction of its memory. Checkers read this; readers of
// files build it event by event, without an Op.

#include "checkers/value_pool.h"
#include "common/history.h"
#include "common/result.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Number of a name of an operation (`f`) in one table.
using OpName = std::uint16_t;

/// One event, with text and values already in the table's pool.
struct EventRow {
  Duration time;
  ProcessId process;
  OpType type = OpType::kInvoke;
  OpName f = 0;
  Cell key;
  Cell value;
  NodeId node;
};

/// An operation of a client: positions of its events.
struct OperationRow {
  static constexpr std::uint32_t kOpen = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t invoke = 0;
  std::uint32_t complete = kOpen;  ///< kOpen when the history ended first

  [[nodiscard]] bool completed() const { return complete != kOpen; }
};

class HistoryTable {
 public:
  static constexpr std::size_t kEventsMax = OperationRow::kOpen - 1;

  HistoryTable() = default;
  HistoryTable(
      const History& history);  // NOLINT: meant to convert, where a run's history goes to its checkers

  [[nodiscard]] std::size_t size() const { return times_.size(); }
  [[nodiscard]] bool empty() const { return times_.empty(); }

  [[nodiscard]] Duration time(std::size_t i) const { return Duration(times_[i]); }
  [[nodiscard]] ProcessId process(std::size_t i) const { return ProcessId(processes_[i]); }
  [[nodiscard]] OpType type(std::size_t i) const { return types_[i]; }
  [[nodiscard]] OpName f(std::size_t i) const { return names_[i]; }
  [[nodiscard]] const std::string& f_text(std::size_t i) const { return name_texts_[names_[i]]; }
  [[nodiscard]] Cell key(std::size_t i) const { return keys_[i]; }
  [[nodiscard]] Cell value(std::size_t i) const { return values_[i]; }
  /// A string; nil when there is none.
  [[nodiscard]] Cell error(std::size_t i) const { return member(i, kErrorMember).value_or(Cell()); }
  [[nodiscard]] NodeId node(std::size_t i) const { return NodeId(nodes_[i]); }
  /// The version that the server gave.
  [[nodiscard]] std::optional<std::uint64_t> version(std::size_t i) const;
  /// A member that the format does not name.
  [[nodiscard]] std::optional<Cell> extra(std::size_t i, std::string_view name) const;
  /// Everything at once.
  [[nodiscard]] Op op(std::size_t i) const;
  [[nodiscard]] History to_history() const;

  /// The number of a name; nothing when no event has it.
  [[nodiscard]] std::optional<OpName> find_name(std::string_view f) const;
  [[nodiscard]] const ValuePool& pool() const { return pool_; }

  /// The same rules as check_well_formed(History): only `index` is not kept, so it must have been looked at.
  [[nodiscard]] Status check_well_formed() const;
  /// Operations of client processes, in order of invocation. Requires: check_well_formed().
  [[nodiscard]] std::vector<OperationRow> operations() const;

  /// Memory used, in bytes, without members that only some events have.
  [[nodiscard]] std::uint64_t bytes() const;

  // Building.
  void reserve(std::size_t events);
  [[nodiscard]] ValuePool& pool() { return pool_; }
  /// Requires: fewer than 65,535 different names.
  [[nodiscard]] Result<OpName> name(std::string_view f);
  /// Requires: size() < kEventsMax.
  void add(const EventRow& row);
  /// Members of the last event that few have.
  void set_error(Cell error) { set_member(kErrorMember, error); }
  void set_intended(Duration intended);
  void set_version(std::uint64_t version);
  void set_session(std::uint64_t session);
  void set_attempt(std::uint64_t attempt);
  void set_extra(std::string_view name, Cell value);
  /// The whole event; its index is not kept. The error says which limit it meets.
  [[nodiscard]] Status add(const Op& op);

 private:
  /// A column of numbers that only some events have.
  struct SomeNumbers {
    std::vector<std::uint64_t> numbers;  ///< by position, as far as there are any
    std::vector<bool> there;

    void set(std::size_t position, std::uint64_t number);
    [[nodiscard]] std::optional<std::uint64_t> get(std::size_t position) const;
  };
  struct Member {
    std::uint32_t position = 0;
    std::uint32_t name = 0;  ///< in member_names_
    Cell value;
  };

  static constexpr std::uint32_t kErrorMember = 0;

  void set_member(std::uint32_t name, Cell value);
  [[nodiscard]] std::optional<Cell> member(std::size_t i, std::uint32_t name) const;
  [[nodiscard]] std::span<const Member> members_of(std::size_t i) const;

  std::vector<std::int64_t> times_;  ///< ns
  std::vector<std::int64_t> processes_;
  std::vector<OpType> types_;
  std::vector<OpName> names_;
  std::vector<Cell> keys_;
  std::vector<Cell> values_;
  std::vector<std::uint32_t> nodes_;
  SomeNumbers intended_;
  SomeNumbers versions_;
  SomeNumbers sessions_;
  SomeNumbers attempts_;
  std::vector<Member> members_;  ///< in order of positions: error, and what the format does not name
  std::vector<std::string> member_names_ = {"error"};
  std::vector<std::string> name_texts_;
  ValuePool pool_;
};

}  // namespace ordeal
