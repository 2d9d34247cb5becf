// The journal on the bus.
#include <apiary_introspection/Journal-adaptor.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "bus/adaptor.hpp"
#include "bus/event_record.hpp"
#include "bus/paths.hpp"
#include "bus/singletons.hpp"
#include "bus/subscriptions.hpp"

namespace apiary::bus {

namespace {

constexpr std::uint32_t max_page = 500;

using Row = sdbus::Struct<std::uint64_t, std::uint64_t, std::uint64_t, std::string, std::string, std::string,
                          std::string, std::string, VariantMap>;

auto to_row(Event const& event) -> Row {
    return {event.seq,
            event.vm_seq,
            to_micros(event.wall),
            event.vm,
            std::string{to_string(event.type)},
            std::string{to_string(event.state)},
            std::string{to_string(event.sub_state)},
            std::string{to_string(event.reason)},
            to_variants(details_of(event))};
}

class JournalObject final : public Singleton, public sdbus::AdaptorInterfaces<org::apiary::Apiary1::Journal_adaptor> {
public:
    explicit JournalObject(Surroundings const& around)
        : AdaptorInterfaces{around.connection.sdbus(), root_path}, around_{around} {
        registerAdaptor();
    }
    ~JournalObject() override { unregisterAdaptor(); }
    JournalObject(JournalObject const&) = delete;
    auto operator=(JournalObject const&) -> JournalObject& = delete;

private:
    auto Read(std::string const& stream, std::uint64_t const& after, std::uint32_t const& max, VariantMap const& filter)
        -> std::tuple<std::vector<Row>, std::uint64_t> override {
        return answered([&] {
            auto options = to_options(filter);
            SignalFilter const names{options.texts("vm").value_or(Texts{}), options.texts("type").value_or(Texts{})};
            auto const since = options.number("since").value_or(0);
            bool const from_oldest = options.flag("from-oldest").value_or(false);
            options.finish();
            if (max > max_page) {
                throw Fault{Error::invalid_argument, "'max' can be at most " + std::to_string(max_page) + "."};
            }
            auto const caller = around_.door.current();
            auto const wanted = [&](Event const& event) {
                return to_micros(event.wall) >= since && names.wants_vm(event.vm) &&
                       names.wants_type(to_string(event.type)) && around_.authority.may_see(*caller, event);
            };
            auto const page = this->page(stream, after, max == 0 ? max_page : max, from_oldest, wanted);
            std::vector<Row> rows;
            rows.reserve(page.events.size());
            for (auto const* event : page.events) {
                rows.push_back(to_row(*event));
            }
            return std::make_tuple(std::move(rows), page.complete_through);
        });
    }

    auto page(std::string const& stream, std::uint64_t after, std::uint32_t max, bool from_oldest,
              std::function<bool(Event const&)> const& wanted) const -> apiary::Journal::Page {
        auto const& journal = around_.engine.journal();
        bool const other = !stream.empty() && stream != journal.stream();
        auto page = journal.read(other ? 0 : after, max, wanted);
        // From the beginning means from the beginning of this stream, not from its oldest event that is left.
        if (!other && !page.truncated) {
            return page;
        }
        if (from_oldest) {
            return journal.read(page.oldest > 0 ? page.oldest - 1 : 0, max, wanted);
        }
        throw Fault{Error::journal_truncated,
                    std::string{other ? "The journal has begun anew" : "The events after that are gone"} +
                        ": list the VMs anew and follow from there, or read with 'from-oldest'. oldest=" +
                        std::to_string(page.oldest) + " stream=" + journal.stream()};
    }

    auto Stream() -> std::string override {
        return answered([&] { return around_.engine.journal().stream(); });
    }
    auto Last() -> std::uint64_t override {
        return answered([&] { return around_.engine.journal().last(); });
    }
    auto Oldest() -> std::uint64_t override {
        return answered([&] { return around_.engine.journal().read(0, 1, [](Event const&) { return true; }).oldest; });
    }

    Surroundings around_;
};

}  // namespace

auto make_journal(Surroundings const& around) -> std::unique_ptr<Singleton> {
    return std::make_unique<JournalObject>(around);
}

}  // namespace apiary::bus
