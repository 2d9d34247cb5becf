// The step `log`: opens the file that takes what the hypervisor prints, and heads it with the start.
#pragma once

#include <map>

#include "supervision/opener_client.hpp"
#include "vm/step.hpp"

namespace apiary::supervision {

// The log's file name for a VM: two names that differ have two files.
[[nodiscard]] auto log_file_name(std::string_view vm) -> std::string;

class LogStep : public Step {
public:
    LogStep(Loop& loop, std::shared_ptr<Opener> opener, std::string log_dir, std::uint64_t bound)
        : loop_{loop}, opener_{std::move(opener)}, log_dir_{std::move(log_dir)}, bound_{bound} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "log"; }
    void prestart(StepCall call, Done done) override;
    void cancel(std::uint64_t attempt) override;
    void poststop(StepCall call, Done done) override;
    void renew(StepCall call, Done done) override;

private:
    class Run;
    void begin(StepCall const& call, Done done, bool again);
    Loop& loop_;
    std::shared_ptr<Opener> opener_;
    std::string log_dir_;
    std::uint64_t bound_;
    std::map<std::uint64_t, std::shared_ptr<Run>> runs_;  // by attempt
};

}  // namespace apiary::supervision
