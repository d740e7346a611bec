"""Snippets of the template language, one construct each."""

VARIABLES = {
    "i": 7,
    "f": 2.5,
    "s": "Hello, World",
    "u": "e\u0301😀ß",
    "empty": "",
    "blank": "  x \n",
    "t": True,
    "n": None,
    "l": [3, 1, 2],
    "d": {"a": 1, "b": {"c": [1, 2]}, "items": "x", "get": "y"},
    "users": [
        {"name": "Bob", "age": 30, "admin": True},
        {"name": "alice", "age": 25, "admin": False},
        {"name": "Carol", "age": 30, "admin": True},
    ],
    "nested": [[1, [2, 3]], [], [[4]]],
    "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": None}],
    "late": "from outside",
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4 / 2
7 // 2
-7 // 2
7 // -2
-7 % 3
7 % -3
7.5 // 2
-7.5 % 2
5 % 2.5
2 ** 10
2 ** -1
-2 ** 2
2 ** 3 ** 2
2.0 ** 0.5
10 / 4
10 / 5
1 / 0
1 // 0
1 % 0
1.0 / 0
0.1 + 0.2
1e16
1e15
123456789012345.678
1e-5
0.0001
1e100
-0.0
1.5e300 * 1e10
1.0
3.0 * 2
100000000000000000000.0
12_345
0x1F + 0b11 + 0o17
1_0.5_0
True + 1
true and 5
0 or "x"
none or false
not not 1
1 if false
(1 if false) is defined
1 if false else 2
1 if true else 2 if false else 3
"a" "b"
'it''s'
"x\ny\t\x41\u00e9\\q\'"
'\d'
"a" * 3
3 * "ab"
"a" * -1
[1] * 2
(1,) * 2
[1, 2] + [3]
(1, 2) + (3,)
[1] + (2,)
"a" + 1
1 + none
"a" ~ 1 ~ none ~ true ~ 1.0 ~ [1, "b"] ~ missing
"a" ~ 1 + 2
1 < 2 < 3
1 < 3 < 2
1 == 1.0 == true
"a" < "b"
"Z" < "a"
[1, 2] < [1, 3]
(1, 2) == [1, 2]
1 < "a"
none < 1
none == none
missing == missing2
missing == none
missing < 1
missing + 1
missing.x
missing["x"]
missing()
missing | length
missing | upper
missing | string
missing | list
missing | join(",")
missing | default("d")
none | default("d")
none | default("d", true)
"" | d("e", boolean=true)
missing is iterable
missing is sequence
missing in [1]
1 in missing
"a" in missing
"ell" in "Hello"
"" in ""
1 in "1"
1 in [1.0]
"a" in d
"z" not in d
not "a" in d
[] in d
1 in 1
3 in range(5)
range(5)
range(2, 8, 3) | list
range(5, 0, -2) | list
range(0)
range(10)[2:5]
range(10)[-1]
range(100001)
range(1, 2, 0)
range("a")
i
f
t
n
s
l
d
users[0]
[1, 1.5, "a'b", 'a"b', "a'\"b", none, true, missing, (1,), (), {}]
{"k": [1], 2: "x", none: 1, true: 2, 1.5: 3}
{1: "a", 1.0: "b", true: "c"}
{[1]: 2}
{"a": 1}["a"]
{"a": 1}.a
["\n\t\r\x00\x7f\xa0\u200b\ud7ff😀"]
d.a
d["a"]
d.b.c[1]
d.b.c[-1]
d.b.c[9] is defined
d.zzz
d.zzz.y
d.items is callable
d["items"]
d.get is callable
d.get("a")
d.get("q")
d.get("q", 5)
d.get()
d.keys()
d.values()
d.items()
d.keys() | list
d.items() | list
d.items()[0]
d | length
d | list
d | items | list
(d | items) is iterable
l | items | list
missing | items | list
d | first
d | last
d | tojson
d.b | tojson(indent=2)
l | tojson(indent=0)
[] | tojson(indent=2)
{} | tojson(indent=2)
[[], {}, [1]] | tojson(indent=1)
{"b": 1, "a": [1, {"d": 1, "c": 2}]} | tojson(sort_keys=true)
{"b": 1, "a": 2} | tojson(separators=(",", ":"))
{"b": 1, "a": [2]} | tojson(indent=2, separators=(", ", ": "))
u | tojson
u | tojson(ensure_ascii=true)
"\"\\\/\b\f\n\r\t\x1f\x7f<>&'" | tojson
"<b>" | tojson | safe
[1.0, 1e20, 1e-7, none, true] | tojson
{1: 1, none: 2, true: 3, 1.5: 4} | tojson
{(1, 2): 1} | tojson
missing | tojson
[missing] | tojson
range(3) | tojson
(1, "a") | tojson
tojson
d | tojson(4)
d | tojson(indent="--")
d.b | tojson(true, 1)
s | tojson(nope=1)
s.upper()
s.lower()
s.title()
"they're bill's friends FROM-the uk" | title
"they're bill's friends FROM-the uk".title()
s.capitalize()
"HELLO wORLD" | capitalize
s.swapcase()
blank.strip()
blank | trim
blank.lstrip()
blank.rstrip()
"xxhixx".strip("x")
"xyhiyx" | trim("xy")
"xyhiyx" | trim(chars="y")
"\u00a0\u3000a\x1c\x85".strip()
"a,b,,c".split(",")
"a,b,,c".split(",", 1)
"a,b,,c".split(",", maxsplit=2)
"a,b,,c".split(sep=",")
"a,b,,c".rsplit(",", 1)
" a  b c ".split()
" a  b c ".split(none, 1)
" a  b c ".rsplit(none, 1)
"abc".split("")
"".split(",")
"".split()
"a</think>b</think>c".split("</think>")[-1]
"a</think>b".split("</think>")[0].split("<think>")[-1].lstrip("\n")
"a\nb\r\nc\x0bd\u2028e".splitlines()
"a\n\nb\n".splitlines(true)
"abcabc".replace("b", "X")
"abcabc".replace("b", "X", 1)
"abc".replace("", "-")
"abc".replace("", "-", 2)
"abc".replace("b", "")
"abc" | replace("b", "X")
"aaa" | replace("a", "b", 2)
"aaa" | replace("a", "b", count=1)
123 | replace(2, "x")
s.startswith("Hell")
s.startswith(("x", "H"))
s.startswith("ello", 1)
s.endswith("ld")
s.endswith(["ld"])
s.startswith("")
s.find("o")
s.find("o", 5)
s.find("zz")
s.rfind("o")
s.index("zz")
s.index("W")
s.count("o")
"aaaa".count("aa")
"abc".count("")
s.partition(", ")
s.rpartition("o")
s.partition("zz")
"a-b".join(["x", "y"])
",".join([1, 2])
", ".join(d)
"abc".removeprefix("a").removesuffix("c")
"7".zfill(3)
"-7".zfill(4)
"ab".center(5, "*")
"abc".center(6, "*")
"ab" | center(5)
"ab".ljust(4) ~ "|"
"ab".rjust(4) ~ "|"
"abc".isalpha()
"ab1".isalnum()
"12".isdigit()
"²".isdigit()
"²".isdecimal()
"½".isnumeric()
"".isdigit()
"  ".isspace()
"Ab Cd".istitle()
"ab".islower()
"AB1".isupper()
"aé".isascii()
"a\tb".expandtabs(4)
"ΑΣ ΑΣΑ".lower()
"ß ŉ ǆ".upper()
"ǆ".title()
"İ".lower() | length
u | length
u[0]
u[-1]
u[::-1]
u | reverse
u | list
u | first
u | last
s[1:4]
s[-5:]
s[:-3]
s[::2]
s[::-1]
s[10:2]
s[100]
s[1:100]
s[5:1:-2]
s[::0]
s["a"]
s[none:3]
l[1:]
l[::-1]
l[-2:]
l[:1] + l[2:]
l[9:]
l["a"]
l["0"]
l.0
l[true]
l.index(1)
l.count(3)
l.append(4)
l.pop()
l.append
d.update({})
d.pop("a")
d.setdefault("x", 1)
d.copy()
s.__class__
s.__class__.__mro__
l.__len__()
d.__nope__
"{}".format.__globals__
().__class__.__bases__
(1, 2).count(1)
i.real
s.foo
s.foo.bar
s.foo()
i.foo
n.foo
n.foo.bar
n["x"]
l | length
5 | length
l | sort
l | sort(reverse=true)
["b", "A", "c"] | sort
["b", "A", "c"] | sort(case_sensitive=true)
[1, "a"] | sort
users | sort(attribute="age") | map(attribute="name") | list
users | sort(attribute="age,name") | map(attribute="name") | list
users | sort(attribute="age", reverse=true) | map(attribute="name") | join(",")
users | map(attribute="name") | list
users | map(attribute="zzz") | list
users | map(attribute="zzz", default="-") | list
users | map("length") | list
users | map(attribute="name") | map("upper") | join("-")
users | map(attribute="name") | map("replace", "o", "0") | join("-")
users | map("nope") | list
users | selectattr("admin") | map(attribute="name") | list
users | rejectattr("admin") | map(attribute="name") | list
users | selectattr("age", "equalto", 30) | list | length
users | selectattr("age", "==", 30) | list | length
users | selectattr("age", ">", 26) | map(attribute="name") | join
users | selectattr("name", "in", ["Bob"]) | first
users | selectattr("zzz", "defined") | list
users | rejectattr("zzz", "undefined") | list
users | selectattr("name", "nope") | list
users | selectattr("admin") | length
(users | selectattr("zzz", "defined")) is true
1 if users | selectattr("zzz", "defined") else 2
1 if (users | selectattr("zzz", "defined") | list) else 2
[1, 2, 3, 4] | select("even") | list
[1, 2, 3, 4] | select("divisibleby", 3) | list
[1, 2, 3, 4] | reject("odd") | list
[0, 1, "", "a", none] | select | list
[1, none, 2] | reject("none") | list
["a", 1] | select("string") | list
[1, 2, 1, "A", "a"] | unique | list
[1, 2, 1, "A", "a"] | unique(case_sensitive=true) | list
users | unique(attribute="age") | map(attribute="name") | list
[[1], [1]] | unique | list
l | min
l | max
["b", "A"] | min
[] | max
[] | min is defined
users | max(attribute="age")
l | sum
users | sum(attribute="age")
[0.1, 0.2] | sum
l | sum(start=10)
["a"] | sum
[[1], [2]] | sum(start=[])
l | first
[] | first
[] | first is defined
l | last
l | reverse | list
l | join
l | join(", ")
users | join(", ", attribute="name")
[1, none, "a", 1.0] | join("|")
"abc" | join(".")
[1, 2, 3, 4, 5] | batch(2) | list
[1, 2, 3] | batch(2, "x") | list
[1, 2, 3, 4, 5] | slice(2) | list
[1, 2, 3, 4, 5] | slice(3, "x") | list
users | groupby("age") | map(attribute="grouper") | list
users | groupby("age") | map(attribute="list") | map("length") | list
users | groupby("name") | map("first") | list
{"b": 1, "A": 2, "c": 0} | dictsort
{"b": 1, "A": 2} | dictsort(true)
{"b": 1, "A": 2, "c": 0} | dictsort(by="value")
{"b": 1, "A": 2} | dictsort(reverse=true)
{"b": 1, "A": 2} | dictsort(by="x")
l | dictsort
"3" | int
"3.7" | int
3.9 | int
-3.9 | int
"x" | int
"x" | int(5)
"ff" | int(base=16)
"0x1f" | int(0, 16)
" 12 " | int
"1_000" | int
none | int
true | int
"1e3" | int
[] | int(default=9)
"3.5" | float
"x" | float
"x" | float(1.5)
" -1e3 " | float
".5" | float
"inf" | float
"nan" | float
5 | float
none | float
2.5 | round
3.5 | round
-2.5 | round
2.675 | round(2)
2.344 | round(2, "ceil")
2.346 | round(2, "floor")
1234 | round(-2)
5 | round
42.55 | round(1)
0.5 | round
2.5 | round | int
1 | round(1, "x")
-5 | abs
-5.5 | abs
"a" | abs
s | upper
5 | upper
none | lower
s | wordcount
"a b_c d-e é" | wordcount
s | truncate(5)
"foo bar baz qux" | truncate(9)
"foo bar baz qux" | truncate(9, true)
"foo bar baz qux" | truncate(11, false, "..", 0)
"a\nb\n\nc" | indent
"a\nb\n\nc" | indent(2, true)
"a\nb\n\nc" | indent(2, blank=true)
"a\nb\n" | indent(width="> ")
"a" | indent("x", first=true)
5 | indent
"<a href='x'>\"&" | e
"<a>" | escape ~ "<b>"
"<a>" | safe
"<a>" | safe ~ "<b>"
"<a>" | safe + "<b>"
"<b>" + ("<a>" | safe)
("<a>" | safe) * 2 + "<"
(("<a>" | safe) ~ 1 ~ none ~ "'") | length
"<a>" | safe | upper ~ "<"
"<a>" | safe | replace("a", "b") ~ "<"
("<a>" | safe).strip() ~ "<"
["<", "<" | safe] | join("<")
"<a>" | safe is string
"<a>" | safe is escaped
"<a>" | safe == "<a>"
"a" | safe in "abc"
{"a": 1}["a" | safe]
"<" | safe | tojson
"<a>" | forceescape
"a b/c?d=é&" | urlencode
{"a b": 1, "c": "d/e"} | urlencode
[("a", 1)] | urlencode
"%s is %d" | format("x", 5)
"%(a)s" | format(a=1)
"%s" % "a"
"%s %s" % ("a", 1)
"%5.2f|%-6s|%06d|%+d|%x|%X|%o|%e|%g|%%|%c|%r" % (3.14159, "ab", 42, 7, 255, 255, 8, 12345.678, 0.00001, "z", "q")
"%s" % (1, 2)
"%s %s" % "a"
"%d" % "a"
"%d" % 3.99
"%(x)s-%(y)d" % {"x": 1, "y": 2}
"%s" % none
"%s" % [1, "a"]
"%.3s|%5s" % ("abcdef", "ab")
"%i" % true
"%g %g %g" % (100000, 1000000, 1e-5)
"{} {}".format(1, "a")
"{0} {1} {0}".format("a", "b")
"{x} {y}".format(x=1, y=2)
"{:>5}|{:<5}|{:^5}|{:*^7}".format("a", "b", "c", "d")
"{:.2f} {:05d} {:,} {:+} {:x} {:#x} {:b} {:%} {:e}".format(3.14159, 42, 1234567, 5, 255, 255, 5, 0.25, 1234.5)
"{!r} {!s}".format("a", "b")
"{{}} {}".format(1)
"{0[a]} {0[b]}".format({"a": 1, "b": 2})
"{0.__class__}".format(1)
"{} {}".format(1)
"{".format(1)
"{:>{w}}".format("a", w=4)
"{:5}|{:5}".format(1, "a")
"{:.3}".format(1234.5678)
"{:.3}".format("abcdef")
"{:g}".format(0.5)
"{:d}".format("a")
"{}".format(none)
"{:5}".format(none)
"{}".format([1.0])
"{:n}".format(5)
"{:s}".format("x")
"{a}".format_map({"a": 3})
5 is odd
4 is even
4.0 is even
-1 is odd
"a" is odd
6 is divisibleby 3
6 is divisibleby(4)
6 is divisibleby 0
missing is defined
i is defined
missing is undefined
missing is not defined
n is none
n is not none
missing is none
t is boolean
1 is boolean
t is true
1 is true
0 is false
false is false
5 is integer
t is integer
5.0 is integer
5.0 is float
t is number
"5" is number
5 is number
s is string
l is string
d is mapping
l is mapping
l is sequence
s is sequence
d is sequence
5 is sequence
none is sequence
d.items() is sequence
range(3) is sequence
l is iterable
5 is iterable
none is iterable
d.keys() is iterable
(l | map("string")) is iterable
(l | map("string")) is sequence
s.upper is callable
range is callable
namespace is callable
5 is callable
"ab" is lower
"AB" is upper
5 is lower
1 is sameas 1
1 is sameas true
none is sameas none
l is sameas l
5 is eq 5
5 is equalto 5
5 is == 5
5 is ne 6
5 is gt 4
5 is ge 5
5 is lt 6
5 is le 4
5 is greaterthan 4
5 is lessthan 4
1 is in [1]
1 is not in [1]
"upper" is filter
"zzz" is filter
"odd" is test
5 is nope
5 | nope
5 is odd is even
5 is odd and 4 is even
5 is not odd or true
1 if 5 is odd else 2
x is defined and x.y
lipsum2
dict(a=1, b=2)
dict([("a", 1)], b=2)
dict({"a": 1})
dict(1)
namespace(a=1).a
namespace({"x": 2}).x
namespace(a=1).b
namespace(a=1)["a"]
namespace(_a=1)
namespace(a=1) is mapping
namespace() is iterable
cycler("a", "b").next()
joiner()()
raise_exception("Nope: " ~ i)
raise_exception(5)
raise_exception()
strftime_now("%Y-%m-%d")
strftime_now("%d %b %Y")
strftime_now("%A, %B %e, %H:%M:%S %p %I %j %y %a %U %W %w %u %V %G %D %F %T %R %c %x %X %f %% %-d %-m %h %C %n%t|%s2" | replace("%s2", ""))
[1, 2,]
(1,)
()
{"a": 1,}
[
(1
1 +
+5
- - 5
-"a"
+n
not
a b
1 2
"abc
1 | 
1 |upper(
d['a'
foo(**{"a": 1})
s.split(*[","])
"a-b".split(**{"sep": "-"})
s.split(",", sep=",")
s.upper(1)
s.replace("a")
s.center("x")
("abc" | attr("upper"))()
d | attr("a")
d | attr("a") is defined
l.0.1
nested | map("list") | list
nested | tojson
nested[0][1][-1]
9223372036854775807 + 0
9007199254740993 * 1.0
-9223372036854775807 - 1
5 ~ 5
5.0 ~ ""
(1, 2)[0]
[1, 2, 3][1:][0]
"a" if n else "b" if t else "c"
(users | map(attribute="age") | list)[::-1]
users[0].name[0]
users[-1]["name"][1:3]
messages[-1].content is none
messages[0]["role"] == "user" and messages | length > 1
messages | selectattr("role", "equalto", "user") | map(attribute="content") | first
not messages
messages[5:]
messages[0].get("tool_calls") is none
messages[0].tool_calls is defined
messages[0]["tool_calls"] | length
messages[0].content.strip() ~ "!"
messages[1].content ~ "!"
messages[1].content + "!"
""" 

STATEMENTS = [
    # White space
    "a\n{% if t %}\nb\n{% endif %}\nc\n",
    "a\n  {% if t %}\n  b\n  {% endif %}\nc\n",
    "a {% if t %} b {% endif %} c",
    "a\n  {%- if t -%}  \n  b\n  {%- endif %}\n\nc",
    "a\n  {%+ if t %}\n b\n  {%+ endif +%}\nc",
    "a\n  {% if t +%}\n b\n  {% endif %}\n\nc",
    "a  {{- 1 -}}  b",
    "a \n {{ 1 }}\n b",
    "a\n  {{+ 1 }}\n b",
    "  {{ 1 }}\n\n",
    "x\n",
    "x\n\n",
    "x\r\ny\rz\r\n",
    "\n\n{% if t %}\n\nx\n{% endif %}\n\n",
    "a {# c #} b",
    "a\n  {# c #}\n  b",
    "a\n {#- c -#} \nb",
    "a {# multi\nline {{ x }} #}\nb",
    "a\t{% set x = 1 %}\n\tb",
    "  {% set x = 1 %}  {% set y = 2 %}\nz",
    "x{% set a = 1 %}\n  {% set b = 2 %}\ny",
    "{{ 'a' }}  {% if t %}\nb{% endif %}",
    "{{ 1 }}\n{{ 2 }}\n",
    "{% raw %}\n{{ x }} {% if %}\n{% endraw %}\ny",
    "a\n  {%- raw -%}  \n {{ x }}\n {%- endraw -%} \n b",
    "a\n  {% raw %}{# c #}{% endraw %}\n b",
    "{% raw %}unclosed",
    "{# unclosed",
    "{{ '{{' }}{{ '%}' }}{{ \"}}\" }}",
    "{{ {'a': {'b': 1}}['a'] }}",
    "{{ {'a':{'b':1}}}}",
    "{ { x } } % } {",
    "{%if t%}a{%endif%}",
    "{%- if t -%}a{%- else -%}b{%- endif -%}",
    "{{ '\n' }}x{{ '\\n' }}",
    "a\u2003\n\u2003{%- if t %}b{% endif %}",
    # Scope
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }},{% endfor %}{{ x }}",
    "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% if t %}{% set q = 2 %}{% endif %}{{ q }}",
    "{% if not t %}{% set q = 2 %}{% endif %}{{ q }}|{{ q is defined }}",
    "{% for i in l %}{% set q = i %}{% endfor %}{{ q is defined }}",
    "{% for i in l %}{% endfor %}{{ i }}",
    "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b is defined }}",
    "{% set ns = {} %}{% set ns.a = 1 %}",
    "{% set zz.a = 1 %}",
    "{% set ns = namespace() %}{% set ns._a = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a, b = [1, 2] %}{{ b }}{{ a }}",
    "{% set a, b = 1 %}",
    "{% set a, b = [1] %}",
    "{% set (a, b) = (1, 2) %}{{ a }}",
    "{% set a = 1, 2 %}{{ a }}",
    "{% set a %}x{{ i }}y{% endset %}{{ a }}|{{ a | length }}",
    "{% set a | upper %}x{{ i }}y{% endset %}{{ a }}",
    "{% set a | replace('x', 'z') | upper %}x{{ i }}y{% endset %}{{ a }}",
    "{% set ns = namespace() %}{% set ns.t %}cap{% endset %}{{ ns.t }}",
    "{% for i in l %}{{ late }}{% endfor %}{% set late = 1 %}{{ late }}",
    "{{ late }}{% for i in l %}{{ late }}{% endfor %}{% set late = 1 %}{{ late }}",
    "{% macro m() %}{{ late }}{% endmacro %}{{ m() }}{% set late = 1 %}{{ m() }}",
    "{% macro m() %}{{ zz }}{% endmacro %}{{ m() }}{% set zz = 1 %}{{ m() }}",
    "{% for i in l %}{{ late }}{% set late = i %}{{ late }}{% endfor %}{{ late }}",
    "{% for i in l %}{% if t %}{% set late = i %}{% endif %}{{ late }}{% endfor %}{{ late }}",
    "{% for i in l %}{% for j in l %}{{ late }}{% endfor %}{% set late = i %}{{ late }}{% endfor %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% set c = 3 %}{% endwith %}{{ a is defined }}{{ c is defined }}",
    "{% with a = i, i = 3 %}{{ a }}{{ i }}{% endwith %}{{ i }}",
    "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z }}",
    "{% set i = 5 %}{% set i = i + 1 %}{{ i }}",
    "{% set true = 1 %}",
    "{% set 5 = 1 %}",
    "{% set x = %}",
    "{% set f = s.upper %}{{ f() }}",
    "{% set range = 5 %}{{ range }}",
    # Loops
    "{% for x in l %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.first }}/{{ loop.last }}/{{ loop.length }}/{{ loop.depth }}/{{ loop.depth0 }};{% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }};{% endfor %}",
    "{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }};{% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }};{% endfor %}",
    "{% for x in l %}{{ loop.nope }}{{ loop.nope is defined }}{% endfor %}",
    "{% for x in l %}{{ loop }}{% endfor %}",
    "{% for x in [] %}a{% else %}b{% endfor %}",
    "{% for x in l %}a{% else %}b{% endfor %}",
    "{% for x in l %}{% continue %}{% else %}b{% endfor %}",
    "{% for x in l %}{% if loop.first %}{% break %}{% endif %}{% else %}b{% endfor %}",
    "{% for x in l %}{% if loop.index == 2 %}{% break %}{% endif %}{{ x }}{% else %}b{% endfor %}",
    "{% for x in l if x > 1 %}{{ x }}:{{ loop.index }}/{{ loop.length }};{% endfor %}",
    "{% for x in l if x > 5 %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l %}{% for y in l if y > x %}{{ x }}{{ y }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in d | items %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in d | dictsort %}{{ k }};{% endfor %}",
    "{% for k in d %}{{ k }};{% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% for c in u %}[{{ c }}]{% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in missing %}a{% else %}b{% endfor %}",
    "{% for x in none %}a{% endfor %}",
    "{% for x in 5 %}a{% endfor %}",
    "{% for x in l | sort %}{{ x }}{% endfor %}",
    "{% for x in l | reverse %}{{ x }}{{ loop.last }}{% endfor %}",
    "{% for x in nested recursive %}[{{ loop(x) if x is iterable else x }}:{{ loop.depth }}]{% endfor %}",
    "{% for x in [1] %}{{ loop([2]) }}{% endfor %}",
    "{% for loop in l %}{% endfor %}",
    "{% for x in l %}{% set loop = 1 %}{% endfor %}",
    "{{ loop }}",
    "{{ loop is defined }}",
    "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}",
    "{% for x in l %}{% set outer = loop %}{% for y in l %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for x in l %}",
    "{% endfor %}",
    "{% break %}",
    "{% for x in l %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
    "{% for x in range(3) %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for m in messages %}{% if m.role == 'user' %}U{% elif m.role == 'assistant' %}A{% else %}?{% endif %}{% endfor %}",
    "{% for m in messages[::-1] %}{{ m.role }}{{ loop.index0 }}{% endfor %}",
    "{% for m in messages if m.content is string %}{{ m.content }}{% endfor %}",
    "{% for row in l | batch(2) %}{{ row }}{% endfor %}",
    "{% for age, group in users | groupby('age') %}{{ age }}:{{ group | length }};{% endfor %}",
    "{% for g in users | groupby('age') %}{{ g.grouper }}:{{ g.list | map(attribute='name') | join(',') }};{% endfor %}",
    "{% set g = l | map('string') %}{{ g | join }}|{{ g | join }}",
    "{% set g = l | select %}{% for x in g %}{{ x }}{% endfor %}{{ g | list }}",
    # Macros
    "{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(1, c=5) }}|{{ m(a=9, b=8) }}|{{ m() }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, z=2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
    "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(4) }}",
    "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}{{ m(missing) }}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{% macro m() %}  x\n  {% endmacro %}[{{ m() }}]",
    "{% macro m(x) -%} {{ x }} {%- endmacro %}[{{ m(1) }}]",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body{{ i }}{% endcall %}",
    "{% macro m() %}<{{ caller(1, 2) }}>{% endmacro %}{% call(a, b) m() %}{{ a }}-{{ b }}{% endcall %}",
    "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{% set q = 1 %}{{ q }}{% endmacro %}{{ m() }}{{ q is defined }}",
    "{% for x in l %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro m() %}{{ x }}{% endmacro %}{% for x in l %}{{ m() }}{% endfor %}|",
    "{{ m }}{% macro m() %}{% endmacro %}",
    "{% macro m(a) %}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('<') ~ '>' }}{{ m('a') is string }}{{ m('a').upper() }}",
    "{% macro m(x) %}{% if x %}{% set ns.y = x %}{% endif %}{% endmacro %}{% set ns = namespace(y=0) %}{{ m(3) }}{{ ns.y }}",
    "{% if t %}{% macro m() %}a{% endmacro %}{% else %}{% macro m() %}b{% endmacro %}{% endif %}{{ m() }}",
    # Blocks of other kinds
    "{% filter upper %}a{{ s }}{% endfilter %}",
    "{% filter replace('a', 'b') | upper %}aaa{% endfilter %}",
    "{% filter nope %}a{% endfilter %}",
    "{% generation %}x{{ i }}{% endgeneration %}",
    "{% for x in l %}{% generation %}{% set q = x %}{{ q }}{% endgeneration %}{{ q is defined }}{% endfor %}",
    "{% generation %}\nx\n{% endgeneration %}\ny",
    "{% block a %}x{{ i }}{% endblock %}",
    "{% print 1, 'a' %}",
    "{% autoescape false %}{{ '<' }}{% endautoescape %}",
    "{% do x %}",
    "{% nope %}",
    "{% if t %}{{ 5 | nope }}{% endif %}",
    "{% if not t %}{{ 5 | nope }}{% endif %}x",
    "{{ 5 | nope if not t }}x",
    "{% if not t %}{{ 5 is nope }}{% endif %}x",
    "{% if t %}a{% elif f %}b{% else %}c{% endif %}",
    "{% if not t %}a{% elif f > 3 %}b{% elif f %}d{% else %}c{% endif %}",
    "{% if missing %}a{% else %}b{% endif %}",
    "{% if [] or {} or '' or 0 or 0.0 or none %}a{% else %}b{% endif %}",
    "{% if range(0) %}a{% else %}b{% endif %}",
    "{% if namespace() %}a{% else %}b{% endif %}",
    "{% if t: %}a{% endif %}",
    "{% if %}a{% endif %}",
    "{% if t %}a{% else %}b{% else %}c{% endif %}",
    "{% if t %}a",
    "{{ }}",
    "{{",
    "{% ",
    "{{ a b }}",
    "{{ 1, 2 }}",
    "{{ (1 }}",
    "{{ 1) }}",
    "{{ [1} }}",
    "{{ a.1 }}{{ l.1 }}{{ 1.5 }}",
    "{{ ? }}",
    "{{ a! }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}",
    "{% set j = joiner('|') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
    "{% set tool_calls = messages[0].tool_calls or [] %}{{ tool_calls }}",
    "{%- for m in messages %}{{- m.role }}\n{%- if m.content %}: {{ m.content }}{% endif %}\n{% endfor -%}\n end",
    "{% set x = none %}{% if x is not none and x | length > 0 %}a{% else %}b{% endif %}",
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% else %}{% set loop_messages = messages %}{% endif %}{{ loop_messages | length }}",
    "{{- bos_token }}{{ 'x' -}}  \n y",
    "{{ strftime_now('%d %B %Y') if strftime_now is defined else '?' }}",
    "{% set ns = namespace(found=false) %}{% for m in messages %}{% if m.role == 'user' and not ns.found %}{% set ns.found = true %}{{ loop.index }}{% endif %}{% endfor %}{{ ns.found }}",
    "{% set x = {'a': 1} %}{% set y = dict(x, b=2) %}{{ y }}{{ x }}",
    "{% set content = 'a<think>b</think>c' %}{% if '</think>' in content %}{{ content.split('</think>') | last }}{% endif %}",
]

SNIPPETS = ["{{ " + line + " }}" for line in EXPRESSIONS.strip().splitlines()] + STATEMENTS
