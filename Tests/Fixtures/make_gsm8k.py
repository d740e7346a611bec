"""Makes gsm8k_short.jsonl, the shortest problems of GSM8K's training set.

    python make_gsm8k.py train.jsonl >gsm8k_short.jsonl
"""

import json
import re
import sys

COUNT = 4


def main():
    problems = []
    for index, line in enumerate(open(sys.argv[1], encoding="utf-8")):
        row = json.loads(line)
        work, answer = re.sub("<<.*?>>", "", row["answer"]).split("\n#### ")
        problems.append({
            "id": f"gsm8k-train-{index:04}",
            "question": row["question"],
            "answer": answer,
            # As reasoning models write: rewards want the one box behind the thought.
            "solution": f"{work}\n</think>\n\nThe answer is \\boxed{{{answer}}}.",
        })
    problems.sort(key=lambda problem: len(problem["question"] + problem["solution"]))
    for problem in problems[:COUNT]:
        print(json.dumps(problem))


main()
