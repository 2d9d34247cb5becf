// The messages of protocol.h, made and taken apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::supervision {

// A message on its way out, with the descriptors that go with it.
class OutgoingMessage {
public:
    explicit OutgoingMessage(std::uint32_t type, std::uint32_t request = 0);
    auto u32(std::uint32_t field, std::uint32_t value) -> OutgoingMessage&;
    auto u64(std::uint32_t field, std::uint64_t value) -> OutgoingMessage&;
    auto text(std::uint32_t field, std::string_view value) -> OutgoingMessage&;
    // The field carries no value of its own unless `number` is one.
    auto descriptor(std::uint32_t field, std::shared_ptr<UniqueFd> fd, std::optional<int> number = {})
        -> OutgoingMessage&;

    [[nodiscard]] auto bytes() const -> std::string const& { return bytes_; }
    [[nodiscard]] auto fds() const -> std::vector<std::shared_ptr<UniqueFd>> const& { return fds_; }
    // Is there room for one more field of that many bytes, and a descriptor?
    [[nodiscard]] auto has_room_for(std::size_t size) const -> bool;

private:
    std::string bytes_;
    std::vector<std::shared_ptr<UniqueFd>> fds_;
};

// A received message: the last field of a type counts, unknown ones are skipped.
class IncomingMessage {
public:
    [[nodiscard]] static auto parse(std::string bytes) -> std::optional<IncomingMessage>;
    [[nodiscard]] auto type() const -> std::uint32_t { return type_; }
    [[nodiscard]] auto request() const -> std::uint32_t { return request_; }
    [[nodiscard]] auto u32(std::uint32_t field) const -> std::optional<std::uint32_t>;
    [[nodiscard]] auto i32(std::uint32_t field) const -> std::optional<std::int32_t>;
    [[nodiscard]] auto u64(std::uint32_t field) const -> std::optional<std::uint64_t>;
    [[nodiscard]] auto text(std::uint32_t field) const -> std::string;

private:
    [[nodiscard]] auto find(std::uint32_t field) const -> std::optional<std::string_view>;
    std::string bytes_;
    std::uint32_t type_ = 0, request_ = 0;
};

}  // namespace apiary::supervision
