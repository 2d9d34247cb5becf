#include "config/variables.hpp"

namespace apiary::config {

void Provenance::add(Provenance const& other) {
    if (other.trusted) {
        return;
    }
    mixed = mixed || other.mixed || (!trusted && owner != other.owner);
    if (trusted) {
        trusted = false;
        owner = other.owner;
    }
}

auto Variables::place_of(std::string_view name) const -> std::size_t {
    if (!index_.empty()) {
        auto const found = index_.find(name);
        return found != index_.end() ? found->second : none;
    }
    for (std::size_t i = 0; i < count_; ++i) {
        if (entries_[i].first == name) {
            return i;
        }
    }
    return none;
}

auto Variables::find(std::string_view name) const -> Text const* {
    std::size_t const place = place_of(name);
    return place != none ? &entries_[place].second : nullptr;
}

auto Variables::operator[](std::string_view name) -> Text& {
    if (std::size_t const place = place_of(name); place != none) {
        return entries_[place].second;
    }
    if (count_ == entries_.size()) {
        entries_.emplace_back();
    }
    auto& [its_name, text] = entries_[count_];
    its_name = name;
    text.text.clear();
    text.from = {};
    ++count_;
    if (!index_.empty()) {
        index_.emplace(name, count_ - 1);
    } else if (count_ > most_without_index) {
        for (std::size_t i = 0; i < count_; ++i) {
            index_.emplace(entries_[i].first, i);
        }
    }
    return text;
}

void Variables::erase(std::string_view name) {
    std::size_t const place = place_of(name);
    if (place == none) {
        return;
    }
    --count_;
    if (!index_.empty()) {
        index_.erase(std::string{name});
    }
    if (place != count_) {
        std::swap(entries_[place], entries_[count_]);
        if (!index_.empty()) {
            index_[entries_[place].first] = place;
        }
    }
}

void Variables::clear() {
    count_ = 0;
    index_.clear();
}

}  // namespace apiary::config
