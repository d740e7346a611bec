#!/usr/bin/env python3
"""Speed of vLLM's engine on a CPU, as JSON."""
import itertools
import time

import vllm

import method


def main():
    asked = method.arguments()
    engine = vllm.LLM(
        model=str(asked.model), dtype="bfloat16", skip_tokenizer_init=True,
        generation_config="vllm", enable_prefix_caching=False, max_model_len=asked.context,
        max_num_seqs=max(asked.batches), max_num_batched_tokens=asked.budget,
        kv_cache_memory_bytes=1 << 30).llm_engine
    numbers = itertools.count()

    def passes(prompts, count):
        wanted = vllm.SamplingParams(
            temperature=0, max_tokens=count, min_tokens=count, ignore_eos=True, detokenize=False)
        start, times, written = time.perf_counter(), [], {}
        for ids in prompts:
            engine.add_request(str(next(numbers)), {"prompt_token_ids": ids}, wanted)
        while engine.has_unfinished_requests():
            for output in engine.step():
                written[output.request_id] = len(output.outputs[0].token_ids)
            times.append(time.perf_counter() - start)
        assert list(written.values()) == [count] * len(prompts), written
        return times

    method.measure(asked, passes)


if __name__ == "__main__":
    main()
