"""The Ruby sample."""

from language_samples import Sample, lines

RUBY = Sample(
    "ruby",
    {
        "lib/shop/cart.rb": """
            require "shop/book"

            module Shop
              # A cart holds books.
              class Cart < Store
                include Counted

                LIMIT = 3
                attr_reader :book

                def self.build(title) = new(title)

                def initialize(title)
                  @book = Book.new(title)
                end

                def total
                  check
                  book.price + count
                end

                private

                def check; end
              end
            end
            """,
        "lib/shop/book.rb": """
            module Shop
              class Store
                def check; end
              end

              module Counted
                def count = 1
              end

              class Book
                def initialize(title); end

                def price
                  2
                end
              end
            end
            """,
        "test/cart_test.rb": """
            require "minitest/autorun"
            require_relative "../lib/shop/cart"

            class CartTest < Minitest::Test
              def setup
                @cart = Shop::Cart.build("x")
              end

              def test_total
                assert_equal 3, @cart.total
              end
            end
            """,
    },
    lines(
        """
        lib/shop/cart.rb::Shop.Cart class
        lib/shop/cart.rb::Shop.Cart.LIMIT constant
        lib/shop/cart.rb::Shop.Cart.book field
        lib/shop/cart.rb::Shop.Cart.build method
        lib/shop/cart.rb::Shop.Cart.initialize method
        lib/shop/cart.rb::Shop.Cart.total method
        lib/shop/cart.rb::Shop.Cart.check method
        lib/shop/book.rb::Shop.Store class
        lib/shop/book.rb::Shop.Store.check method
        lib/shop/book.rb::Shop.Counted.count method
        lib/shop/book.rb::Shop.Book class
        lib/shop/book.rb::Shop.Book.initialize method
        lib/shop/book.rb::Shop.Book.price method
        test/cart_test.rb::CartTest class
        test/cart_test.rb::CartTest.setup method
        test/cart_test.rb::CartTest.cart field
        test/cart_test.rb::CartTest.test_total test
        """
    ),
    lines(
        """
        lib/shop/cart.rb IMPORTS lib/shop/book.rb
        test/cart_test.rb IMPORTS lib/shop/cart.rb
        lib/shop/cart.rb::Shop.Cart INHERITS lib/shop/book.rb::Shop.Store
        lib/shop/cart.rb::Shop.Cart INHERITS lib/shop/book.rb::Shop.Counted
        lib/shop/cart.rb::Shop.Cart.build INSTANTIATES lib/shop/cart.rb::Shop.Cart
        lib/shop/cart.rb::Shop.Cart.build CALLS lib/shop/cart.rb::Shop.Cart.initialize
        lib/shop/cart.rb::Shop.Cart.initialize INSTANTIATES lib/shop/book.rb::Shop.Book
        lib/shop/cart.rb::Shop.Cart.total CALLS lib/shop/cart.rb::Shop.Cart.check
        lib/shop/cart.rb::Shop.Cart.total CALLS lib/shop/book.rb::Shop.Book.price (scoped)
        lib/shop/cart.rb::Shop.Cart.total CALLS lib/shop/book.rb::Shop.Counted.count
        lib/shop/cart.rb::Shop.Cart.check OVERRIDES lib/shop/book.rb::Shop.Store.check
        test/cart_test.rb::CartTest.test_total CALLS lib/shop/cart.rb::Shop.Cart.total (scoped)
        test/cart_test.rb::CartTest.test_total TESTS lib/shop/cart.rb::Shop.Cart.total (scoped)
        test/cart_test.rb TESTS lib/shop/cart.rb (name_only)
        """
    ),
    ("Shop.Cart", "A cart holds books."),
    ("lib/shop/book.rb", "class Kept\n  def kept; end\nend\n\ndef broken(\n"),
)

SAMPLES = (RUBY,)
