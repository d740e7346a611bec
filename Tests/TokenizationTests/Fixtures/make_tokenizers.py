"""Makes small tokenizers of the kinds in use and what the reference library answers with them.

Writes tokenizer-NAME.json for each kind, strings.json (the texts) and golden-NAME.json (ids of
every text, and decoded texts of random ids). The byte pairs are trained on the texts themselves.

Usage: python make_tokenizers.py OUTPUT_FOLDER [COUNT SEED]
With COUNT, instead of the fixtures: COUNT random texts (fuzz-strings.json) and the answers to them
(fuzz-NAME.json), for a larger comparison that is not kept.
"""

import json
import random
import sys
from pathlib import Path

from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
    trainers,
)

QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
DEEPSEEK = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
    "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
    "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+",
])
FAMILY = " ?[A-Za-z]+|\\d|\\\\boxed|\\n| ?[^\\sA-Za-z\\d]| "

BOS, EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"


def special(content):
    return AddedToken(content, special=True, normalized=False)


def plain(content):
    return AddedToken(content, special=False, normalized=False)


def byte_level(regex=False, prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex, trim_offsets=False)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def cut(*parts):
    return pre_tokenizers.Sequence(list(parts))


def train(tokenizer, corpus, size, alphabet=None, specials=()):
    if alphabet is None:
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(alphabet), special_tokens=list(specials),
        show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def byte_bpe(pre, corpus, size, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return train(tokenizer, corpus, size)


def begin_with(tokenizer, token, extra=()):
    template = processors.TemplateProcessing(
        single=f"{token}:0 $A:0", pair=f"{token}:0 $A:0 {token}:1 $B:1",
        special_tokens=[(token, tokenizer.token_to_id(token))])
    tokenizer.post_processor = processors.Sequence([*extra, template]) if extra else template


def qwen2(corpus):
    t = byte_bpe(cut(split(QWEN), byte_level()), corpus, 700, normalizers.NFC())
    t.add_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    t.add_tokens([plain("<tool_call>"), plain("</tool_call>"), plain("<think>"), plain("</think>")])
    return t


def qwen35(corpus):
    t = byte_bpe(cut(split(QWEN35), byte_level()), corpus, 600, normalizers.NFC())
    t.add_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    return t


def r1_distill(corpus):
    t = byte_bpe(cut(split(QWEN), byte_level()), corpus, 700, normalizers.NFC())
    t.add_tokens([
        special(EOS), plain("<｜User｜>"), plain("<｜Assistant｜>"), special(BOS),
        plain("<｜EOT｜>"), plain("<think>"), plain("</think>"),
    ])
    begin_with(t, BOS)
    return t


def deepseek_v3(corpus):
    t = byte_bpe(
        cut(split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), byte_level()),
        corpus, 700)
    t.add_tokens([special(BOS), special(EOS), plain("<｜User｜>"), plain("<｜Assistant｜>")])
    begin_with(t, BOS)
    return t


def llama3(corpus):
    t = byte_bpe(cut(split(LLAMA3), byte_level()), corpus, 700)
    data = json.loads(t.to_str())
    # a token that merges would never reach shows that whole pieces are looked up first
    data["model"]["ignore_merges"] = True
    data["model"]["merges"] = [m for i, m in enumerate(data["model"]["merges"]) if i % 7 != 3]
    t = Tokenizer.from_str(json.dumps(data))
    t.add_tokens([
        special("<|begin_of_text|>"), special("<|end_of_text|>"), special("<|start_header_id|>"),
        special("<|end_header_id|>"), special("<|eot_id|>"),
    ])
    begin_with(t, "<|begin_of_text|>", [processors.ByteLevel(trim_offsets=False)])
    return t


def gpt2(corpus):
    t = byte_bpe(byte_level(regex=True), corpus, 600)
    t.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=True)])
    return t


def roberta(corpus):
    t = byte_bpe(byte_level(regex=True, prefix=True), corpus, 500)
    t.add_special_tokens([
        special("<s>"), special("</s>"), AddedToken("<mask>", lstrip=True, special=True, normalized=False),
    ])
    t.post_processor = processors.RobertaProcessing(
        ("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>")))
    return t


def smollm2(corpus):
    t = byte_bpe(cut(pre_tokenizers.Digits(True), byte_level(regex=True)), corpus, 600)
    t.add_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    return t


def o200k(corpus):
    return byte_bpe(cut(split(O200K), byte_level()), corpus, 500)


def family(corpus):
    t = byte_bpe(cut(split(FAMILY), byte_level()), corpus, 500, None)
    t.add_tokens([special("<|endoftext|>"), plain("<think>"), plain("</think>")])
    return t


def llama2(corpus):
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    letters = set("▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,:;!?'éüñ世界")
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]
    corpus = [c[:200] for c in corpus if all(x in letters or x == " " for x in c)]
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=sorted(letters), limit_alphabet=len(letters),
        special_tokens=["<unk>", "<s>", "</s>"] + bytes_, show_progress=False)
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    t.train_from_iterator(corpus, trainer)
    data = json.loads(t.to_str())
    data["pre_tokenizer"] = None
    data["added_tokens"] = [a for a in data["added_tokens"] if a["content"] in ("<unk>", "<s>", "</s>")]
    t = Tokenizer.from_str(json.dumps(data))
    begin_with(t, "<s>")
    return t


def metaspace(corpus):
    """No fall-back and few letters: unknown and dropped symbols, marks, odd added tokens."""
    t = Tokenizer(models.BPE(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    t.pre_tokenizer = cut(
        pre_tokenizers.Metaspace(prepend_scheme="first"), pre_tokenizers.Punctuation("merged_with_next"))
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    train(t, corpus, 400, set("▁abcdefghijklmnopqrstuvwxyz0123456789."), ["<unk>"])
    t.add_tokens([
        AddedToken("word", single_word=True, normalized=True), AddedToken("LEFT", lstrip=True, normalized=False),
        AddedToken("RIGHT", rstrip=True, normalized=False), AddedToken("Both", lstrip=True, rstrip=True, normalized=True),
        AddedToken("wo", single_word=True, normalized=False), AddedToken("é", normalized=True),
        AddedToken("  ", normalized=False, rstrip=True),
    ])
    return t


def odd_cuts(corpus):
    """Behaviors, literal patterns, and classes that only a general engine handles."""
    pre = cut(
        pre_tokenizers.Split("=", "merged_with_previous", False),
        split(r"(?<=[a-z])(?=[A-Z])|\b\d{2,4}?\b", "isolated"),
        split(r"[\p{Han}&&[^一二三]]{1,2}+|(?:ab|a)(?!c)|x*?y|\h++$", "merged_with_next"),
        split(r"\s+$|^\s+", "contiguous"), split("(?i)strasze|[^\\S ]", "removed", False),
        split(r"[\p{L}\p{M}\p{N}_'’]+|\S", "removed", True), byte_level())
    return byte_bpe(pre, corpus, 500, normalizers.NFKD())


def words(corpus):
    t = byte_bpe(
        cut(pre_tokenizers.Whitespace(), pre_tokenizers.Digits(False), pre_tokenizers.Punctuation(), byte_level()),
        corpus, 400, normalizers.Sequence([normalizers.Strip(), normalizers.NFD()]))
    return t


KINDS = [
    qwen2, qwen35, r1_distill, deepseek_v3, llama3, gpt2, roberta, smollm2, o200k, family, llama2, metaspace,
    odd_cuts, words,
]

FIXED = [
    "", " ", "  ", "\n", "\r\n", "\t", "a", " a", "a ", "Hello, world!", "hello  world", "hello   world   ",
    "\n\n\nfoo\n\n bar \n", "\r\nfoo\r\rbar\n\r", "foo\r\n\r\n  bar", "   \n   \n  x", " \t \r\n \t x", "x \n", "x\n ",
    "It's John's; they'll, we've I'M YOU'RE HE'D it'S can'T she'LL WE'Ve", "'s't're've'm'll'd", "''s 'S'T'RE'VE'M'LL'D",
    "it'\u017f us'\u017fs", "'\u212a", "\u2019s it\u2019s", "'sx 'tx 'llx 'lx 'rx 'vx", "'", "''", " '", "a'", "'\n", "'r", "'l",
    "1234567890", "12 345 6789", "3.14159265358979", "1,234,567.89", "x1y2z3", "0x1F2e", "٣٤٥٦٧", "१२३४५६७", "②③④⑤", "ⅣⅤⅥ", "½¾", "²³",
    "The quick brown fox jumps over the lazy dog.", "El veloz murciélago hindú comía feliz cardillo y kiwi.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. STRASSE Straße straSSe",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "いろはにほへと ちりぬるを", "イロハニホヘト チリヌルヲ ワカヨタレソ", "我能吞下玻璃而不伤身体。一二三四五六七八九十", "天地玄黃,宇宙洪荒。", "키스의 고유조건은 입술끼리 만나야 하고",
    "נקי עם שלוש קציעות מחרוזת", "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ إِذ بَزَغَت", "ऋषियों को सताने वाले दुष्ट राक्षसों", "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า", "ខ្ញុំអាចញុំកញ្ចក់បាន",
    "இந்த ஒரு சொற்றொடர்", "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ", "Tiếng Việt có dấu: ơ ư ạ ậ ẵ", "Þjáðst hafa þeir", "Ǆ ǅ ǆ ß ẞ ı İ ﬁ ﬂ ﬆ",
    "👩‍👩‍👧‍👦👨🏽‍🚀🏳️‍🌈🇩🇪🇫🇷", "😀😃😄 😁", "❤️❤", "☕️ 1️⃣2️⃣", "👍🏿👍", "e\u0301 e\u0301\u0323 e\u0323\u0301", "A\u030a \u212b \u00c5", "\u1100\u1161\u11a8 \uac00\u11a8 \u1100\u1161",
    "q\u0307\u0323 q\u0323\u0307", "\u0958 \u0915\u093c", "\u0340\u0341\u0343\u0344", "\ufb1d\u2126\u212a", "\u0f71\u0f72\u0f74", "a\u05b0\u0327\u0301b", "\u1e9b\u0323", "\U0001d15e\U0001d1bc",
    "e" + "\u0301\u0323\u0327" * 12, "\u0301a", "\u200b\u200c\u200d\u2060\ufeff", "a\u200db", "\u200e\u202aabc\u202c\u200f", "soft\u00adhyphen",
    "\x00", "a\x00b\x01\x02", "\x1b[31mred\x1b[0m", "\x7f\x80\x81\x9f", "\x1c\x1d\x1e\x1f x", "\ue000\uf8ff\U000f0000\U0010ffff", "\ufffe\uffff\ufdd0", "\u0378\u0379\U000e0080", "\U0001fae9\U0001cc00\u1c89\ua7cb",
    "\u00a0a\u00a0\u00a0b", "\u3000a\u3000\u3000b\u3000", "\u0085a\u0085\u0085b", "\u180ea\u180e\u180eb", "\u2028a\u2029b\u2028", "\u1680a\u2000b\u2007c\u202fd\u205fe", "\x0b\x0ca\x0b\x0cb",
    " \u00a0 a", "\u3000\n\u3000a", "\t\tif x:\n\t\t\treturn  y\n", "    def f(x):\n        return x ** 2  # square\n\n\nprint(f(3))\n",
    "for (int i = 0; i < n; ++i) { a[i] += b[i] * c[i]; } // sum\r\n", "SELECT * FROM t WHERE a='b''c' AND d>=1.5;", "<html><body class=\"x\">&nbsp;</body></html>",
    "{\"key\": [1, 2.5e-3, null, true], \"k\\u00e9y\": \"v\\n\"}", "https://example.org/a/b?c=d&e=f#g", "user.name+tag@example.co.uk", "C:\\Users\\x\\file.txt",
    "\\frac{a}{b} + \\sqrt{x^2 + y_1} = \\boxed{42}", "$$\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}$$", "\\boxed\\boxed{\\text{no}}", "\\[x\\]\\(y\\)", "a=b==c= =d=", "aabacabc xxy xy y abcab", "cafeFADE12 0123 fooBarBAZ", "straße STRASSE STRAßE\tx",
    "AIME 2024: find the number of triples (a,b,c) with a+b+c=300 and a^2b+b^2c=6,000,000.",
    "!!!", "...", "?!?!", "a!b?c.", " !", "! ", "--- ***", "=====", "«quoted» “double” ‘single’", "a—b–c‑d", "€100 £5 ¥7 ₹8", "±×÷≤≥≠∞∑∏√", "→←↑↓⇒", "♠♥♦♣", "©®™", "¿¡", "_snake_case_ CamelCase kebab-case SCREAMING",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababababababababababababababababababababababab", "        " * 8, "\n" * 70, "\t" * 50, "7" * 61, "!" * 55, "é" * 60, "界" * 60, "😀" * 30,
    "<|endoftext|>", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "a<|im_end|>b", " <|im_end|> ", "<|im_end", "<|im_end|><|im_end|>", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
    BOS + "<｜User｜>What is 1+1?<｜Assistant｜><think>\n", "<think>\nLet me see.\n</think>\n\nIt is 2." + EOS, " <think> ", "<think></think>", "<thin", "<<think>>", "<｜User｜", "<tool_call>{\"a\": 1}</tool_call>",
    "<s>hello</s>", "<mask>", "a  <mask>  b", "\t\n<mask>", "<unk> <0x41><0x0A>", "<0xE4><0xB8>", "word", "words sword word's a word.", "wo wow wo\u0301 wo_", "_word_ -word- word\u200d", "a LEFT b  LEFTRIGHT  c", "RIGHT   x RIGHT\n", "both BOTH  Both  both", "é e\u0301 É", "a  b   c    d", "  LEFT", "   LEFT  RIGHT  ",
    "ＦＵＬＬ ｗｉｄｔｈ １２３", "ﷺ ㎏ ㍿ ⑴", "Ａ\u0301", "İstanbul ΣΑΣ", "ｱｲｳ ﾞ",
]

POOLS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", " ", "  \t\n\r\u00a0\u3000\u0085\u2028\x0b", "\n\r",
    "'\"`.,;:!?-_()[]{}<>/\\|@#$%^&*+=~", "éèüñçøåßœæıİſK", "абвгдеёжз", "αβγδς", "的一是不了人我在有他这", "ひらがなカタカナー", "가나다라마바\u1100\u1161\u11a8",
    "אבגדה\u05b0\u05b4", "ابتثج\u064b\u0651", "कखग\u093c\u094d\u093e", "\u0300\u0301\u0302\u0323\u0327\u0328\u0345\u0338", "😀👩🏽🇩🇪❤\ufe0f\u200d", "①②Ⅳ½²٣४", "€£±∑→♠©", "\x00\x01\x1f\x7f\x80\x9f\xad",
    "\ue000\U000f0000\ufffe\u0378\U000e0001",
]
SNIPPETS = ["'s", "'S", "'ll", "'LL", "'re", "'\u017f", " the", " and", "<|im_end|>", "<|im_start|>", "<|endoftext|>", "<think>", "</think>", BOS, EOS, "<｜User｜>", "<｜Assistant｜>", "<s>", "</s>", "<mask>", "word", "LEFT", "RIGHT", "Both", "\\boxed", "\\frac{", "  ", "\r\n", "\n\n", "<0x41>", "=", "straße"]


def random_text(rng, longest):
    parts = []
    length = rng.randint(1, longest)
    while sum(map(len, parts)) < length:
        kind = rng.random()
        if kind < 0.2:
            parts.append(rng.choice(SNIPPETS))
        elif kind < 0.3:
            scalar = rng.choice([rng.randint(0, 0x2FF), rng.randint(0, 0x2FFF), rng.randint(0, 0xFFFF), rng.randint(0, 0x1FFFF), rng.randint(0, 0x10FFFF)])
            if not 0xD800 <= scalar <= 0xDFFF:
                parts.append(chr(scalar))
        else:
            pool = rng.choice(POOLS)
            parts.append("".join(rng.choice(pool) for _ in range(rng.randint(1, rng.choice([1, 2, 5, 9])))))
    return "".join(parts)


def texts(count, seed, longest):
    rng = random.Random(seed)
    return [random_text(rng, longest) for _ in range(count)]


def decodings(tokenizer, count, seed):
    rng = random.Random(seed)
    top = max(tokenizer.get_vocab().values())
    found = []
    for _ in range(count):
        ids = [rng.randint(0, top) if rng.random() < 0.7 else rng.randint(0, min(top, 300)) for _ in range(rng.randint(0, 14))]
        found.append([ids, tokenizer.decode(ids, skip_special_tokens=True), tokenizer.decode(ids, skip_special_tokens=False)])
    return found


def answers(tokenizer, strings, count, seed):
    body = [tokenizer.encode(s, add_special_tokens=False).ids for s in strings]
    tokenizer.encode_special_tokens = True
    unparsed = [[i, tokenizer.encode(s, add_special_tokens=False).ids] for i, s in enumerate(strings) if "<" in s]
    tokenizer.encode_special_tokens = False
    return {
        "ids": body,
        "with_special_tokens": [tokenizer.encode(s).ids for s in strings[:8]],
        "specials_as_text": unparsed[:40] if count else unparsed,
        "decoded": decodings(tokenizer, count or 2000, seed),
    }


def dump(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def main():
    folder = Path(sys.argv[1])
    corpus = FIXED + texts(400, 1, 40)
    fuzz = len(sys.argv) > 2
    strings = texts(int(sys.argv[2]), int(sys.argv[3]), 60) if fuzz else FIXED + texts(430 - len(FIXED) + 20, 2, 24)
    dump(folder / ("fuzz-strings.json" if fuzz else "strings.json"), strings)
    for kind in KINDS:
        path = folder / f"tokenizer-{kind.__name__}.json"
        tokenizer = kind(corpus)
        if not fuzz:
            path.write_text(tokenizer.to_str() + "\n")
        else:
            tokenizer.save(str(path), pretty=False)
        tokenizer = Tokenizer.from_file(str(path))
        name = f"fuzz-{kind.__name__}.json" if fuzz else f"golden-{kind.__name__}.json"
        dump(folder / name, answers(tokenizer, strings, 0 if fuzz else 40, 3))


main()
