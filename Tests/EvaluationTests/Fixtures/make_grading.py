"""Writes grading_pairs.tsv: answers, rewritten and falsified, with the verdicts of two graders.

usage: make_grading.py MATH500.jsonl GSM8K.jsonl AIME.jsonl OUTPUT.tsv

Each line holds, separated by tabs: kind, whether the pair is equal by construction (1/0),
math-verify's verdict, the verdict of the reference rules, gold, prediction. "!" in place of a
verdict means that the grader failed or ran out of time.

The reference rules are those of the Qwen2.5-Math lineage (strip_string, math_equal), written anew
from their description, with latex2sympy2_extended as the parser of LaTeX.
"""

import json
import math
import multiprocessing
import random
import re
import signal
import sys
from fractions import Fraction

SEED = 20250211
FRACTION = re.compile(r"^(-?)\\d?frac\{(\d+)\}\{(\d+)\}$")
INTEGER = re.compile(r"^-?\d+$")
DECIMAL = re.compile(r"^-?\d*\.\d+$")
RADICAL = re.compile(r"^(\d*) ?\\sqrt\{(\d+)\}$")


# Construction of pairs -------------------------------------------------------------------------


def terminating(value):
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def decimal_text(value):
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    text = f"{abs(value.numerator) * 10**digits // value.denominator:0{digits + 1}d}"
    sign = "-" if value < 0 else ""
    return sign + (text[:-digits] + "." + text[-digits:] if digits else text)


def frac_text(value, command="frac"):
    sign = "-" if value < 0 else ""
    return f"{sign}\\{command}{{{abs(value.numerator)}}}{{{value.denominator}}}"


def plain_value(gold):
    """The rational that a gold answer is, or None."""
    if INTEGER.match(gold) or DECIMAL.match(gold):
        return Fraction(gold)
    found = FRACTION.match(gold.replace("tfrac", "frac"))
    if found:
        return Fraction(int(found[1] + found[2]), int(found[3]))
    return None


def split_top(text, separator=","):
    parts, depth, start = [], 0, 0
    for index, sign in enumerate(text):
        depth += sign in "([{"
        depth -= sign in ")]}"
        if sign == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in parts + [text[start:]]]


def rational_pairs(gold, value, rng):
    integer = value.denominator == 1
    yield "right: sign and spaces", True, " " + gold.replace("-", "- ") + " "
    scale = rng.randint(2, 9)
    unreduced = (
        f"\\frac{{{abs(value.numerator) * scale}}}{{{value.denominator * scale}}}"
    )
    yield "right: fraction not reduced", True, ("-" if value < 0 else "") + unreduced
    yield "right: x = value", True, f"x = {gold}"
    yield "right: parentheses", True, f"({gold})"
    yield "right: braces", True, "{" + gold + "}"
    if scale == 5:
        yield "right: full stop", True, gold + "."
    yield "right: double negative", True, f"-(-{gold})" if value >= 0 else f"-({gold[1:]})"
    yield "right: over one", True, f"\\frac{{{gold}}}{{1}}"
    yield "right: text around", True, f"\\text{{{gold}}}" if integer else f"{gold} \\text{{ exactly}}"
    yield "wrong: halved", False, f"\\frac{{{gold}}}{{2}}" if value else "1"
    yield "wrong: word instead", False, r"\text{no solution}"
    yield "wrong: plus one half", False, f"{gold} + \\frac{{1}}{{2}}"
    yield "wrong: interval around", False, f"[{gold}, {scale + 1000})"
    yield "right: unit in text", True, gold + r"\text{ " + rng.choice(["cm", "units", "miles", "square feet"]) + "}"
    if integer:
        yield "right: integer with .0", True, f"{value.numerator}.0"
        if value > 1:
            yield "right: root of square", True, f"\\sqrt{{{value.numerator**2}}}"
            yield "right: logarithm", True, f"\\log_2 {{2^{{{value.numerator}}}}}" if value < 40 else f"{value.numerator}^1"
            yield "wrong: square", False, f"{value.numerator}^2"
        if abs(value) >= 100 and value.numerator % 10 == 0:
            power = len(str(abs(value.numerator))) - 1
            mantissa = decimal_text(Fraction(value.numerator, 10**power))
            yield "right: scientific", True, f"{mantissa} \\times 10^{{{power}}}"
            yield "wrong: scientific", False, f"{mantissa} \\times 10^{{{power + 1}}}"
        yield "right: sum", True, f"{value.numerator - scale} + {scale}"
        yield "right: product", True, f"{value.numerator} \\cdot {scale} / {scale}"
        if abs(value) >= 1000:
            yield "right: thousands", True, f"{value.numerator:,}"
            yield "right: thousands", True, f"{value.numerator:,}".replace(",", ",\\!")
        yield "wrong: integer off by one", False, str(value.numerator + rng.choice([-1, 1]))
        digits = list(str(abs(value.numerator)))
        if len(digits) > 1 and digits[0] != digits[-1] and digits[-1] != "0":
            digits[0], digits[-1] = digits[-1], digits[0]
            yield "wrong: digits swapped", False, ("-" if value < 0 else "") + "".join(digits)
        yield "wrong: fraction nearby", False, f"\\frac{{{value.numerator * 7 + 1}}}{{7}}"
    else:
        if terminating(value):
            yield "right: decimal", True, decimal_text(value)
        else:
            yield "right: rounded decimal", True, f"{float(value):.8f}"
        yield "right: slash", True, f"{value.numerator}/{value.denominator}"
        yield "right: tfrac", True, frac_text(value, "tfrac")
        yield "right: dfrac", True, frac_text(value, "dfrac")
        if value > 1:
            whole, rest = divmod(value.numerator, value.denominator)
            yield "right: mixed number", True, f"{whole}\\frac{{{rest}}}{{{value.denominator}}}"
        if abs(value) != 1:
            yield "wrong: upside down", False, frac_text(1 / value)
        yield "wrong: numerator off by one", False, frac_text(value + Fraction(1, value.denominator))
        yield "wrong: rounded too far", False, f"{float(value):.2f}" if abs(float(f"{float(value):.2f}") / float(value) - 1) > 2e-4 else f"{float(value) * 1.01:.6f}"
    if value != 0:
        yield "wrong: sign", False, gold[1:] if gold.startswith("-") else "-" + gold
        yield "wrong: ten times", False, frac_text(value * 10) if not integer else str(value.numerator * 10)
        yield "wrong: root", False, f"\\sqrt{{{gold}}}" if value not in (0, 1) else "\\sqrt{2}"
        yield "wrong: with a variable", False, gold + "x"
    yield "wrong: pair", False, f"({gold}, {scale})"


def radical_pairs(gold, rng):
    found = RADICAL.match(gold)
    front, radicand = int(found[1] or 1), int(found[2])
    yield "right: radical taken in", True, f"\\sqrt{{{front * front * radicand}}}"
    yield "right: radical as power", True, f"{front} \\cdot {radicand}^{{1/2}}"
    yield "right: plain sqrt", True, f"{front}*sqrt({radicand})"
    yield "right: rationalised", True, f"\\frac{{{front * radicand}}}{{\\sqrt{{{radicand}}}}}"
    yield "right: long decimal", True, f"{front * math.sqrt(radicand):.10f}"
    yield "wrong: radicand off by one", False, f"{front}\\sqrt{{{radicand + 1}}}"
    yield "wrong: front off by one", False, f"{front + 1}\\sqrt{{{radicand}}}"
    yield "wrong: root forgotten", False, str(front * radicand)
    yield "wrong: sign", False, "-" + gold


def symbolic_pairs(gold, expression, rng):
    import sympy

    printed = {sympy.latex(form(expression)) for form in (sympy.expand, sympy.factor, sympy.together)}
    for text in sorted(printed):
        # The parser lowercases some names, and then prints another expression.
        if set(re.findall(r"[A-Z]", text)) != set(re.findall(r"[A-Z]", gold)):
            continue
        yield "right: expression rewritten", True, text
    yield "right: expression times one", True, f"\\frac{{2({gold})}}{{2}}"
    yield "right: shifted and back", True, f"1 + {gold} - 1"
    yield "wrong: expression plus one", False, f"{gold} + 1"
    yield "wrong: expression doubled", False, f"2({gold})"
    if expression.free_symbols:
        name = sorted(map(str, expression.free_symbols))[0]
        other = "w" if name != "w" else "v"
        yield "wrong: variable renamed", False, re.sub(rf"(?<![\\a-z]){name}(?![a-z])", other, gold)
    yield "wrong: negated", False, f"-({gold})"


def element_pairs(gold, body, opening, closing, rng):
    parts = split_top(body)
    spaced = "  ,  ".join(parts)
    yield "right: elements spaced", True, f"{opening} {spaced} {closing}".strip()
    if opening in "([" and opening:
        yield "right: left and right", True, f"\\left{opening}{body}\\right{closing}"
        yield "right: without left and right", True, f"{opening}{body}{closing}"
    rewritten = []
    for part in parts:
        value = plain_value(part)
        rewritten.append(frac_text(value * 3 / 3) if value is not None and value.denominator > 1 else f"{part}+0" if value is not None else part)
    yield "right: elements rewritten", True, f"{opening}{','.join(rewritten)}{closing}"
    if len(set(parts)) > 1 and len(parts) > 1:
        backward = f"{opening}{','.join(reversed(parts))}{closing}"
        if opening == "" or opening == "\\{":
            yield "right: list reordered", True, backward
        elif parts != parts[::-1]:
            yield "wrong: tuple reordered", False, backward
    yield "wrong: element dropped", False, f"{opening}{','.join(parts[:-1])}{closing}"
    yield "wrong: element added", False, f"{opening}{','.join(parts + ['17'])}{closing}"
    changed = list(parts)
    index = rng.randrange(len(parts))
    changed[index] = "37" if "infty" not in parts[index] else "38"
    yield "wrong: element changed", False, f"{opening}{','.join(changed)}{closing}"


def interval_pairs(gold, body, opening, closing, rng):
    low, high = split_top(body)
    swap = {"(": "[", "[": "(", ")": "]", "]": ")"}
    if "infty" not in low:
        yield "wrong: interval bracket", False, f"{swap[opening]}{low},{high}{closing}"
    if "infty" not in high:
        yield "wrong: interval bracket", False, f"{opening}{low},{high}{swap[closing]}"
    below = "<" if opening == "(" else r"\le"
    above = "<" if closing == ")" else r"\le"
    if "infty" in low:
        yield "right: interval as inequality", True, f"x {above} {high}"
    elif "infty" in high:
        yield "right: interval as inequality", True, f"x {'>' if opening == '(' else chr(92) + 'ge'} {low}"
    else:
        yield "right: interval as inequality", True, f"{low} {below} x {above} {high}"
    yield "right: membership", True, f"x \\in {gold}"


def pairs_of(gold, rng, is_choice=False, intervals=()):
    """Yields (kind, is right, prediction) for a gold answer."""
    yield "right: identical", True, gold
    yield "right: dollars", True, f"${gold}$"
    bare = gold.replace("\\left", "").replace("\\right", "").replace("\\!", "").strip()
    value = plain_value(bare)
    if value is not None:
        yield from rational_pairs(bare, value, rng)
        return
    if RADICAL.match(bare):
        yield from radical_pairs(bare, rng)
        return
    if re.match(r"^\\frac *\d", bare) or re.match(r"^\d+ ?\\frac", bare) or "dfrac" in bare:
        yield "right: spaces", True, gold.replace("\\", " \\").strip()
        numbers = [int(digit) for digit in re.findall(r"\d+", bare)]
        if len(numbers) == 3:
            yield "right: mixed as fraction", True, f"{numbers[0] * numbers[2] + numbers[1]}/{numbers[2]}"
            yield "right: mixed as sum", True, f"{numbers[0]} + {numbers[1]}/{numbers[2]}"
            yield "wrong: mixed as product", False, f"{numbers[0] * numbers[1]}/{numbers[2]}"
            return
        if "degrees" in bare:
            numbers = [270, 7]
        elif len(numbers) == 1:
            numbers = [int(digit) for digit in str(numbers[0])]
        yield from rational_pairs(frac_text(Fraction(*numbers)), Fraction(*numbers), rng)
        return
    if "^\\circ" in bare:
        number = int(bare.split("^")[0])
        for text in (f"{number}", f"{number}°", f"{number}^{{\\circ}}", f"{number} \\text{{ degrees}}", f"{number} degrees"):
            yield "right: degrees", True, text
        yield "wrong: degrees", False, f"{number + 1}^\\circ"
        yield "wrong: degrees", False, f"{180 - number if number != 90 else 45}"
        return
    money = re.match(r"^\\\$([\d,.]+)$", bare)
    unit = re.match(r"^([\d.]+) ?\\(?:text|mbox) ?\{ ?(\w+)\}(\^2)?$", bare)
    if money or unit or re.match(r"^[\d,\s]+$", bare) and re.search(r"\d,\s?\d{3}", bare) and re.search(r"!|58,500", gold):
        number = re.sub(r"[,\s]", "", money[1] if money else unit[1] if unit else bare)
        yield "right: unit or money dropped", True, number
        if unit:
            yield "right: unit in words", True, f"{number} {unit[2]}"
            yield "right: unit in mathrm", True, f"{number}\\ \\mathrm{{{unit[2]}}}"
        else:
            yield "right: dollars in words", True, number + r"\text{ dollars}"
        yield from rational_pairs(number, Fraction(number), rng)
        return
    base = re.match(r"^(\d+)_\{?(\d)\}?$", bare)
    if base:
        yield "right: base", True, f"{base[1]}_{{{base[2]}}}"
        yield "right: base", True, f"{base[1]}_{base[2]}"
        yield "right: base dropped", True, base[1]
        yield "wrong: other base", False, f"{base[1]}_{int(base[2]) - 1}"
        yield "wrong: other digits", False, f"{base[1][::-1] if base[1] != base[1][::-1] else base[1] + '0'}_{base[2]}"
        return
    text = re.match(r"^\\text\{(\(?)(\w+)\)?\}$", bare)
    if text and text[1]:
        for form in (text[2], f"({text[2]})", f"\\textbf{{({text[2]})}}", f"\\text{{{text[2]}}}", f"\\mathrm{{({text[2]})}}"):
            yield "right: choice", True, form
        for letter in "ABCDE":
            if letter != text[2]:
                yield "wrong: choice", False, f"({letter})" if letter < "C" else letter
        return
    if text:
        for form in (text[2], text[2].upper(), f"\\textbf{{{text[2]}}}", f"\\mathrm{{{text[2]}}}", f"{text[2]}."):
            yield "right: word", True, form
        for other in ("north", "odd", "parabola", "Maria", "5"):
            yield "wrong: word", False, f"\\text{{{other}}}"
        return
    if "pmatrix" in bare:
        body = bare[len("\\begin{pmatrix}") : -len("\\end{pmatrix}")].strip()
        yield "right: bmatrix", True, f"\\begin{{bmatrix}}{body}\\end{{bmatrix}}"
        yield "right: matrix spaces", True, gold.replace(" ", "")
        fractions = re.sub(r"(-?)(\d+)/(\d+)", r"\1\\frac{\2}{\3}", body)
        yield "right: matrix fractions", True, f"\\begin{{pmatrix}}{fractions}\\end{{pmatrix}}"
        rows = [row.strip() for row in body.split("\\\\")]
        if rows != rows[::-1]:
            yield "wrong: matrix rows swapped", False, "\\begin{pmatrix}" + " \\\\ ".join(rows[::-1]) + "\\end{pmatrix}"
        yield "wrong: matrix row dropped", False, "\\begin{pmatrix}" + " \\\\ ".join(rows[:-1]) + "\\end{pmatrix}"
        yield "wrong: matrix element", False, gold.replace(re.findall(r"\d+", body)[0], "37", 1)
        return
    if "\\cup" in bare:
        parts = [part.strip() for part in bare.split("\\cup")]
        yield "right: union reordered", True, "\\cup".join(reversed(parts))
        yield "right: union spaced", True, " \\cup ".join(f"\\left{p[:-1]}\\right{p[-1]}" for p in parts)
        yield "wrong: union part dropped", False, parts[0]
        yield "wrong: union closed", False, "\\cup".join(["[" + parts[0][1:]] + parts[1:]) if "infty" not in parts[0] else "\\cup".join(parts[:-1] + ["[" + parts[-1][1:]])
        yield "wrong: intersection", False, "\\cap".join(parts)
        return
    if "\\in" in bare and "\\infty" not in bare:
        yield "right: membership dropped", True, bare.split("\\in")[1].strip()
        yield "right: membership as inequality", True, r"-2 \le x \le 7"
        yield "wrong: interval bracket", False, r"x \in (-2,7]"
        yield "wrong: element changed", False, r"x \in [-2,8]"
        return
    if "=" in bare:
        left, right = [side.strip() for side in bare.split("=")]
        if re.fullmatch(r"[a-z]", left):
            yield "right: equation without name", True, right
        yield "right: equation turned", True, f"{right} = {left}"
        yield "right: equation scaled", True, f"3({left}) = 3({right})" if not re.fullmatch(r"[xy]", left) else f"{left} - ({right}) = 0"
        yield "wrong: equation shifted", False, f"{left} = {right} + 1"
        yield "wrong: equation sign", False, f"{left} = -({right})" if right != "0" else f"{left} = 1"
        return
    if "\\pm" in bare and bare[0] != "\\":
        yield "right: both signs", True, f"{bare.replace(chr(92) + 'pm', '+')}, {bare.replace(chr(92) + 'pm', '-')}"
        yield "right: both signs", True, f"{bare.replace(chr(92) + 'pm', '-')}, {bare.replace(chr(92) + 'pm', '+')}"
        yield "wrong: one sign of two", False, bare.replace("\\pm", "+")
        raised = re.sub(r"sqrt\{(\d+)\}", lambda m: f"sqrt{{{int(m[1]) + 1}}}", bare)
        yield "wrong: radicand", False, raised
        return
    grouped = re.match(r"^(\(|\[|\\\{)(.*)(\)|\]|\\\})$", bare)
    if grouped and "," in bare and len(split_top(bare)) == 1:
        opening, body, closing = grouped[1], grouped[2].strip(), grouped[3]
        yield from element_pairs(gold, body, opening, closing, rng)
        if len(split_top(body)) == 2 and bare in intervals:
            yield from interval_pairs(bare, body, opening, closing, rng)
        return
    if len(split_top(bare)) > 1:
        yield from element_pairs(gold, bare, "", "", rng)
        yield "right: list with and", True, "\\text{ and }".join([", ".join(split_top(bare)[:-1]), split_top(bare)[-1]])
        return
    try:
        from latex2sympy2_extended import latex2sympy

        expression = latex2sympy(bare)
        expression.free_symbols
    except Exception:
        return
    yield from symbolic_pairs(bare, expression, rng)


INTERVALS = {
    "(3,4]", "(2,\\infty)", "(5,\\infty)", "(-\\infty, 0]", "(\\frac{3}{5},\\frac{8}{3}]",
    "(-\\sqrt{3}, \\sqrt{3})", "[ \\frac{\\pi^2}{8}, \\frac{5 \\pi^2}{4} ]",
}


# The reference rules ---------------------------------------------------------------------------

UNITS = """east degree mph kmph ft mile deg prime ratio gm lb tile per dm lt gain ab way west t a h men
soldier pie bc excess st inches noon percent by gal kmh c acre rise th sq mark l toy coin gallon profit
yr women feet am pm hr square are rupee rounds cubic cc mtr s ohm number day hour minute min second man
woman sec cube mt mp hectare more unit rs kg g month km m cm mm apple liter loss yard pure year increase
decrease d less Surface litre metre meter inch o rd minw""".split()
UNIT = re.compile(r"(^|\W)(?:" + "|".join(sorted({u + e for u in UNITS for e in ("", "s")}, key=len, reverse=True)) + r")($|\W)")


def reference_strip(text):
    text = text.strip().replace("\n", "").rstrip(".").replace("\\!", "")
    text = re.sub(r"\\begin\{array\}\{.*?\}", r"\\begin{pmatrix}", text).replace("\\end{array}", "\\end{pmatrix}")
    for old, new in (
        ("bmatrix", "pmatrix"), ("tfrac", "frac"), ("dfrac", "frac"), ("\\neq", "\\ne"), ("\\leq", "\\le"),
        ("\\geq", "\\ge"), ("\\left", ""), ("\\right", ""), ("\\{", "{"), ("\\}", "}"),
    ):
        text = text.replace(old, new)
    bare = re.sub(r"\\text{.*?}$", "", text).strip()
    text = bare or text
    for _ in range(2):
        bare = UNIT.sub(r"\1\2", text)
        text = bare or text
    for old in ("^{\\circ}", "^\\circ", "\\$", "$", "\\(", "\\)"):
        text = text.replace(old, "")
    text = re.sub(r"\\text\{(.*?)\}", r"\1", text)
    for name in ("x", "y", "z"):
        for sign in ("=", "\\in", "\\to"):
            text = text.replace(name + sign, "")
    text = text.replace("\\emptyset", "{}").replace("(-\\infty,\\infty)", "\\mathbb{R}")
    text = text.replace("\\%", "").replace("%", "").replace(" .", " 0.").replace("{.", "{0.")
    text = text.replace("infinity", "\\infty").replace("and", "").replace("\\mathbf", "")
    text = re.sub(r"\\mbox{.*?}", "", text)
    text = re.sub(r"(\d+)\.0*([^\d])", r"\1\2", text)
    text = re.sub(r"(\d+)\.0*$", r"\1", text)
    if not text:
        return text
    text = "0" + text if text[0] == "." else text
    sides = text.split("=")
    text = sides[1] if len(sides) == 2 and len(sides[0]) <= 2 else text
    text = re.sub(r"\\sqrt(\w+)", r"\\sqrt{\1}", text).replace(" ", "")
    text = re.sub(r"\\frac(\w)(\w)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac(\w)\{", r"\\frac{\1}{", text)
    found = re.fullmatch(r"(-?\d+)/(-?\d+)", text)
    return f"\\frac{{{int(found[1])}}}{{{int(found[2])}}}" if found else text


def digits(text):
    text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.rstrip("%").rstrip("\\")) / 100 if text.endswith("%") else None
    except ValueError:
        return None


def close(left, right):
    return math.isclose(right, left, rel_tol=1e-4)


def reference_symbolic(left, right):
    import sympy
    from latex2sympy2_extended import latex2sympy
    from sympy.parsing.sympy_parser import parse_expr

    def read(text):
        for parser in (latex2sympy, parse_expr):
            try:
                return parser(text)
            except Exception:
                continue
        return text

    a, b = read(left), read(right)
    for test in (
        lambda: str(a) == str(b) or a == b,
        lambda: a.equals(b) or sympy.simplify(a - b) == 0,
        lambda: abs(a.lhs - a.rhs).equals(abs(b.lhs - b.rhs)),
        lambda: close(float(sympy.N(a)), float(sympy.N(b))),
    ):
        try:
            if test():
                return True
        except OutOfTime:
            raise
        except Exception:
            continue
    return False


def reference_equal(prediction, gold):
    if prediction.strip().lower() == gold.strip().lower():
        return True
    if gold in list("ABCDE"):
        letters = re.findall(r"\b(A|B|C|D|E)\b", prediction.upper())
        if letters and letters[-1] == gold:
            return True
    a, b = digits(prediction), digits(gold)
    if a is not None and b is not None:
        return any(close(a, item) for item in (b / 100, b, b * 100))
    if not prediction:
        return False
    first, second = prediction, gold
    for sign in "{}()":
        first, second = first.replace(sign, ""), second.replace(sign, "")
    if first.lower() == second.lower():
        return True
    brackets = re.compile(r"(\(|\[).+(\)|\])")
    if brackets.match(prediction) and brackets.match(gold):
        mine, theirs = prediction[1:-1].split(","), gold[1:-1].split(",")
        if len(mine) == len(theirs) and all(map(reference_equal, mine, theirs)):
            return True
    start, end = "\\begin{pmatrix}", "\\end{pmatrix}"
    if all(text.startswith(start) and text.endswith(end) for text in (prediction, gold)):
        mine, theirs = (
            [row.split("&") for row in text[len(start) : -len(end)].split("\\\\") if row.strip()]
            for text in (prediction, gold)
        )
        if [len(row) for row in mine] == [len(row) for row in theirs] and all(
            reference_equal(x, y) for one, two in zip(mine, theirs) for x, y in zip(one, two)
        ):
            return True
    mine, theirs = prediction.split("="), gold.split("=")
    if len(mine) == 2 and len(theirs) == 2:
        one, two = f"{mine[0]} - ({mine[1]})", f"{theirs[0]} - ({theirs[1]})"
        if reference_symbolic(one, two) or reference_symbolic(f"-({one})", two):
            return True
    elif len(mine) == 2 and len(mine[0]) <= 2 and len(theirs) == 1:
        return reference_equal(mine[1], gold)
    elif len(theirs) == 2 and len(theirs[0]) <= 2 and len(mine) == 1:
        return reference_equal(prediction, theirs[1])
    return reference_symbolic(prediction, gold)


# Measuring -------------------------------------------------------------------------------------


class OutOfTime(Exception):
    pass


def out_of_time(*_):
    raise OutOfTime


def limited(function, seconds):
    signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return "1" if function() else "0"
    except (Exception, RecursionError):
        return "!"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def judge(pair):
    kind, right, gold, prediction = pair
    from math_verify import parse, verify

    ours = limited(
        lambda: verify(
            parse(f"${gold}$", parsing_timeout=None), parse(f"\\boxed{{{prediction}}}", parsing_timeout=None),
            timeout_seconds=None,
        ),
        3,
    )
    reference = limited(lambda: reference_equal(reference_strip(prediction), reference_strip(gold)), 2)
    return "\t".join([kind, "1" if right else "0", ours, reference, gold, prediction])


def main():
    math500, gsm8k, aime, output = sys.argv[1:5]
    pairs, seen = [], set()
    for path, count in ((math500, None), (aime, None), (gsm8k, 150)):
        with open(path, encoding="utf-8") as lines:
            golds = [json.loads(line)["answer"] for line in lines]
        rng = random.Random(SEED)
        for gold in golds if count is None else rng.sample(golds, count):
            for kind, right, prediction in pairs_of(gold, rng, intervals=INTERVALS):
                prediction = prediction.replace("\t", " ")
                if (gold, prediction) not in seen:
                    seen.add((gold, prediction))
                    pairs.append((kind, right, gold, prediction))
    for percent in range(5, 100, 10):
        gold, share = f"{percent}\\%", Fraction(percent, 100)
        for kind, right, prediction in (
            ("right: percent as decimal", True, decimal_text(share)),
            ("right: percent as fraction", True, frac_text(share)),
            ("right: percent sign dropped", True, str(percent)),
            ("right: percent in words", True, f"{percent} percent"),
            ("wrong: percent", False, f"{percent + 1}\\%"),
            ("wrong: percent", False, decimal_text(share / 10)),
            ("wrong: percent", False, str(percent * 10)),
        ):
            pairs.append((kind, right, gold, prediction))
    if len(sys.argv) > 5:
        for pair in pairs:
            print(*pair, sep="\t")
        return
    with multiprocessing.Pool(2) as pool, open(output, "w", encoding="utf-8") as file:
        for line in pool.imap(judge, pairs, chunksize=8):
            file.write(line + "\n")


if __name__ == "__main__":
    main()
