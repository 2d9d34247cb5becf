// What a plugin's process says: read in turns, judged, and passed on to whom it belongs to.
#include <algorithm>
#include <memory>
#include <utility>

#include "plugin/contribution_frames.hpp"
#include "plugin/members.hpp"
#include "plugin/plugin_process.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

// A process that never stops writing gets its turn like others.
constexpr int reads_in_a_turn = 8, frames_in_a_turn = 256;
constexpr std::size_t longest_detail = 64;
constexpr std::size_t longest_line = 4096, longest_text = 2000, most_details = 32;

// Names of details are written as they are, into the log among others: what is no name would forge a line of it.
auto is_name_of_detail(std::string_view name) -> bool {
    return !name.empty() && name.size() <= longest_detail && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

}  // namespace

// False: its turn is over, or its channel.
auto PluginProcess::take_frames(int& left) -> bool {
    for (; left > 0; --left) {
        auto frame = reader_.next();
        if (!frame) {
            break;
        }
        handle(*frame);
        discard(std::move(frame->descriptors));
        if (!channel_) {
            return false;
        }
    }
    if (!reader_.fault().empty()) {
        kill("it wrote to the daemon what makes no sense: " + reader_.fault());
        return false;
    }
    if (left == 0 && !std::exchange(goes_on_, true)) {
        // What is here already makes no socket readable.
        loop_.post([weak = std::weak_ptr{self_}] {
            if (auto const self = weak.lock(); self && *self != nullptr) {
                (*self)->goes_on_ = false;
                (*self)->read();
            }
        });
    }
    return left > 0;
}

void PluginProcess::read() {
    int left = frames_in_a_turn;
    if (!channel_ || !take_frames(left)) {
        return;
    }
    for (int i = 0; i < reads_in_a_turn; ++i) {
        auto const got = receive_some(channel_.get(), reader_, false);
        if (!take_frames(left)) {
            return;
        }
        if (got == Received::again) {
            return;
        }
        if (got == Received::end) {
            // It is on its way out, and its status says more; it is not let live without its channel.
            channel_ended({});
            return;
        }
    }
}

// What it has sent may be anything: a socket that lingers, a file on a server of its own. To close that can block.
void PluginProcess::discard(std::vector<UniqueFd> descriptors) {
    std::erase_if(descriptors, [](UniqueFd const& one) { return !one; });
    if (!descriptors.empty()) {
        auto const all = std::make_shared<std::vector<UniqueFd>>(std::move(descriptors));
        loop_.offload([all] { all->clear(); }, [] {});
    }
}

void PluginProcess::handle(Frame& frame) {
    auto const type = std::string{type_of(frame)};
    auto const& body = frame.body;
    if (type == "plugin") {
        greet(body);
    } else if (type == "failed") {
        kill("it cannot be loaded: " + shortened(text_of(body, "text"), longest_text));
    } else if (type == "end") {
        finish_call(frame);
    } else if (type == "log") {
        owner_.on_log(static_cast<int>(signed_of(body, "level")), shortened(text_of(body, "text"), longest_line),
                      number_of(body, "id"));
    } else if (type == "line") {
        owner_.on_line(number_of(body, "id"), shortened(text_of(body, "text"), longest_line), flag_of(body, "error"));
    } else if (type == "emit") {
        auto details = named_texts_of(body, "details");
        std::erase_if(details, [](auto const& one) { return !is_name_of_detail(one.first); });
        while (details.size() > most_details) {
            details.erase(std::prev(details.end()));
        }
        for (auto& [name, text] : details) {
            text = shortened(text, longest_text);
        }
        owner_.on_emit(text_of(body, "vm"), shortened(text_of(body, "text"), longest_text), std::move(details));
    } else if (type == "secret") {
        owner_.on_secret(number_of(body, "ask"), text_of(body, "name"));
    } else if (type == "spent") {
        owner_.on_spent(shortened(text_of(body, "text"), longest_text));
    }
}

void PluginProcess::greet(Json const& frame) {
    if (ready_) {
        return;
    }
    if (auto const theirs = number_of(frame, "protocol"); theirs != protocol_version) {
        kill(plan_.program + " speaks version " + std::to_string(theirs) + " of the protocol, this apiaryd version " +
             std::to_string(protocol_version) + ": install both from one package");
        return;
    }
    if (declaration_from(frame) != plan_.declaration) {
        kill("it declares something else when it is run than when it was looked at");
        return;
    }
    timer_ = quitting_ ? std::move(timer_) : nullptr;
    ready_ = true;
    owner_.on_ready();
}

void PluginProcess::finish_call(Frame& frame) {
    auto const id = number_of(frame.body, "id");
    auto const call = under_way_.extract(id);
    if (call.empty()) {
        return;  // given up, or made up
    }
    auto const result = text_of(frame.body, "result");
    Answer answer{.kind = result == "ok"     ? Answer::Kind::ok
                          : result == "veto" ? Answer::Kind::veto
                                             : Answer::Kind::failed,
                  .broken = flag_of(frame.body, "broken"),
                  .text = shortened(text_of(frame.body, "text"), longest_text),
                  .contributions = {}};
    auto contributed = contributions_from(frame);
    if (auto* const fault = std::get_if<std::string>(&contributed)) {
        answer.kind = Answer::Kind::failed;
        answer.text = std::move(*fault);
    } else {
        answer.contributions = std::move(std::get<std::vector<Contribution>>(contributed));
    }
    for (auto& one : answer.contributions) {
        if (one.fd && (answer.kind != Answer::Kind::ok || call.mapped().unwanted)) {
            frame.descriptors.push_back(std::move(*one.fd));  // nobody takes it
            one.fd = nullptr;
        }
    }
    owner_.on_answer(id, std::move(answer));
}

}  // namespace apiary::plugin
