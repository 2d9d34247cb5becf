// The step `host-files`: gets hold of the files of the host that the definition names, each with the rights of whose
// wish it is, and says as whom the hypervisor runs.
#pragma once

#include <map>
#include <utility>

#include "supervision/opener_client.hpp"
#include "vm/step.hpp"

namespace apiary::supervision {

class HostFilesStep : public Step {
public:
    HostFilesStep(Loop& loop, std::shared_ptr<Opener> opener) : loop_{loop}, opener_{std::move(opener)} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "host-files"; }
    // Each file has a deadline of its own; this one is for name service too.
    [[nodiscard]] auto timeout() const -> Duration override { return std::chrono::minutes{5}; }
    void prestart(StepCall call, Done done) override;
    void cancel(std::uint64_t attempt) override;
    void poststop(StepCall call, Done done) override;
    void renew(StepCall call, Done done) override { prestart(std::move(call), std::move(done)); }

private:
    class Run;
    Loop& loop_;
    std::shared_ptr<Opener> opener_;
    std::map<std::uint64_t, std::shared_ptr<Run>> runs_;  // by attempt
};

}  // namespace apiary::supervision
