"""VM definitions as text, in the language of the configuration."""


def value(v):
    if isinstance(v, bool):
        return "yes" if v else "no"
    text = str(v).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{text}"'


def section(kind, name, settings):
    lines = [f"{kind} {value(name) if name else ''}".rstrip() + " {"]
    for key, setting in settings.items():
        values = setting if isinstance(setting, list) else [setting]
        lines.append(f"    {key} = {', '.join(value(v) for v in values)};")
    return "\n".join([*lines, "}", ""])


def tiny(name, image, **more):
    """The boot sector guest. It only reads its disk, so all VMs share the one file."""
    settings = {"backend": "qemu", "loader": "bios", "memory": "16M", "disk": f"virtio-blk:readonly:{image}",
                "com1": "auto", "stop_timeout": 30}
    return section("vm", name, {**settings, **more})


def linux(name, folder, **more):
    settings = {"backend": "qemu", "loader": "kernel", "memory": "128M", "kernel": f"{folder}/vmlinux",
                "initrd": f"{folder}/initrd", "cmdline": (folder / "cmdline").read_text().strip(), "com1": "auto",
                "network": "user", "stop_timeout": 60}
    return section("vm", name, {**settings, **more})
