// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encodes super-groups, whose scales and minimums are small integers times units that are shared.
#pragma once

#include "format/GroupSearch.h"
#include "format/RowWriter.h"

#include <optional>
#include <vector>

namespace cria {

/// Encodes the groups [first, end) of a row, one super-group.
class SuperGroupEncoder {
public:
  /// values: those of the groups. The arguments must outlive this object.
  SuperGroupEncoder(const GroupSearch &search, const WeightedValues &values, size_t first, size_t end,
                    RowWriter &row);
  Overflow encode();

private:
  struct Integers {
    int scale, minimum;
  };
  struct Choice {                   // units with the best integers for them
    SuperUnits units;               // as they are stored
    std::vector<Integers> integers; // of each group
    double error = 0;
  };

  WeightedValues valuesOf(size_t group) const;
  std::vector<SuperUnits> candidateUnits() const;
  void appendNeighbours(size_t group, const SuperUnits &units, std::vector<Integers> &integers) const;
  void extend(std::vector<Choice> &choices, size_t group) const;
  std::optional<Choice> bestFor(std::span<const SuperUnits> units);
  void store(const Choice &choice);
  float refittedScale() const;

  const GroupSearch &search_;
  WeightedValues values_;
  size_t first_, end_; // groups
  RowWriter &row_;
  int lowScale_, highScale_, highMinimum_; // of the integers
  std::vector<GroupTerms> terms_;          // of each group, before they are rounded
};

} // namespace cria
