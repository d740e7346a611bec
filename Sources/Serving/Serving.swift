// Room of `Serving`; see the architecture section of README.md.
