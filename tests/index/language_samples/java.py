"""The Java sample."""

from language_samples import Sample, lines

JAVA = Sample(
    "java",
    {
        "src/main/java/shop/Cart.java": """
            package shop;

            import java.util.ArrayList;
            import java.util.List;
            import shop.price.Book;
            import static shop.price.Rounding.round;

            /** Holds items. */
            public class Cart extends Book implements Priced {
                private final List<Item> items = new ArrayList<>();
                static final int LIMIT = 9;

                public Cart(int size) { super(size); }

                @Override
                public int total() {
                    int sum = 0;
                    for (Item item : items) {
                        sum += item.cost();
                    }
                    return round(sum + lookup());
                }
            }
            """,
        "src/main/java/shop/Item.java": """
            package shop;

            record Item(int cost) {
                static Item free() { return new Item(0); }
            }

            interface Priced { int total(); }

            enum Size { SMALL, LARGE; boolean fits() { return this == SMALL; } }

            @interface Checked { String by() default "x"; }
            """,
        "src/main/java/shop/price/Book.java": """
            package shop.price;

            public class Book {
                protected Book(int size) {}

                protected int lookup() { return 1; }
            }
            """,
        "src/main/java/shop/price/Rounding.java": """
            package shop.price;

            public final class Rounding {
                public static int round(int n) { return n; }
            }
            """,
        "src/test/java/shop/CartTest.java": """
            package shop;

            import org.junit.jupiter.api.Test;

            class CartTest {
                @Test
                void totals() { new Cart(1).total(); }
            }
            """,
    },
    lines(
        """
        src/main/java/shop/Cart.java::Cart class
        src/main/java/shop/Cart.java::Cart.items field
        src/main/java/shop/Cart.java::Cart.LIMIT constant
        src/main/java/shop/Cart.java::Cart.Cart method
        src/main/java/shop/Cart.java::Cart.total method
        src/main/java/shop/Item.java::Item class
        src/main/java/shop/Item.java::Item.cost field
        src/main/java/shop/Item.java::Item.free method
        src/main/java/shop/Item.java::Priced interface
        src/main/java/shop/Item.java::Priced.total method
        src/main/java/shop/Item.java::Size class
        src/main/java/shop/Item.java::Size.SMALL constant
        src/main/java/shop/Item.java::Size.LARGE constant
        src/main/java/shop/Item.java::Size.fits method
        src/main/java/shop/Item.java::Checked interface
        src/main/java/shop/Item.java::Checked.by method
        src/main/java/shop/price/Book.java::Book class
        src/main/java/shop/price/Book.java::Book.Book method
        src/main/java/shop/price/Book.java::Book.lookup method
        src/main/java/shop/price/Rounding.java::Rounding class
        src/main/java/shop/price/Rounding.java::Rounding.round method
        src/test/java/shop/CartTest.java::CartTest class
        src/test/java/shop/CartTest.java::CartTest.totals test
        """
    ),
    lines(
        """
        src/main/java/shop/Cart.java IMPORTS src/main/java/shop/price/Book.java::Book
        src/main/java/shop/Cart.java IMPORTS src/main/java/shop/price/Rounding.java::Rounding.round
        src/main/java/shop/Cart.java::Cart INHERITS src/main/java/shop/price/Book.java::Book
        src/main/java/shop/Cart.java::Cart INHERITS src/main/java/shop/Item.java::Priced
        src/main/java/shop/Cart.java::Cart.Cart CALLS src/main/java/shop/price/Book.java::Book.Book (scoped)
        src/main/java/shop/Cart.java::Cart.total OVERRIDES src/main/java/shop/Item.java::Priced.total
        src/main/java/shop/Cart.java::Cart.total CALLS src/main/java/shop/Item.java::Item.cost (scoped)
        src/main/java/shop/Cart.java::Cart.total CALLS src/main/java/shop/price/Rounding.java::Rounding.round
        src/main/java/shop/Cart.java::Cart.total CALLS src/main/java/shop/price/Book.java::Book.lookup
        src/main/java/shop/Item.java::Item.free INSTANTIATES src/main/java/shop/Item.java::Item
        src/test/java/shop/CartTest.java::CartTest.totals INSTANTIATES src/main/java/shop/Cart.java::Cart
        src/test/java/shop/CartTest.java::CartTest.totals CALLS src/main/java/shop/Cart.java::Cart.Cart
        src/test/java/shop/CartTest.java::CartTest.totals CALLS src/main/java/shop/Cart.java::Cart.total (scoped)
        src/test/java/shop/CartTest.java::CartTest.totals TESTS src/main/java/shop/Cart.java::Cart.total (scoped)
        src/test/java/shop/CartTest.java TESTS src/main/java/shop/Cart.java (name_only)
        """
    ),
    ("Cart", "Holds items."),
    (
        "src/main/java/shop/Item.java",
        "package shop;\n\nclass Item {\n    int kept() { return 1; }\n\n    void broken( {\n",
    ),
)

SAMPLES = (JAVA,)
