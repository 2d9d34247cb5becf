// The state table against a list of what must follow, row by row: a row without an expectation fails, and so does an
// expectation without a row. And what must hold of any such table.
#include "vm/table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "expected_rows.hpp"
#include "places.hpp"

namespace apiary::test {
namespace {

auto const effect_words = std::map<Effect, std::string>{{Effect::refuse, "refuse"},
                                                        {Effect::refuse_undo, "refuse-undo"},
                                                        {Effect::refuse_adopted, "refuse-adopted"},
                                                        {Effect::already, "already"},
                                                        {Effect::join, "join"},
                                                        {Effect::begin, "begin"},
                                                        {Effect::back_out, "back-out"},
                                                        {Effect::launch, "launch"},
                                                        {Effect::none, "none"},
                                                        {Effect::press_button, "press-button"},
                                                        {Effect::wake_and_press, "wake-and-press"},
                                                        {Effect::press_again, "press-again"},
                                                        {Effect::quit, "quit"},
                                                        {Effect::kill, "kill"},
                                                        {Effect::gone, "gone"},
                                                        {Effect::relaunch, "relaunch"},
                                                        {Effect::ask_reset, "ask-reset"},
                                                        {Effect::ask_pause, "ask-pause"},
                                                        {Effect::ask_resume, "ask-resume"},
                                                        {Effect::settle, "settle"},
                                                        {Effect::drop_request, "drop-request"},
                                                        {Effect::unwatch_stop, "unwatch-stop"},
                                                        {Effect::take_definition, "take-definition"},
                                                        {Effect::hold_definition, "hold-definition"},
                                                        {Effect::plan_start, "plan-start"},
                                                        {Effect::start_later, "start-later"},
                                                        {Effect::erase, "erase"},
                                                        {Effect::erase_later, "erase-later"},
                                                        {Effect::finish, "finish"},
                                                        {Effect::plan_restart, "plan-restart"},
                                                        {Effect::hold_undo, "hold-undo"},
                                                        {Effect::retry_undo, "retry-undo"},
                                                        {Effect::drop_undo, "drop-undo"},
                                                        {Effect::watch_found, "watch-found"},
                                                        {Effect::start_over, "start-over"},
                                                        {Effect::begin_again, "begin-again"},
                                                        {Effect::enqueue, "enqueue"},
                                                        {Effect::call_off, "call-off"}};

auto target_word(TargetMove target) -> std::string {
    switch (target) {
        case TargetMove::keep:
            return "keep";
        case TargetMove::stopped:
            return "stopped";
        case TargetMove::running:
            return "running";
        case TargetMove::paused:
            return "paused";
    }
    return "?";
}

auto text_of(Row const& row) -> std::string {
    return place(row.state, row.sub_state) + " | " + std::string{to_string(row.input)} + " | " +
           effect_words.at(row.effect) + " | " + place(row.next, row.next_sub_state) + " | " + target_word(row.target);
}

auto expected_table() -> std::vector<std::string> {
    std::vector<std::string> lines;
    std::istringstream text{std::string{expected_rows}};
    for (std::string line; std::getline(text, line);) {
        if (!line.empty()) {
            lines.push_back(line);
        }
    }
    return lines;
}

auto place_of(Row const& row) -> std::string {
    return place(row.state, row.sub_state);
}

auto row_at(std::string const& at, Input input) -> Row const* {
    auto const all = rows();
    auto const it =
        std::find_if(all.begin(), all.end(), [&](Row const& row) { return place_of(row) == at && row.input == input; });
    return it == all.end() ? nullptr : &*it;
}

auto all_inputs() -> std::vector<Input> {
    std::vector<Input> inputs;
    for (int i = 0; i < input_count; ++i) {
        inputs.push_back(static_cast<Input>(i));
    }
    return inputs;
}

auto with_a_process() -> std::vector<std::string> {
    return {"starting/loading", "starting/launching", "running",         "running/rebooting", "running/not-adopted",
            "paused",           "stopping/acpi",      "stopping/killing"};
}

TEST(Table, EachRowIsExpected) {
    auto const lines = expected_table();
    for (auto const& row : rows()) {
        auto const text = text_of(row);
        EXPECT_TRUE(std::find(lines.begin(), lines.end(), text) != lines.end()) << text;
    }
}

TEST(Table, EachExpectationHasItsRow) {
    std::set<std::string> made;
    for (auto const& row : rows()) {
        made.insert(text_of(row));
    }
    std::set<std::string> seen;
    for (auto const& line : expected_table()) {
        EXPECT_TRUE(seen.insert(line).second) << "twice: " << line;
        if (!line.ends_with(" | refused")) {
            EXPECT_TRUE(made.contains(line)) << line;
        }
    }
}

TEST(Table, EachCommandHasAnOutcomeInEachPlace) {
    std::map<std::string, int> outcomes;
    for (auto const& line : expected_table()) {
        auto const second = line.find(" | ", line.find(" | ") + 1);
        ++outcomes[line.substr(0, second)];
        if (line.ends_with(" | refused")) {
            auto const first = line.find(" | ");
            for (auto const input : all_inputs()) {
                if (to_string(input) == line.substr(first + 3, second - first - 3)) {
                    EXPECT_EQ(row_at(line.substr(0, first), input), nullptr) << line;
                }
            }
        }
    }
    for (auto const& at : places()) {
        for (auto const input : all_inputs()) {
            if (is_command(input)) {
                EXPECT_EQ(outcomes[at.name + " | " + std::string{to_string(input)}], 1)
                    << at.name << " " << to_string(input);
            }
        }
    }
}

TEST(Table, HasNoRowTwice) {
    std::set<std::string> seen;
    for (auto const& row : rows()) {
        EXPECT_TRUE(seen.insert(place_of(row) + " " + std::string{to_string(row.input)}).second) << text_of(row);
        EXPECT_EQ(find_row(row.state, row.sub_state, row.input), &row);
    }
}

TEST(Table, LeadsOnlyToPlacesThatItKnows) {
    std::set<std::string> known;
    for (auto const& at : places()) {
        known.insert(at.name);
    }
    std::set<std::string> from, to;
    for (auto const& row : rows()) {
        from.insert(place_of(row));
        to.insert(place(row.next, row.next_sub_state));
    }
    EXPECT_EQ(from, known);
    EXPECT_EQ(to, known);  // and each is reached
}

TEST(Table, WhereAProcessRunsItsEndIsTakenNoteOf) {
    for (auto const& at : with_a_process()) {
        EXPECT_NE(row_at(at, Input::exited), nullptr) << at;
        if (at != "running/not-adopted") {
            EXPECT_NE(row_at(at, Input::exited_reboot), nullptr) << at;
            EXPECT_NE(row_at(at, Input::exec_failed), nullptr) << at;
        }
        auto const* const off = row_at(at, Input::poweroff);
        ASSERT_NE(off, nullptr) << at;
        EXPECT_TRUE(off->next == State::stopping) << at;
    }
}

TEST(Table, WhatAReloadMeansIsKnownEverywhere) {
    for (auto const& at : places()) {
        for (auto const input :
             {Input::reload, Input::adjust, Input::autostart, Input::autostop, Input::restart, Input::vanish}) {
            EXPECT_NE(row_at(at.name, input), nullptr) << at.name << " " << to_string(input);
        }
    }
}

TEST(Table, WhatRefusesDoesNotMove) {
    for (auto const& row : rows()) {
        bool const refuses =
            row.effect == Effect::refuse || row.effect == Effect::refuse_undo || row.effect == Effect::refuse_adopted;
        if (refuses) {
            EXPECT_TRUE(is_command(row.input)) << text_of(row);
            EXPECT_TRUE(row.next == row.state && row.next_sub_state == row.sub_state && row.target == TargetMove::keep)
                << text_of(row);
        }
    }
}

// Nothing leads up again but a command, a reboot, or the guest that resumes.
TEST(Table, OnceGoingDownOnlyACancelBringsItBack) {
    for (auto const& row : rows()) {
        if (row.state == State::stopping && row.next != State::stopping && row.next != State::stopped &&
            row.next != State::failed) {
            EXPECT_EQ(row.input, Input::cancel) << text_of(row);
        }
    }
}

TEST(Table, EveryWordIsSpelt) {
    for (auto const input : all_inputs()) {
        EXPECT_FALSE(to_string(input).empty());
    }
    EXPECT_EQ(to_string(Input::fail_reset), "failreset");
    EXPECT_EQ(to_string(Input::exited_reboot), "exited-reboot");
    EXPECT_EQ(to_string(Input::found), "found");
    EXPECT_TRUE(is_command(Input::cancel));
    EXPECT_FALSE(is_command(Input::reload));
}

}  // namespace
}  // namespace apiary::test
