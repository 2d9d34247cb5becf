#!/usr/bin/python3
"""An agent of Apiary, as a whole: keeps VMs from starting while a file says so, and a note of each VM that is up.

    keeper.py --hold /etc/apiary/hold --notes /var/lib/keeper [VM ...]

While the file --hold is there no VM starts, and its first line is the reason that people are told. In the folder --notes
is a file for each VM that is up, named by its number. Without names of VMs it has a part in all of them. Run it as root, under
something that starts it again (docs/agents.md); it needs python3-jeepney.
"""
import argparse
import sys
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, MessageFlag, MessageType, new_error, new_method_call, new_method_return
from jeepney.io.blocking import open_dbus_connection

APIARY = "org.apiary.Apiary1"
OBJECT = "/keeper"
BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
AGENTS = DBusAddress("/org/apiary/Apiary1", APIARY, f"{APIARY}.Agents")


class Keeper:
    def __init__(self, arguments):
        self.arguments = arguments
        self.connection = open_dbus_connection("SYSTEM")
        self.waiting = {}      # serial of a call of ours: what is done with its reply
        self.daemon = None     # its unique name, while it is there

    def ask(self, address, member, signature, *arguments, then=None):
        """Sends a call. Nothing here ever waits for a reply: the daemon may be calling us at the same time."""
        serial = next(self.connection.outgoing_serial)
        self.waiting[serial] = then or (lambda reply: None)
        self.connection.send(new_method_call(address, member, signature, arguments), serial=serial)

    # --- being there ---

    def begin(self):
        """The daemon comes and goes (an upgrade, a crash): whenever it is there, we register."""
        rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{APIARY}'"
        self.ask(BUS, "AddMatch", "s", rule)
        self.ask(BUS, "GetNameOwner", "s", APIARY, then=self.has_owner)

    def has_owner(self, reply):
        if reply.header.message_type is MessageType.method_return:
            self.daemon_is(reply.body[0])

    def daemon_is(self, owner):
        if owner == self.daemon:
            return
        self.daemon = owner
        if owner:
            options = {"name": ("s", self.arguments.name), "prestart-timeout": ("u", 10_000)}
            if self.arguments.vms:
                options["vms"] = ("as", self.arguments.vms)
            self.ask(AGENTS, "Register", "oa{sv}", OBJECT, options, then=self.is_registered)

    def is_registered(self, reply):
        if reply.header.message_type is MessageType.error:
            sys.exit(f"keeper: {reply.body[0]}")

    # --- what the daemon asks ---

    def note(self, call):
        # By the VM's number, so that Poststop finds it whatever became of us since.
        return self.arguments.notes / str(call["id"])

    def prestart(self, call):
        if self.arguments.hold.exists():
            words = self.arguments.hold.read_text().splitlines()
            return "veto", words[0] if words else f"{self.arguments.hold} is there"
        self.note(call).write_text(f"{call['vm']} {call['attempt']}\n")
        return "ok", ""

    def poststop(self, call):
        self.note(call).unlink(missing_ok=True)    # to undo what is not there is a success
        return "ok", ""

    def answer(self, message):
        fields = message.header.fields
        functions = {"Prestart": self.prestart, "Poststop": self.poststop}
        function = functions.get(fields.get(HeaderFields.member))
        if function is None or fields.get(HeaderFields.path) != OBJECT:
            return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")
        if fields[HeaderFields.sender] != self.daemon:
            return new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "s", ("The daemon alone may ask.",))
        try:
            result = function({key: value for key, (_, value) in message.body[0].items()})
        except OSError as error:
            result = "failed", str(error)
        return new_method_return(message, "ss", result)

    def run(self):
        self.begin()
        while True:
            message = self.connection.receive()
            kind, fields = message.header.message_type, message.header.fields
            if kind is MessageType.method_call:
                answer = self.answer(message)
                if not message.header.flags & MessageFlag.no_reply_expected:    # Cancel: we are quick anyway
                    self.connection.send(answer)
            elif kind is MessageType.signal and fields.get(HeaderFields.member) == "NameOwnerChanged":
                self.daemon_is(message.body[2])
            elif HeaderFields.reply_serial in fields:
                self.waiting.pop(fields[HeaderFields.reply_serial], lambda reply: None)(message)


def main():
    parser = argparse.ArgumentParser(description="Keeps VMs from starting while a file says so.")
    parser.add_argument("--name", default="keeper")
    parser.add_argument("--hold", type=Path, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("vms", nargs="*")
    Keeper(parser.parse_args()).run()


if __name__ == "__main__":
    main()
