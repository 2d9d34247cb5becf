#include "supervision/shim_message.hpp"

#include <cstring>

#include "supervision/protocol.h"

namespace apiary::supervision {
namespace {

template <typename T>
void append_raw(std::string& to, T const& value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    to.append(raw, sizeof raw);
}

template <typename T>
auto read_raw(std::optional<std::string_view> from) -> std::optional<T> {
    T value{};
    if (!from || from->size() != sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, from->data(), sizeof value);
    return value;
}

void append_header(std::string& to, std::uint32_t field, std::size_t size) {
    append_raw(
        to, apiary_field{
                .type = static_cast<std::uint16_t>(field), .reserved = 0, .length = static_cast<std::uint32_t>(size)});
}

}  // namespace

OutgoingMessage::OutgoingMessage(std::uint32_t type, std::uint32_t request) {
    append_raw(bytes_, apiary_message{.type = static_cast<std::uint16_t>(type), .reserved = 0, .request = request});
}

auto OutgoingMessage::u32(std::uint32_t field, std::uint32_t value) -> OutgoingMessage& {
    append_header(bytes_, field, sizeof value);
    append_raw(bytes_, value);
    return *this;
}

auto OutgoingMessage::u64(std::uint32_t field, std::uint64_t value) -> OutgoingMessage& {
    append_header(bytes_, field, sizeof value);
    append_raw(bytes_, value);
    return *this;
}

auto OutgoingMessage::text(std::uint32_t field, std::string_view value) -> OutgoingMessage& {
    append_header(bytes_, field, value.size());
    bytes_.append(value);
    return *this;
}

auto OutgoingMessage::descriptor(std::uint32_t field, std::shared_ptr<UniqueFd> fd, std::optional<int> number)
    -> OutgoingMessage& {
    if (number) {
        u32(field, static_cast<std::uint32_t>(*number));
    } else {
        append_header(bytes_, field, 0);
    }
    fds_.push_back(std::move(fd));
    return *this;
}

auto OutgoingMessage::has_room_for(std::size_t size) const -> bool {
    return bytes_.size() + sizeof(apiary_field) + size <= APIARY_SHIM_PACKET_MAX &&
           fds_.size() < APIARY_SHIM_PACKET_FDS;
}

auto IncomingMessage::parse(std::string bytes) -> std::optional<IncomingMessage> {
    apiary_message header{};
    if (bytes.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    std::size_t at = sizeof header;
    while (at < bytes.size()) {
        apiary_field field{};
        if (bytes.size() - at < sizeof field) {
            return std::nullopt;
        }
        std::memcpy(&field, bytes.data() + at, sizeof field);
        at += sizeof field;
        if (field.length > bytes.size() - at) {
            return std::nullopt;
        }
        at += field.length;
    }
    IncomingMessage message;
    message.type_ = header.type;
    message.request_ = header.request;
    message.bytes_ = std::move(bytes);
    return message;
}

auto IncomingMessage::find(std::uint32_t wanted) const -> std::optional<std::string_view> {
    std::optional<std::string_view> found;
    std::string_view const all{bytes_};
    for (std::size_t at = sizeof(apiary_message); at < all.size();) {
        apiary_field field{};
        std::memcpy(&field, all.data() + at, sizeof field);
        at += sizeof field;
        if (field.type == wanted) {
            found = all.substr(at, field.length);
        }
        at += field.length;
    }
    return found;
}

auto IncomingMessage::u32(std::uint32_t field) const -> std::optional<std::uint32_t> {
    return read_raw<std::uint32_t>(find(field));
}

auto IncomingMessage::i32(std::uint32_t field) const -> std::optional<std::int32_t> {
    return read_raw<std::int32_t>(find(field));
}

auto IncomingMessage::u64(std::uint32_t field) const -> std::optional<std::uint64_t> {
    return read_raw<std::uint64_t>(find(field));
}

auto IncomingMessage::text(std::uint32_t field) const -> std::string {
    return std::string{find(field).value_or(std::string_view{})};
}

}  // namespace apiary::supervision
