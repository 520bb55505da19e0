"""The Swift sample."""

from language_samples import Sample, lines

SWIFT = Sample(
    "swift",
    {
        "Sources/Shop/Cart.swift": """
            import Foundation

            /// Holds items.
            public final class Cart: Priced {
                private var items: [Item] = []
                let unit: Unit

                init(unit: Unit) {
                    self.unit = unit
                }

                var total: Int {
                    var sum = 0
                    for item in items {
                        sum += item.price()
                    }
                    return rounded(sum) + unit.factor()
                }

                func price() -> Int { total }

                static func make() -> Cart { Cart(unit: Unit.euro) }
            }

            enum Unit {
                case euro, pound
                case other(String)

                func factor() -> Int { 1 }
            }
            """,
        "Sources/Shop/Item.swift": """
            protocol Priced {
                func price() -> Int
            }

            struct Item: Priced {
                var cost: Int

                func price() -> Int { cost }
            }

            func rounded(_ n: Int) -> Int { n }
            """,
        "Sources/Shop/Cart+More.swift": """
            extension Cart {
                func twice() -> Int { price() * 2 }
            }
            """,
        "Tests/ShopTests/CartTests.swift": """
            import XCTest
            @testable import Shop

            final class CartTests: XCTestCase {
                func testTotal() {
                    let cart = Cart.make()
                    XCTAssertEqual(cart.total + cart.twice(), 0)
                }
            }
            """,
    },
    lines(
        """
        Sources/Shop/Cart.swift::Cart class
        Sources/Shop/Cart.swift::Cart.items field
        Sources/Shop/Cart.swift::Cart.unit field
        Sources/Shop/Cart.swift::Cart.init method
        Sources/Shop/Cart.swift::Cart.total method
        Sources/Shop/Cart.swift::Cart.price method
        Sources/Shop/Cart.swift::Cart.make method
        Sources/Shop/Cart.swift::Unit class
        Sources/Shop/Cart.swift::Unit.euro field
        Sources/Shop/Cart.swift::Unit.pound field
        Sources/Shop/Cart.swift::Unit.other field
        Sources/Shop/Cart.swift::Unit.factor method
        Sources/Shop/Item.swift::Priced interface
        Sources/Shop/Item.swift::Priced.price method
        Sources/Shop/Item.swift::Item class
        Sources/Shop/Item.swift::Item.cost field
        Sources/Shop/Item.swift::Item.price method
        Sources/Shop/Item.swift::rounded function
        Sources/Shop/Cart+More.swift::Cart.twice method
        Tests/ShopTests/CartTests.swift::CartTests class
        Tests/ShopTests/CartTests.swift::CartTests.testTotal test
        """
    ),
    lines(
        """
        Tests/ShopTests/CartTests.swift IMPORTS Sources/Shop/Cart.swift
        Sources/Shop/Cart.swift::Cart INHERITS Sources/Shop/Item.swift::Priced
        Sources/Shop/Item.swift::Item.price OVERRIDES Sources/Shop/Item.swift::Priced.price
        Sources/Shop/Cart.swift::Cart.total CALLS Sources/Shop/Item.swift::Item.price (scoped)
        Sources/Shop/Cart.swift::Cart.total CALLS Sources/Shop/Item.swift::rounded
        Sources/Shop/Cart.swift::Cart.total CALLS Sources/Shop/Cart.swift::Unit.factor (scoped)
        Sources/Shop/Cart.swift::Cart.make INSTANTIATES Sources/Shop/Cart.swift::Cart
        Sources/Shop/Cart.swift::Cart.make CALLS Sources/Shop/Cart.swift::Cart.init
        Sources/Shop/Cart+More.swift::Cart.twice CALLS Sources/Shop/Cart.swift::Cart.price
        Tests/ShopTests/CartTests.swift::CartTests.testTotal CALLS Sources/Shop/Cart.swift::Cart.make
        Tests/ShopTests/CartTests.swift::CartTests.testTotal CALLS Sources/Shop/Cart+More.swift::Cart.twice (scoped)
        Tests/ShopTests/CartTests.swift::CartTests.testTotal TESTS Sources/Shop/Cart.swift::Cart.make
        Tests/ShopTests/CartTests.swift TESTS Sources/Shop/Cart.swift (name_only)
        """
    ),
    ("Cart", "Holds items."),
    ("Sources/Shop/Item.swift", "func kept() -> Int { 1 }\n\nstruct Broken { func (\n"),
)

SAMPLES = (SWIFT,)
