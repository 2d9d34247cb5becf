// What the tables of keys do with a value that needs no judgement of its own.
#pragma once

#include <optional>
#include <string>

#include "config/draft.hpp"
#include "config/fields.hpp"

namespace apiary::config {

template <auto Member>
auto set_flag(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.*Member = a.flag;
    return std::nullopt;
}

template <auto Member>
auto set_text(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.*Member = std::string{a.text};
    return std::nullopt;
}

template <auto Member>
void clear_list(Draft& draft) {
    (draft.vm.*Member).clear();
}

}  // namespace apiary::config
