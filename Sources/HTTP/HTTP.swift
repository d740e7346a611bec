// Room of `HTTP`; see the architecture section of README.md.
