// What the .include statements of a file bring: paths and patterns worked out, files opened and read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/context.hpp"
#include "config/files.hpp"
#include "config/pattern.hpp"

namespace apiary::config {

// How much may be read for one owner: root together with who runs the daemon, or a user.
struct FileAllowance {
    std::size_t files = 0;
    std::uint64_t bytes = 0;
    std::size_t entries = 0;  // names in folders that are looked through for patterns
    bool told = false;        // that it is used up
};

inline constexpr FileAllowance allowance_of_root{100'000, std::uint64_t{512} * 1024 * 1024, 1'000'000};
inline constexpr FileAllowance allowance_of_user{1'000, std::uint64_t{16} * 1024 * 1024, 20'000};

class Includes {
public:
    struct Refused {
        std::string name;
        bool trusted = true;  // whose trouble it is
        uid_t owner = 0;
    };

    Includes(Context& context, Files* files);

    // Reads a file that nobody includes.
    [[nodiscard]] auto read(std::string const& path) -> Files::Answer;

    // The files that `file` includes and nobody before it has included, in reading order. What is wrong is reported
    // where the .include stands.
    [[nodiscard]] auto of(SourceFile const& file) -> std::vector<FileText>;

    [[nodiscard]] auto take_refused() -> std::vector<Refused> { return std::move(refused_); }

private:
    enum class Verdict { wanted, again, too_many };

    [[nodiscard]] auto judge(FileLooks const& looks) -> Verdict;
    [[nodiscard]] auto allowance(Asker const& whose) -> FileAllowance&;
    [[nodiscard]] auto asker_of(uid_t owner) const -> Asker;
    void see_globals(SourceFile const& file, std::size_t from, std::size_t to, Variables& seen);
    void one(SourceFile const& file, Include const& include, std::string const& path, std::vector<FileText>& out);
    struct Match {
        std::string const& path;
        bool unseen = false;  // if it is missing, it does not belong to the pattern
    };
    // False: it does not belong to the pattern.
    [[nodiscard]] auto one_file(SourceFile const& file, Include const& include, Match const& match,
                                std::vector<FileText>& out) -> bool;
    void tell(SourceFile const& file, Include const& include, std::string message, Asker const& trouble_of,
              bool harmless = false);
    void tell_exhausted(SourceFile const& file, Include const& include, Asker const& whose);

    Context& context_;
    Files* files_;
    Variables before_;  // of the load before, and the predefined ones
    std::set<std::pair<FileId, uid_t>> read_;
    std::map<uid_t, FileAllowance> allowances_;
    std::vector<Refused> refused_;
};

}  // namespace apiary::config
