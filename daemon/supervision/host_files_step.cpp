#include "supervision/host_files_step.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "supervision/accounts.hpp"
#include "supervision/host_file.hpp"
#include "supervision/opener/opener.h"
#include "supervision/step_results.hpp"

namespace apiary::supervision {
namespace {

// What is found out on the pool of threads; nothing else touches it meanwhile.
struct Survey {
    std::vector<HostFile> files;
    std::map<uid_t, std::optional<Account>> accounts;
    struct Look {
        int error = 0;
        mode_t mode = 0;
    };
    std::vector<Look> looks;  // one for each file

    // Nothing to look at, and root needs no look-up.
    [[nodiscard]] auto is_trivial() const -> bool {
        return files.empty() && accounts.size() == 1 && accounts.begin()->first == 0;
    }

    void make() {
        for (auto& [uid, account] : accounts) {
            account = find_account(uid);
        }
        for (auto const& file : files) {
            struct stat status {};
            bool const here = file.passed || ::stat(file.path.path.c_str(), &status) == 0;
            looks.push_back({.error = here ? 0 : errno, .mode = status.st_mode});
        }
    }
};

}  // namespace

class HostFilesStep::Run : public std::enable_shared_from_this<Run> {
public:
    Run(HostFilesStep& step, StepCall call, Done done)
        : step_{step}, attempt_{call.attempt}, definition_{std::move(call.definition)}, done_{std::move(done)} {}

    void start() {
        survey_ = std::make_shared<Survey>();
        survey_->files = host_files_of(*definition_);
        survey_->accounts.emplace(definition_->owner, std::nullopt);
        for (auto const& file : survey_->files) {
            survey_->accounts.emplace(file.as, std::nullopt);
        }
        auto done = [weak = weak_from_this()] {
            if (auto const self = weak.lock()) {
                self->surveyed();
            }
        };
        if (survey_->is_trivial()) {
            survey_->make();
            step_.loop_.post(std::move(done));
        } else {
            step_.loop_.offload([survey = survey_] { survey->make(); }, std::move(done));
        }
    }

    void finish(StepResult result) {
        auto const self = shared_from_this();
        opening_.reset();
        step_.runs_.erase(attempt_);
        auto const done = std::move(done_);
        done(std::move(result));
    }

private:
    void surveyed() {
        for (auto const& [uid, account] : survey_->accounts) {
            if (!account) {
                finish(step_failed("user " + std::to_string(uid) +
                                   ", whom this VM belongs to, has no account on this host (or name service is down)"));
                return;
            }
        }
        contributions_.push_back({.kind = "credentials",
                                  .id = "hypervisor",
                                  .value = to_string(survey_->accounts.at(definition_->owner)->credentials),
                                  .fd = nullptr});
        for (std::size_t i = 0; i < survey_->files.size(); ++i) {
            auto const& file = survey_->files[i];
            auto const& look = survey_->looks[i];
            if (file.passed) {
                to_open_.push_back(i);
            } else if (look.error == ENOENT && file.noexist) {
                skip(file);
            } else if (look.error != 0) {
                finish(step_failed(explain(file, APIARY_OPENER_REFUSED, look.error, 0, name_of(file))));
                return;
            } else if (!fits(file.operation, look.mode)) {
                finish(step_failed(explain(file, APIARY_OPENER_WRONG_TYPE, 0, look.mode, name_of(file))));
                return;
            }
        }
        std::ranges::stable_sort(to_open_, {}, [this](std::size_t i) { return survey_->files[i].as; });
        open_next();
    }

    // The files of one user at a time: an opener has one identity.
    void open_next() {
        if (opened_ == to_open_.size()) {
            finish(step_ok(std::move(contributions_)));
            return;
        }
        auto const as = survey_->files[to_open_[opened_]].as;
        std::vector<OpenRequest> requests;
        for (auto i = opened_; i < to_open_.size() && survey_->files[to_open_[i]].as == as; ++i) {
            auto const& file = survey_->files[to_open_[i]];
            requests.push_back({.operation = file.operation, .path = file.path.path});
        }
        auto const count = requests.size();
        opening_ = step_.opener_->open(survey_->accounts.at(as)->credentials, std::move(requests),
                                       [this, count](OpenOutcome outcome) { opened(std::move(outcome), count); });
    }

    void opened(OpenOutcome outcome, std::size_t wanted) {
        auto const self = shared_from_this();
        for (auto& answer : outcome.answers) {
            auto const& file = survey_->files[to_open_[opened_++]];
            if (answer.fault == APIARY_OPENER_NONE) {
                contributions_.push_back({.kind = "fd", .id = file.id, .value = {}, .fd = std::move(answer.fd)});
            } else if (answer.fault == APIARY_OPENER_REFUSED && answer.error == ENOENT && file.noexist) {
                skip(file);
            } else {
                auto text = explain(file, answer.fault, answer.error, answer.mode, name_of(file));
                finish(file.path.trusted ? step_failed(std::move(text)) : step_veto(std::move(text)));
                return;
            }
        }
        if (outcome.answers.size() < wanted) {
            auto const& file = survey_->files[to_open_[opened_]];
            finish(step_failed(file.what + ' ' + file.path.path + ": " + outcome.trouble));
            return;
        }
        open_next();
    }

    [[nodiscard]] auto name_of(HostFile const& file) const -> std::string const& {
        return survey_->accounts.at(file.as)->name;
    }

    void skip(HostFile const& file) {
        contributions_.push_back({.kind = "skip", .id = file.id, .value = {}, .fd = nullptr});
    }

    HostFilesStep& step_;
    std::uint64_t attempt_;
    DefinitionPtr definition_;
    Done done_;
    std::shared_ptr<Survey> survey_;
    std::vector<std::size_t> to_open_;  // indices of files, by whose rights open them
    std::size_t opened_ = 0;
    std::vector<Contribution> contributions_;
    Handle opening_;
};

void HostFilesStep::prestart(StepCall call, Done done) {
    if (auto refusal = refusal_of(*call.definition); !refusal.empty()) {
        loop_.post([refusal = std::move(refusal), done = std::move(done)] { done(step_veto(refusal)); });
        return;
    }
    auto const attempt = call.attempt;
    auto run = std::make_shared<Run>(*this, std::move(call), std::move(done));
    runs_.insert_or_assign(attempt, run);
    run->start();
}

void HostFilesStep::cancel(std::uint64_t attempt) {
    auto const found = runs_.find(attempt);
    if (found != runs_.end()) {
        loop_.post([weak = std::weak_ptr{found->second}] {
            if (auto const run = weak.lock()) {
                run->finish(step_failed("it was canceled"));
            }
        });
    }
}

void HostFilesStep::poststop(StepCall /*call*/, Done done) {
    // Descriptors close with the contributions that hold them.
    loop_.post([done = std::move(done)] { done(step_ok()); });
}

}  // namespace apiary::supervision
