// Events as devd(8) would tell them.
#include "bus/devd_record.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "bus/text.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

namespace {

// Longer than any record: what is cut here never gets into one.
constexpr std::size_t longest_value = 2 * max_devd_record;
constexpr std::size_t longest_key = 32;

// devd ends a value at white space, its readers a record at a newline: no control character gets through.
auto tamed(std::string_view raw) -> std::string {
    auto const text = clean_text(raw, longest_value);
    std::string tame;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const byte = static_cast<std::uint8_t>(text[at]);
        bool const second_set = byte == 0xc2 && static_cast<std::uint8_t>(text[at + 1]) < 0xa0;  // U+0080 to U+009F
        if (byte >= '\t' && byte <= '\r') {
            tame += ' ';
        } else if (byte < 0x20 || byte == 0x7f || second_set) {
            tame += '?';
            at += second_set ? 1 : 0;
        } else {
            tame += text[at];
        }
    }
    return tame;
}

auto quoted(std::string const& value) -> std::string {
    if (value.find_first_of(" \"\\") == std::string::npos) {
        return value;
    }
    std::string text = "\"";
    for (char const c : value) {
        if (c == '"' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    // devd takes \" for a quote wherever it stands, also for the end of what ends with an escaped backslash.
    text += value.back() == '\\' ? " \"" : "\"";
    return text;
}

auto pair(std::string_view key, std::string_view value) -> std::string {
    auto const text = tamed(value);
    return text.empty() ? std::string{} : ' ' + std::string{key} + '=' + quoted(text);
}

// What devd knows as a name: letters, digits, '_' and '-'.
auto key_of(std::string_view raw) -> std::string {
    std::string key{raw.substr(0, longest_key)};
    for (auto& c : key) {
        bool const good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        c = good ? c : '_';
    }
    return key;
}

auto time_text(WallTime time) -> std::string {
    constexpr std::uint64_t million = 1'000'000;
    auto const micros = to_micros(time);
    auto const fraction = std::to_string(million + micros % million);
    return std::to_string(micros / million) + '.' + fraction.substr(1);
}

auto head_of(Event const& event) -> std::string {
    bool const of_vm = !event.vm.empty();
    std::string head = of_vm ? "!system=VMM subsystem=" + quoted(tamed(event.vm)) : "!system=APIARY subsystem=DAEMON";
    head += " type=" + std::string{devd_type(event)} + " seq=" + std::to_string(event.seq);
    if (of_vm) {
        head += " vm-seq=" + std::to_string(event.vm_seq);
    }
    head += " time=" + time_text(event.wall);
    if (of_vm) {
        head += pair("state", to_string(event.state)) + pair("sub-state", to_string(event.sub_state));
    }
    if (event.type == EventType::state) {
        head += pair("old-state", to_string(event.old_state)) + pair("old-sub-state", to_string(event.old_sub_state));
    }
    head += pair("reason", to_string(event.reason));
    if (event.job != 0) {
        head += " job=" + std::to_string(event.job);
    }
    if (event.incarnation != 0) {
        head += " incarnation=" + std::to_string(event.incarnation);
    }
    return event.durable ? head : head + " durable=no";
}

// The details, none under a name that is taken: by us, or by devd itself.
auto details_of_record(Event const& event) -> std::vector<std::string> {
    std::set<std::string> taken{"system",        "subsystem", "type",   "seq", "vm-seq",      "time",    "state",
                                "sub-state",     "old-state", "reason", "job", "incarnation", "durable", "left-out",
                                "old-sub-state", "timestamp", "bus",    "_",   "device-name", ""};
    std::vector<std::string> pairs;
    for (auto const& [raw, value] : event.details) {
        auto key = key_of(raw);
        if (taken.contains(key)) {
            key.insert(0, "detail-");
        }
        auto text = pair(key, value);
        if (!text.empty() && taken.insert(std::move(key)).second) {
            pairs.push_back(std::move(text));
        }
    }
    return pairs;
}

}  // namespace

auto devd_type(Event const& event) -> std::string_view {
    switch (event.type) {
        case EventType::vm_added:
            return "ADDED";
        case EventType::vm_changed:
            return "CHANGED";
        case EventType::vm_removed:
            return "REMOVED";
        case EventType::reboot:
            return "REBOOT";
        case EventType::job_new:
            return "JOB";
        case EventType::job_end:
            return "JOB_END";
        case EventType::step:
            return "STEP";
        case EventType::console:
            return "CONSOLE";
        case EventType::notice:
            return "NOTICE";
        case EventType::state:
            break;
    }
    if (event.state == event.old_state) {
        return "SUBSTATE";
    }
    switch (event.state) {
        case State::starting:
            return "START";
        case State::running:
            return event.old_state == State::paused ? "RESUMED" : "RUNNING";
        case State::paused:
            return "PAUSED";
        case State::stopping:
            return "STOPPING";
        case State::stopped:
            return "STOPPED";
        case State::failed:
            break;
    }
    return "FAILED";
}

auto devd_record(Event const& event) -> std::string {
    auto record = head_of(event);
    auto pairs = details_of_record(event);
    std::size_t all = record.size() + 1;
    for (auto const& text : pairs) {
        all += text.size();
    }
    if (all <= max_devd_record) {
        for (auto const& text : pairs) {
            record += text;
        }
        return record + '\n';
    }
    // As many as fit, so the shortest first; how many did not is told, and the journal has them.
    constexpr std::size_t for_the_count = std::string_view{" left-out=100000\n"}.size();
    std::ranges::stable_sort(pairs, {}, &std::string::size);
    std::size_t left_out = pairs.size();
    for (auto const& text : pairs) {
        if (record.size() + text.size() + for_the_count > max_devd_record) {
            break;
        }
        record += text;
        --left_out;
    }
    return record + " left-out=" + std::to_string(left_out) + '\n';
}

}  // namespace apiary::bus
