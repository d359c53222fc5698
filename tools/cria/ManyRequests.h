// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The requests of a file, run together. Each result is written when it and those before it are there, so that
// a run that is stopped or killed keeps what is done.
#pragma once

#include "Interrupt.h"
#include "OpenModel.h"
#include "RequestFile.h"
#include "ResultsInOrder.h"
#include "RunTotals.h"
#include "runtime/exec/Engine.h"
#include "runtime/exec/StepTrace.h"

#include <nlohmann/json.hpp>

namespace cria::cli {

struct NumberedRequest {
  size_t index;
  const std::string &prompt;
  const GenerateRequest &request;
};

class ManyRequests {
public:
  /// The row of output of a result.
  using RowOf = std::function<nlohmann::ordered_json(const NumberedRequest &, const GenerateResult &)>;

  /// `opened` outlives the object.
  ManyRequests(const OpenedModel &opened, bool quiet, RowOf rowOf)
      : opened_(opened), quiet_(quiet), rowOf_(std::move(rowOf)) {}

  /// Reads the requests of a file. Errors: those of readRequestFile() and LoadedModel::makeRequest(), with
  /// file and line.
  Status read(const std::string &path, const RequestOptions &defaults);
  const std::vector<FileRequest> &rows() const { return rows_; }
  /// Runs them once. trace: may be null. Returns the exit code.
  int run(InterruptScope &interrupt, StepTrace *trace);

private:
  using Results = ResultsInOrder<GenerateResult>;

  std::vector<Submission> submissions(const InterruptScope &interrupt, Results &results, StepTrace *trace);
  bool write(size_t index, const GenerateResult &result);
  int report() const;
  std::string placeOf(const FileRequest &row) const { return fmt::format("{}:{}", path_, row.line); }

  const OpenedModel &opened_;
  bool quiet_;
  RowOf rowOf_;
  std::string path_;
  std::vector<FileRequest> rows_;
  std::vector<GenerateRequest> requests_;
  RunTotals totals_;
  std::vector<std::string> errors_;
};

} // namespace cria::cli
