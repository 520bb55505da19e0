"""What `locate` puts first, and why it says so."""

from __future__ import annotations

import time

import pytest
from graph_trees import edge_lines

from index.git.commits import LoggedCommit
from index.git.past_changes import MAX_PATHS, PastChanges
from index.retrieval.mentions import read_mentions
from index.retrieval.rank import fuse, ranking
from index.retrieval.retrieve import ALL_STAGES, Retriever
from index.types import Commit

SHOP = {
    "shop/__init__.py": "",
    "shop/dates.py": '''
        """Calendar helpers."""

        def parse_date(text, day_first=False):
            """Read a date as people write it."""
            parts = text.split("/")
            return order_parts(parts, day_first)

        def order_parts(parts, day_first):
            return parts[::-1] if day_first else parts
        ''',
    "shop/cart.py": """
        from shop.prices import Price

        class Cart:
            def __init__(self):
                self.lines = []

            def total(self):
                return sum(Price(line).with_tax() for line in self.lines)
        """,
    "shop/prices.py": """
        class Price:
            def __init__(self, amount):
                self.amount = amount

            def with_tax(self):
                return self.amount * RATE

        RATE = 1.19
        """,
    "shop/mail.py": """
        def send_invoice(cart, address):
            return f"To {address}: {cart.total()}"
        """,
    "tests/test_cart.py": """
        from shop.cart import Cart

        def test_total_includes_tax():
            cart = Cart()
            cart.lines = [1]
            assert cart.total() == 1.19
        """,
    "tests/test_dates.py": """
        from shop.dates import parse_date

        def test_day_comes_first():
            assert parse_date("1/2/2020", day_first=True)[0] == "1"
        """,
    "README.md": "# Shop\n\nInvoices go out by mail.\n",
}


@pytest.fixture
def shop(tree):
    return tree(SHOP)


def test_named_function_is_found_with_its_reason(shop):
    found = shop.locate("`parse_date` mixes up day and month")
    assert found.files[0].path == "shop/dates.py"
    assert "defines `parse_date`, which the text names" in found.files[0].reasons
    assert found.symbols[0].symbol.qualified_name == "parse_date"
    assert found.symbols[0].reasons[0] == "`parse_date` is named in the text"


def test_dotted_name_tells_namesakes_apart(tree):
    graph = tree(
        {"a.py": "class A:\n    def save(self): pass\n", "b.py": "class B:\n    def save(self): pass\n"}
    )
    assert graph.locate("B.save loses data").files[0].path == "b.py"
    assert graph.locate("a.A.save loses data").symbols[0].symbol.path == "a.py"


def test_plain_words_find_names_written_together(shop):
    assert shop.locate("Invoice is not sent").files[0].path == "shop/mail.py"
    assert shop.locate("price without tax").files[0].path == "shop/prices.py"


def test_pasted_failure_puts_the_cause_before_the_test(shop):
    text = """
        FAILED tests/test_cart.py::test_total_includes_tax - TypeError: unsupported operand
        tests/test_cart.py:7: in test_total_includes_tax
            assert cart.total() == 1.19
        shop/cart.py:9: in total
            return sum(Price(line).with_tax() for line in self.lines)
        shop/prices.py:7: TypeError
        """
    found = shop.locate(text)
    reasons = {hit.path: hit.reasons for hit in found.files}
    assert set(list(reasons)[:2]) == {"shop/prices.py", "shop/cart.py"}
    assert "named in the traceback, frame 3 of 3" in reasons["shop/prices.py"]
    assert {hit.symbol.qualified_name for hit in found.symbols[:2]} == {"Price.with_tax", "Cart.total"}


def test_failing_test_without_a_traceback_leads_to_what_it_uses(shop):
    found = shop.locate("tests/test_cart.py::test_total_includes_tax fails with an AssertionError")
    assert found.files[0].path == "shop/cart.py"
    assert "used by `test_total_includes_tax`, which the text names" in found.files[0].reasons


def test_absolute_traceback_paths_and_moved_lines_still_lead_to_the_function(shop):
    text = 'Traceback:\n  File "/home/me/env/shop/dates.py", line 99, in order_parts\nIndexError'
    found = shop.locate(text)
    assert found.files[0].path == "shop/dates.py"
    assert found.symbols[0].symbol.qualified_name == "order_parts"


def test_named_path_is_found(shop):
    found = shop.locate("Something is wrong in shop/mail.py")
    assert found.files[0].path == "shop/mail.py"
    assert "its path is named in the text" in found.files[0].reasons


def test_top_limits_and_scores_fall(shop):
    found = shop.locate("cart total tax price date invoice", top=3)
    assert len(found.files) == 3
    assert [hit.score for hit in found.files] == sorted((hit.score for hit in found.files), reverse=True)
    assert all(hit.reasons for hit in found.files)


@pytest.mark.parametrize(
    "text", ["", "   \n", "!!! ???", "the and of", '"unbalanced', "a" * 200_000, "\0 NEAR( * ^ :"]
)
def test_texts_that_say_nothing_or_look_like_queries_do_no_harm(shop, text):
    assert len(shop.locate(text).files) <= 10


def test_source_outranks_prose_examples_and_tests_that_say_the_same(tree):
    text = "def mend_widget():\n    return 1\n"
    prose = "Mend the widget: mend_widget, mend_widget.\n"
    graph = tree({"src/a.py": text, "examples/b.py": text, "tests/test_c.py": text, "CHANGES.md": prose})
    order = [hit.path for hit in graph.locate("mend widget").files]
    assert order == ["src/a.py", "examples/b.py", "tests/test_c.py", "CHANGES.md"]


def test_files_of_languages_that_are_not_parsed_are_found_by_their_words(tree):
    graph = tree({"lib/cart.js": "function totalPrice() {}\n", "lib/mail.js": "function sendInvoice() {}\n"})
    assert graph.locate("Invoice is sent twice").files[0].path == "lib/mail.js"


def test_a_stage_can_be_left_out(shop):
    retriever = Retriever(shop.store)
    text = "`parse_date` mixes up day and month"
    found = retriever.locate(text, stages=ALL_STAGES - {"name"})
    reasons = {reason for hit in found.files for reason in hit.reasons}
    assert not any("which the text names" in reason for reason in reasons)
    assert retriever.locate(text, stages=frozenset({"path"})).files == ()


def test_names_of_other_languages_are_split_at_their_own_separators():
    names = dict(read_mentions("`Shop\\Cart->total` calls `shop::Price::tax` and Cart#empty?").names)
    assert {"Shop.Cart.total", "shop.Price.tax", "Cart.empty?"} <= names.keys()


def test_paths_of_other_languages_are_read():
    text = "See lib/cart.ts, `src/Shop/Cart.php`, cart.hpp and src/cart/mod.rs."
    assert read_mentions(text).paths == ("lib/cart.ts", "src/Shop/Cart.php", "cart.hpp", "src/cart/mod.rs")


def test_traceback_frames_are_read_from_both_common_forms():
    text = (
        'File "a/b.py", line 3, in f\n  x\n\nsrc/c.py:12: in g\n    y\nsrc/d.py:5: ValueError\nhttp://x.py:80'
    )
    frames = [(frame.path, frame.line, frame.function) for frame in read_mentions(text).frames]
    assert frames == [("a/b.py", 3, "f"), ("src/c.py", 12, "g"), ("src/d.py", 5, "")]


def test_title_words_outweigh_the_rest_the_more_the_longer_it_is():
    short = read_mentions("Broken widget\n\nThe gadget works.").words
    assert short["widget"] == 2 * short["gadget"]
    assert "the" not in short
    long = read_mentions("Broken widget\n\nThe gadget, " + " ".join(f"noun{n}x" for n in range(150))).words
    assert long["widget"] == 10 * long["gadget"]


def test_issue_numbers_and_closing_words_are_no_search_words():
    words = read_mentions(
        "Widget breaks (#12)\n\nCloses: owner/gadget#34, fixes GH-5. See #6; close the lid"
    ).words
    assert set(words) == {"widget", "breaks", "close", "lid"}


def test_fusion_prefers_what_several_rankings_name():
    scores = fuse(
        [(1.0, {"a": 9.0, "b": 8.0}), (1.0, {"c": 3.0, "b": 2.0}), (1.5, {"d": 0.1}), (9.0, {"e": 0.0})]
    )
    assert ranking(scores) == ["b", "d", "a", "c"]


def test_tests_for_orders_by_distance(shop):
    assert edge_lines(shop, "IMPORTS") >= {"tests/test_cart.py IMPORTS shop/cart.py"}
    assert shop.tests_for(["shop/prices.py"]) == ["tests/test_cart.py"]
    assert shop.tests_for(["shop/mail.py"]) == []


def test_what_a_past_commit_changed_under_similar_words_is_found(repository, graph):
    repository.commit({"a.py": "A = 1\n", "b.py": "B = 1\n", "old.py": "C = 1\nD = 2\n"}, "Start")
    repository.commit({"b.py": "B = 2\n", "test_b.py": "x = 1\n"}, "Leap years are a day too long (#7)")
    repository.commit({"old.py": "C = 1\nD = 3\n"}, "Invoices lack an address")
    graph.update()
    first = graph.locate("A leap year lacks days: years are short").files[0]
    assert first.path == "b.py"
    assert first.reasons == ("changed before by “Leap years are a day too long (#7)”",)
    repository.commit({"old.py": None, "new.py": "C = 1\nD = 3\n"}, "Rename")
    graph.update()
    hits = graph.locate("The invoice goes out without address").files
    assert [hit.path for hit in hits] == ["new.py"]


def test_commits_that_changed_many_files_say_nothing_of_one():
    def logged(number: int, subject: str, *paths: str) -> LoggedCommit:
        return LoggedCommit(Commit(f"{number:040x}", number, "", subject), paths, (), len(paths))

    many = [f"f{number}.py" for number in range(MAX_PATHS + 1)]
    past = PastChanges([logged(1, "Mend widget", *many), logged(2, "Mend widget", "a.py", "b.py", "c.py")])
    found = past.files({"widget": 1.0}, lambda path: path != "c.py")
    assert set(found) == {"a.py", "b.py"}
    assert found["a.py"].subject == "Mend widget"
    assert PastChanges([]).files({"widget": 1.0}, lambda _: True) == {}


def test_functions_outrank_classes_and_constants_that_fit_as_well_and_long_ones_short_ones(tree):
    body = "".join(f"    step{n} = {n}\n" for n in range(20))
    graph = tree(
        {
            "a.py": f"def mend(gadget):\n    return gadget\n\n\nclass Mend:\n    gadget = 1\n\n\nMEND = 1\n\n\n"
            f"def mend_more(gadget):\n{body}    return gadget\n"
        }
    )
    names = [hit.symbol.qualified_name for hit in graph.locate("mend the gadget").symbols]
    assert names[:2] == ["mend", "mend_more"] or names[:2] == ["mend_more", "mend"]
    assert "Mend" in names[2:]


def test_settings_and_prose_come_after_code_that_the_same_commit_changed(repository, graph):
    files = {"a.json": "{}", "b.md": "B", "c.py": "C = 1\n"}
    repository.commit(files, "Retries are limited")
    graph.update()
    assert [hit.path for hit in graph.locate("Limit of retries").files] == ["c.py", "a.json", "b.md"]


FORM = """Search hangs
<!-- Please fill in the form below. -->
## Describe the bug

- [x] I have searched the existing issues for the same bug
- [ ] mysql
- [x] sqlite

| driver   | reproducible |
| oracle   | no           |
| postgres | yes          |

See https://host.example/shop/shop/blob/main/shop/mail.py#L12 and https://docs.example/cart/prices.
"""


def test_what_a_form_brings_along_is_no_search_word():
    words = read_mentions(FORM).words
    assert {"search", "hangs", "sqlite", "postgres"} <= set(words)
    assert not {"mysql", "oracle", "existing", "describe", "fill", "docs", "prices", "https"} & set(words)


def test_link_to_a_file_names_its_path(shop):
    assert read_mentions(FORM).paths == ("shop/mail.py",)
    assert shop.locate(FORM).files[0].path == "shop/mail.py"


def test_names_in_a_pasted_block_are_less_surely_meant_than_those_in_prose():
    names = dict(read_mentions("Wrong sum\n\n`total` is off:\n\n```python\ncart.pay_all()\n```\n").names)
    assert names["total"] == 1.0
    assert 0 < names["cart.pay_all"] < 0.5


@pytest.mark.parametrize(
    "frame", ["/env/lib/python3/site-packages/other/prices.py", "/app/node_modules/other/prices.py"]
)
def test_frame_of_another_package_is_not_taken_for_a_namesake(shop, frame):
    own = 'File "/env/site-packages/shop/dates.py", line 4, in parse_date'
    text = f'Fails\n  File "{frame}", line 2, in pay\n  {own}'
    reasons = {hit.path: hit.reasons for hit in shop.locate(text).files}
    assert any("traceback" in reason for reason in reasons["shop/dates.py"])
    assert not any("traceback" in reason for reason in reasons.get("shop/prices.py", ()))


def test_equal_scores_are_equal_ranks():
    joined = fuse([(1.0, {"a": 1.0, "b": 1.0, "c": 0.5})])
    assert joined["a"] == joined["b"] > joined["c"]


@pytest.mark.parametrize("piece", ["<!--", "```\n", "- [ ] ", "| ", "    x\n", "https://h/", "**a", "~~~"])
def test_unclosed_forms_take_linear_time(piece):
    began = time.process_time()
    read_mentions("Title\n\n" + piece * (100_000 // len(piece)))
    assert time.process_time() - began < 3
