"""The accounts that tools/setup makes, and how to be one of them."""
import contextlib
import grp
import os
import pwd

ALICE, BOB, CAROL, OLGA = "apiary-alice", "apiary-bob", "apiary-carol", "apiary-olga"
TEAM, OBSERVERS = "apiary-team", "apiary-observers"  # Carol is in the one, Olga in the other


class Account:
    def __init__(self, name):
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid = name, entry.pw_uid, entry.pw_gid
        self.groups = sorted(set(os.getgrouplist(name, self.gid)))

    def popen_arguments(self):
        """For subprocess.Popen: the process is this account's from the start."""
        return {"user": self.uid, "group": self.gid, "extra_groups": self.groups}

    @contextlib.contextmanager
    def effective(self):
        """Until its end this process acts as the account. A socket that is connected meanwhile stays the account's."""
        before = os.geteuid(), os.getegid(), os.getgroups()
        os.setgroups(self.groups)
        os.setegid(self.gid)
        os.seteuid(self.uid)
        try:
            yield
        finally:
            os.seteuid(before[0])
            os.setegid(before[1])
            os.setgroups(before[2])


def group_id(name):
    return grp.getgrnam(name).gr_gid
