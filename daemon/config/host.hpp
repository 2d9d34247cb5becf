// What a configuration is checked against on the host that it is for.
#pragma once

#include <optional>
#include <string>

namespace apiary::config {

struct FileLook {
    enum class Kind { missing, regular, character_device, block_device, other };
    Kind kind = Kind::missing;
    bool executable = false;  // some execute bit is set
};

// May block (a file system that hangs): ask off the loop. Asked with the daemon's own rights, hence only about paths
// that root's files name.
class Host {
public:
    virtual ~Host() = default;
    [[nodiscard]] virtual auto look(std::string const& path) const -> FileLook = 0;
    [[nodiscard]] virtual auto cpus() const -> unsigned = 0;  // 0: not known
};

class SystemHost final : public Host {
public:
    // `cpus`: of another host that the configuration is for, 0: not known; none: of this one.
    explicit SystemHost(std::optional<unsigned> cpus = std::nullopt) : cpus_{cpus} {}
    [[nodiscard]] auto look(std::string const& path) const -> FileLook override;
    [[nodiscard]] auto cpus() const -> unsigned override;

private:
    std::optional<unsigned> cpus_;
};

}  // namespace apiary::config
