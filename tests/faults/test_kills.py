"""The daemon is killed; nothing is lost. APIARY_KILLS says how often (the full form: tools/test --full), APIARY_SEED
makes it the same again."""
import os
import time

from campaign import Campaign, keep_evidence, keep_report
from harness.world import SANITIZED

SHORT = 15 if SANITIZED else 40    # with the sanitizers a daemon takes much longer to start


def test_nothing_is_lost(world):
    kills = int(os.environ.get("APIARY_KILLS", SHORT))
    seed = int(os.environ.get("APIARY_SEED", time.time()))
    campaign = Campaign(world, kills, seed, every_point=kills >= 300)
    try:
        campaign.run()
    except Exception as fault:
        campaign.faults.append(f"{type(fault).__name__}: {fault}")
        raise
    finally:
        keep_report(campaign.report())
        if campaign.faults:
            keep_evidence(campaign)
    assert not campaign.faults, "\n".join(campaign.faults)
