// The host that the daemon runs on.
#include "config/host.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace apiary::config {

auto SystemHost::look(std::string const& path) const -> FileLook {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return {};
    }
    FileLook look;
    if (S_ISREG(status.st_mode)) {
        look.kind = FileLook::Kind::regular;
    } else if (S_ISCHR(status.st_mode)) {
        look.kind = FileLook::Kind::character_device;
    } else if (S_ISBLK(status.st_mode)) {
        look.kind = FileLook::Kind::block_device;
    } else {
        look.kind = FileLook::Kind::other;
    }
    look.executable = (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    return look;
}

auto SystemHost::cpus() const -> unsigned {
    if (cpus_) {
        return *cpus_;
    }
    long const count = ::sysconf(_SC_NPROCESSORS_CONF);
    return count > 0 ? static_cast<unsigned>(count) : 0;
}

}  // namespace apiary::config
