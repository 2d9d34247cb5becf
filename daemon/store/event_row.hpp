// An event as a row of the database, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite.hpp"
#include "vm/event.hpp"

namespace apiary::store {

inline constexpr std::string_view insert_event =
    "INSERT INTO event VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)";
inline constexpr std::string_view event_columns =
    "seq,vm_seq,wall,mono,vm,type,state,sub_state,old_state,old_sub_state,reason,job,incarnation,details,durable,"
    "owner,grp,visible,size";

// The details as a JSON object. What is not UTF-8 in them is replaced.
[[nodiscard]] auto details_text(Event const& event) -> std::string;
// About what the event takes in the file.
[[nodiscard]] auto size_of(Event const& event, std::string const& details) -> std::int64_t;

// Runs insert_event.
void write_event(Statement& insert, Event const& event, std::string const& details);
// Of a statement that selects event_columns and stands on a row. A word that this version does not know becomes a
// notice, or `none`: a later version wrote it.
[[nodiscard]] auto read_event(Statement const& row) -> Event;

}  // namespace apiary::store
