#include "vm/in_order.hpp"

#include <utility>

namespace apiary {

void InOrder::offload(std::string const& key, Loop::Callback work, Loop::Callback done) {
    auto& queue = (*queues_)[key];
    queue.push_back({std::move(work), std::move(done)});
    if (queue.size() == 1) {
        begin(loop_, queues_, key);
    }
}

void InOrder::begin(Loop& loop, std::shared_ptr<Queues> const& queues, std::string const& key) {
    loop.offload(std::exchange(queues->at(key).front().work, nullptr), [&loop, queues, key] {
        auto& queue = queues->at(key);
        auto const done = std::move(queue.front().done);
        queue.pop_front();
        if (queue.empty()) {
            queues->erase(key);
        } else {
            begin(loop, queues, key);
        }
        done();
    });
}

}  // namespace apiary
