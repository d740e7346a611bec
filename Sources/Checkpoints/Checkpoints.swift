// Room of `Checkpoints`; see the architecture section of README.md.
