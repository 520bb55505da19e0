"""The Go sample."""

from language_samples import Sample, lines

GO = Sample(
    "go",
    {
        "go.mod": "module example.com/shop\n",
        "cart/cart.go": """
            package cart

            import "example.com/shop/price"

            // Cart holds items.
            type Cart struct {
            \tprice.Book
            \titems []*Item
            }

            func New() *Cart { return &Cart{} }

            func (c *Cart) Total() int {
            \tsum := 0
            \tfor _, item := range c.items {
            \t\tsum += item.Cost()
            \t}
            \treturn price.Round(sum + c.Lookup())
            }
            """,
        "cart/item.go": """
            package cart

            type Item struct{ cost int }

            func (i Item) Cost() int { return i.cost }
            """,
        "price/price.go": """
            package price

            type Book struct{}

            func (b *Book) Lookup() int { return 1 }

            func Round(n int) int { return n }
            """,
        "cart/cart_test.go": """
            package cart

            import "testing"

            func TestTotal(t *testing.T) {
            \tif New().Total() != 0 {
            \t\tt.Fail()
            \t}
            }
            """,
    },
    lines(
        """
        cart/cart.go::Cart class
        cart/cart.go::Cart.items field
        cart/cart.go::New function
        cart/cart.go::Cart.Total method
        cart/item.go::Item class
        cart/item.go::Item.cost field
        cart/item.go::Item.Cost method
        price/price.go::Book class
        price/price.go::Book.Lookup method
        price/price.go::Round function
        cart/cart_test.go::TestTotal test
        """
    ),
    lines(
        """
        cart/cart.go IMPORTS price/price.go
        cart/cart.go::Cart INHERITS price/price.go::Book
        cart/cart.go::New INSTANTIATES cart/cart.go::Cart
        cart/cart.go::Cart.Total CALLS cart/item.go::Item.Cost (scoped)
        cart/cart.go::Cart.Total CALLS price/price.go::Round
        cart/cart.go::Cart.Total CALLS price/price.go::Book.Lookup (scoped)
        cart/cart_test.go::TestTotal CALLS cart/cart.go::Cart.Total (scoped)
        cart/cart_test.go::TestTotal TESTS cart/cart.go::New
        cart/cart_test.go TESTS cart/cart.go (name_only)
        """
    ),
    ("Cart", "Cart holds items."),
    ("cart/item.go", "package cart\n\nfunc kept() {}\n\nfunc broken( {\n"),
)

SAMPLES = (GO,)
