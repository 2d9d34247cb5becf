// Trust rules and types of the key table.
#include "config/value_type.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "config/text.hpp"

namespace apiary::config {

auto trust_fault(KeySpec const& key, Provenance const& from) -> ValueFault {
    if (from.trusted || key.trust == TrustRule::anybody) {
        return std::nullopt;
    }
    if (key.trust == TrustRule::root_only) {
        return "access denied: only a file that belongs to root may set this key, for " + key.why;
    }
    if (from.mixed) {
        return "access denied: the value is made from files of several owners";
    }
    return std::nullopt;
}

namespace {

auto boolean_fault(Assignment& a) -> ValueFault {
    if (equal_fold(a.text, "yes") || equal_fold(a.text, "true")) {
        a.flag = true;
        return std::nullopt;
    }
    if (equal_fold(a.text, "no") || equal_fold(a.text, "false")) {
        a.flag = false;
        return std::nullopt;
    }
    return "yes or no is needed";
}

auto integer_fault(Assignment& a) -> ValueFault {
    auto const number = parse_integer(a.text);
    if (!number || *number < a.key.least || *number > a.key.most) {
        std::string wanted = "a whole number is needed";
        if (a.key.least > std::numeric_limits<int>::min()) {
            wanted += ", from " + std::to_string(a.key.least);
        }
        if (a.key.most < std::numeric_limits<int>::max()) {
            wanted += " to " + std::to_string(a.key.most);
        }
        return wanted;
    }
    a.number = *number;
    return std::nullopt;
}

auto word_fault(Assignment& a) -> ValueFault {
    auto const found = std::find_if(a.key.words.begin(), a.key.words.end(), [&](std::string const& word) {
        return a.key.fold_words ? equal_fold(word, a.text) : word == a.text;
    });
    if (found == a.key.words.end()) {
        std::vector<std::string_view> const words(a.key.words.begin(), a.key.words.end());
        return list_of(words) + " is needed" + did_you_mean(a.text, words);
    }
    a.word = static_cast<std::size_t>(found - a.key.words.begin());
    return std::nullopt;
}

auto executable_fault(Assignment& a) -> ValueFault {
    if (!a.text.starts_with('/')) {
        return "the absolute path of a program is needed";
    }
    if (auto fault = path_fault(a, a.text)) {
        return fault;
    }
    FileLook const look = a.host.look(std::string{a.text});
    if (look.kind == FileLook::Kind::missing) {
        return "there is no such file";
    }
    if (look.kind != FileLook::Kind::regular || !look.executable) {
        return "this is not a program (an executable file)";
    }
    return std::nullopt;
}

}  // namespace

auto type_fault(Assignment& a) -> ValueFault {
    switch (a.key.type) {
        case KeyType::text:
            return std::nullopt;
        case KeyType::boolean:
            return boolean_fault(a);
        case KeyType::integer:
            return integer_fault(a);
        case KeyType::word:
            return word_fault(a);
        case KeyType::path:
            return path_fault(a, a.text);
        case KeyType::executable:
            break;
    }
    return executable_fault(a);
}

}  // namespace apiary::config
