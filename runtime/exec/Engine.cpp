// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The thread of an engine, and the queue through which other threads pass it requests. No lock is held
// while onEvent is called.
#include "runtime/exec/Engine.h"

#include "runtime/exec/Scheduler.h"

#include <cassert>
#include <condition_variable>
#include <csignal>
#include <map>
#include <new>
#include <thread>

namespace cria {

std::string_view finishReasonName(FinishReason reason) {
  static constexpr std::string_view kNames[] = {"none",    "eos",       "stop", "length",
                                                "context", "cancelled", "error"};
  return kNames[static_cast<size_t>(reason)];
}

namespace {

/// Blocks all signals on this thread during its lifetime, except those of faults, which a program may handle
/// where they occur. A thread that is started meanwhile inherits the mask, so signals are delivered to the
/// threads of the program.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_{};
};

} // namespace

class Engine::Implementation {
public:
  Implementation(Model &model, const Tokenizer *tokenizer)
      : model_(model), tokenizer_(tokenizer), scheduler_(model) {
    const SignalsBlocked blocked;
    thread_ = std::thread([this] { run(); });
  }

  /// Cancels all requests and joins the thread. During this call onEvent may still call submit() and
  /// cancel().
  void stop();
  std::vector<RequestHandle> submit(std::vector<Submission> submissions);
  void cancel(RequestHandle handle);
  void drain();
  Status check(const GenerateRequest &request) const { return checkRequest(request, model_, tokenizer_); }

private:
  using Requests = std::vector<std::shared_ptr<ActiveRequest>>;

  void run();
  void runStep();
  bool takeInbox(Requests &taken);
  void removeFinished();

  Model &model_;
  const Tokenizer *tokenizer_;
  Scheduler scheduler_; // used by the engine's thread, except for interruptStep()

  std::mutex mutex_; // guards the members below
  std::condition_variable submitted_;
  std::condition_variable ended_;
  RequestHandle last_ = 0;
  Requests inbox_;
  std::map<RequestHandle, std::shared_ptr<ActiveRequest>> unfinished_; // in order of submission
  bool stopping_ = false;

  std::thread thread_; // last, since it uses all members above
};

std::vector<RequestHandle> Engine::Implementation::submit(std::vector<Submission> submissions) {
  std::vector<RequestHandle> handles(submissions.size(), 0);
  {
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < submissions.size() && !stopping_; ++i) {
      handles[i] = ++last_;
      inbox_.push_back(std::make_shared<ActiveRequest>(last_, std::move(submissions[i].request), model_,
                                                       tokenizer_, std::move(submissions[i].onEvent)));
      unfinished_.emplace(last_, inbox_.back());
    }
  }
  submitted_.notify_one();
  return handles;
}

void Engine::Implementation::cancel(RequestHandle handle) {
  std::lock_guard lock(mutex_);
  if (auto found = unfinished_.find(handle); found != unfinished_.end()) {
    found->second->cancel();
    scheduler_.interruptStep();
  }
}

void Engine::Implementation::drain() {
  assert(std::this_thread::get_id() != thread_.get_id() && "drain() waits for the callback that calls it");
  std::unique_lock lock(mutex_);
  ended_.wait(lock,
              [this, last = last_] { return unfinished_.empty() || unfinished_.begin()->first > last; });
}

void Engine::Implementation::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto &[handle, request] : unfinished_) {
      request->cancel();
    }
    scheduler_.interruptStep();
  }
  submitted_.notify_one();
  thread_.join();
}

/// Waits for requests while the scheduler has none. Returns false if the engine is being destroyed and all
/// requests have ended.
bool Engine::Implementation::takeInbox(Requests &taken) {
  std::unique_lock lock(mutex_);
  submitted_.wait(lock, [this] { return !inbox_.empty() || stopping_ || !scheduler_.isIdle(); });
  taken = std::exchange(inbox_, {});
  return !taken.empty() || !scheduler_.isIdle();
}

void Engine::Implementation::removeFinished() {
  const Requests finished = scheduler_.takeFinished(); // destroyed after the lock is released
  if (finished.empty()) {
    return;
  }
  std::lock_guard lock(mutex_);
  for (const auto &request : finished) {
    unfinished_.erase(request->handle());
  }
  ended_.notify_all();
}

/// Exceptions come from the standard library, above all when memory is exhausted.
void Engine::Implementation::runStep() {
  try {
    scheduler_.runStep();
  } catch (const std::bad_alloc &) {
    scheduler_.failAll(
        Status(StatusCode::outOfMemory, "out of memory on the host; use fewer or shorter requests"));
  } catch (const std::exception &problem) {
    scheduler_.failAll(error(StatusCode::internal, "a step failed: {}", problem.what()));
  }
}

void Engine::Implementation::run() {
  Requests taken;
  while (takeInbox(taken)) {
    for (auto &request : taken) {
      scheduler_.add(std::move(request));
    }
    runStep();
    removeFinished();
  }
}

Engine::Engine(Model &model, const Tokenizer *tokenizer)
    : implementation_(std::make_unique<Implementation>(model, tokenizer)) {}
Engine::~Engine() { implementation_->stop(); }

RequestHandle Engine::submit(GenerateRequest request, GenerateCallback onEvent) {
  std::vector<Submission> one;
  one.push_back({std::move(request), std::move(onEvent)});
  return submit(std::move(one)).front();
}

std::vector<RequestHandle> Engine::submit(std::vector<Submission> submissions) {
  return implementation_->submit(std::move(submissions));
}

void Engine::cancel(RequestHandle request) { implementation_->cancel(request); }
void Engine::drain() { implementation_->drain(); }
Status Engine::check(const GenerateRequest &request) const { return implementation_->check(request); }

} // namespace cria
