"""The field's own clients, unmodified, against the shipped family.

Asks the server at LACONIC_URL; a client that is not installed is named and left out, unless
LACONIC_CLIENTS says that it has to be there.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

URL = os.environ["LACONIC_URL"]
REQUIRED = os.environ.get("LACONIC_CLIENTS", "").split(",")
QUESTION = "What is 17 times 23?"
MESSAGES = [{"role": "user", "content": QUESTION}]
SCHEMA = {"type": "object", "properties": {"value": {"type": "integer"},
          "unit": {"type": "string", "maxLength": 8}}, "required": ["value", "unit"],
          "additionalProperties": False}


def openai_package():
    import openai

    client = openai.OpenAI(base_url=URL + "/v1", api_key="none")
    assert "auto" in [model.id for model in client.models.list()]

    plain = client.chat.completions.create(
        model="auto", messages=MESSAGES, temperature=0, extra_body={"budget": 200})
    assert plain.choices[0].message.content and plain.choices[0].finish_reason == "stop"
    assert plain.usage.completion_tokens_details.reasoning_tokens > 0
    assert plain.budget["requested"]["tokens"] == 200, plain
    assert plain._request_id

    parts = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    chunks = list(client.chat.completions.create(
        model="auto", messages=parts, temperature=0, stream=True, extra_body={"budget": 200},
        stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == plain.choices[0].message.content, (text, plain)
    thought = "".join(getattr(c.choices[0].delta, "reasoning_content", None) or ""
                      for c in chunks if c.choices)
    assert thought == plain.choices[0].message.reasoning_content
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == plain.usage.total_tokens

    several = client.chat.completions.create(
        model="auto", messages=MESSAGES, n=3, seed=7, max_completion_tokens=120, logprobs=True,
        top_logprobs=2, stop=["zzz"], presence_penalty=0.1, logit_bias={"5": -1})
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert several.choices[0].logprobs.content[0].top_logprobs

    formed = client.chat.completions.create(
        model="auto", messages=MESSAGES, max_tokens=300, response_format={
            "type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}})
    document = json.loads(formed.choices[0].message.content)
    assert set(document) == {"value", "unit"} and isinstance(document["value"], int), document
    free = client.chat.completions.create(
        model="auto", messages=MESSAGES, max_tokens=300, response_format={"type": "json_object"})
    assert isinstance(json.loads(free.choices[0].message.content), dict)

    text = client.completions.create(
        model="auto", prompt=["17*23=", "2+2="], max_tokens=4, temperature=0)
    assert [choice.index for choice in text.choices] == [0, 1]

    for error, body in [(openai.NotFoundError, {"model": "nobody"}),
                        (openai.BadRequestError, {"temperature": -1})]:
        try:
            client.chat.completions.create(**{"model": "auto", "messages": MESSAGES, **body})
            raise AssertionError(f"no {error}")
        except error as found:
            assert found.code and found.param, found
    try:
        # Far longer than the timeout, even for a client that is woken late.
        client.with_options(timeout=0.02, max_retries=0).chat.completions.create(
            model="auto", messages=MESSAGES, max_tokens=1500, extra_body={"ignore_eos": True})
        raise AssertionError("no timeout")
    except openai.APITimeoutError:
        pass


def openai_responses():
    import openai

    client = openai.OpenAI(base_url=URL + "/v1", api_key="none")
    response = client.responses.create(
        model="auto", input=QUESTION, temperature=0, max_output_tokens=200, instructions="Be brief.")
    assert response.status == "completed" and response.output_text, response
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    kinds = []
    with client.responses.stream(
            model="auto", input=[{"role": "user", "content": QUESTION}], temperature=0,
            max_output_tokens=200, reasoning={"effort": "low"}) as stream:
        text = ""
        for event in stream:
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
        final = stream.get_final_response()
    assert final.output_text == text and text, (final, text)
    for kind in ["response.created", "response.output_item.added", "response.reasoning_text.delta",
                 "response.completed"]:
        assert kind in kinds, kinds
    formed = client.responses.create(
        model="auto", input=QUESTION, max_output_tokens=300, text={"format": {
            "type": "json_schema", "name": "n", "strict": True, "schema": SCHEMA}})
    assert set(json.loads(formed.output_text)) == {"value", "unit"}
    try:
        client.responses.create(model="auto", input=QUESTION, previous_response_id="resp_1")
        raise AssertionError("a memory that there is none of")
    except openai.BadRequestError as error:
        assert error.param == "previous_response_id"


def openai_async():
    import openai

    async def run():
        client = openai.AsyncOpenAI(base_url=URL + "/v1", api_key="none")
        replies = await asyncio.gather(*[client.chat.completions.create(
            model="auto", messages=MESSAGES, max_tokens=100, temperature=0) for _ in range(8)])
        assert len({reply.choices[0].message.content for reply in replies}) == 1
        stream = await client.chat.completions.create(
            model="auto", messages=MESSAGES, max_tokens=100, stream=True)
        assert [chunk async for chunk in stream]

    asyncio.run(run())


def openai_retries():
    """A server in between is busy twice, as ours says it, and the client comes again."""
    import openai
    import urllib.request

    seen = []

    class Between(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(self.path)
            if len(seen) <= 2:
                self.send_response(429)
                self.send_header("retry-after-ms", "10")
                self.send_header("content-length", "2")
                self.end_headers()
                return self.wfile.write(b"{}")
            with urllib.request.urlopen(urllib.request.Request(URL + self.path, body)) as reply:
                answer = reply.read()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    between = HTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=between.serve_forever, daemon=True).start()
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{between.server_port}/v1", api_key="none", max_retries=2)
    reply = client.chat.completions.create(model="auto", messages=MESSAGES, max_tokens=50)
    assert reply.choices and len(seen) == 3
    between.shutdown()


def ollama_package():
    import ollama

    client = ollama.Client(host=URL)
    assert client.list().models
    reply = client.chat(model="auto", messages=MESSAGES, think=True,
                        options={"temperature": 0, "num_predict": 200})
    assert reply.message.content and reply.message.thinking and reply.done_reason == "stop"
    pieces = list(client.chat(model="auto", messages=MESSAGES, stream=True, think=True,
                              options={"temperature": 0, "num_predict": 200}))
    assert "".join(p.message.content for p in pieces) == reply.message.content
    assert pieces[-1].done and pieces[-1].eval_count == reply.eval_count
    text = client.generate(model="auto", prompt=QUESTION, options={"num_predict": 200})
    assert text.response
    formed = client.chat(model="auto", messages=MESSAGES, format=SCHEMA,
                         options={"num_predict": 300})
    assert set(json.loads(formed.message.content)) == {"value", "unit"}
    assert client.show(reply.model).capabilities
    assert client.ps().models
    try:
        client.generate(model="nobody", prompt="a")
        raise AssertionError("no error")
    except ollama.ResponseError as error:
        assert error.status_code == 404 and "nobody" in error.error


def litellm_package():
    import litellm

    for model in ["openai/auto", "hosted_vllm/auto"]:
        reply = litellm.completion(
            model=model, messages=MESSAGES, api_base=URL + "/v1", api_key="none", max_tokens=200,
            temperature=0)
        assert reply.choices[0].message.content, reply
        assert reply.choices[0].message.reasoning_content, reply
        chunks = list(litellm.completion(
            model=model, messages=MESSAGES, api_base=URL + "/v1", api_key="none", max_tokens=200,
            temperature=0, stream=True, stream_options={"include_usage": True}))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == reply.choices[0].message.content
        assert any(getattr(chunk, "usage", None) for chunk in chunks)
    try:
        litellm.completion(
            model="openai/auto", messages=[{"role": "user", "content": "1+" * 3000}],
            api_base=URL + "/v1", api_key="none")
        raise AssertionError("no error")
    except litellm.ContextWindowExceededError:
        pass


TASKS = {
    "laconic_likelihood": """
task: laconic_likelihood
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{[answer, wrong]}}"
doc_to_target: 0
metric_list: [{metric: acc}]
""",
    "laconic_generation": """
task: laconic_generation
dataset_path: json
dataset_kwargs: {data_files: {test: DATA}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["Question:"], max_gen_toks: 200, temperature: 0}
metric_list: [{metric: exact_match}]
""",
}


def lm_eval():
    import importlib.util

    if importlib.util.find_spec("lm_eval") is None:
        raise ImportError("lm_eval")
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data.jsonl")
        with open(data, "w") as file:
            for left, right in [(2, 3), (10, 7), (6, 6)]:
                file.write(json.dumps({
                    "question": f"What is {left} times {right}?", "answer": str(left * right),
                    "wrong": str(left * right + 1)}) + "\n")
        for name, text in TASKS.items():
            with open(os.path.join(folder, name + ".yaml"), "w") as file:
                file.write(text.replace("DATA", data))
        environment = {**os.environ, "OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1",
                       "HF_DATASETS_CACHE": os.path.join(folder, "cache")}
        for kind, route, task, more in [
                ("local-completions", "/v1/completions", "laconic_likelihood",
                 ["tokenizer_backend=remote"]),
                ("local-chat-completions", "/v1/chat/completions", "laconic_generation", [])]:
            arguments = [f"model=alpha_0.4", f"base_url={URL}{route}", "num_concurrent=2",
                         "max_retries=1", "eos_string=<|endoftext|>", *more]
            out = os.path.join(folder, "out-" + task)
            command = [sys.executable, "-m", "lm_eval", "--model", kind, "--model_args",
                       ",".join(arguments), "--tasks", task, "--include_path", folder,
                       "--output_path", out, "--batch_size", "1"]
            if "chat" in kind:
                command.append("--apply_chat_template")
            done = subprocess.run(command, env=environment, capture_output=True, text=True,
                                  timeout=300)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
            assert task in done.stdout, done.stdout


def guidellm():
    import importlib.util

    if importlib.util.find_spec("guidellm") is None:
        raise ImportError("guidellm")
    family = os.path.join(os.path.dirname(__file__), "../../Sources/laconic/Resources/family")
    with tempfile.TemporaryDirectory() as folder:
        data, report = os.path.join(folder, "data.jsonl"), os.path.join(folder, "report.json")
        with open(data, "w") as file:
            file.write((json.dumps({"prompt": QUESTION}) + "\n") * 3)
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "guidellm"), "run",
             "--backend", f"kind=openai_http,target={URL}", "--profile", "kind=synchronous",
             "--constraint", "kind=max_requests,count=3", "--data", f"kind=json_file,path={data}",
             "--tokenizer", f"kind=huggingface_auto,model={family}/alpha_0.4",
             "--output", f"kind=json,path={report}", "--disable-console"],
            capture_output=True, text=True, timeout=300, cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1"})
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert "successful=3 errored=0" in done.stdout + done.stderr, done.stderr[-2000:]


def curl():
    def run(*arguments, body=None):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], input=body,
                              capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    body = json.dumps({"prompt": QUESTION, "budget": 100, "temperature": 0})
    plain = json.loads(run(URL + "/generate", "-d", body))
    streaming = json.dumps({"prompt": QUESTION, "budget": 100, "temperature": 0, "stream": True})
    for more in [["-N"], ["-N", "--compressed"], ["-N", "--http1.0"]]:
        lines = run(*more, URL + "/generate", "-d", streaming).splitlines()
        events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
        text = "".join(e["text"] for e in events if e["type"] == "answer")
        assert text == plain["text"], (more, lines)
        assert lines[-1] == "" and lines[-2] == "data: [DONE]", lines[-2:]
    for more in [["--compressed"], ["--http1.0"]]:
        assert json.loads(run(*more, URL + "/generate", "-d", body))["text"] == plain["text"]
    chunked = run("-X", "POST", "-T", "-", URL + "/generate", body=body.encode())
    assert json.loads(chunked)["text"] == plain["text"]
    large = json.dumps({"tokens": [20] * 300_000})
    assert "prompt" in run(URL + "/detokenize", "-d", "@-", body=large.encode())


def main():
    chosen = sys.argv[1:]
    passed = []
    for test in [curl, openai_package, openai_responses, openai_async, openai_retries,
                 ollama_package, litellm_package, lm_eval, guidellm]:
        if chosen and test.__name__ not in chosen:
            continue
        try:
            test()
        except ImportError as error:
            if test.__name__ in REQUIRED:
                raise
            print(f"clients: skipped {test.__name__}: {error}")
            continue
        passed.append(test.__name__)
    print("clients: passed " + ", ".join(passed))


main()
