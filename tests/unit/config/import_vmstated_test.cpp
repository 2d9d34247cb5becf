// vmstated: what its reader makes of the folder is written down. Here it is a reader that was made up.
#include "config/parser.hpp"
#include "config/ucl/reader.hpp"
#include "config/vmstated/folder.hpp"
#include "import_fixture.hpp"

namespace apiary::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct MadeUpSyntax final : SyntaxReader {
    [[nodiscard]] auto read(uid_t /*owner*/, std::vector<FileText const*> const& files) const
        -> std::vector<ReadSyntax> override {
        return std::vector<ReadSyntax>(files.size());
    }
};

// Its folder is a text in the daemon's own language.
struct MadeUpFolder final : FolderReader {
    std::string text;
    mutable std::string asked_for;

    [[nodiscard]] auto read(std::string const& folder, Files& /*files*/, SyntaxReader const* /*ucl*/) const
        -> Result override {
        asked_for = folder;
        Result result;
        File& file = result.files.emplace_back();
        file.text = std::make_unique<FileText>(FileText{folder + "/one/config", 0, text});
        file.syntax.tree = parse(file.text->text, [&](Position at, std::string message) {
            file.syntax.errors.emplace_back(at, std::move(message));
        });
        return result;
    }
};

struct VmstatedImport : ImportFixture {
    MadeUpSyntax syntax;
    MadeUpFolder reader;

    void import(std::string const& text) {
        reader.text = text;
        import_options.load.ucl = &syntax;
        import_options.load.vmstated = &reader;
        run(ImportKind::vmstated, folder + "/vmstated/");
    }
};

TEST_F(VmstatedImport, WhatIsReadIsWritten) {
    import(
        "template t { memory = 1G; }\n"
        "vm one { name = v; .apply t; loader = uefi; disk = /gone, nvme:\"/a b\"; owner = alice:staff; }\n");
    EXPECT_TRUE(imported.ok);
    EXPECT_THAT(imported.diagnostics, IsEmpty());
    EXPECT_EQ(reader.asked_for, folder + "/vmstated");
    EXPECT_EQ(value("memory"), "1G");
    EXPECT_EQ(value("disk"), "/gone nvme:/a b");
    EXPECT_EQ(vm().owner_name, "alice");
    EXPECT_EQ(vm().group_name, "staff");
    EXPECT_THAT(imported.text, HasSubstr("#     " + folder + "/vmstated/one/config\n"));
    EXPECT_THAT(imported.text, HasSubstr("apiaryd --vmstated " + folder));
}

TEST_F(VmstatedImport, WhatTheReaderSaysIsHandedOn) {
    import("vm v { memory = 1G; loader = uefi; boot = perhaps; }\nvm w { loader = uefi; }\n");
    EXPECT_FALSE(imported.ok);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("one/config:2:1: error: vm w: memory: ")));
    EXPECT_THAT(remarks(), Contains(HasSubstr("one/config:1:1: warning: vm v: boot: ")));
    EXPECT_THAT(names(), ElementsAre("v"));
}

TEST_F(VmstatedImport, AFolderWithoutVms) {
    import("");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("there is no VM here")));
    EXPECT_EQ(imported.text, "");
}

TEST_F(VmstatedImport, WithoutLibucl) {
    run(ImportKind::vmstated, folder);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("libucl is missing")));
    EXPECT_FALSE(imported.ok);
}

// The VM that vmstated(8) describes, through the real reader.
TEST_F(VmstatedImport, Documentation) {
    std::string const program = APIARY_BIN_DIR "/apiary-ucl";
    if (!std::filesystem::exists(program)) {
        GTEST_SKIP() << "needs libucl";
    }
    ucl::ReaderOptions reading;
    reading.program = program;
    ucl::Reader const real_syntax{reading};
    vmstated::Folder const real_folder{reading};
    import_options.load.ucl = &real_syntax;
    import_options.load.vmstated = &real_folder;
    auto const files = system_files(::getuid());
    options.files = files.get();  // so that what is written finds the base file
    write("vmstated/bsdvm/bhyve_config",
          "name=bsdvm\nmemory.size=4G\ncpus=2\npci.0.4.0.device=ahci\npci.0.5.0.device=virtio-net\n"
          "pci.0.5.0.backend=tap0\nlpc.bootrom=/usr/local/share/uefi-firmware/BHYVE_UEFI.fd\n");
    write("vmstated/bsdvm/config",
          "bsdvm {\n    configfile = " + folder +
              "/vmstated/bsdvm/bhyve_config;\n    memory = 2048;\n    numcpus = 2;\n"
              "    owner = alice;\n    os = FreeBSD;\n    description = \"a \\\"test\\\"\";\n}\n");
    run(ImportKind::vmstated, folder + "/vmstated");
    EXPECT_THAT(faults(), IsEmpty());
    EXPECT_TRUE(imported.ok);
    EXPECT_EQ(value("memory", "bsdvm"), "2048M") << imported.text;
    EXPECT_EQ(value("configfile", "bsdvm"), folder + "/vmstated/bsdvm/bhyve_config");
    EXPECT_EQ(vm("bsdvm").owner_name, "alice");
    EXPECT_EQ(vm("bsdvm").cpus.count(), 2U);
}

}  // namespace
}  // namespace apiary::config
