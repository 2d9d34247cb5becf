// Lines of plugins on their way into the logs of VMs: written off the loop, in their order, and not more of them than a
// disk takes.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "vm/in_order.hpp"
#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::plugin {

class Lines {
public:
    explicit Lines(Loop& loop) : order_{loop}, waiting_{std::make_shared<std::size_t>(0)} {}

    // A log that is not open yet is opened by `path`, as ourselves.
    void write(std::shared_ptr<UniqueFd> log, std::string const& path, std::string const& vm, std::string line);

private:
    static constexpr std::size_t most_waiting = std::size_t{1024} * 1024;  // bytes; what is beyond that is lost
    InOrder order_;                                                        // by the VM
    std::shared_ptr<std::size_t> waiting_;
    std::size_t lost_ = 0;
};

// So many at once, and so many in the long run.
class Rate {
public:
    Rate(double burst, double per_second) : burst_{burst}, per_second_{per_second}, left_{burst} {}
    [[nodiscard]] auto allows(MonoTime now) -> bool {
        auto const passed = std::chrono::duration<double>(now - last_).count();
        last_ = now;
        left_ = std::min(burst_, left_ + passed * per_second_);
        bool const allowed = left_ >= 1;
        left_ -= allowed ? 1 : 0;
        return allowed;
    }

private:
    double burst_, per_second_, left_;
    MonoTime last_;
};

}  // namespace apiary::plugin
