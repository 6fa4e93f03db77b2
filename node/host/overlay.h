#pragma once
// What the core thread has handed to the disk and the disk has not yet taken in: changes that lie over the
// store below until they are written. Every change has a number; settle(n) lets go of those up to n.

#include "common/ids.h"
#include "node/store.h"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal::host {

class Overlay {
 public:
  enum class Found {
    kUnknown,  ///< ask the store below
    kPresent,
    kAbsent,
  };

  /// Lays the batch over the store and gives the number of its changes, one more than the last.
  std::uint64_t add(const Batch& batch);
  /// A number for something that changes nothing here but has its place in the order.
  std::uint64_t pass() { return ++last_; }
  void settle(std::uint64_t written);
  /// Lets go of everything in the space: what lies below was replaced.
  void forget(Space space);

  /// `value` is set when present and stays valid until the next change.
  [[nodiscard]] Found find(Space space, std::string_view key, std::string_view& value) const;

  using Visit = std::function<bool(std::string_view, std::string_view)>;
  /// Reads the store below from a key on: gives its keys in order, in the range that it was opened for.
  class Below {
   public:
    Below() = default;
    Below(const Below&) = delete;
    Below& operator=(const Below&) = delete;
    virtual ~Below() = default;
    [[nodiscard]] virtual bool valid() const = 0;
    [[nodiscard]] virtual std::string_view key() const = 0;
    [[nodiscard]] virtual std::string_view value() const = 0;
    virtual void next() = 0;
  };
  /// Visits [first, last) of both layers merged, in key order; an empty `last` is the end of the space.
  void scan(Space space, std::string_view first, std::string_view last, Below& below,
            const Visit& visit) const;

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::optional<Bytes> value;  ///< none: deleted
  };
  using Entries = std::map<Bytes, Entry, std::less<>>;
  struct Range {
    std::uint64_t number = 0;
    Bytes first;
    Bytes last;
  };
  struct Layer {
    Entries entries;
    std::deque<Range> ranges;
    /// Who was changed by which number, in order. The iterators stay valid: an entry leaves the map only when
    /// its last change leaves this queue.
    std::deque<std::pair<std::uint64_t, Entries::iterator>> order;
  };

  [[nodiscard]] const Layer& layer(Space space) const { return layers_[static_cast<std::size_t>(space)]; }
  [[nodiscard]] static bool covered(const Layer& layer, std::string_view key);
  static void set(Layer& layer, std::string_view key, std::uint64_t number, std::optional<Bytes> value);
  static void erase_range(Layer& layer, const Batch::Change& change, std::uint64_t number);

  std::array<Layer, 2> layers_;
  std::uint64_t last_ = 0;  // only grows
};

}  // namespace ordeal::host
