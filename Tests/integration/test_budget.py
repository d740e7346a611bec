"""Budgets over HTTP, against the shipped family: no ceiling is ever passed, every answer comes.

Asks the server at LACONIC_URL the problems of the file named by the first argument, under random
budgets of every kind, and checks each answer's own account of them.
"""

import json
import os
import random
import sys
import threading
import urllib.error
import urllib.request

URL = os.environ["LACONIC_URL"]
PRICE = {"prompt": 0.1e-6, "completion": 1e-6}
checks = 0


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def check(condition, *what):
    global checks
    checks += 1
    if not condition:
        print("budget:", *what, file=sys.stderr)
        os._exit(1)


def ask(question, budget, seed):
    body = {"prompt": question, "budget": budget, "temperature": 0.6, "seed": seed}
    status, reply = post("/generate", body)
    if status == 400 and reply["error"]["code"] == "budget_infeasible":
        # What is too little comes back with what is enough.
        body["budget"] = {**budget, **{
            key: value for key, value in reply["error"]["minimum"].items() if key in budget}}
        if "reasoning_tokens" in budget:
            body["budget"].pop("reasoning_tokens")
        budget = body["budget"]
        status, reply = post("/generate", body)
    check(status == 200, status, body, reply)
    account = reply["budget"]
    spent, usage = account["spent"], reply["usage"]
    total = usage["completion_tokens"]
    check(spent["reasoning_tokens"] + spent["answer_tokens"] == total, account, usage)
    check(total <= account["effective"]["tokens"], account)
    check(total <= budget.get("tokens", 10**9), budget, account)
    check(spent["reasoning_tokens"] <= budget.get("reasoning_tokens", 10**9), budget, account)
    if "cost" in budget:
        cost = (spent["prompt_tokens"] * PRICE["prompt"] + total * PRICE["completion"])
        check(abs(cost - spent["cost"]) < 2e-12, cost, spent)
        check(cost <= budget["cost"] + 1e-12, budget, account)
    check(reply["text"].strip() != "", "no answer", body, reply)
    check("\ufffd" not in reply["text"] + (reply["reasoning"] or ""), "a split code point", reply)
    check(account["route"]["model"] == reply["model"], account)
    return account


def main():
    with open(sys.argv[1]) as file:
        questions = [json.loads(line)["question"] for line in file]
    generator = random.Random(1)
    jobs = []
    for index in range(240):
        budget = {}
        kind = index % 6
        if kind in (0, 1, 5):
            budget["tokens"] = generator.randint(12, 400)
        if kind in (1, 2):
            budget["reasoning_tokens"] = generator.randint(0, 120)
        if kind in (3, 5):
            budget["cost"] = generator.uniform(0.00001, 0.0004)
        if kind == 4:
            budget["effort"] = generator.choice(["minimal", "low", "medium", "high", "max"])
        jobs.append((questions[index % len(questions)], budget, index))
    accounts = []

    def work():
        while True:
            try:
                job = jobs.pop()
            except IndexError:
                return
            accounts.append(ask(*job))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(any(account["forced_close"] for account in accounts), "no thought was closed early")
    check(len({account["route"]["model"] for account in accounts}) > 1, "one member for all")

    question = questions[0]
    status, quote = post("/v1/budget/quote", {"prompt": question, "budget": {"tokens": 300}})
    check(status == 200 and quote["object"] == "budget.quote", status, quote)
    _, reply = post("/generate", {"prompt": question, "budget": {"tokens": 300}})
    check(reply["model"] == quote["route"]["model"], quote, reply)
    for budget in ({"tokens": 1}, {"cost": 1e-9}):
        status, refused = post("/generate", {"prompt": question, "budget": budget})
        check(status == 400 and refused["error"]["code"] == "budget_infeasible", refused)
        ask(question, budget, 0)
    status, refused = post(
        "/generate", {"prompt": question, "budget": {"tokens": 20, "on_exhausted": "reject"}})
    check(status == 400 and refused["error"]["code"] == "budget_unlikely", refused)
    body = {"prompt": question, "budget": {"tokens": 1500}, "ignore_eos": True, "stream": True}
    request = urllib.request.Request(URL + "/generate", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=120) as stream:
        done = None
        for line in stream:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if event["type"] == "start":
                revision = urllib.request.Request(
                    URL + "/v1/generations/" + event["id"], b'{"budget": 700}', method="PATCH")
                with urllib.request.urlopen(revision, timeout=60) as revised:
                    effective = json.load(revised)["effective"]
                check(effective["tokens"] == 700, effective)
            if event["type"] == "done":
                done = event
    check(done["usage"]["completion_tokens"] == 700, done)
    check(done["budget"]["effective"]["tokens"] == 700, done)
    check(done["budget"]["exhausted"] == "tokens", done)
    with urllib.request.urlopen(URL + "/metrics") as response:
        metrics = response.read().decode()
    check("\nlaconic_budget_overrun_tokens_total 0\n" in metrics, metrics)
    check("laconic_route_decisions_total{" in metrics, metrics)
    print(f"budget: {checks} checks passed")


main()
