import Testing

@Suite struct CheckpointsTests {}
