#include "plugin/host/perform.hpp"

#include <cxxabi.h>

#include <exception>
#include <utility>

#include "plugin/host/spare.hpp"

namespace apiary::plugin::host {
namespace {

// What leaves a function of the plugin otherwise than by returning; empty: nothing did.
template <typename Function>
auto guarded(Function const& function) -> std::string {
    try {
        function();
        return {};
    }
#ifdef __GLIBCXX__
    catch (abi::__forced_unwind&) {
        throw;  // it ended the thread: nobody may keep it from that
    }
#endif
    catch (std::exception const& error) {
        return error.what();
    } catch (...) {
        return "an exception of a type that nobody knows";
    }
}

auto word(int result) -> char const* {
    switch (result) {
        case APIARY_OK:
            return "ok";
        case APIARY_VETO:
            return "veto";
        default:
            return "failed";
    }
}

}  // namespace

auto Performer::initialise() -> std::string {
    std::lock_guard const lock{initialising_};
    if (initialised_) {
        return {};
    }
    int result = APIARY_OK;
    if (functions_.init != nullptr) {
        auto const thrown = guarded([&] { result = functions_.init(&self_, &plugin_); });
        if (!thrown.empty()) {
            return "an exception left its function init: " + thrown;
        }
    }
    if (result != APIARY_OK) {
        return "its function init failed; its log may say why";
    }
    initialised_ = true;
    return {};
}

auto Performer::called(apiary_call& call) -> Answer {
    // Of a prestart that did not begin nothing is to be undone, and an undo would need what is missing here, too.
    int const not_begun = call.what == "prestart" ? APIARY_VETO : APIARY_FAILED;
    if (call.is_over()) {
        return {.result = not_begun, .text = "it was canceled, or its time was over, before it began"};
    }
    if (auto fault = initialise(); !fault.empty()) {
        return {.result = not_begun, .text = std::move(fault)};
    }
    int result = APIARY_OK;
    auto const thrown = guarded([&] {
        if (call.what == "prestart" && functions_.prestart != nullptr) {
            result = functions_.prestart(plugin_, &call);
        } else if (call.what == "poststop" && functions_.poststop != nullptr) {
            result = functions_.poststop(plugin_, &call);
        } else if (call.what == "renew" && functions_.renew != nullptr) {
            result = functions_.renew(plugin_, &call);
        } else if (call.what == "event" && functions_.event != nullptr) {
            result = functions_.event(plugin_, &call);
        } else if (call.what == "reload" && functions_.reload != nullptr) {
            functions_.reload(plugin_);
        }
    });
    if (!thrown.empty()) {
        return {.result = APIARY_FAILED,
                .text = "an exception left its function " + call.what + ": " + thrown,
                .broken = true};
    }
    if (result == APIARY_OK) {
        return {};
    }
    if (result == APIARY_VETO && call.what != "prestart") {
        return {.result = APIARY_FAILED, .text = "its function " + call.what + " vetoed, which only prestart can"};
    }
    bool const known = result == APIARY_VETO || result == APIARY_FAILED;
    auto text = call.reason();
    if (text.empty()) {
        text = known ? "it gave no reason" : "its function " + call.what + " gave " + std::to_string(result);
    }
    return {.result = known ? result : APIARY_FAILED, .text = std::move(text)};
}

void Performer::perform(apiary_call& call) {
    Answer said;
    bool returned = false;
    // Its destructor runs also where the plugin ends the thread.
    struct Always {
        Performer& performer;
        apiary_call& call;
        Answer& said;
        bool& returned;
        ~Always() {
            if (!returned) {
                said = {.result = APIARY_FAILED,
                        .text = "its function " + call.what + " ended the thread that it was called on",
                        .broken = true};
            }
            performer.look_at_descriptors();
            performer.answer(call, std::move(said));
        }
    } const always{*this, call, said, returned};
    said = called(call);
    returned = true;
}

// Before the answer: so the daemon gives no more calls to this process.
void Performer::look_at_descriptors() {
    if (spent_) {
        return;
    }
    if (auto fault = judge_descriptors(); !fault.empty() && !spent_.exchange(true)) {
        self_.channel.send({{"t", "spent"}, {"text", std::move(fault)}});
    }
}

void Performer::answer(apiary_call& call, Answer said) {
    std::vector<UniqueFd> descriptors;
    auto contributions = call.take_contributions(descriptors);
    Json body{{"t", "end"}, {"id", call.id}, {"result", word(said.result)}, {"text", said.text}};
    if (said.broken) {
        body["broken"] = true;
    }
    if (said.result == APIARY_VETO) {
        contributions.clear();
    }
    if (said.result != APIARY_OK) {
        // Nobody will use a descriptor of them; which there were is still of use to poststop.
        for (auto& one : contributions) {
            if (one.first == "fd") {
                one.third.clear();
            }
        }
        std::erase_if(contributions, [](Triple const& one) { return one.first == "fd"; });
        descriptors.clear();
    }
    body["contributions"] = to_json(contributions);
    if (!self_.channel.send(std::move(body), std::move(descriptors))) {
        self_.channel.send({{"t", "end"},
                            {"id", call.id},
                            {"result", "failed"},
                            {"text", "what it contributed is more than can be passed on"}});
    }
}

void Performer::shut_down() {
    std::call_once(shut_down_, [this] {
        if (!initialised_ || functions_.shutdown == nullptr) {
            return;
        }
        if (auto const thrown = guarded([&] { functions_.shutdown(plugin_); }); !thrown.empty()) {
            self_.log(APIARY_ERROR, "an exception left its function shutdown: " + thrown);
        }
    });
}

void Performer::check(apiary_call& call) {
    int result = APIARY_OK;
    if (functions_.configure != nullptr) {
        auto const thrown = guarded([&] { result = functions_.configure(&call); });
        if (!thrown.empty()) {
            call.add_message(
                {.level = APIARY_ERROR, .key = {}, .text = "an exception left its function configure: " + thrown});
            result = APIARY_FAILED;
        }
    }
    if (result != APIARY_OK && call.reason().empty()) {
        call.add_message({.level = APIARY_ERROR, .key = {}, .text = "it refuses the VM, and gave no reason"});
    }
    Json messages = Json::array();
    for (auto const& one : call.messages()) {
        messages.push_back({one.level, one.key, one.text});
    }
    self_.channel.send(
        {{"t", "checked"}, {"id", call.id}, {"messages", std::move(messages)}, {"ok", result == APIARY_OK}});
}

}  // namespace apiary::plugin::host
