"""The Kotlin sample."""

from language_samples import Sample, lines

_MAIN, _TEST = "src/main/kotlin", "src/test/kotlin"

KOTLIN = Sample(
    "kotlin",
    {
        f"{_MAIN}/Cart.kt": """
            package shop

            import shop.price.Book
            import shop.price.round as rounded
            import shop.price.twice

            /** Holds items. */
            class Cart(val owner: Owner, size: Int) : Book(size), Priced {
                private val items = mutableListOf<Item>()
                val head: Item
                    get() = items.first()
                val lazyItem by lazy { Item(1) }

                override fun total(): Int {
                    for (item in listed()) item.cost()
                    lazyItem.cost()
                    head.let { it.cost() }
                    return rounded(lookup()).twice() + LIMIT
                }

                fun listed(): List<Item> = items

                companion object {
                    const val LIMIT = 9

                    fun of(owner: Owner) = Cart(owner, 1)
                }
            }
            """,
        f"{_MAIN}/Item.kt": """
            package shop

            data class Item(val price: Int) {
                fun cost(): Int = price
            }

            interface Priced {
                fun total(): Int
            }

            object Owner

            enum class Size { SMALL, LARGE }

            typealias Items = List<Item>

            fun free() = Item(0)
            """,
        f"{_MAIN}/price/Book.kt": """
            package shop.price

            open class Book(size: Int) {
                fun lookup(): Int = 1
            }

            fun round(n: Int): Int = n

            fun Int.twice(): Int = 2 * this
            """,
        f"{_TEST}/CartTest.kt": """
            package shop

            import kotlin.test.Test

            class CartTest {
                @Test
                fun `adds up`() {
                    Cart.of(Owner).total()
                }
            }
            """,
    },
    lines(
        f"""
        {_MAIN}/Cart.kt::Cart class
        {_MAIN}/Cart.kt::Cart.owner field
        {_MAIN}/Cart.kt::Cart.items field
        {_MAIN}/Cart.kt::Cart.head field
        {_MAIN}/Cart.kt::Cart.lazyItem field
        {_MAIN}/Cart.kt::Cart.total method
        {_MAIN}/Cart.kt::Cart.listed method
        {_MAIN}/Cart.kt::Cart.LIMIT field
        {_MAIN}/Cart.kt::Cart.of method
        {_MAIN}/Item.kt::Item class
        {_MAIN}/Item.kt::Item.price field
        {_MAIN}/Item.kt::Item.cost method
        {_MAIN}/Item.kt::Priced interface
        {_MAIN}/Item.kt::Priced.total method
        {_MAIN}/Item.kt::Owner class
        {_MAIN}/Item.kt::Size class
        {_MAIN}/Item.kt::Size.SMALL constant
        {_MAIN}/Item.kt::Size.LARGE constant
        {_MAIN}/Item.kt::Items interface
        {_MAIN}/Item.kt::free function
        {_MAIN}/price/Book.kt::Book class
        {_MAIN}/price/Book.kt::Book.lookup method
        {_MAIN}/price/Book.kt::round function
        {_MAIN}/price/Book.kt::Int.twice method
        {_TEST}/CartTest.kt::CartTest class
        {_TEST}/CartTest.kt::CartTest.adds up test
        """
    ),
    lines(
        f"""
        {_MAIN}/Cart.kt IMPORTS {_MAIN}/price/Book.kt::Book
        {_MAIN}/Cart.kt IMPORTS {_MAIN}/price/Book.kt::Int.twice
        {_MAIN}/Cart.kt::Cart INHERITS {_MAIN}/price/Book.kt::Book
        {_MAIN}/Cart.kt::Cart INHERITS {_MAIN}/Item.kt::Priced
        {_MAIN}/Cart.kt::Cart.total OVERRIDES {_MAIN}/Item.kt::Priced.total
        {_MAIN}/Cart.kt::Cart.total CALLS {_MAIN}/Item.kt::Item.cost (scoped)
        {_MAIN}/Cart.kt::Cart.total CALLS {_MAIN}/price/Book.kt::round
        {_MAIN}/Cart.kt::Cart.total CALLS {_MAIN}/price/Book.kt::Int.twice (scoped)
        {_MAIN}/Cart.kt::Cart.total CALLS {_MAIN}/price/Book.kt::Book.lookup
        {_MAIN}/Cart.kt::Cart.total REFERENCES {_MAIN}/Cart.kt::Cart.LIMIT
        {_MAIN}/Cart.kt::Cart.of INSTANTIATES {_MAIN}/Cart.kt::Cart
        {_MAIN}/Item.kt::free INSTANTIATES {_MAIN}/Item.kt::Item
        {_TEST}/CartTest.kt::CartTest.adds up CALLS {_MAIN}/Cart.kt::Cart.of
        {_TEST}/CartTest.kt::CartTest.adds up CALLS {_MAIN}/Cart.kt::Cart.total (scoped)
        {_TEST}/CartTest.kt::CartTest.adds up TESTS {_MAIN}/Cart.kt::Cart.total (scoped)
        {_TEST}/CartTest.kt TESTS {_MAIN}/Cart.kt (name_only)
        """
    ),
    ("Cart", "Holds items."),
    (f"{_MAIN}/Item.kt", "package shop\n\nclass Item {\n    fun kept() = 1\n}\n\nfun broken( {\n"),
)

SAMPLES = (KOTLIN,)
