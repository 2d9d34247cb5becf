"""The tests' own tools: who a caller is on the bus, what a client keeps, whether anything left behind is found."""
import subprocess

import pytest
from harness import processes
from harness.accounts import ALICE, CAROL, OBSERVERS, OLGA, TEAM, Account, group_id
from harness.client import BusError, Client, encode_path_element, field, plain


def test_a_caller_is_who_it_says(world):
    for name, groups in ((ALICE, set()), (CAROL, {group_id(TEAM)}), (OLGA, {group_id(OBSERVERS)})):
        caller = world.client(name)
        said = plain(caller.bus("GetConnectionCredentials", "s", caller.unique)[0])
        assert said["UnixUserID"] == Account(name).uid != 0
        assert groups < set(said["UnixGroupIDs"]) and 0 not in said["UnixGroupIDs"]


def test_the_bus_is_a_system_bus(world):
    with pytest.raises(BusError) as refused:
        world.client().bus("RequestName", "su", "org.example.Other1", 0)
    assert refused.value.short == "AccessDenied"
    with pytest.raises(BusError) as refused:
        world.client(ALICE).bus("RequestName", "su", "org.apiary.Apiary1", 0)
    assert refused.value.short == "AccessDenied"
    assert world.client().bus("RequestName", "su", "org.apiary.Apiary1", 0) == (1,)


def test_signals_are_kept_while_waiting_for_a_reply(world):
    listener = world.client()
    listener.match("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")
    other = world.client(ALICE)
    listener.bus("GetId")
    heard = listener.next_signal(lambda m: field(m, "member") == "NameOwnerChanged" and m.body[0] == other.unique)
    assert heard.body[2] == other.unique


def test_a_path_element_is_what_sd_bus_makes_of_it():
    assert [encode_path_element(n) for n in ("web", "9 lives", "a-b.c", "")] == \
        ["web", "_39_20lives", "a_2db_2ec", "_"]


def test_an_orphan_is_found(world):
    subprocess.run(["sh", "-c", "sleep 1000 & exec true"], check=True)
    left = processes.left_over(keep={world.bus.process.pid})
    assert len(left) == 1
    assert "sleep 1000" in next(iter(left.values()))  # it, or the shell that is about to become it
    processes.kill_all(left)
    assert not processes.left_over(keep={world.bus.process.pid})


def test_nobody_is_both(world):
    with Client(world.bus.address, ALICE) as caller:
        assert caller.bus("GetConnectionUnixUser", "s", caller.unique) == (Account(ALICE).uid,)
    with Client(world.bus.address) as caller:
        assert caller.bus("GetConnectionUnixUser", "s", caller.unique) == (0,)
