// What the tests of the import from vm-bhyve share.
#pragma once

#include "import_fixture.hpp"

namespace apiary::config {

struct VmBhyveFixture : ImportFixture {
    static constexpr auto usual = "loader=\"uefi\"\nmemory=\"1G\"\n";

    // The VM v of a folder that has the switches public and lab.
    void import(std::string const& text) {
        write("vm/.config/system.conf",
              "switch_list=\"public lab\"\ntype_public=\"standard\"\nports_public=\"em0\"\n"
              "type_lab=\"manual\"\nbridge_lab=\"bridge7\"\n");
        write("vm/v/v.conf", text);
        import_options.zfs_dataset = "tank/vm";
        run(ImportKind::vm_bhyve, folder + "/vm");
    }
    auto shortened(std::string text) const -> std::string {
        std::string const prefix = folder + "/vm/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.replace(at, prefix.size(), "~");
        }
        return text;
    }
};

}  // namespace apiary::config
