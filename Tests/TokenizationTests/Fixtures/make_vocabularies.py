"""Trains small vocabularies with the reference library, to compare the trainer with.

Writes training-cases.json (texts, settings, and the ids that the trained tokenizer gives to other
texts) and trained-NAME.json for each case, the reference's tokenizer.json as it stands.

Usage: python make_vocabularies.py OUTPUT_FOLDER
"""

import json
import random
import re
import sys
from pathlib import Path

from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers,
)

FAMILY = r" ?[A-Za-z]+|\d|\\boxed|\n| ?[^\sA-Za-z\d]| "
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPECIALS = ["<|endoftext|>", "<|User|>", "<|Assistant|>", "<think>", "</think>"]
SHOWN = {"<think>", "</think>"}

NAMES = ["Ada", "Ben", "Chloé", "Daniel"]
THINGS = ["apples", "marbles", "coins", "stamps"]


def problem(rng):
    a, b = rng.randint(2, 999), rng.randint(2, 99)
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    return (
        f"<|User|>{name} has {a} {thing} and finds {b} more. How many {thing} is that?"
        f"<|Assistant|><think>\nStart with {a}. Then add {b}: {a} + {b} = {a + b}.\n</think>\n"
        f"The answer is \\boxed{{{a + b}}}.<|endoftext|>"
    )


def problems(seed, count):
    rng = random.Random(seed)
    return [problem(rng) for _ in range(count)]


def knots(seed, count):
    """Few letters: many equal counts, and pairs that overlap."""
    rng = random.Random(seed)
    return ["".join(rng.choice("aab b") for _ in range(rng.randint(0, 160))) for _ in range(count)]


SCRIPTS = [
    "Größe, naïve façade – “quoted” … 3½ €", "数学の問題を解く。答えは四十二です。", "сумма чисел равна сорока двум",
    "مجموع الأعداد", "👩‍🏫 teaches 👨‍👩‍👧 twice 👩‍🏫 👩‍🏫", "tabs\tand\r\nline ends\r\n\r\n", "\u0000\u007f\u00a0\u3000 blanks",
    "Größe und naïve Größe", "数学の答え", "сумма сумма", "Ġthe Ċ spelled like bytes",
]

CASES = {
    # name: texts, pattern, special tokens, vocabulary size, minimum frequency
    "family": (problems(1, 30), FAMILY, SPECIALS, 340, 2),
    "family_exhausted": (problems(2, 12), FAMILY, SPECIALS, 2000, 2),
    "frequent_only": (problems(3, 12), GPT2, SPECIALS[:1], 2000, 11),
    "bytes_only": (problems(4, 2), FAMILY, SPECIALS, 261, 2),
    "scripts": (SCRIPTS, GPT2, [], 330, 0),
    "gaps": (SCRIPTS, r"\s", SPECIALS[3:], 320, 2),
    "knots": (knots(5, 12), r"[^b]+", [], 600, 0),
    "knots_in_one_word": (knots(6, 8), r"x", [], 500, 0),
}

OTHERS = problems(9, 2) + [
    "", " ", "  \n\n  ", "abba aab ab\\boxed{7}", "<think", "<think><think></think>", "naïve 数学 👩‍🏫\u0000",
]


def train(texts, pattern, specials, size, minimum):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=minimum, special_tokens=specials, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    # the reference's trainer does not cut special tokens out of the texts, encoding does
    cut = re.compile("|".join(map(re.escape, specials)) if specials else r"(?!)")
    tokenizer.train_from_iterator([part for text in texts for part in cut.split(text)], trainer)
    # its trainer makes every token given to it special
    file = json.loads(tokenizer.to_str())
    for token in file["added_tokens"]:
        token["special"] = token["content"] not in SHOWN
    return Tokenizer.from_str(json.dumps(file))


def main():
    folder = Path(sys.argv[1])
    cases = []
    for name, (texts, pattern, specials, size, minimum) in CASES.items():
        tokenizer = train(texts, pattern, specials, size, minimum)
        (folder / f"trained-{name}.json").write_text(tokenizer.to_str() + "\n")
        cases.append({
            "name": name, "texts": texts, "pattern": pattern, "special_tokens": specials,
            "vocabulary_size": size, "minimum_frequency": minimum, "others": OTHERS,
            "ids": [tokenizer.encode(text).ids for text in OTHERS],
        })
    path = folder / "training-cases.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
