// What the tests of the imports share: a folder for the files of another manager, and the way through to definitions.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include "config/import/import.hpp"
#include "config/import/sheet.hpp"
#include "fixture.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::config {

struct Meaning {
    char const* text;  // beside what each VM of the test has
    char const* key;
    char const* value;
};

struct Remark {
    char const* text;
    char const* said;
};

// Up to 59 of the fragments in a row.
inline auto random_text(std::mt19937& random, std::vector<std::string> const& fragments) -> std::string {
    std::string text;
    for (unsigned length = static_cast<unsigned>(random() % 60); length > 0; --length) {
        text += fragments[random() % fragments.size()];
    }
    return text;
}

struct ImportFixture : Fixture {
    test::TemporaryFolder temporary;
    std::string const folder = temporary.path();
    ImportOptions import_options;
    ImportResult imported;

    struct EightProcessors final : Host {
        [[nodiscard]] auto look(std::string const& path) const -> FileLook override { return any_host().look(path); }
        [[nodiscard]] auto cpus() const -> unsigned override { return 7; }
    };
    EightProcessors any;

    ImportFixture() {
        options.host = &any;
        options.trusted_uid = ::getuid();
        import_options.load = options;
        import_options.host_name = "alpha";
        import_options.rc_conf.clear();
    }

    auto write(std::string const& name, std::string const& text) -> std::string {
        std::filesystem::path const path = std::filesystem::path{folder} / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path, std::ios::binary} << text;
        EXPECT_EQ(::chmod(path.c_str(), 0644), 0);
        return path;
    }

    // The text is loaded, whatever came of the import: it never has an error.
    void run(ImportKind kind, std::string const& path) {
        import_options.load.accounts = &accounts;
        imported = import_configuration(kind, path, import_options);
        load(imported.text);
        EXPECT_THAT(errors(), testing::ElementsAre()) << imported.text;
    }

    [[nodiscard]] auto told(Severity severity) const -> std::vector<std::string> {
        std::vector<std::string> all;
        for (Diagnostic const& diagnostic : imported.diagnostics) {
            if (diagnostic.severity == severity) {
                std::string text = format(diagnostic);
                if (text.starts_with(folder)) {
                    text.erase(0, folder.size() + 1);
                }
                all.push_back(std::move(text));
            }
        }
        return all;
    }
    void expect_no_control_characters(std::string const& of) const {
        for (char const c : imported.text) {
            ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << of;
        }
    }
    [[nodiscard]] auto faults() const { return told(Severity::error); }
    [[nodiscard]] auto remarks() const { return told(Severity::warning); }

    // The values of a key of a VM, joined by blanks; "-": not set.
    [[nodiscard]] auto value(std::string const& key, std::string const& name = "v") const -> std::string {
        for (Setting const& setting : vm(name).settings) {
            if (setting.key == key) {
                std::string all;
                for (std::string const& text : setting.values) {
                    all += (all.empty() ? "" : " ") + text;
                }
                return all;
            }
        }
        return "-";
    }
};

}  // namespace apiary::config
