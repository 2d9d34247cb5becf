// Makes shims, and finds those that an earlier daemon made.
#pragma once

#include "supervision/children.hpp"
#include "supervision/supervision.hpp"
#include "vm/supervisor.hpp"

namespace apiary::supervision {

class ShimSupervisor : public Supervisor {
public:
    ShimSupervisor(Loop& loop, SupervisionOptions options);
    [[nodiscard]] auto spawn(SpawnRequest request, Supervised::Sink sink) -> std::unique_ptr<Supervised> override;
    [[nodiscard]] auto find_running(std::vector<std::string> const& remembered) -> std::vector<RunRecord> override;
    using Supervisor::reattach;
    [[nodiscard]] auto reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> override;

private:
    void examine(std::string const& run_dir, unsigned id, std::uint64_t incarnation, std::vector<RunRecord>& found);
    void report(std::string const& text) const;
    Loop& loop_;
    SupervisionOptions options_;
    Children children_;
};

}  // namespace apiary::supervision
