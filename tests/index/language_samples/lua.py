"""The Lua sample."""

from language_samples import Sample, lines

LUA = Sample(
    "lua",
    {
        "src/cart.lua": """
            local Book = require("book")
            local round = require "money".round

            -- A cart holds books.
            local Cart = setmetatable({}, { __index = Book })

            local function fee() return 1 end

            function Cart.new(title)
              return setmetatable({ book = Book.new(title) }, Cart)
            end

            function Cart:total()
              return self:price() + fee()
            end

            return Cart
            """,
        "src/book.lua": """
            local Book = {}
            Book.__index = Book

            function Book.new(title)
              local self = setmetatable({}, Book)
              self.title = title
              return self
            end

            function Book:price() return 2 end

            return Book
            """,
        "spec/cart_spec.lua": """
            local Cart = require("cart")

            describe("cart", function()
              it("adds up", function()
                local cart = Cart.new("x")
                assert.equal(3, cart:total())
              end)
            end)
            """,
    },
    lines(
        """
        src/cart.lua::Cart class
        src/cart.lua::fee function
        src/cart.lua::Cart.new method
        src/cart.lua::Cart.total method
        src/book.lua::Book class
        src/book.lua::Book.new method
        src/book.lua::Book.title field
        src/book.lua::Book.price method
        spec/cart_spec.lua::cart test
        spec/cart_spec.lua::cart.adds up test
        """
    ),
    lines(
        """
        src/cart.lua IMPORTS src/book.lua
        spec/cart_spec.lua IMPORTS src/cart.lua
        src/cart.lua::Cart INHERITS src/book.lua::Book
        src/cart.lua::Cart.new CALLS src/book.lua::Book.new
        src/cart.lua::Cart.total CALLS src/book.lua::Book.price (scoped)
        src/cart.lua::Cart.total CALLS src/cart.lua::fee
        src/cart.lua::Cart.new OVERRIDES src/book.lua::Book.new
        spec/cart_spec.lua::cart.adds up CALLS src/cart.lua::Cart.new
        spec/cart_spec.lua::cart.adds up CALLS src/cart.lua::Cart.total (scoped)
        spec/cart_spec.lua::cart.adds up TESTS src/cart.lua::Cart.total (scoped)
        spec/cart_spec.lua TESTS src/cart.lua (name_only)
        """
    ),
    ("Cart", "A cart holds books."),
    ("src/book.lua", "function kept() end\n\nfunction broken(\n"),
)

SAMPLES = (LUA,)
