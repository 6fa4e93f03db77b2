#include "checkers/transactions/walk.h"

namespace ordeal {

std::vector<TransactionIndex> session_ends(const TransactionTable& table) {
  std::vector<TransactionIndex> ends;
  for (SessionIndex s = 0; s < table.session_count(); ++s) ends.push_back(table.session_begin(s + 1));
  return ends;
}

}  // namespace ordeal
