"""The Scala sample."""

from language_samples import Sample, lines

_MAIN, _TEST = "src/main/scala", "src/test/scala"

SCALA = Sample(
    "scala",
    {
        f"{_MAIN}/Cart.scala": """
            package shop

            import shop.price.{Book, Rounding => R}
            import shop.price.Rounding._

            /** Holds items. */
            class Cart(val owner: Owner) extends Book(1) with Priced {
              private val items: List[Item] = List()
              lazy val head = Item(1)

              override def total(): Int = {
                for (item <- items) item.cost()
                head.cost()
                items.foreach(one => one.cost())
                R.round(lookup()) + twice(Cart.Limit)
              }

              def main: Item = head
            }

            object Cart {
              val Limit = 9
              def of(owner: Owner): Cart = new Cart(owner)
            }
            """,
        f"{_MAIN}/Item.scala": """
            package shop

            case class Item(price: Int) {
              def cost(): Int = price
            }

            trait Priced { def total(): Int }

            case object Free

            enum Size {
              case Small, Large
            }

            class Owner
            """,
        f"{_MAIN}/price/Book.scala": """
            package shop
            package price

            abstract class Book(size: Int) {
              def lookup(): Int = 1
            }

            object Rounding {
              def round(n: Int): Int = n
              def twice(n: Int): Int = 2 * n
            }
            """,
        f"{_TEST}/CartSuite.scala": """
            package shop

            import munit.FunSuite

            class CartSuite extends FunSuite {
              test("adds up") {
                Cart.of(new Owner).total()
              }
            }
            """,
    },
    lines(
        f"""
        {_MAIN}/Cart.scala::Cart class
        {_MAIN}/Cart.scala::Cart.owner field
        {_MAIN}/Cart.scala::Cart.items field
        {_MAIN}/Cart.scala::Cart.head field
        {_MAIN}/Cart.scala::Cart.total method
        {_MAIN}/Cart.scala::Cart.main method
        {_MAIN}/Cart.scala::Cart.Limit field
        {_MAIN}/Cart.scala::Cart.of method
        {_MAIN}/Item.scala::Item class
        {_MAIN}/Item.scala::Item.price field
        {_MAIN}/Item.scala::Item.cost method
        {_MAIN}/Item.scala::Priced interface
        {_MAIN}/Item.scala::Priced.total method
        {_MAIN}/Item.scala::Free class
        {_MAIN}/Item.scala::Size class
        {_MAIN}/Item.scala::Size.Small constant
        {_MAIN}/Item.scala::Size.Large constant
        {_MAIN}/Item.scala::Owner class
        {_MAIN}/price/Book.scala::Book class
        {_MAIN}/price/Book.scala::Book.size field
        {_MAIN}/price/Book.scala::Book.lookup method
        {_MAIN}/price/Book.scala::Rounding class
        {_MAIN}/price/Book.scala::Rounding.round method
        {_MAIN}/price/Book.scala::Rounding.twice method
        {_TEST}/CartSuite.scala::CartSuite class
        {_TEST}/CartSuite.scala::CartSuite.adds up test
        """
    ),
    lines(
        f"""
        {_MAIN}/Cart.scala IMPORTS {_MAIN}/price/Book.scala::Book
        {_MAIN}/Cart.scala IMPORTS {_MAIN}/price/Book.scala::Rounding
        {_MAIN}/Cart.scala::Cart INHERITS {_MAIN}/price/Book.scala::Book
        {_MAIN}/Cart.scala::Cart INHERITS {_MAIN}/Item.scala::Priced
        {_MAIN}/Cart.scala::Cart.total OVERRIDES {_MAIN}/Item.scala::Priced.total
        {_MAIN}/Cart.scala::Cart.total CALLS {_MAIN}/Item.scala::Item.cost (scoped)
        {_MAIN}/Cart.scala::Cart.total CALLS {_MAIN}/price/Book.scala::Rounding.round
        {_MAIN}/Cart.scala::Cart.total CALLS {_MAIN}/price/Book.scala::Rounding.twice
        {_MAIN}/Cart.scala::Cart.total CALLS {_MAIN}/price/Book.scala::Book.lookup
        {_MAIN}/Cart.scala::Cart.of INSTANTIATES {_MAIN}/Cart.scala::Cart
        {_TEST}/CartSuite.scala::CartSuite.adds up CALLS {_MAIN}/Cart.scala::Cart.of
        {_TEST}/CartSuite.scala::CartSuite.adds up CALLS {_MAIN}/Cart.scala::Cart.total (scoped)
        {_TEST}/CartSuite.scala::CartSuite.adds up TESTS {_MAIN}/Cart.scala::Cart.total (scoped)
        {_TEST}/CartSuite.scala TESTS {_MAIN}/Cart.scala (name_only)
        """
    ),
    ("Cart", "Holds items."),
    (f"{_MAIN}/Item.scala", "package shop\n\nobject Item {\n  def kept() = 1\n}\n\ndef broken( {\n"),
)

SAMPLES = (SCALA,)
