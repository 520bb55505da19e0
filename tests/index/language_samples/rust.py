"""The Rust sample."""

from language_samples import Sample, lines

RUST = Sample(
    "rust",
    {
        "Cargo.toml": '[package]\nname = "my-shop"\n',
        "src/lib.rs": """
            pub mod cart;
            mod price;
            pub use cart::Cart;
            pub use crate::price::{round as to_cents, Unit};
            """,
        "src/cart.rs": """
            use super::price::{self, Priced, Unit};

            /// Holds items.
            ///
            /// And sums them.
            #[derive(Clone)]
            pub struct Cart {
                items: Vec<Item>,
                unit: Unit,
            }

            impl Cart {
                pub fn new() -> Self {
                    Self { items: vec![], unit: Unit::Euro }
                }

                pub fn total(&self) -> u32 {
                    let mut sum = 0;
                    for item in &self.items {
                        sum += item.price();
                    }
                    price::round(sum + self.unit.factor())
                }
            }

            struct Item(u32);

            impl Priced for Item {
                fn price(&self) -> u32 {
                    self.0
                }
            }

            #[cfg(test)]
            mod tests {
                use super::*;

                fn filled() -> Cart {
                    Cart::new()
                }

                #[test]
                fn sums() {
                    assert_eq!(filled().total(), 0);
                }
            }
            """,
        "src/price.rs": """
            pub const CENTS: u32 = 100;

            pub trait Priced {
                fn price(&self) -> u32;
                fn twice(&self) -> u32 {
                    self.price() * 2
                }
            }

            pub enum Unit {
                Euro,
                Other(String),
            }

            impl Unit {
                pub fn factor(&self) -> u32 {
                    match self {
                        Unit::Euro => CENTS,
                        _ => 1,
                    }
                }
            }

            pub fn round(n: u32) -> u32 {
                n
            }
            """,
        "tests/cart.rs": """
            use my_shop::{to_cents, Cart};

            #[test]
            fn rounds() {
                let cart = Cart::new();
                assert!(to_cents(1) == cart.total(), "no {}", 1);
            }
            """,
    },
    lines(
        """
        src/cart.rs::Cart class
        src/cart.rs::Cart.items field
        src/cart.rs::Cart.unit field
        src/cart.rs::Cart.new method
        src/cart.rs::Cart.total method
        src/cart.rs::Item class
        src/cart.rs::Item.price method
        src/cart.rs::tests.filled function
        src/cart.rs::tests.sums test
        src/price.rs::CENTS constant
        src/price.rs::Priced interface
        src/price.rs::Priced.price method
        src/price.rs::Priced.twice method
        src/price.rs::Unit class
        src/price.rs::Unit.Euro field
        src/price.rs::Unit.Other field
        src/price.rs::Unit.factor method
        src/price.rs::round function
        tests/cart.rs::rounds test
        """
    ),
    lines(
        """
        src/lib.rs IMPORTS src/cart.rs
        src/lib.rs IMPORTS src/price.rs::round
        src/cart.rs IMPORTS src/price.rs::Unit
        src/cart.rs::Item INHERITS src/price.rs::Priced
        src/cart.rs::Item.price OVERRIDES src/price.rs::Priced.price
        src/price.rs::Priced.twice CALLS src/price.rs::Priced.price (scoped)
        src/cart.rs::Cart.new INSTANTIATES src/cart.rs::Cart
        src/cart.rs::Cart.new REFERENCES src/price.rs::Unit.Euro (scoped)
        src/cart.rs::Cart.total CALLS src/cart.rs::Item.price (scoped)
        src/cart.rs::Cart.total CALLS src/price.rs::round
        src/cart.rs::Cart.total CALLS src/price.rs::Unit.factor (scoped)
        src/cart.rs::tests.filled CALLS src/cart.rs::Cart.new
        src/cart.rs::tests.sums CALLS src/cart.rs::tests.filled
        src/cart.rs::tests.sums CALLS src/cart.rs::Cart.total (scoped)
        src/cart.rs::tests.sums TESTS src/cart.rs::Cart.total (scoped)
        src/cart.rs::tests.sums TESTS src/cart.rs::Cart.new
        tests/cart.rs IMPORTS src/cart.rs::Cart
        tests/cart.rs::rounds CALLS src/price.rs::round
        tests/cart.rs::rounds TESTS src/cart.rs::Cart.total (scoped)
        tests/cart.rs TESTS src/cart.rs (name_only)
        """
    ),
    ("Cart", "Holds items.\n\nAnd sums them."),
    ("src/price.rs", "pub fn kept() {}\n\npub struct Broken {\n  area: u32,\n  fn (\n"),
    lines(
        """
        src/cart.rs::tests.sums TESTS src/cart.rs::tests.filled
        src/cart.rs::tests.sums TESTS src/price.rs::round
        """
    ),
)

SAMPLES = (RUST,)
