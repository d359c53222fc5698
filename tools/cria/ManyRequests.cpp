// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ManyRequests.h"

#include "Command.h"
#include "tools/terminal/JsonOutput.h"
#include "tools/terminal/Terminal.h"

namespace cria::cli {

Status ManyRequests::read(const std::string &path, const RequestOptions &defaults) {
  path_ = path;
  CRIA_ASSIGN_OR_RETURN(rows_, readRequestFile(path, defaults));
  for (const FileRequest &row : rows_) {
    StatusOr<GenerateRequest> request = opened_->makeRequest(row.request);
    if (!request.ok()) {
      return request.status().withContext(placeOf(row));
    }
    requests_.push_back(std::move(*request));
  }
  return {};
}

int ManyRequests::run(InterruptScope &interrupt, StepTrace *trace) {
  Results results([&](size_t index, const GenerateResult &result) {
    if (!write(index, result)) {
      interrupt.cancel(); // the others could not be written either
    }
  });
  Engine engine(opened_->model(), opened_->tokenizer());
  engine.submit(submissions(interrupt, results, trace));
  engine.drain();
  return report();
}

std::vector<Submission> ManyRequests::submissions(const InterruptScope &interrupt, Results &results,
                                                  StepTrace *trace) {
  std::vector<Submission> all;
  for (size_t i = 0; i < requests_.size(); ++i) {
    requests_[i].cancel = interrupt.flag();
    all.push_back({requests_[i], [&results, i, trace](const GenerateEvent &event) {
                     if (trace != nullptr && event.token != nullptr) {
                       trace->addHostWorkUntilNow("choose token");
                     }
                     if (event.result != nullptr) {
                       const HostWork work(trace, "deliver");
                       results.add(i, *event.result);
                     }
                   }});
    requests_[i].sampler = nullptr; // the engine frees it when the request has ended
  }
  return all;
}

bool ManyRequests::write(size_t index, const GenerateResult &result) {
  totals_.add(requests_[index], result);
  if (result.reason == FinishReason::error) {
    errors_.push_back(placeOf(rows_[index]) + ": " + result.status.message());
  }
  return writeJson(
      rowOf_({.index = index, .prompt = rows_[index].request.prompt, .request = requests_[index]}, result));
}

int ManyRequests::report() const {
  totals_.report(opened_, quiet_);
  for (const std::string &problem : errors_) {
    logError("{}", problem);
  }
  if (totals_.cancelled > 0) {
    logInfo(quiet_, "interrupted: {} of {} requests have ended", totals_.results - totals_.cancelled,
            totals_.results);
  }
  return totals_.failed > 0 ? kExitError : totals_.cancelled > 0 ? exitCodeOfInterrupt() : kExitSuccess;
}

} // namespace cria::cli
