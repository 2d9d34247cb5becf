// What is written down: the run record, the messages of the shim's protocol, credentials.
#include <gtest/gtest.h>

#include "supervision/launch_record.hpp"
#include "supervision/protocol.h"
#include "supervision/run_record.hpp"
#include "vm/supervisor.hpp"

namespace apiary::supervision {
namespace {

auto full_record() -> RunRecord {
    RunRecord record;
    record.run_dir = "/run/apiary/7/3";
    record.name = "web server";
    record.id = 7;
    record.incarnation = 3;
    record.owner = 1000;
    record.group = 50;
    record.visibility = Visibility::all;
    record.backend = BackendKind::bhyve;
    record.boot_id = "0123";
    record.started_us = 1'700'000'000'000'000;
    record.settings = {{.key = "disk",
                        .values = {"/a", "/b \"c\"\n"},
                        .secret = false,
                        .origins = {{"/etc/vm.conf", 3, 5, "base"}, {}}},
                       {.key = "password", .values = {"hidden"}, .secret = true, .origins = {}}};
    return record;
}

TEST(RunRecordText, GoesThereAndBack) {
    auto const record = full_record();
    auto const text = to_json(record);
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    auto const read = run_record_from_json(text, record.run_dir);
    ASSERT_TRUE(std::holds_alternative<RunRecord>(read)) << std::get<DamagedRecord>(read).text;
    auto const& back = std::get<RunRecord>(read);
    EXPECT_EQ(back.run_dir, record.run_dir);
    EXPECT_EQ(back.name, record.name);
    EXPECT_EQ(back.id, record.id);
    EXPECT_EQ(back.incarnation, record.incarnation);
    EXPECT_EQ(back.owner, record.owner);
    EXPECT_EQ(back.group, record.group);
    EXPECT_EQ(back.visibility, record.visibility);
    EXPECT_EQ(back.backend, record.backend);
    EXPECT_EQ(back.boot_id, record.boot_id);
    EXPECT_EQ(back.started_us, record.started_us);
    ASSERT_EQ(back.settings.size(), 2U);
    EXPECT_EQ(back.settings[0].values, record.settings[0].values);
    EXPECT_EQ(back.settings[0].origins, record.settings[0].origins);
    EXPECT_TRUE(back.settings[1].secret);
    EXPECT_TRUE(back.settings[1].values.empty());
}

TEST(RunRecordText, OfALaterVersionIsReadAsFarAsItIsKnown) {
    auto text = to_json(full_record());
    text.insert(text.find('{') + 1, "\"from_the_future\": [1, {\"a\": null}],");
    EXPECT_TRUE(std::holds_alternative<RunRecord>(run_record_from_json(text, "")));
}

TEST(RunRecordText, DamagedIsSaidAndNeverThrows) {
    auto const text = to_json(full_record());
    for (std::size_t size = 0; size + 2 < text.size(); ++size) {
        EXPECT_TRUE(std::holds_alternative<DamagedRecord>(run_record_from_json(text.substr(0, size), ""))) << size;
    }
    auto const changed = [&](std::string const& from, std::string const& to) {
        auto other = text;
        other.replace(other.find(from), from.size(), to);
        return run_record_from_json(other, "");
    };
    for (auto const& [from, to] : {std::pair{"\"format\": 1", "\"format\": 99"},
                                   {"\"owner\": 1000", "\"owner\": -5"},
                                   {"\"owner\": 1000", "\"owner\": 99999999999"},
                                   {"\"owner\": 1000", "\"owner\": 1.5"},
                                   {"\"id\": 7", "\"id\": \"7\""},
                                   {"web server", "web/server"}}) {
        EXPECT_TRUE(std::holds_alternative<DamagedRecord>(changed(from, to))) << to;
    }
}

TEST(RunRecordText, HoldsAnyBytes) {
    auto record = full_record();
    record.settings[0].values = {"\xFF\xFE not UTF-8"};
    EXPECT_TRUE(std::holds_alternative<RunRecord>(run_record_from_json(to_json(record), "")));
}

TEST(CredentialsText, GoesThereAndBack) {
    for (Credentials const& each : {Credentials{}, Credentials{.uid = 1, .gid = 2, .groups = {3}},
                                    Credentials{.uid = 65534, .gid = 65533, .groups = {1, 2, 4294967294}}}) {
        auto const back = parse_credentials(to_string(each));
        ASSERT_TRUE(back) << to_string(each);
        EXPECT_EQ(back->uid, each.uid);
        EXPECT_EQ(back->gid, each.gid);
        EXPECT_EQ(back->groups, each.groups);
    }
}

TEST(CredentialsText, NonsenseIsNone) {
    for (auto const* const text : {"", "1", "1:", "1:2", "1:2:,", "1:2:3,", "1:2:3,,4", "1:2:3 ", "-1:2:", "a:2:",
                                   "4294967295:1:", "1:4294967295:", "1:1:4294967296", "1:2:3:4", " 1:2:3"}) {
        EXPECT_FALSE(parse_credentials(text)) << text;
    }
}

TEST(ShimMessage, MalformedIsNone) {
    auto const good = OutgoingMessage{APIARY_MSG_EXITED, 9}.u32(APIARY_FIELD_KIND, 1).text(10, "text").bytes();
    auto const message = IncomingMessage::parse(good);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->request(), 9U);
    EXPECT_EQ(message->u32(APIARY_FIELD_KIND), 1U);
    EXPECT_EQ(message->text(10), "text");
    EXPECT_FALSE(message->u64(APIARY_FIELD_KIND));  // another width
    EXPECT_FALSE(message->u32(77));
    for (std::size_t size = 0; size < good.size(); ++size) {
        auto const cut = IncomingMessage::parse(good.substr(0, size));
        EXPECT_EQ(cut.has_value(), size == sizeof(apiary_message) || size == sizeof(apiary_message) + 12) << size;
    }
}

TEST(LaunchRecord, PacketsStayWithinTheirBounds) {
    SpawnRequest request;
    request.run_dir = "/run";
    request.argv = {"/bin/true"};
    for (int i = 0; i < 200; ++i) {
        request.argv.emplace_back(1000, 'x');
        request.fds.push_back({.fd = std::make_shared<UniqueFd>(::dup(0)), .number = 3 + i});
    }
    auto const made = launch_record(std::move(request), 1);
    ASSERT_TRUE(std::holds_alternative<std::vector<OutgoingMessage>>(made));
    std::size_t fds = 0;
    for (auto const& part : std::get<std::vector<OutgoingMessage>>(made)) {
        EXPECT_LE(part.bytes().size(), APIARY_SHIM_PACKET_MAX);
        EXPECT_LE(part.fds().size(), APIARY_SHIM_PACKET_FDS);
        fds += part.fds().size();
    }
    EXPECT_EQ(fds, 200U);
}

}  // namespace
}  // namespace apiary::supervision
