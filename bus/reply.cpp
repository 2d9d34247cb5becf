// The reply that a call still gets.
#include "bus/reply.hpp"

namespace apiary::bus {

PendingReply::PendingReply(sd_bus_message* call, std::function<void()> touch)
    : call_{sd_bus_message_ref(call)}, touch_{std::move(touch)} {}

PendingReply::~PendingReply() {
    if (call_) {
        try {
            fault(Fault{Error::failed, "The daemon has no answer to this call."});
        } catch (...) {  // no memory for an answer: the caller's own deadline ends his wait
            call_.reset();
        }
    }
}

// A reply that cannot be sent (the bus or the caller is gone) has nobody to be told of.
template <typename Send>
void PendingReply::once(Send send) {
    if (auto const call = std::move(call_)) {
        (void)send(call.get());
        touch_();
    }
}

void PendingReply::nothing() {
    once([](sd_bus_message* call) { return sd_bus_reply_method_return(call, nullptr); });
}

void PendingReply::path(std::string const& object) {
    once([&](sd_bus_message* call) { return sd_bus_reply_method_return(call, "o", object.c_str()); });
}

void PendingReply::descriptor(int fd) {
    once([&](sd_bus_message* call) { return sd_bus_reply_method_return(call, "h", fd); });
}

void PendingReply::fault(Fault const& fault) {
    once([&](sd_bus_message* call) {
        sd_bus_error const error{fault.name(), fault.what(), 0};
        return sd_bus_reply_method_error(call, &error);
    });
}

}  // namespace apiary::bus
