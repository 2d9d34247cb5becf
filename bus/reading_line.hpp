// Who is far behind in the journal reads from its file, which takes a while. Whoever has to waits in a line: in each
// turn of the loop one of them reads, however many there are, and everything else has its turn in between.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "vm/loop.hpp"

namespace apiary::bus {

class ReadingLine {
public:
    explicit ReadingLine(Loop& loop) : loop_{loop}, self_{std::make_shared<ReadingLine*>(this)} {}
    ReadingLine(ReadingLine const&) = delete;
    auto operator=(ReadingLine const&) -> ReadingLine& = delete;
    ~ReadingLine() = default;

    // `read` runs once, on a later turn; who has still more to read joins again. False: he is gone, and has not read.
    void join(std::function<bool()> read);

private:
    void post();
    void call_next();

    Loop& loop_;
    std::deque<std::function<bool()>> waiting_;
    bool posted_ = false;
    std::shared_ptr<ReadingLine*> self_;  // dies with this: what was posted looks here first
};

}  // namespace apiary::bus
