// Configurations and their changes on the bus.
#include "bus/vm_config.hpp"

#include <algorithm>
#include <cstdint>

#include "bus/errors.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t longest_text = 4096;
constexpr std::size_t largest_reply = std::size_t{1024} * 1024;

void check_size(Writer const& writer) {
    if (writer.bytes() > largest_reply) {
        throw Fault{Error::limits_exceeded, "The VM's configuration is longer than 1 MiB: read its files instead."};
    }
}

void append_values(Writer& writer, std::vector<std::string> const& values) {
    writer.open('a', "s");
    for (auto const& value : values) {
        writer.text(clean_text(value, longest_text));
        check_size(writer);
    }
    writer.close();
}

void append_origins(Writer& writer, std::vector<Origin> const& origins) {
    writer.open('a', "(suus)");
    for (auto const& origin : origins) {
        writer.open('r', "suus");
        writer.text(clean_text(origin.file(), longest_text));
        writer.value({std::uint32_t{origin.line}});
        writer.value({std::uint32_t{origin.column}});
        writer.text(clean_text(origin.through(), longest_text));
        writer.close();
        check_size(writer);
    }
    writer.close();
}

// Counts what is told, and stops at the bounds that the interface names.
class Bounds {
public:
    auto text(std::string const& from) -> std::string {
        auto made = clean_text(from, longest);
        complete_ = complete_ && from.size() <= longest;
        left_ -= std::min(left_, made.size() + overhead);
        return made;
    }
    auto texts(std::vector<std::string> const& from) -> std::vector<std::string> {
        std::vector<std::string> made;
        for (auto const& one : from) {
            if (made.size() == most_values || full()) {
                complete_ = false;
                break;
            }
            made.push_back(text(one));
        }
        return made;
    }
    [[nodiscard]] auto full() const -> bool { return left_ == 0; }
    [[nodiscard]] auto complete() const -> bool { return complete_; }
    void leave_out() { complete_ = false; }

private:
    static constexpr std::size_t longest = 1024, most_values = 100, overhead = 16;
    std::size_t left_ = largest_reply;
    bool complete_ = true;
};

}  // namespace

void append_settings(Writer& writer, std::vector<config::DescribedKey> const& keys) {
    writer.open('a', "(sasa(suus)bb)");
    for (auto const& key : keys) {
        if (key.derived) {
            continue;
        }
        writer.open('r', "sasa(suus)bb");
        writer.text(clean_text(key.key, longest_text));
        append_values(writer, key.secret ? std::vector<std::string>{} : key.texts);
        append_origins(writer, key.origins);
        writer.value({!key.origins.empty()});
        writer.value({key.secret});
        writer.close();
    }
    writer.close();
}

void append_changes(Writer& writer, std::vector<KeyChange> const& changes) {
    writer.open('a', "(sasas)");
    for (auto const& change : changes) {
        writer.open('r', "sasas");
        writer.text(clean_text(change.key, longest_text));
        append_values(writer, change.before);
        append_values(writer, change.after);
        writer.close();
    }
    writer.close();
}

auto bounded_details(std::vector<VmChangePlan> const& plans) -> BoundedDetails {
    constexpr std::size_t most_plans = 1000;
    BoundedDetails made;
    Bounds bounds;
    for (auto const& plan : plans) {
        if (made.plans.size() == most_plans || bounds.full()) {
            bounds.leave_out();
            break;
        }
        VmChangePlan shown{.name = bounds.text(plan.name), .action = plan.action, .keys = {}, .effect = plan.effect};
        shown.why = bounds.text(plan.why);
        for (auto const& change : plan.keys) {
            if (bounds.full()) {
                bounds.leave_out();
                break;
            }
            shown.keys.push_back({.key = bounds.text(change.key),
                                  .before = bounds.texts(change.before),
                                  .after = bounds.texts(change.after),
                                  .effect = change.effect});
        }
        made.plans.push_back(std::move(shown));
    }
    made.complete = bounds.complete();
    return made;
}

}  // namespace apiary::bus
