// Room of `Kernels`; see the architecture section of README.md.
