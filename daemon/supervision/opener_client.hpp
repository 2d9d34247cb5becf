// Files opened with somebody's rights, by apiary-opener, within a deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervision/children.hpp"
#include "vm/loop.hpp"
#include "vm/supervisor.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::supervision {

struct OpenRequest {
    std::uint32_t operation = 0;  // APIARY_OPEN_*
    std::string path;
};

struct OpenAnswer {
    std::uint32_t fault = 0;  // APIARY_OPENER_*; none: fd is valid
    int error = 0;
    mode_t mode = 0;
    std::shared_ptr<UniqueFd> fd;
};

struct OpenOutcome {
    std::vector<OpenAnswer> answers;  // of the first requests, in their order; all of them where there is no trouble
    std::string trouble;              // why there are no more
};

class Opener {
public:
    Opener(Loop& loop, std::string program, Duration deadline)
        : loop_{loop}, program_{std::move(program)}, deadline_{deadline}, children_{loop} {}

    // `done` is called once, on the loop, never from within this call; not at all once the handle is destroyed.
    // The deadline is one for each file.
    using Done = std::function<void(OpenOutcome)>;
    [[nodiscard]] auto open(Credentials const& as, std::vector<OpenRequest> requests, Done done) -> Handle;

private:
    class Run;
    Loop& loop_;
    std::string program_;
    Duration deadline_;
    Children children_;
};

}  // namespace apiary::supervision
