// The last words of a hypervisor that gave up: they are the cause, and the user should not have to look for them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {

class LogTail {
public:
    // `log` may be null, or not readable: then there are no last words.
    explicit LogTail(std::shared_ptr<UniqueFd> log);
    // The last message that was written since this was made. `done` is called on a later turn.
    void last_message(Loop& loop, std::function<void(std::string)> done) const;

private:
    std::shared_ptr<UniqueFd> log_;
    off_t begin_ = 0;
};

}  // namespace apiary::hypervisor
