#include "plugin/lines.hpp"

#include <unistd.h>

#include <utility>

namespace apiary::plugin {

void Lines::write(std::shared_ptr<UniqueFd> log, std::string const& vm, std::string line) {
    if (*waiting_ > most_waiting) {
        ++lost_;
        return;
    }
    if (auto const lost = std::exchange(lost_, 0); lost != 0) {
        line = "(" + std::to_string(lost) +
               " lines of plugins are lost: they came faster than they could be written)\n" + line;
    }
    line += '\n';
    auto const size = line.size();
    *waiting_ += size;
    order_.offload(
        vm,
        [log = std::move(log), line = std::move(line)] {
            // A disk that is full costs the line, as it costs those of the hypervisor.
            if (::write(log->get(), line.data(), line.size()) < 0) {
                return;
            }
        },
        [waiting = waiting_, size] { *waiting -= size; });
}

}  // namespace apiary::plugin
