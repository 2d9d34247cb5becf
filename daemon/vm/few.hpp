// A list that mostly has one element, which needs no memory of its own then. Values of a setting are such lists, and a
// host has many settings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace apiary {

// As std::vector, as far as it goes; pointers to elements end with a move of the list.
template <typename T>
class Few {
public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = T const&;
    using iterator = T*;
    using const_iterator = T const*;

    Few() = default;
    Few(std::initializer_list<T> values) { append(values.begin(), values.end()); }
    Few(std::vector<T> const& values) { append(values.begin(), values.end()); }  // NOLINT(google-explicit-constructor)
    Few(Few const& other) { append(other.begin(), other.end()); }
    Few(Few&& other) noexcept { take(other); }
    ~Few() { reset(); }

    auto operator=(Few const& other) -> Few& {
        if (this != &other) {
            clear();
            append(other.begin(), other.end());
        }
        return *this;
    }
    auto operator=(Few&& other) noexcept -> Few& {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }

    operator std::vector<T>() const { return {begin(), end()}; }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] auto begin() -> T* { return data(); }
    [[nodiscard]] auto end() -> T* { return data() + size_; }
    [[nodiscard]] auto begin() const -> T const* { return data(); }
    [[nodiscard]] auto end() const -> T const* { return data() + size_; }
    [[nodiscard]] auto size() const -> std::size_t { return size_; }
    [[nodiscard]] auto empty() const -> bool { return size_ == 0; }
    [[nodiscard]] auto operator[](std::size_t index) -> T& { return data()[index]; }
    [[nodiscard]] auto operator[](std::size_t index) const -> T const& { return data()[index]; }
    [[nodiscard]] auto at(std::size_t index) -> T& { return data()[checked(index)]; }
    [[nodiscard]] auto at(std::size_t index) const -> T const& { return data()[checked(index)]; }
    [[nodiscard]] auto front() -> T& { return *begin(); }
    [[nodiscard]] auto front() const -> T const& { return *begin(); }
    [[nodiscard]] auto back() -> T& { return *(end() - 1); }
    [[nodiscard]] auto back() const -> T const& { return *(end() - 1); }

    void push_back(T const& value) { emplace_back(value); }
    void push_back(T&& value) { emplace_back(std::move(value)); }
    template <typename... Arguments>
    auto emplace_back(Arguments&&... arguments) -> T& {
        if (size_ == capacity_) {
            T value(std::forward<Arguments>(arguments)...);  // may be one of those that move
            reserve(std::size_t{capacity_} * 2);
            return add(std::move(value));
        }
        return add(std::forward<Arguments>(arguments)...);
    }

    void reserve(std::size_t wanted) {
        if (wanted <= capacity_) {
            return;
        }
        if (wanted > most) {
            throw std::length_error{"a list is too long"};
        }
        T* const room = std::allocator<T>{}.allocate(wanted);
        std::uninitialized_move(begin(), end(), room);
        std::uint32_t const size = size_;
        reset();
        storage_.room = room;
        size_ = size;
        capacity_ = static_cast<std::uint32_t>(wanted);
    }

    void clear() {
        std::destroy(begin(), end());
        size_ = 0;
    }

    friend auto operator==(Few const& a, Few const& b) -> bool {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    static_assert(std::is_nothrow_move_constructible_v<T>);
    static constexpr std::size_t most = UINT32_MAX;

    // The one element, or where more of them are.
    union Storage {
        Storage() : room{nullptr} {}
        Storage(Storage const&) = delete;
        auto operator=(Storage const&) -> Storage& = delete;
        ~Storage() {}  // NOLINT(modernize-use-equals-default): it would be deleted
        T* room;
        T one;
    };

    [[nodiscard]] auto data() -> T* { return capacity_ == 1 ? std::addressof(storage_.one) : storage_.room; }
    [[nodiscard]] auto data() const -> T const* {
        return capacity_ == 1 ? std::addressof(storage_.one) : storage_.room;
    }

    [[nodiscard]] auto checked(std::size_t index) const -> std::size_t {
        return index < size_ ? index : throw std::out_of_range{"there is no such element"};
    }

    template <typename... Arguments>
    auto add(Arguments&&... arguments) -> T& {
        T* const made = ::new (static_cast<void*>(data() + size_)) T(std::forward<Arguments>(arguments)...);
        ++size_;
        return *made;
    }

    template <typename Iterator>
    void append(Iterator from, Iterator to) {
        reserve(size_ + static_cast<std::size_t>(std::distance(from, to)));
        for (; from != to; ++from) {
            add(*from);
        }
    }

    // Into a list that has nothing, not even room.
    void take(Few& other) {
        if (other.capacity_ == 1) {
            if (other.size_ == 1) {
                add(std::move(other.storage_.one));
                other.clear();
            }
            return;
        }
        storage_.room = std::exchange(other.storage_.room, nullptr);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 1);
    }

    void reset() {
        clear();
        if (capacity_ > 1) {
            std::allocator<T>{}.deallocate(storage_.room, capacity_);
            storage_.room = nullptr;
            capacity_ = 1;
        }
    }

    std::uint32_t size_ = 0, capacity_ = 1;
    Storage storage_;
};

}  // namespace apiary
