// What comes over the stream of Journal.Open.
#include "ctl/event_feed.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ctl/failure.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

using Record = nlohmann::json;

constexpr std::size_t longest_line = std::size_t{4} * 1024 * 1024;

auto text_in(Record const& json, char const* key) -> std::string {
    auto const found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

auto number_in(Record const& json, char const* key) -> std::uint64_t {
    auto const found = json.find(key);
    return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

auto value_of(Record const& json) -> Value {
    switch (json.type()) {
        case Record::value_t::boolean:
            return Value{json.get<bool>()};
        case Record::value_t::number_unsigned:
            return Value{json.get<std::uint64_t>()};
        case Record::value_t::number_integer:
            return Value{json.get<std::int64_t>()};
        case Record::value_t::number_float:
            return Value{json.get<double>()};
        case Record::value_t::string:
            return Value{json.get<std::string>()};
        default:
            return Value{json.dump()};  // of a newer daemon
    }
}

auto event_of(Record const& json) -> Event {
    Event event;
    event.seq = number_in(json, "seq");
    event.vm_seq = number_in(json, "vm_seq");
    event.time = number_in(json, "time");
    event.vm = text_in(json, "vm");
    event.type = text_in(json, "type");
    event.state = text_in(json, "state");
    event.sub_state = text_in(json, "sub_state");
    event.reason = text_in(json, "reason");
    if (auto const details = json.find("details"); details != json.end() && details->is_object()) {
        for (auto const& [key, value] : details->items()) {
            event.details.emplace(key, value_of(value));
        }
    }
    return event;
}

}  // namespace

void EventFeed::begin(std::uint64_t after) {
    after_ = after;
    partial_.clear();
    stream_.clear();
    caught_up_ = false;
    truncated_.reset();
}

auto EventFeed::wanted(Event const& event) const -> bool {
    auto const same_name = [&](std::string const& name) { return lower(name) == lower(event.vm); };
    return (filter_.vms.empty() || std::ranges::any_of(filter_.vms, same_name)) &&
           (filter_.types.empty() || std::ranges::find(filter_.types, event.type) != filter_.types.end());
}

auto EventFeed::take(std::string_view bytes) -> std::vector<Event> {
    std::vector<Event> show;
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
        if (partial_.empty()) {
            take_line(bytes.substr(0, end), show);
        } else {
            partial_ += bytes.substr(0, end);
            take_line(partial_, show);
            partial_.clear();
        }
        bytes.remove_prefix(end + 1);
    }
    partial_ += bytes;
    if (partial_.size() > longest_line) {
        throw Failure{ExitCode::failed, "The stream of events has a line without an end."};
    }
    return show;
}

void EventFeed::take_line(std::string_view line, std::vector<Event>& show) {
    auto const json = Record::parse(line, nullptr, false);
    if (!json.is_object()) {
        throw Failure{ExitCode::failed, "The stream of events is not understood.",
                      "Do the versions fit each other? See: apiaryctl version"};
    }
    auto const control = text_in(json, "control");
    if (control == "begin") {
        stream_ = text_in(json, "stream");
    } else if (control == "through") {
        after_ = std::max(after_, number_in(json, "seq"));
        caught_up_ = true;
    } else if (control == "truncated") {
        truncated_ = number_in(json, "oldest");
    } else if (!json.contains("control")) {
        auto event = event_of(json);
        if (event.seq > after_) {
            after_ = event.seq;
            if (wanted(event)) {
                show.push_back(std::move(event));
            }
        }
    }
}

}  // namespace apiary::ctl
