// The journal on the bus.
#include <apiary_introspection/Journal-adaptor.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "bus/adaptor.hpp"
#include "bus/event_record.hpp"
#include "bus/journal_query.hpp"
#include "bus/journal_streams.hpp"
#include "bus/paths.hpp"
#include "bus/singletons.hpp"

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
            std::string{event.vm.empty() ? "" : to_string(event.state)},
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
            auto const query = journal_query(to_options(filter));
            if (max > max_page) {
                throw Fault{Error::invalid_argument, "'max' can be at most " + std::to_string(max_page) + "."};
            }
            auto const caller = around_.door.current();
            // What is gathered in this turn has its numbers already, but nobody may know of it before it is written.
            auto const published = around_.streams.published();
            auto const& journal = around_.engine.journal();
            auto const begin = journal_position(journal, published, stream, after, query.from_oldest);
            auto const page = journal.read(begin, max == 0 ? max_page : max, [&](Event const& event) {
                return event.seq <= published && query.wants(event) && around_.authority.may_see(*caller, event);
            });
            std::vector<Row> rows;
            rows.reserve(page.events.size());
            for (auto const* event : page.events) {
                rows.push_back(to_row(*event));
            }
            return std::make_tuple(std::move(rows), std::min(page.complete_through, published));
        });
    }

    auto Open(std::string const& stream, std::uint64_t const& after, VariantMap const& filter)
        -> sdbus::UnixFd override {
        return answered([&] {
            auto query = journal_query(to_options(filter));
            auto const begin = journal_position(around_.engine.journal(), around_.streams.published(), stream, after,
                                                query.from_oldest);
            auto socket = around_.streams.open(around_.door.current(), std::move(query), begin);
            return sdbus::UnixFd{socket.release(), sdbus::adopt_fd};
        });
    }

    auto Stream() -> std::string override {
        return answered([&] { return around_.engine.journal().stream(); });
    }
    auto Last() -> std::uint64_t override {
        return answered([&] { return around_.streams.published(); });
    }
    auto Oldest() -> std::uint64_t override {
        return answered([&] { return oldest_of(around_.engine.journal()); });
    }

    Surroundings around_;
};

}  // namespace

auto make_journal(Surroundings const& around) -> std::unique_ptr<Singleton> {
    return std::make_unique<JournalObject>(around);
}

}  // namespace apiary::bus
