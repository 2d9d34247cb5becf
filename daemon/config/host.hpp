// What a configuration is checked against on the host that it is for.
#pragma once

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
    [[nodiscard]] auto look(std::string const& path) const -> FileLook override;
    [[nodiscard]] auto cpus() const -> unsigned override;
};

}  // namespace apiary::config
