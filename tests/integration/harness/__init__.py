"""What the integration tests share: a private system bus, the daemon, callers of several accounts, and the proof that
nothing of a test is left behind."""
