// The environment of hooks, out of a VM's settings.
#include "hookcmd/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace apiary::hookcmd {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

struct Environment : testing::Test {
    auto made() -> std::vector<std::string> {
        return environment({.name = "web",
                            .id = 7,
                            .settings =
                                [this](char const* key) {
                                    auto const& its = settings[key];
                                    return std::vector<std::string_view>(its.begin(), its.end());
                                },
                            .uid = [](std::string const& user) { return user == "alice" ? 1001L : -1L; },
                            .gid = [](std::string const& group) { return group == "staff" ? 50L : -1L; },
                            .tap = [](std::size_t nic) { return nic == 1 ? std::string{"tap9"} : std::string{}; }});
    }
    std::map<std::string, std::vector<std::string>> settings;
};

TEST_F(Environment, OfAnEmptyVm) {
    auto const all = made();
    EXPECT_THAT(all.front(), StartsWith("PATH=/"));
    EXPECT_THAT(all, IsSupersetOf({"VM_ID=7", "VM_NAME=web", "VM_OWNER=-1", "VM_GROUP=-1", "VM_NCPU=1", "VM_NDISKS=0",
                                   "VM_NISOES=0", "VM_NNETWORKS=0", "VM_NSHAREFSS=0", "VM_NHDAS=0", "VM_GRAPHICS=false",
                                   "VM_WIRED_MEMORY=false", "VM_SINGLE_USER=false"}));
    EXPECT_THAT(all, Not(Contains(StartsWith("VM_GRAPHICS_"))));
    EXPECT_THAT(all, Not(Contains(StartsWith("VM_LOADCMD"))));
}

TEST_F(Environment, OfOneWithEverything) {
    settings = {{"owner", {"alice:staff"}},
                {"ncpu", {"2:3:2"}},
                {"cpu_pin", {"0:1", "1:2"}},
                {"memory", {"2G"}},
                {"utctime", {"yes"}},
                {"boot", {"always"}},
                {"hostbridge", {"standard"}},
                {"bhyve_env", {"A=1"}},
                {"bhyveload_env", {"b=2"}},
                {"passthru", {"1/0/130"}},
                {"tpm", {"swtpm:/run/tpm:2.0"}},
                {"disk", {"/img/a", "nvme:readonly:noexist:/img/b:c"}},
                {"iso", {"noexist:/iso/x"}},
                {"sharefs", {"readonly:home=/home", "data=/srv=1"}},
                {"network", {"e1000:wol:[58:9c:fc:00:00:01]:bridge0", "bridge1"}},
                {"hda", {"/dev/dsp0:/dev/dsp1"}},
                {"graphics", {"yes"}},
                {"graphics_port", {"5901"}},
                {"graphics_password", {"hunter2"}}};
    auto const all = made();
    EXPECT_THAT(all, IsSupersetOf({"VM_OWNER=1001",
                                   "VM_GROUP=50",
                                   "VM_NCPU=12",
                                   "VM_NCPU_PINS=2",
                                   "VM_CPU_PIN1=0:1",
                                   "VM_CPU_PIN2=1:2",
                                   "VM_MEMORY=2G",
                                   "VM_UTCTIME=true",
                                   "VM_BOOT=always",
                                   "VM_HOSTBRIDGE=intel",
                                   "VM_NBHYVE_ENVS=1",
                                   "VM_BHYVE_ENV1=A=1",
                                   "VM_BHYVE_LOADENV1=b=2",
                                   "VM_NPASSTHRUES=1",
                                   "VM_PASSTHRUES1=1/0/130",
                                   "VM_TPM_DEV=/run/tpm",
                                   "VM_TPM_VERSION=2.0",
                                   "VM_NDISKS=2",
                                   "VM_DISK1_TYPE=virtio-blk",
                                   "VM_DISK1_PATH=/img/a",
                                   "VM_DISK1_READONLY=false",
                                   "VM_DISK2_TYPE=nvme",
                                   "VM_DISK2_PATH=/img/b:c",
                                   "VM_DISK2_READONLY=true",
                                   "VM_DISK2_NOEXIST=true",
                                   "VM_DISK2_DIRECT=false",
                                   "VM_NISOES=1",
                                   "VM_ISO1_PATH=/iso/x",
                                   "VM_ISO1_NOEXIST=true",
                                   "VM_SHAREFS1_NAME=home",
                                   "VM_SHAREFS1_PATH=/home",
                                   "VM_SHAREFS1_READONLY=true",
                                   "VM_SHAREFS2_PATH=/srv=1",
                                   "VM_SHAREFS2_READONLY=false",
                                   "VM_NNETWORKS=2",
                                   "VM_NETWORK1_TYPE=e1000",
                                   "VM_NETWORK1_WOL=true",
                                   "VM_NETWORK1_MAC=58:9c:fc:00:00:01",
                                   "VM_NETWORK1_BRIDGE=bridge0",
                                   "VM_NETWORK2_TYPE=virtio-net",
                                   "VM_NETWORK2_TAP=tap9",
                                   "VM_NETWORK2_BRIDGE=bridge1",
                                   "VM_HDA1_PLAY_DEV=/dev/dsp0",
                                   "VM_HDA1_REC_DEV=/dev/dsp1",
                                   "VM_GRAPHICS=true",
                                   "VM_GRAPHICS_PORT=5901"}));
    EXPECT_THAT(all, Not(Contains(testing::HasSubstr("hunter2"))));
    EXPECT_THAT(all, Not(Contains(StartsWith("VM_NETWORK1_TAP"))));
}

}  // namespace
}  // namespace apiary::hookcmd
