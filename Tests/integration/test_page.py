"""The page in headless Chromium against a real server. Run by Tests/page."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from page_visit import FAMILY, LONG, SHOTS, Visit, busy, serve


def it_opens_with_a_quote_and_asks_nobody_else(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        assert "default-src 'self'" in visit.response.headers["content-security-policy"]
        visit.wait_for_quote()
        expect(page.locator("#quote .why").first).to_contain_text("tokens")
        expect(page.locator("#server")).to_have_text("6 members")
        expect(page.locator("#chart .forecast")).to_have_count(6)
        expect(page.locator("#chart .curve")).to_have_count(3)
        expect(page.locator("#chart .chosen")).to_have_count(1)
        page.click("text=The figures as a table")
        expect(page.locator("#frontier-table tbody tr")).to_have_count(6)
        visit.shot("light-open")


def the_slider_quotes_what_it_stands_on(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        visit.expected.append(400)
        visit.wait_for_quote()
        page.focus("#budget")
        page.keyboard.press("End")
        expect(page.locator("#quote .why").first).to_contain_text("1024")
        assert page.input_value("#budget-exact") == "1024"
        assert page.get_attribute("#budget", "aria-valuetext") == "1,024 tokens"
        for _ in range(12):
            page.keyboard.press("ArrowLeft")
        tokens = int(page.input_value("#budget-exact"))
        assert 100 < tokens < 1024, tokens
        expect(page.locator("#quote .why").first).to_contain_text(str(tokens))
        expect(page.locator("#meaning")).to_contain_text("for 1,000 answers")
        budgets = [body["budget"] for body in visit.sent("POST", "/v1/budget/quote")]
        assert tokens in budgets
        # Twelve strokes in one breath are not twelve questions.
        assert len(set(budgets)) <= 5, budgets
        page.keyboard.press("Home")
        button = page.locator("#quote button")
        expect(button).to_contain_text("Use 7 tokens")
        button.click()
        visit.wait_for_quote()
        assert page.input_value("#budget-exact") == "7"


def an_answer_comes_within_its_budget(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        visit.wait_for_quote()
        page.click("text=Easy")
        assert page.get_attribute("#examples >> text=Easy", "aria-pressed") == "true"
        visit.ask(budget=100)
        visit.wait_for_end()
        assert page.locator("#thought").inner_text().strip()
        expect(page.locator("#answer math")).to_be_visible()
        facts = page.locator("#facts").inner_text()
        tokens = int(facts.split("tokens")[1].split()[0])
        assert 0 < tokens <= 100, facts
        assert "right" in facts, facts
        expect(page.locator("#announcement")).to_contain_text("answers:")
        expect(page.locator("#chart .outcome")).to_have_count(1)
        expect(page.locator("#stop")).to_be_hidden()
        visit.shot("light-answer")


def a_thought_is_watched_widened_cut_short_and_stopped(browser, url):
    with busy(url), Visit(browser, url) as visit:
        page = visit.page
        visit.wait_for_quote()
        page.fill("#question", LONG)
        page.fill("#budget-exact", "900")
        # In the page, since a thought does not wait for a test that looks now and then.
        lengths = page.evaluate("""async () => {
            const at = (id) => document.getElementById(id);
            const lengths = new Set();
            const until = (holds) => new Promise((resolve, reject) => {
                setTimeout(() => reject(new Error(`never: ${holds}`)), 20_000);
                const observer = new MutationObserver(() => {
                    lengths.add(at("thought").textContent.length);
                    if (!holds()) return;
                    observer.disconnect();
                    resolve();
                });
                observer.observe(at("result"), {
                    childList: true, subtree: true, characterData: true, attributes: true });
            });
            at("submit").click();
            await until(() => at("thought").textContent.length > 20);
            at("budget-exact").value = 1500;
            at("budget-exact").dispatchEvent(new Event("input"));
            await until(() => at("meter").textContent.includes("of 1,487 thinking"));
            at("answer-now").click();
            return [...lengths];
        }""")
        visit.wait_for_end()
        changes = visit.sent("PATCH", "/v1/generations/gen-")
        assert changes == [{"budget": 1500}, {"answer_now": True}], changes
        assert page.locator("#answer").inner_text().strip()
        expect(page.locator("#facts")).to_contain_text("on demand")
        assert len(lengths) > 3, lengths
        visit.ask()
        visit.wait_for_thought(10)
        page.screenshot(path=SHOTS / "light-thinking.png")
        page.click("#stop")
        expect(page.locator("#state")).to_contain_text("stopped after")
        # What had come stays.
        visit.wait_for_thought(10)


def all_members_are_asked_at_once(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        visit.wait_for_quote()
        page.fill("#budget-exact", "600")
        page.click("text=Compare all 6 members")
        expect(page.locator("#comparison-state")).to_contain_text("right,")
        expect(page.locator(".member")).to_have_count(6)
        assert page.locator(".member .card-state").all_inner_texts() == [
            text for text in page.locator(".member .card-state").all_inner_texts()
            if "tokens ·" in text]
        bodies = visit.sent("POST", "/generate")
        assert len({body["model"] for body in bodies}) == len(bodies) == 6
        assert len({body["seed"] for body in bodies}) == 1
        expect(page.locator("#chart .outcome")).to_have_count(6)
        asked = [each for each in visit.requests if each.url.endswith("/generate")]
        ends = [each.timing["startTime"] + each.timing["responseEnd"] for each in asked]
        assert max(each.timing["startTime"] for each in asked) < min(ends)
        visit.shot("light-comparison")


def the_command_that_is_copied_works(browser, url):
    with Visit(browser, url, permissions=["clipboard-read", "clipboard-write"]) as visit:
        page = visit.page
        page.fill("#question", "Tom's bag holds 3 \"red\" balls and 4 $2 coins.\nHow many?")
        page.click("#copy")
        expect(page.locator("#copy")).to_have_text("Copied")
        command = page.evaluate("navigator.clipboard.readText()")
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        assert "data: [DONE]" in done.stdout, (command, done)


def the_keyboard_alone_is_enough(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        visit.wait_for_quote()
        seen = []
        for _ in range(40):
            page.keyboard.press("Tab")
            at = page.evaluate("""() => {
                if (document.activeElement === document.body) return null;
                const style = getComputedStyle(document.activeElement);
                return [document.activeElement.id || document.activeElement.textContent.trim(),
                    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
            }""")
            if at is None:
                break
            seen.append(at)
        names = [name for name, _ in seen]
        assert names[0] == "Skip to the question", names
        for name in ["question", "Easy", "Hard", "budget", "budget-exact", "submit", "compare",
                     "thought", "copy"]:
            assert name in names, (name, names)
        assert all(is_outlined for _, is_outlined in seen), seen
        page.focus("#question")
        page.keyboard.press("Control+A")
        page.keyboard.type("Begin with 11. Add 16. What number do you get?")
        page.keyboard.press("Control+Enter")
        visit.wait_for_end()
        expect(page.locator("#answer")).to_contain_text("27")


def it_reads_well(browser, url, name, **options):
    with Visit(browser, url, **options) as visit:
        page = visit.page
        visit.wait_for_quote()
        visit.ask()
        visit.wait_for_end()
        page.click("text=The figures as a table")
        for check in ["nameless", "small", "repeatedIDs", "danglingReferences", "faintTexts"]:
            found = visit.audit(check)
            assert not found, (name, check, found)
        visit.shot(f"{name}-answer")
        page.click("#compare")
        expect(page.locator("#comparison-state")).to_contain_text("right,")
        for check in ["nameless", "faintTexts"]:
            assert not visit.audit(check), (name, check, visit.audit(check))
        assert visit.audit("overflow") <= 0, name
        headings = visit.audit("headings")
        assert headings[0] == 1 and headings.count(1) == 1
        assert all(next - last <= 1 for last, next in zip(headings, headings[1:])), headings
        visit.shot(f"{name}-comparison")


def refusals_are_told_and_outlived(browser, url):
    with Visit(browser, url) as visit:
        page = visit.page
        visit.expected += [429, 503]
        visit.wait_for_quote()
        refusals = [("queue_full", 429), ("loading", 503)]

        def refuse(route):
            if not refusals:
                return route.continue_()
            code, status = refusals.pop(0)
            body = {"error": {"message": "no", "type": "", "param": None, "code": code}}
            route.fulfill(status=status, json=body, headers={"retry-after": "1"})

        page.route("**/generate", refuse)
        visit.ask()
        expect(page.locator("#state")).to_contain_text("The queue is full; trying again in 1 s")
        expect(page.locator("#state")).to_contain_text("The model is loading; trying again in 1 s")
        visit.wait_for_end()
        page.unroute("**/generate")

        lost = ": waiting\n\n" + "".join(
            f"data: {json.dumps(event)}\n\n" for event in [
                {"type": "start", "id": "gen-1", "model": "alpha_0"},
                {"type": "reasoning", "index": 0, "text": "Half a "},
                {"type": "reasoning", "index": 0, "text": "thought"}])
        page.route("**/generate", lambda route: route.fulfill(
            status=200, body=lost, content_type="text/event-stream"))
        visit.ask()
        expect(page.locator("#problem")).to_contain_text("connection was lost")
        expect(page.locator("#thought")).to_contain_text("Half a thought")
        expect(page.locator("#answer-now")).to_be_hidden()
        visit.shot("light-lost")
        page.unroute("**/generate")
        page.click("text=Ask again")
        visit.wait_for_end()
        expect(page.locator("#problem")).to_be_hidden()


def formulas_are_read(browser, url):
    cases = {
        r"\boxed{83}": "<math><mrow class=\"boxed\"><mn>83</mn></mrow></math>",
        r"$\frac{1}{2}$": "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
        r"\(x^2_1\)": "<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>",
        r"$x^12$": "<math><msup><mi>x</mi><mn>1</mn></msup><mn>2</mn></math>",
        r"$\sqrt[3]{8}$": "<math><mroot><mn>8</mn><mn>3</mn></mroot></math>",
        r"$1{,}000.5$": None,
        r"3 \times 4 \div 2": "3 <math><mo stretchy=\"false\">×</mo></math> 4 "
                              "<math><mo stretchy=\"false\">÷</mo></math> 2",
        r"\[\sum_{i=1}^n \alpha_i\]":
            "<math display=\"block\"><munderover><mo largeop=\"true\">∑</mo><mrow><mi>i</mi>"
            "<mo stretchy=\"false\">=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
            "<msub><mi>α</mi><mi>i</mi></msub></math>",
        r"$5 \text{ apples}$": "<math><mn>5</mn><mtext> apples</mtext></math>",
        r"$\nonsense$": "<math><mtext>\\nonsense</mtext></math>",
        "It costs $5 and $7.": "It costs $5 and $7.",
        r"\$5": "$5",
        "**so** 2 ** 3": "<strong>so</strong> 2 ** 3",
        r"\boxed{4": "<math><mrow class=\"boxed\"><mn>4</mn></mrow></math>",
        "<img src=x onerror=alert(1)>": "&lt;img src=x onerror=alert(1)&gt;",
        r"\boxed{\text{<b>}}":
            "<math><mrow class=\"boxed\"><mtext>&lt;b&gt;</mtext></mrow></math>",
        r"$\begin{cases}1 & a\\2 & b\end{cases}$":
            "<math><mrow><mo>{</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mi>a</mi></mtd></mtr>"
            "<mtr><mtd><mn>2</mn></mtd><mtd><mi>b</mi></mtd></mtr></mtable></mrow></math>",
        r"$\left(\frac12\right)^2$":
            "<math><msup><mrow><mo>(</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><mo>)</mo></mrow>"
            "<mn>2</mn></msup></math>",
    }
    hostile = ["{" * 20_000, r"$\sqrt" * 9_000, "$" + r"\sqrt" * 9_000 + "$",
               "$" + "x^" * 9_000 + "$", r"\(" * 9_000, "$" + r"\left(" * 9_000 + "$",
               r"\boxed{" * 9_000, "**" * 9_001,
               "$" + r"\begin{matrix}" * 5_000 + "$", "$" + "&" * 9_000 + "$", "\\", "$", r"$\\$",
               "$" + "{" * 9_000 + "$", r"$\left$", r"$\frac$", r"$\begin$", "$^$", "$__$"]
    with Visit(browser, url) as visit:
        drawn = visit.page.evaluate("""async (texts) => {
            const { prose } = await import("/prose.js");
            return texts.map((text) => {
                const box = document.createElement("div");
                box.append(prose(text));
                return box.innerHTML.replaceAll(' xmlns="http://www.w3.org/1998/Math/MathML"', "");
            });
        }""", list(cases))
        for (text, expected), found in zip(cases.items(), drawn):
            assert expected is None or found == expected, (text, found, expected)
        times = visit.page.evaluate("""async (texts) => {
            const { prose } = await import("/prose.js");
            return texts.map((text) => {
                const start = performance.now();
                prose(text);
                return performance.now() - start;
            });
        }""", hostile)
        assert max(times) < 3000, times


def a_key_is_asked_for_and_kept_in_the_tab(browser):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("open-sesame\n")
        file.flush()
        os.chmod(file.name, 0o600)
        with serve("--family", str(FAMILY), "--api-key-file", file.name) as server:
            with Visit(browser, server.url) as visit:
                page = visit.page
                visit.expected.append(401)
                expect(page.locator("#key-dialog")).to_be_visible()
                page.keyboard.type("wrong")
                page.keyboard.press("Enter")
                expect(page.locator("#key-message")).to_contain_text("refused")
                page.keyboard.type("open-sesame")
                page.keyboard.press("Enter")
                expect(page.locator("#server")).to_have_text("6 members")
                visit.wait_for_quote()
                visit.ask()
                visit.wait_for_end()
                assert page.evaluate("localStorage.length") == 0
                assert page.evaluate("sessionStorage.length") == 1
                assert "open-sesame" not in page.locator("#curl").inner_text()
                visit.page.reload()
                expect(page.locator("#server")).to_have_text("6 members")


def the_queue_is_told_and_left(browser):
    with serve("--family", str(FAMILY), "--max-running", "1") as server:
        with busy(server.url), Visit(browser, server.url) as visit:
            visit.wait_for_quote()
            visit.ask()
            expect(visit.page.locator("#state")).to_have_text(
                re.compile(r"number \d+ in the queue"))
            visit.page.click("#stop")
            expect(visit.page.locator("#state")).to_contain_text("stopped after 0 tokens")


def a_single_model_needs_no_family(browser):
    with serve("--model", str(FAMILY / "alpha_0.4")) as server:
        with Visit(browser, server.url) as visit:
            page = visit.page
            visit.wait_for_quote()
            expect(page.locator("#server")).to_have_text("alpha_0.4")
            expect(page.locator("#compare")).to_be_hidden()
            expect(page.locator("#frontier")).to_be_hidden()
            visit.ask()
            visit.wait_for_end()
            visit.shot("light-single")


def a_family_that_was_not_measured_is_compared_but_not_drawn(browser):
    with tempfile.TemporaryDirectory() as folder:
        for member in ["alpha_0", "alpha_0.4"]:
            (Path(folder) / member).symlink_to(FAMILY / member)
        with serve("--family", folder) as server, Visit(browser, server.url) as visit:
            page = visit.page
            visit.wait_for_quote()
            expect(page.locator("#quote")).to_contain_text("Nothing was measured of it yet.")
            expect(page.locator("#frontier")).to_be_hidden()
            page.click("text=Compare all 2 members")
            expect(page.locator("#comparison-state")).to_contain_text("right,")
            visit.shot("light-unmeasured")


def main():
    expect.set_options(timeout=15_000)
    checks = 0
    with sync_playwright() as playwright, serve() as server:
        browser = playwright.chromium.launch(
            executable_path=os.environ["LACONIC_BROWSER"], args=["--no-sandbox"])
        phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True,
                 "device_scale_factor": 2}
        looks = [("light", {}), ("dark", {"color_scheme": "dark"}), ("phone", phone),
                 ("phone-dark", {**phone, "color_scheme": "dark"})]
        for check in [
            it_opens_with_a_quote_and_asks_nobody_else, the_slider_quotes_what_it_stands_on,
            an_answer_comes_within_its_budget, a_thought_is_watched_widened_cut_short_and_stopped,
            all_members_are_asked_at_once,
            the_command_that_is_copied_works, the_keyboard_alone_is_enough,
            refusals_are_told_and_outlived, formulas_are_read,
        ]:
            check(browser, server.url)
            checks += 1
        for name, options in looks:
            it_reads_well(browser, server.url, name, **options)
            checks += 1
        if "LACONIC_PAGE_URL" not in os.environ:
            for check in [
                a_key_is_asked_for_and_kept_in_the_tab, the_queue_is_told_and_left,
                a_single_model_needs_no_family,
                a_family_that_was_not_measured_is_compared_but_not_drawn,
            ]:
                check(browser)
                checks += 1
        browser.close()
    print(f"page: {checks} checks passed, screenshots in {SHOTS}")


main()
