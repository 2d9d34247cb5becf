// A store in a folder of its own, and the record of a VM of which everything is set.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "store/store.hpp"
#include "support/fake_loop.hpp"
#include "support/spoil_table.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::store {

class StoreTest : public testing::Test {
protected:
    StoreTest() {
        options_.path = folder_ / "state.db";
        options_.undurable_path = folder_ / "undurable";
        options_.boot = "boot 1";
    }

    void open() {
        store_.reset();
        identities_.emplace();
        store_.emplace(loop_, options_, *identities_);
    }
    void commit() {
        Event event;
        store_->journal().append(event);
        ASSERT_TRUE(store_->journal().commit());
    }
    void spoil(std::string const& table) {
        store_.reset();
        test::spoil_table(options_.path, table);
    }
    auto refusal() -> std::string {
        try {
            open();
        } catch (std::runtime_error const& error) {
            return error.what();
        }
        return {};
    }

    test::TemporaryFolder temporary_;
    std::filesystem::path const folder_{temporary_.path()};
    test::FakeLoop loop_;
    JournalOptions options_;
    std::optional<Identities> identities_;
    std::optional<Store> store_;
};

inline auto definition() -> std::shared_ptr<Definition> {
    auto made = std::make_shared<Definition>();
    made->name = "web";
    made->owner = 1001;
    made->group = 50;
    made->origin.line = 7;
    made->boot = BootPolicy::always;
    made->stop_timeout = std::chrono::seconds{17};
    made->disks.push_back({.path = {"/not \xff utf-8", false, 1001}, .readonly = true});
    made->nics.push_back({.type = NicType::e1000, .bridge = "b0", .mac = "02:00:00:00:00:01"});
    made->com[3] = {.kind = ComPort::Kind::device, .device = {"/dev/x"}, .text = "/dev/x"};
    made->graphics.password = "secret";
    made->cpus.pins.push_back({1, 2});
    made->tpm = Tpm{};
    made->settings.push_back({.key = "disk", .values = {"a", "b"}, .secret = false, .origins = {{}}});
    made->settings.push_back({.key = "graphics_password", .values = {"secret"}, .secret = true, .origins = {{}}});
    made->description = "the web";
    made->os = "FreeBSD";
    made->osversion = "14";
    made->restart_limit = {.restarts = 7, .within = std::chrono::seconds{70}};
    made->bootrom = "/rom";
    made->after = {"db", "cache"};
    made->acpi_tables = true;
    made->vmexit_on_halt = false;
    made->scriptpath = "/scripts";
    made->plugin_settings["hookcmd"] = made->settings;
    return made;
}

inline auto record() -> VmRecord {
    VmRecord made;
    made.name = "Web";
    made.id = 3;
    made.status.state = State::stopping;
    made.status.sub_state = SubState::killing;
    made.status.target = Target::running;
    made.status.reason = Reason::stop_timeout;
    made.status.reason_text = "late \xff";
    made.status.step = "network";
    made.status.incarnation = 9;
    made.status.job = 12;
    made.status.last_event = 33;
    made.status.since = WallTime{std::chrono::microseconds{1234567}};
    made.status.hypervisor_pid = 4711;
    made.audience = {.owner = 1001, .group = 50, .visibility = Visibility::all};
    made.definition = definition();
    made.run_dir = "/run/vm/3/9";
    made.launched = true;
    made.launch = 3;
    made.once = made.stopped_by_hand = made.job_canceled = made.boot_due = true;
    made.start_due = WallTime{std::chrono::microseconds{88}};
    made.why = Reason::requested;
    made.why_text = "because";
    made.attempts.push_back({.step = "network", .id = 30, .contributions = {{"tap", "nic0", "tap3", nullptr}}});
    made.attempts.push_back({.step = "hook", .id = 31, .contributions = {}});
    made.vanishing = true;
    made.restarts = {WallTime{std::chrono::microseconds{5}}};
    return made;
}

}  // namespace apiary::store
