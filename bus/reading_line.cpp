// One reader in each turn of the loop.
#include "bus/reading_line.hpp"

#include <utility>

namespace apiary::bus {

void ReadingLine::join(std::function<bool()> read) {
    waiting_.push_back(std::move(read));
    post();
}

void ReadingLine::post() {
    if (posted_ || waiting_.empty()) {
        return;
    }
    posted_ = true;
    loop_.post([self = std::weak_ptr{self_}] {
        if (auto const here = self.lock()) {
            (*here)->call_next();
        }
    });
}

void ReadingLine::call_next() {
    posted_ = false;
    bool called = false;
    while (!called && !waiting_.empty()) {
        auto const read = std::move(waiting_.front());
        waiting_.pop_front();
        called = read();
    }
    post();
}

}  // namespace apiary::bus
