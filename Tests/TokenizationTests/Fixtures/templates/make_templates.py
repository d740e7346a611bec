"""Renders conversations and snippets with transformers and writes what comes out.

    python make_templates.py            writes the fixtures beside this file
    python make_templates.py DIR OUT    writes one file for all templates of a folder
"""

import datetime
import json
import pathlib
import sys

import jinja2
import transformers.utils.chat_template_utils as utils

HERE = pathlib.Path(__file__).parent


class PinnedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 14, 5, 9, 123456)


utils.datetime = PinnedTime


def user(content):
    return {"role": "user", "content": content}


def assistant(content, **more):
    return {"role": "assistant", "content": content, **more}


def system(content):
    return {"role": "system", "content": content}


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a \"city\" now, <b>in</b> °C & 'so on'",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city, e.g. Zürich"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 1, "default": 3},
                "options": {
                    "type": "object",
                    "properties": {"hourly": {"type": "boolean"}, "scale": {"type": "number"}},
                },
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["city"],
        },
    },
}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
            "required": ["a", "b"],
        },
    },
}


def call(name, arguments, identifier="call00001"):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


ARGUMENTS = {"city": "Zürich", "days": 2, "scale": 1.5, "on": True, "none": None, "tags": ["a", "b"]}
THOUGHT = "<think>\nLet me see…\n</think>\n\nThe answer is 42."

CONVERSATIONS = {
    "one-turn": dict(messages=[user("What is 17 times 23?")], add_generation_prompt=True),
    "no-prompt": dict(messages=[user("Hi"), assistant("Hello!")]),
    "system": dict(messages=[system("Be brief."), user("Hi")], add_generation_prompt=True),
    "multi-turn": dict(
        messages=[system(" Be brief. \n"), user("Hi\n"), assistant("  Hello! "), user("Bye?\n\nyes")],
        add_generation_prompt=True,
    ),
    "thought-in-history": dict(
        messages=[user("6*7?"), assistant(THOUGHT), user("Sure?")], add_generation_prompt=True
    ),
    "reasoning-field": dict(
        messages=[
            user("6*7?"),
            assistant("42", reasoning_content="Six times seven."),
            user("Sure?"),
            assistant("Yes", reasoning_content="Of course\n"),
        ]
    ),
    "tools": dict(
        messages=[system("Use tools."), user("Weather?")],
        tools=[WEATHER, ADD],
        add_generation_prompt=True,
    ),
    "tools-no-system": dict(messages=[user("Weather?")], tools=[WEATHER], add_generation_prompt=True),
    "tool-call": dict(
        messages=[
            user("Weather?"),
            assistant(None, tool_calls=[call("get_weather", ARGUMENTS)]),
            {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "21 °C"},
            assistant("It is 21 °C."),
            user("Thanks"),
        ],
        tools=[WEATHER],
        add_generation_prompt=True,
    ),
    "tool-call-text": dict(
        messages=[
            user("Sum?"),
            assistant(None, tool_calls=[call("add", '{"a": 1, "b": 2}')]),
            {"role": "tool", "name": "add", "tool_call_id": "call00001", "content": "3"},
        ],
        tools=[ADD],
        add_generation_prompt=True,
    ),
    "two-calls": dict(
        messages=[
            system("S"),
            user("Both?"),
            assistant(
                "",
                tool_calls=[
                    call("get_weather", {"city": "Bern"}),
                    call("add", {"a": 1, "b": -2.5}, "call00002"),
                ],
            ),
            {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"t\": 1}"},
            {"role": "tool", "name": "add", "tool_call_id": "call00002", "content": "-1.5"},
        ],
        tools=[WEATHER, ADD],
        add_generation_prompt=True,
    ),
    "empty": dict(messages=[user(""), assistant(""), user(" ")], add_generation_prompt=True),
    "unicode": dict(
        messages=[system("你是助手。"), user("e\u0301 😀 \u202Eabc\u00a0\u3000"), assistant("ǅ ß İ Σ")],
    ),
    "null-content": dict(messages=[user("Hi"), assistant(None), user("?")]),
    "parts": dict(
        messages=[
            user([{"type": "text", "text": "What is "}, {"type": "text", "text": "this?"}]),
            assistant([{"type": "text", "text": "A thing."}]),
            user("ok"),
        ],
        add_generation_prompt=True,
    ),
    "parts-image": dict(
        messages=[user([{"type": "image"}, {"type": "text", "text": "Describe"}])],
        add_generation_prompt=True,
    ),
    "thinking-off": dict(
        messages=[user("Hi")], add_generation_prompt=True, enable_thinking=False, thinking=False
    ),
    "thinking-on": dict(
        messages=[system("S /think"), user("Hi")],
        add_generation_prompt=True,
        enable_thinking=True,
        thinking=True,
    ),
    "wrong-order": dict(messages=[user("a"), user("b"), assistant("c"), assistant("d")]),
    "system-late": dict(messages=[user("a"), system("late"), user("b")], add_generation_prompt=True),
    "odd-role": dict(messages=[{"role": "critic", "content": "x"}], add_generation_prompt=True),
    "no-messages": dict(messages=[], add_generation_prompt=True),
    "documents": dict(
        messages=[user("Cite")],
        documents=[{"title": "T1", "text": "Text one"}, {"title": "T2", "text": "Text two"}],
        add_generation_prompt=True,
    ),
    "developer": dict(
        messages=[{"role": "developer", "content": "Dev"}, user("x")], add_generation_prompt=True
    ),
}
TOKENS = dict(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")


def variables(conversation):
    result = dict(TOKENS, messages=[], tools=None, documents=None, add_generation_prompt=False)
    result.update(conversation)
    # The reference gives a message's reasoning several names before it renders
    result["messages"] = utils._alias_reasoning_fields(result["messages"])
    return result


def outcome(render):
    try:
        text = render()
        text.encode("utf-8")
        return {"text": text}
    except jinja2.exceptions.TemplateSyntaxError as error:
        return {"error": "syntax"}
    except jinja2.exceptions.SecurityError as error:
        return {"error": "security"}
    except jinja2.exceptions.UndefinedError as error:
        return {"error": "undefined"}
    except jinja2.exceptions.TemplateRuntimeError as error:
        return {"error": "evaluation"}
    except jinja2.exceptions.TemplateError as error:
        return {"raised": str(error)}
    except SyntaxError:
        return {"error": "syntax"}
    except Exception as error:
        return {"error": "evaluation"}


def rendered(source, conversation):
    values = variables(conversation)
    values.pop("documents") if values["documents"] is None else None
    arguments = {k: v for k, v in values.items() if k not in ("messages", "tools")}
    return outcome(
        lambda: utils.render_jinja_template(
            [conversation["messages"]],
            tools=values["tools"],
            chat_template=source,
            **arguments,
        )[0][0]
    )


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def all_renderings(folder):
    return {
        path.stem: {
            name: rendered(path.read_text(encoding="utf-8"), conversation)
            for name, conversation in CONVERSATIONS.items()
        }
        for path in sorted(folder.glob("*.jinja"))
    }


if len(sys.argv) == 3:
    folder = pathlib.Path(sys.argv[1])
    names = sorted(path.stem for path in folder.glob("*.jinja"))
    write(
        pathlib.Path(sys.argv[2]),
        {
            "conversations": {name: variables(c) for name, c in CONVERSATIONS.items()},
            "renderings": all_renderings(folder),
        },
    )
else:
    from snippets import SNIPPETS, VARIABLES

    write(HERE / "conversations.json", {name: variables(c) for name, c in CONVERSATIONS.items()})
    renderings = all_renderings(HERE)
    write(HERE / "renderings.json", renderings)
    cases = []
    for source in SNIPPETS:
        case = {"source": source}
        try:
            template = utils._compile_jinja_template(source)
        except Exception as error:
            is_syntax = isinstance(error, (jinja2.exceptions.TemplateSyntaxError, SyntaxError))
            case["error"] = "syntax" if is_syntax else "evaluation"
            cases.append(case)
            continue
        case.update(outcome(lambda: template.render(**VARIABLES)))
        cases.append(case)
    write(HERE / "snippets.json", {"variables": VARIABLES, "cases": cases})
    print(sum(len(r) for r in renderings.values()), "renderings,", len(cases), "snippets")
