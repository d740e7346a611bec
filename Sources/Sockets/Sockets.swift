// Room of `Sockets`; see the architecture section of README.md.
