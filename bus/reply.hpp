// The reply that a call still gets, when the engine has its answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bus/errors.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

// Replies exactly once: one that is dropped without a reply says so to its caller, who would wait for 25 s. May outlive
// the connection; it then replies to nobody.
class PendingReply {
public:
    PendingReply(sd_bus_message* call, std::function<void()> touch);
    ~PendingReply();
    PendingReply(PendingReply const&) = delete;
    auto operator=(PendingReply const&) -> PendingReply& = delete;

    void nothing();
    void path(std::string const& object);
    void descriptor(int fd);  // duplicated
    void fault(Fault const& fault);

private:
    template <typename Send>
    void once(Send send);
    MessagePtr call_;
    std::function<void()> touch_;
};
using PendingReplyPtr = std::shared_ptr<PendingReply>;

}  // namespace apiary::bus
