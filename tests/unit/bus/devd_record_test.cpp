// Records as devd would tell them: read back by a reader that does what devd's does, whatever is in them.
#include "bus/devd_record.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "bus/text.hpp"

namespace apiary::bus {
namespace {

using Variables = std::map<std::string, std::string>;

auto is_name(char c) -> bool {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
auto is_blank(char c) -> bool {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// devd's rules: a name, '=', and a value that ends at white space, or at a quote that has no backslash right before it.
// What follows the first thing that is not of that form is not read; here it is a fault.
auto parsed(std::string record) -> std::optional<Variables> {
    if (!record.starts_with('!') || !record.ends_with('\n')) {
        return std::nullopt;
    }
    record = record.substr(1, record.size() - 2);
    Variables variables;
    std::size_t at = 0;
    while (at < record.size()) {
        auto const begin = at;
        while (at < record.size() && is_name(record[at])) {
            ++at;
        }
        if (at == begin || at == record.size() || record[at] != '=') {
            return std::nullopt;
        }
        auto const name = record.substr(begin, at - begin);
        std::string value;
        if (++at < record.size() && record[at] == '"') {
            for (++at; at < record.size() && record[at] != '"'; ++at) {
                if (record[at] == '\\' && at + 1 < record.size() && record[at + 1] == '"') {
                    value += record[at++];
                }
                value += record[at];
            }
            if (at++ == record.size()) {
                return std::nullopt;
            }
        } else {
            while (at < record.size() && !is_blank(record[at])) {
                value += record[at++];
            }
        }
        if (!variables.emplace(name, value).second) {
            return std::nullopt;  // a later one would take the place of the earlier
        }
        while (at < record.size() && is_blank(record[at])) {
            ++at;
        }
    }
    return variables;
}

// A quoted value without its backslashes.
auto unescaped(std::string const& value) -> std::string {
    std::string text;
    for (std::size_t at = 0; at < value.size(); ++at) {
        at += value[at] == '\\' && at + 1 < value.size() ? 1 : 0;
        text += value[at];
    }
    return text;
}

auto event(EventType type = EventType::notice) -> Event {
    Event made;
    made.seq = 12;
    made.vm_seq = 3;
    made.vm = "web";
    made.type = type;
    made.wall = WallTime{std::chrono::microseconds{1763672902000042}};
    return made;
}

TEST(DevdRecord, a_change_of_state) {
    auto made = event(EventType::state);
    made.state = State::running;
    made.old_state = State::starting;
    made.old_sub_state = SubState::launching;
    made.reason = Reason::requested;
    made.job = 9;
    made.incarnation = 2;
    EXPECT_EQ(devd_record(made),
              "!system=VMM subsystem=web type=RUNNING seq=12 vm-seq=3 time=1763672902.000042 state=running "
              "old-state=starting old-sub-state=launching reason=requested job=9 incarnation=2\n");
}

TEST(DevdRecord, the_words_for_what_happened) {
    struct Case {
        State before, after;
        std::string_view word;
    };
    for (auto const& [before, after, word] :
         {Case{State::stopped, State::starting, "START"}, Case{State::starting, State::running, "RUNNING"},
          Case{State::running, State::paused, "PAUSED"}, Case{State::paused, State::running, "RESUMED"},
          Case{State::running, State::stopping, "STOPPING"}, Case{State::stopping, State::stopped, "STOPPED"},
          Case{State::running, State::failed, "FAILED"}, Case{State::running, State::running, "SUBSTATE"}}) {
        auto made = event(EventType::state);
        made.old_state = before;
        made.state = after;
        EXPECT_EQ(devd_type(made), word);
    }
    EXPECT_EQ(devd_type(event(EventType::reboot)), "REBOOT");
    EXPECT_EQ(devd_type(event(EventType::job_end)), "JOB_END");
}

TEST(DevdRecord, the_daemon_is_no_vm) {
    auto made = event();
    made.vm.clear();
    made.details["text"] = "the disk is full";
    EXPECT_EQ(devd_record(made),
              "!system=APIARY subsystem=DAEMON type=NOTICE seq=12 time=1763672902.000042 "
              "text=\"the disk is full\"\n");
}

TEST(DevdRecord, quotes_where_it_must) {
    auto made = event();
    made.vm = "my \"own\" vm";
    made.details = {
        {"a", "C:\\dir\\"}, {"b", "plain/value:1"}, {"c", "two\nlines\tand \x1b[2J"}, {"d", ""}, {"e", "\""}};
    auto const record = devd_record(made);
    EXPECT_NE(record.find("subsystem=\"my \\\"own\\\" vm\""), std::string::npos) << record;
    EXPECT_NE(record.find(" a=\"C:\\\\dir\\\\ \""), std::string::npos) << record;
    EXPECT_NE(record.find(" b=plain/value:1"), std::string::npos) << record;
    EXPECT_NE(record.find(" c=\"two lines and ?[2J\""), std::string::npos) << record;
    EXPECT_EQ(record.find(" d="), std::string::npos) << record;
    ASSERT_TRUE(parsed(record)) << record;
}

TEST(DevdRecord, a_detail_takes_no_name_that_has_a_meaning) {
    auto made = event();
    made.details = {{"type", "RUNNING"}, {"system", "ACPI"}, {"subsystem", "x"}, {"_", "y"},
                    {"a b", "1"},        {"a=b", "2"},       {"", "3"},          {"timestamp", "4"}};
    auto const variables = parsed(devd_record(made));
    ASSERT_TRUE(variables);
    EXPECT_EQ(variables->at("type"), "NOTICE");
    EXPECT_EQ(variables->at("system"), "VMM");
    EXPECT_EQ(variables->at("detail-type"), "RUNNING");
    EXPECT_EQ(variables->at("a_b"), "1");
    EXPECT_EQ(variables->at("detail-a_b"), "2");
    EXPECT_FALSE(variables->contains("timestamp"));
}

TEST(DevdRecord, what_does_not_fit_is_left_out_whole) {
    auto made = event();
    made.details = {{"long", std::string(1000, 'x')}, {"longer", std::string(5000, 'y')}, {"short", "z"}};
    auto const record = devd_record(made);
    EXPECT_LE(record.size(), max_devd_record);
    auto const variables = parsed(record);
    ASSERT_TRUE(variables) << record;
    EXPECT_EQ(variables->at("short"), "z");
    EXPECT_EQ(variables->at("left-out"), "2");
    EXPECT_FALSE(variables->contains("long") || variables->contains("longer"));
}

TEST(DevdRecord, a_record_may_be_full_to_the_last_byte) {
    auto made = event();
    made.details["k"] = "";
    auto const rest = max_devd_record - devd_record(made).size() - std::string_view{" k="}.size();
    made.details["k"] = std::string(rest, 'x');
    EXPECT_EQ(devd_record(made).size(), max_devd_record);
    made.details["k"] += 'x';
    EXPECT_LT(devd_record(made).size(), 200U);
}

// Whatever a guest, a hook or a plugin says.
TEST(DevdRecord, nothing_breaks_the_framing) {
    std::mt19937 random{42};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    auto const pick = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>{0, below - 1}(random);
    };
    constexpr std::string_view nasty = "\n\r\t \"\\=!\x1b\x7f\x01 ab";
    auto const any_text = [&](std::size_t longest) {
        std::string text;
        auto const kind = pick(3);
        for (auto left = pick(longest + 1); left > 0; --left) {
            if (kind == 0) {
                text += static_cast<char>(pick(256));
            } else if (kind == 1) {
                text += nasty[pick(nasty.size())];
            } else {
                text += std::array{"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x9d", "\xc2\x85", "x"}[pick(5)];
            }
        }
        return text;
    };
    for (int round = 0; round < 2'000; ++round) {
        auto made = event(static_cast<EventType>(pick(10)));
        made.state = static_cast<State>(pick(6));
        made.old_state = static_cast<State>(pick(6));
        made.seq = ~std::uint64_t{0} >> pick(64);
        made.vm = pick(8) == 0 ? "" : 'v' + any_text(127);
        for (auto details = pick(12); details > 0; --details) {
            made.details[any_text(8)] = any_text(pick(4) == 0 ? 2000 : 60);
        }
        auto const record = devd_record(made);
        ASSERT_LE(record.size(), max_devd_record);
        ASSERT_EQ(record.find('\n'), record.size() - 1);
        ASSERT_EQ(clean_text(record, record.size()), record) << "cut within a character";
        auto const variables = parsed(record);
        ASSERT_TRUE(variables) << record;
        ASSERT_EQ(variables->at("seq"), std::to_string(made.seq));
        ASSERT_EQ(variables->at("type"), devd_type(made));
        for (auto const& [key, value] : made.details) {  // a plain one is whole, or not there
            bool const plain = value.find_first_not_of("abcxyz ") == std::string::npos && !value.empty();
            auto const found = variables->find(key);
            if (plain && found != variables->end() && key.find_first_not_of("abcxyz") == std::string::npos) {
                ASSERT_EQ(unescaped(found->second), value);
            }
        }
    }
}

}  // namespace
}  // namespace apiary::bus
