"""The C# sample."""

from language_samples import Sample, lines

CSHARP = Sample(
    "csharp",
    {
        "src/Shop/Cart.cs": """
            using System.Collections.Generic;
            using Shop.Prices;
            using static Shop.Prices.Rounding;

            namespace Shop;

            /// <summary>Holds items.</summary>
            public partial class Cart : Book, IPriced
            {
                private readonly List<Item> _items = new();
                public const int Limit = 9;
                public Item Head { get; set; }
                public Item Tail => _items.Last();

                public Cart(int size) : base(size) { }

                public override int Total()
                {
                    var sum = 0;
                    foreach (var item in _items) sum += item.Cost();
                    Tail.Cost();
                    Clear();
                    return Round(sum + Lookup()).Twice();
                }
            }
            """,
        "src/Shop/Item.cs": """
            namespace Shop
            {
                public record Item(int Price) { public int Cost() => Price; }

                public interface IPriced { int Total(); }

                public enum Size { Small, Large }

                public partial class Cart { void Clear() { _items.First().Cost(); } }
            }
            """,
        "src/Shop/Prices/Book.cs": """
            namespace Shop.Prices;

            public abstract class Book
            {
                protected Book(int size) { }
                protected int Lookup() { return 1; }
                public abstract int Total();
            }

            public static class Rounding
            {
                public static int Round(int n) => n;
                public static int Twice(this int n) => 2 * n;
            }
            """,
        "tests/Shop.Tests/CartTests.cs": """
            using Xunit;

            namespace Shop.Tests;

            public class CartTests
            {
                [Fact]
                public void Totals() { new Cart(1).Total(); }
            }
            """,
    },
    lines(
        """
        src/Shop/Cart.cs::Cart class
        src/Shop/Cart.cs::Cart._items field
        src/Shop/Cart.cs::Cart.Limit constant
        src/Shop/Cart.cs::Cart.Head field
        src/Shop/Cart.cs::Cart.Tail method
        src/Shop/Cart.cs::Cart.Cart method
        src/Shop/Cart.cs::Cart.Total method
        src/Shop/Item.cs::Item class
        src/Shop/Item.cs::Item.Price field
        src/Shop/Item.cs::Item.Cost method
        src/Shop/Item.cs::IPriced interface
        src/Shop/Item.cs::IPriced.Total method
        src/Shop/Item.cs::Size class
        src/Shop/Item.cs::Size.Small constant
        src/Shop/Item.cs::Size.Large constant
        src/Shop/Item.cs::Cart class
        src/Shop/Item.cs::Cart.Clear method
        src/Shop/Prices/Book.cs::Book class
        src/Shop/Prices/Book.cs::Book.Book method
        src/Shop/Prices/Book.cs::Book.Lookup method
        src/Shop/Prices/Book.cs::Book.Total method
        src/Shop/Prices/Book.cs::Rounding class
        src/Shop/Prices/Book.cs::Rounding.Round method
        src/Shop/Prices/Book.cs::Rounding.Twice method
        tests/Shop.Tests/CartTests.cs::CartTests class
        tests/Shop.Tests/CartTests.cs::CartTests.Totals test
        """
    ),
    lines(
        """
        src/Shop/Cart.cs IMPORTS src/Shop/Prices/Book.cs
        src/Shop/Cart.cs::Cart INHERITS src/Shop/Prices/Book.cs::Book
        src/Shop/Cart.cs::Cart INHERITS src/Shop/Item.cs::IPriced
        src/Shop/Cart.cs::Cart.Total OVERRIDES src/Shop/Prices/Book.cs::Book.Total
        src/Shop/Cart.cs::Cart.Total CALLS src/Shop/Item.cs::Item.Cost (scoped)
        src/Shop/Cart.cs::Cart.Total CALLS src/Shop/Item.cs::Cart.Clear
        src/Shop/Cart.cs::Cart.Total CALLS src/Shop/Prices/Book.cs::Rounding.Round
        src/Shop/Cart.cs::Cart.Total CALLS src/Shop/Prices/Book.cs::Rounding.Twice (scoped)
        src/Shop/Cart.cs::Cart.Total CALLS src/Shop/Prices/Book.cs::Book.Lookup
        src/Shop/Item.cs::Cart.Clear CALLS src/Shop/Item.cs::Item.Cost (scoped)
        tests/Shop.Tests/CartTests.cs::CartTests.Totals INSTANTIATES src/Shop/Cart.cs::Cart
        tests/Shop.Tests/CartTests.cs::CartTests.Totals CALLS src/Shop/Cart.cs::Cart.Cart
        tests/Shop.Tests/CartTests.cs::CartTests.Totals CALLS src/Shop/Cart.cs::Cart.Total (scoped)
        tests/Shop.Tests/CartTests.cs::CartTests.Totals TESTS src/Shop/Cart.cs::Cart.Total (scoped)
        tests/Shop.Tests/CartTests.cs TESTS src/Shop/Cart.cs (name_only)
        """
    ),
    ("Cart", "<summary>Holds items.</summary>"),
    (
        "src/Shop/Item.cs",
        "namespace Shop;\n\nclass Item {\n    int kept() { return 1; }\n\n    void broken( {\n",
    ),
)

SAMPLES = (CSHARP,)
