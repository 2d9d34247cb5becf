// The table of permissions against the contract.
#include "bus/permissions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "bus/paths.hpp"
#include "contract.hpp"

namespace apiary::bus {
namespace {

auto kind_name(MemberKind kind) -> std::string {
    switch (kind) {
        case MemberKind::method:
            return "method";
        case MemberKind::signal:
            return "signal";
        case MemberKind::property:
            return "property";
    }
    return {};
}

TEST(Permissions, everyMemberOfTheContractHasAnEntryAndEveryEntryAMember) {
    std::set<std::string> declared, entered;
    for (auto const& interface : testing::all_interfaces()) {
        for (auto const& member : testing::declared_members(interface)) {
            declared.insert(member.interface + ' ' + member.kind + ' ' + member.name);
        }
    }
    for (auto const& entry : permissions()) {
        auto const text = std::string{entry.interface} + ' ' + kind_name(entry.kind) + ' ' + std::string{entry.member};
        EXPECT_TRUE(entered.insert(text).second) << "twice: " << text;
    }
    EXPECT_GT(declared.size(), 50U);
    EXPECT_EQ(declared, entered);
}

TEST(Permissions, knowsEveryFileOfTheContract) {
    // The one that others have, and the daemon calls: nobody calls it here.
    std::set<std::string> files, expected{agent_interface};
    for (auto const& entry : std::filesystem::directory_iterator{std::string{APIARY_SOURCE_DIR} + "/introspection"}) {
        if (entry.path().extension() == ".xml") {
            files.insert(entry.path().stem());
        }
    }
    for (auto const& interface : testing::all_interfaces()) {
        expected.insert(interface);
    }
    EXPECT_EQ(files, expected);
}

TEST(Permissions, everyMutatingMethodEndsWithOptions) {
    for (auto const& entry : permissions()) {
        if (entry.kind != MemberKind::method || !entry.right || *entry.right == Right::see) {
            continue;
        }
        auto const text = testing::xml_text(std::string{entry.interface});
        auto const at = text.find("<method name=\"" + std::string{entry.member} + "\"");
        auto const body = text.substr(at, text.find("</method>", at) - at);
        auto const last_in = body.rfind("direction=\"in\"");
        ASSERT_NE(last_in, std::string::npos) << entry.member;
        EXPECT_NE(body.rfind("name=\"options\" type=\"a{sv}\"", last_in), std::string::npos) << entry.member;
    }
}

TEST(Permissions, whatChangesAVmNeedsOperateAndWhatChangesTheDaemonNeedsAdmin) {
    for (auto const* member : {"Start", "Stop", "PowerOff", "Reset", "Pause", "Resume", "FailReset"}) {
        EXPECT_EQ(method_permission(vm_interface, member)->right, Right::operate) << member;
    }
    EXPECT_EQ(method_permission(job_interface, "Cancel")->right, Right::operate);
    for (auto const* member : {"Enable", "Disable", "Restart"}) {
        EXPECT_EQ(method_permission(plugin_interface, member)->right, Right::admin) << member;
    }
    for (auto const* member : {"Reload", "Shutdown", "Restart", "GetDebugInfo"}) {
        EXPECT_EQ(method_permission(manager_interface, member)->right, Right::admin) << member;
    }
    for (auto const* member : {"Register", "Unregister", "List"}) {
        EXPECT_EQ(method_permission(agents_interface, member)->right, Right::admin) << member;
    }
}

TEST(Permissions, withoutAnInterfaceTheStrictestEntryCounts) {
    EXPECT_EQ(method_permission("", "GetPermissions")->right, Right::see);
    EXPECT_EQ(method_permission("", "Reload")->right, Right::admin);
    EXPECT_EQ(method_permission("", "Nonsense"), nullptr);
    EXPECT_EQ(method_permission(job_interface, "Start"), nullptr);
}

}  // namespace
}  // namespace apiary::bus
