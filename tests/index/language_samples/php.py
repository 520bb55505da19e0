"""The PHP sample."""

from language_samples import Sample, lines

PHP = Sample(
    "php",
    {
        "composer.json": '{"autoload": {"psr-4": {"Shop\\\\": "src/"}}}',
        "src/Cart.php": """
            <?php

            namespace Shop;

            use Shop\\Price\\Book;
            use function Shop\\Price\\round_up;

            /** A cart holds books. */
            final class Cart extends Store implements Countable
            {
                use Counted;

                public const LIMIT = 3;
                private ?Book $first = null;

                public function __construct(private Book $book) {}

                public static function of(string $title): static
                {
                    return new self(new Book($title));
                }

                public function total(): int
                {
                    $this->check();
                    return round_up($this->book->price()) + $this->count();
                }

                public function check(): void {}
            }
            """,
        "src/Store.php": """
            <?php

            namespace Shop;

            interface Countable { public function count(): int; }

            trait Counted
            {
                public function count(): int { return 1; }
            }

            abstract class Store
            {
                public function check(): void {}
            }
            """,
        "src/Price/Book.php": """
            <?php

            namespace Shop\\Price;

            class Book
            {
                public function __construct(string $title) {}

                public function price(): int { return 2; }
            }

            function round_up(int $n): int { return $n; }
            """,
        "tests/CartTest.php": """
            <?php

            namespace Shop\\Tests;

            use Shop\\Cart;

            class CartTest extends TestCase
            {
                public function testTotal(): void
                {
                    $cart = Cart::of("x");
                    self::assertSame(3, $cart->total());
                }
            }
            """,
    },
    lines(
        """
        src/Cart.php::Cart class
        src/Cart.php::Cart.LIMIT constant
        src/Cart.php::Cart.first field
        src/Cart.php::Cart.__construct method
        src/Cart.php::Cart.book field
        src/Cart.php::Cart.of method
        src/Cart.php::Cart.total method
        src/Cart.php::Cart.check method
        src/Store.php::Countable interface
        src/Store.php::Countable.count method
        src/Store.php::Counted class
        src/Store.php::Counted.count method
        src/Store.php::Store class
        src/Store.php::Store.check method
        src/Price/Book.php::Book class
        src/Price/Book.php::Book.__construct method
        src/Price/Book.php::Book.price method
        src/Price/Book.php::round_up function
        tests/CartTest.php::CartTest class
        tests/CartTest.php::CartTest.testTotal test
        """
    ),
    lines(
        """
        src/Cart.php IMPORTS src/Price/Book.php
        src/Cart.php IMPORTS src/Price/Book.php::Book
        src/Cart.php IMPORTS src/Price/Book.php::round_up
        tests/CartTest.php IMPORTS src/Cart.php::Cart
        src/Cart.php::Cart INHERITS src/Store.php::Store
        src/Cart.php::Cart INHERITS src/Store.php::Countable
        src/Cart.php::Cart INHERITS src/Store.php::Counted
        src/Cart.php::Cart.of INSTANTIATES src/Cart.php::Cart
        src/Cart.php::Cart.of CALLS src/Cart.php::Cart.__construct
        src/Cart.php::Cart.of INSTANTIATES src/Price/Book.php::Book
        src/Cart.php::Cart.total CALLS src/Cart.php::Cart.check (scoped)
        src/Cart.php::Cart.total CALLS src/Price/Book.php::round_up
        src/Cart.php::Cart.total CALLS src/Price/Book.php::Book.price (scoped)
        src/Cart.php::Cart.check OVERRIDES src/Store.php::Store.check
        tests/CartTest.php::CartTest.testTotal CALLS src/Cart.php::Cart.of
        tests/CartTest.php::CartTest.testTotal CALLS src/Cart.php::Cart.total (scoped)
        tests/CartTest.php::CartTest.testTotal TESTS src/Cart.php::Cart.total (scoped)
        tests/CartTest.php TESTS src/Cart.php (name_only)
        """
    ),
    ("Cart", "A cart holds books."),
    ("src/Store.php", "<?php\n\nfunction kept() {}\n\nfunction broken( {\n"),
)

SAMPLES = (PHP,)
