#!/usr/bin/env python3
"""Speed of OpenVINO GenAI's pipeline of continuous batches, as JSON."""
import itertools
import time

import numpy as np
import openvino
import openvino_genai

import method


def main():
    asked = method.arguments()
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.max_num_batched_tokens = asked.budget
    scheduler.max_num_seqs = max(asked.batches)
    scheduler.cache_size = 1
    scheduler.enable_prefix_caching = False
    pipeline = openvino_genai.ContinuousBatchingPipeline(
        asked.model, scheduler, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    numbers = itertools.count()

    def passes(prompts, count):
        wanted = openvino_genai.GenerationConfig(
            max_new_tokens=count, ignore_eos=True, do_sample=False)
        inputs = [openvino.Tensor(np.array([ids], dtype=np.int64)) for ids in prompts]
        start, times = time.perf_counter(), []
        # A request whose handle is let go is dropped.
        handles = [pipeline.add_request(next(numbers), ids, wanted) for ids in inputs]
        while pipeline.has_non_finished_requests():
            pipeline.step()
            times.append(time.perf_counter() - start)
        for handle in handles:
            written, = handle.read_all()
            assert len(written.generated_ids) == count, len(written.generated_ids)
        return times

    method.measure(asked, passes)


if __name__ == "__main__":
    main()
