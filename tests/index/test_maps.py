"""Maps for prompts: what they hold, in which order, and that they never exceed their budget."""

from __future__ import annotations

import pytest

from index.retrieval.maps import estimate_tokens, file_map, repository_map, schematic_map, symbol_map

SHOP = {
    "shop/cart.py": '''
        from shop.prices import Price

        LIMIT = 3

        class Cart:
            def __init__(self):
                self.lines = []

            def total(self, rounded: bool = False) -> float:
                """The sum with tax.

                In the shop's currency."""
                return sum(Price(line).with_tax() for line in self.lines)

            def _sorted(self):
                return sorted(self.lines)

        def empty_cart():
            return Cart()
        ''',
    "shop/prices.py": """
        class Price:
            def __init__(self, amount):
                self.amount = amount

            def with_tax(self):
                return rate_of(self) * self.amount

        def rate_of(price):
            return 1.19
        """,
    "shop/mail.py": """
        from shop.cart import Cart
        from shop.prices import rate_of

        def send_invoice(cart: Cart, address):
            return f"To {address}: {cart.total()} at {rate_of(None)} and {cart.total()}"
        """,
    "tests/test_cart.py": """
        from shop.cart import Cart

        def test_total():
            assert Cart().total() == 0
        """,
}


@pytest.fixture
def shop(tree):
    return tree(SHOP)


def symbol(graph, name):
    return graph.symbols(qualified_name=name)[0]


def maps_of(graph, budget, count):
    """Every kind of map under one budget."""
    store = graph.store
    return [
        repository_map(store, budget, count_tokens=count),
        repository_map(store, budget, relevance={"shop/mail.py": 1.0}, count_tokens=count),
        file_map(store, "shop/cart.py", budget, count_tokens=count),
        schematic_map(store, graph.locate("cart total").files, budget, count_tokens=count),
        symbol_map(store, symbol(graph, "Cart.total"), budget, count_tokens=count),
    ]


@pytest.mark.parametrize("count", [estimate_tokens, len, lambda text: 7 * len(text.split())])
def test_no_map_exceeds_its_budget_and_a_larger_one_never_says_less(shop, count):
    lengths = [0] * 5
    for budget in (0, 1, 2, 5, 9, 14, 20, 33, 50, 80, 130, 300, 1_000, 5_000):
        maps = maps_of(shop, budget, count)
        assert all(count(text) <= budget for text in maps if text)
        assert all(len(text) >= known for text, known in zip(maps, lengths, strict=True))
        lengths = [len(text) for text in maps]
    assert all(lengths)


def test_tokens_are_estimated_from_bytes_and_rounded_up():
    assert [estimate_tokens(text) for text in ("", "abcd", "abcde", "ääää")] == [0, 1, 2, 2]


def test_file_map_shows_every_definition_in_its_place_with_lines(shop):
    assert file_map(shop.store, "shop/cart.py", 1_000).splitlines() == [
        "shop/cart.py",
        "  class Cart  6-17",
        "    def __init__(self)  7-8",
        "    def total(self, rounded: bool = False) -> float  10-14",
        "    def _sorted(self)  16-17",
        "  def empty_cart()  19-20",
    ]


def test_short_file_map_keeps_outer_and_public_definitions(shop):
    text = file_map(shop.store, "shop/cart.py", 14)
    assert "class Cart" in text
    assert "_sorted" not in text


def test_repository_map_begins_with_what_others_depend_on_and_ends_with_tests(shop):
    files = [line for line in repository_map(shop.store, 1_000).splitlines() if not line.startswith(" ")]
    assert files[0] == "shop/prices.py"
    assert files[-1] == "tests/test_cart.py"


def test_repository_map_follows_the_relevance_that_it_is_given(shop):
    text = repository_map(shop.store, 1_000, relevance={"shop/mail.py": 2.0, "shop/cart.py": 1.0})
    assert text.splitlines()[:2] == ["shop/mail.py", "  def send_invoice(cart: Cart, address)"]
    assert "shop/prices.py" not in text


def test_short_repository_map_names_several_files_before_it_goes_deep(shop):
    text = repository_map(shop.store, 12)
    assert text.splitlines() == ["shop/prices.py", "shop/cart.py", "shop/mail.py"]


def test_schematic_map_shows_the_first_hits_whole(shop):
    hits = shop.locate("`send_invoice` and the total of the cart").files
    first = schematic_map(shop.store, hits, 1_000).splitlines()
    assert first[0] == hits[0].path
    assert {hit.path for hit in hits} == {line for line in first if not line.startswith(" ")}


def test_symbol_map_names_callers_and_callees_with_their_places(shop):
    lines = symbol_map(shop.store, symbol(shop, "rate_of"), 1_000).splitlines()
    assert lines == [
        "shop/prices.py:9  def rate_of(price)",
        "callers:",
        "  shop/mail.py:5  def send_invoice(cart: Cart, address)",
        "  shop/prices.py:6  def with_tax(self)",
    ]
    total = symbol_map(shop.store, symbol(shop, "Cart.total"), 1_000).splitlines()
    assert total[1] == "  The sum with tax."
    assert "  shop/prices.py:6  def with_tax(self)" in total[total.index("callees:") :]


def test_maps_of_unknown_files_and_of_files_without_definitions_are_short(tree):
    graph = tree({"notes.md": "# Notes\n"})
    assert file_map(graph.store, "notes.md", 100) == "notes.md"
    assert file_map(graph.store, "gone.py", 100) == "gone.py"
