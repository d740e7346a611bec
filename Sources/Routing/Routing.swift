// Room of `Routing`; see the architecture section of README.md.
