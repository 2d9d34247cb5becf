#include "supervision/host_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "supervision/opener/opener.h"

namespace apiary::supervision {
namespace {

auto type_of(mode_t mode) -> std::string_view {
    if (S_ISDIR(mode)) {
        return "a folder";
    }
    if (S_ISFIFO(mode)) {
        return "a FIFO";
    }
    if (S_ISSOCK(mode)) {
        return "a socket";
    }
    return S_ISREG(mode) ? "a regular file" : "a device";
}

auto wanted_type(std::uint32_t operation) -> std::string_view {
    switch (operation) {
        case APIARY_OPEN_DISK_RW:
        case APIARY_OPEN_DISK_RO:
            return "a regular file or a disk device";
        case APIARY_OPEN_IMAGE:
            return "a regular file or a block device";
        default:
            return "a regular file";
    }
}

auto rights_for(std::uint32_t operation) -> std::string_view {
    switch (operation) {
        case APIARY_OPEN_DISK_RW:
            return "readable and writable";
        case APIARY_OPEN_LOG:
            return "writable";
        default:
            return "readable";
    }
}

}  // namespace

auto host_files_of(Definition const& definition) -> std::vector<HostFile> {
    std::vector<HostFile> files;
    auto const add = [&](std::string id, std::string what, HostPath const& path, std::uint32_t operation,
                         bool noexist) {
        // A trusted path is the word of who runs the daemon. The hypervisor follows it by itself where it runs as him
        // too; where it runs as somebody else, he gets the opened file.
        files.push_back({.id = std::move(id),
                         .what = std::move(what),
                         .path = path,
                         .operation = operation,
                         .noexist = noexist,
                         .as = path.trusted ? ::geteuid() : path.opened_as,
                         .passed = !path.trusted || definition.owner != ::geteuid()});
    };
    unsigned number = 0;
    for (auto const& disk : definition.disks) {
        add("disk" + std::to_string(number++), "disk", disk.path,
            disk.readonly ? APIARY_OPEN_DISK_RO : APIARY_OPEN_DISK_RW, disk.noexist);
    }
    number = 0;
    for (auto const& iso : definition.isos) {
        add("iso" + std::to_string(number++), "CD image", iso.path, APIARY_OPEN_IMAGE, iso.noexist);
    }
    if (definition.loader == Loader::kernel && definition.kernel) {
        add("kernel", "kernel", *definition.kernel, APIARY_OPEN_FILE, false);
    }
    if (definition.loader == Loader::kernel && definition.initrd) {
        add("initrd", "initrd", *definition.initrd, APIARY_OPEN_FILE, false);
    }
    return files;
}

auto refusal_of(Definition const& definition) -> std::string {
    constexpr auto roots_only = ": only a file that root owns may ask for that";
    for (auto const& share : definition.shares) {
        if (!share.path.trusted) {
            return "share " + share.name + " (" + share.path.path + ") shows a folder of the host to the guest" +
                   roots_only;
        }
    }
    for (auto const& port : definition.com) {
        if (port.kind == ComPort::Kind::device && !port.device.trusted) {
            return "serial port " + port.text + " is a device of the host" + roots_only;
        }
    }
    // The socket is made by the hypervisor: with the rights of whom it runs as.
    auto const& screen = definition.graphics.path;
    if (definition.graphics.on && screen && !screen->trusted && screen->opened_as != definition.owner) {
        return "graphics socket " + screen->path + " would be made by the VM's owner, who did not write its path" +
               roots_only;
    }
    return {};
}

auto explain(HostFile const& file, std::uint32_t fault, int error, mode_t mode, std::string const& user)
    -> std::string {
    auto const name = file.what + ' ' + file.path.path;
    switch (fault) {
        case APIARY_OPENER_WRONG_TYPE:
            return name + " is " + std::string{type_of(mode)} + "; it must be " +
                   std::string{wanted_type(file.operation)};
        case APIARY_OPENER_NOT_HIS:
            return name + " does not belong to user " + user + " (the definition is in a file of that user's)";
        case APIARY_OPENER_IDENTITY:
            return name + ": cannot take on the rights of user " + user + ": " + std::generic_category().message(error);
        default:
            break;
    }
    if ((error == EACCES || error == EPERM) && !file.path.trusted) {
        return name + ": permission denied for user " + user +
               " (the definition is in a file of that user's): make it " + std::string{rights_for(file.operation)} +
               " for that user, or name it in a file that root owns";
    }
    if (error == ENOENT && file.operation == APIARY_OPEN_LOG) {  // the file itself would be made
        return name + ": its folder does not exist: create it";
    }
    if (error == ENOENT) {
        bool const may_be_absent = file.id.starts_with("disk") || file.id.starts_with("iso");
        return name + " does not exist: create it" + (may_be_absent ? ", or mark it noexist" : "");
    }
    if (error == EROFS) {
        return name + " is on a file system that cannot be written: mark it readonly, or move it";
    }
    if (error == ELOOP && file.operation == APIARY_OPEN_LOG) {
        return name + " is a symbolic link, which is not followed: name the file itself";
    }
    return name + ": " + std::generic_category().message(error);
}

auto fits(std::uint32_t operation, mode_t mode) -> bool {
    if (S_ISREG(mode)) {
        return true;
    }
    bool const disk = operation == APIARY_OPEN_DISK_RW || operation == APIARY_OPEN_DISK_RO;
    return (S_ISBLK(mode) && (disk || operation == APIARY_OPEN_IMAGE)) || (S_ISCHR(mode) && disk);
}

}  // namespace apiary::supervision
