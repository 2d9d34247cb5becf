import sys
sys.path.insert(0,'/work/main/tests/integration')
from test_leaks import *
def test_probe(world):
    daemon = world.start('global { journal_max_size = 1M; }\n' + world.tiny("web"), environment={"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})
    for i in range(6):
        live_often(world,"web",15)
        fill_journal(world,"web")
        print("PROBE", look(world,daemon))
