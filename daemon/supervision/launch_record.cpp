#include "supervision/launch_record.hpp"

#include <set>

#include "supervision/protocol.h"

namespace apiary::supervision {
namespace {

constexpr int highest_child_fd = 65535;

// Spreads fields over as many packets as they need.
class LaunchPackets {
public:
    LaunchPackets() { parts_.emplace_back(APIARY_MSG_LAUNCH); }
    auto with_room_for(std::size_t size) -> OutgoingMessage& {
        if (!parts_.back().has_room_for(size)) {
            parts_.emplace_back(APIARY_MSG_LAUNCH);
        }
        return parts_.back();
    }
    void text(std::uint32_t field, std::string const& value) { with_room_for(value.size()).text(field, value); }
    void u32(std::uint32_t field, std::uint32_t value) { with_room_for(sizeof value).u32(field, value); }
    auto take() -> std::vector<OutgoingMessage> { return std::move(parts_); }

private:
    std::vector<OutgoingMessage> parts_;
};

auto fault_of(SpawnRequest const& request) -> std::string {
    constexpr std::size_t longest = APIARY_SHIM_PACKET_MAX - sizeof(apiary_message) - sizeof(apiary_field);
    std::size_t total = request.run_dir.size() + 1;
    for (auto const* list : {&request.argv, &request.env}) {
        if (list->size() > APIARY_SHIM_ARGS_MAX) {
            return "the hypervisor's command line or environment has too many entries";
        }
        for (auto const& text : *list) {
            if (text.size() > longest || text.find('\0') != std::string::npos) {
                return "an argument of the hypervisor is too long or holds a NUL: " + text.substr(0, 40) + "…";
            }
            total += text.size() + 1;
        }
    }
    if (total >= APIARY_SHIM_LAUNCH_MAX) {
        return "the hypervisor's command line and environment are too long";
    }
    if (request.argv.empty() || !request.argv.front().starts_with('/')) {
        return "the hypervisor must be named by an absolute path";
    }
    if (!request.run_dir.starts_with('/') || request.run_dir.size() > longest) {
        return "the run folder must be named by an absolute path";
    }
    if (request.fds.size() > APIARY_SHIM_CHILD_FDS || request.credentials.groups.size() > APIARY_SHIM_GROUPS_MAX) {
        return "the hypervisor is to be given too many descriptors or groups";
    }
    std::set<int> numbers;
    for (auto const& given : request.fds) {
        if (!given.fd || !*given.fd || given.number < 3 || given.number > highest_child_fd ||
            !numbers.insert(given.number).second) {
            return "descriptor " + std::to_string(given.number) + " cannot be given to the hypervisor";
        }
    }
    return {};
}

}  // namespace

auto launch_record(SpawnRequest request, std::uint64_t log_bound, std::string const& ticket)
    -> std::variant<std::vector<OutgoingMessage>, LaunchFault> {
    if (auto fault = fault_of(request); !fault.empty()) {
        return LaunchFault{std::move(fault)};
    }
    LaunchPackets record;
    record.text(APIARY_FIELD_RUN_DIR, request.run_dir);
    record.with_room_for(sizeof log_bound).u64(APIARY_FIELD_LOG_BOUND, log_bound);
    record.with_room_for(sizeof request.launch).u64(APIARY_FIELD_NUMBER, request.launch);
    if (!ticket.empty()) {
        record.text(APIARY_FIELD_TICKET, ticket);
    }
    record.u32(APIARY_FIELD_UID, request.credentials.uid);
    record.u32(APIARY_FIELD_GID, request.credentials.gid);
    for (auto const group : request.credentials.groups) {
        record.u32(APIARY_FIELD_GROUP, group);
    }
    for (auto const& argument : request.argv) {
        record.text(APIARY_FIELD_ARG, argument);
    }
    for (auto const& entry : request.env) {
        record.text(APIARY_FIELD_ENV, entry);
    }
    if (request.console) {
        record.with_room_for(0).descriptor(APIARY_FIELD_CONSOLE_FD,
                                           std::make_shared<UniqueFd>(std::move(request.console)));
    }
    if (request.log) {
        record.with_room_for(0).descriptor(APIARY_FIELD_LOG_FD, std::make_shared<UniqueFd>(std::move(request.log)));
    }
    for (auto& given : request.fds) {
        record.with_room_for(sizeof given.number).descriptor(APIARY_FIELD_CHILD_FD, std::move(given.fd), given.number);
    }
    record.with_room_for(0).text(APIARY_FIELD_END, {});
    return record.take();
}

}  // namespace apiary::supervision
