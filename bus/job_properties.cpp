// The properties of a job.
#include <array>

#include "bus/paths.hpp"
#include "bus/properties.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_stage = 256;
constexpr std::size_t max_error = 4096;

constexpr auto job_table = std::to_array<JobProperty>({
    {"Id", "t", Emits::constant, [](Job const& job) { return Value{job.id}; }},
    {"Command", "s", Emits::constant, [](Job const& job) { return Value{std::string{to_string(job.command)}}; }},
    {"VM", "o", Emits::constant, [](Job const& job) { return Value{ObjectPath{vm_path(job.vm)}}; }},
    {"VMName", "s", Emits::constant, [](Job const& job) { return Value{job.vm}; }},
    {"Requester", "u", Emits::constant, [](Job const& job) { return Value{std::uint32_t{job.requester}}; }},
    {"Started", "t", Emits::constant, [](Job const& job) { return Value{to_micros(job.started)}; }},
    {"Stage", "s", Emits::changes, [](Job const& job) { return Value{clean_text(job.stage, max_stage)}; }},
    {"Progress", "d", Emits::changes, [](Job const& job) { return Value{job.progress}; }},
    {"Result", "s", Emits::changes, [](Job const& job) { return Value{std::string{to_string(job.result)}}; }},
    {"Reason", "s", Emits::changes, [](Job const& job) { return Value{std::string{to_string(job.reason)}}; }},
    {"Error", "s", Emits::changes, [](Job const& job) { return Value{clean_text(job.error, max_error)}; }},
    {"Cancelable", "b", Emits::changes, [](Job const& job) { return Value{job.cancelable}; }},
    {"Ended", "t", Emits::changes, [](Job const& job) { return Value{to_micros(job.ended)}; }},
});

}  // namespace

auto job_properties() -> std::span<JobProperty const> {
    return job_table;
}

}  // namespace apiary::bus
