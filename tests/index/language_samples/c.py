"""The C sample."""

from language_samples import Sample, lines

C = Sample(
    "c",
    {
        "include/cart.h": """
            #ifndef CART_H
            #define CART_H

            #define MAX_ITEMS 10
            #define COST(item) ((item)->cost)

            enum unit { EURO, POUND = 2 };

            /* One thing to buy. */
            typedef struct item {
                int cost;
                enum unit unit;
            } item_t;

            struct cart {
                struct item *items[MAX_ITEMS];
                int (*on_add)(struct item *);
            };

            int cart_total(const struct cart *cart);
            struct cart *cart_new(void);
            int cart_missing(void);

            #endif
            """,
        "src/cart.c": """
            #include <stdlib.h>
            #include "cart.h"

            static int rounded(int n) { return n; }

            int cart_limit = MAX_ITEMS;

            int cart_total(const struct cart *cart) {
                int sum = 0;
                for (int i = 0; i < cart_limit; i++) {
                    sum += rounded(cart->items[i]->cost);
                }
                return sum + cart_missing();
            }

            struct cart *cart_new(void) {
                struct cart *made = calloc(1, sizeof(struct cart));
                made->on_add(NULL);
                return made;
            }
            """,
        "src/main.c": """
            #include "../include/cart.h"

            static int rounded(int n) { return n + EURO; }

            int main(int argc, char **argv) { return rounded(cart_total(cart_new())); }
            """,
        "tests/test_cart.c": """
            #include "cart.h"

            static void test_total(void) { cart_total(cart_new()); }
            """,
    },
    lines(
        """
        include/cart.h::MAX_ITEMS constant
        include/cart.h::COST function
        include/cart.h::unit class
        include/cart.h::unit.EURO field
        include/cart.h::unit.POUND field
        include/cart.h::item class
        include/cart.h::item.cost field
        include/cart.h::item.unit field
        include/cart.h::item_t constant
        include/cart.h::cart class
        include/cart.h::cart.items field
        include/cart.h::cart.on_add field
        include/cart.h::cart_total function
        include/cart.h::cart_new function
        include/cart.h::cart_missing function
        src/cart.c::rounded function
        src/cart.c::cart_limit constant
        src/cart.c::cart_total function
        src/cart.c::cart_new function
        src/main.c::rounded function
        src/main.c::main function
        tests/test_cart.c::test_total test
        """
    ),
    lines(
        """
        src/cart.c IMPORTS include/cart.h
        src/main.c IMPORTS include/cart.h
        src/cart.c::cart_total CALLS src/cart.c::rounded
        src/cart.c::cart_total CALLS include/cart.h::cart_missing
        src/cart.c::cart_total REFERENCES include/cart.h::item.cost (scoped)
        src/cart.c::cart_new REFERENCES include/cart.h::cart
        src/main.c::main CALLS src/main.c::rounded
        src/main.c::main CALLS src/cart.c::cart_total
        src/main.c::main CALLS src/cart.c::cart_new
        src/main.c::rounded REFERENCES include/cart.h::unit.EURO
        tests/test_cart.c::test_total CALLS src/cart.c::cart_total
        tests/test_cart.c::test_total TESTS src/cart.c::cart_total
        tests/test_cart.c TESTS src/cart.c (name_only)
        """
    ),
    ("item", "One thing to buy."),
    ("src/main.c", "int kept(void) { return 1; }\n\nint broken(int { return\n"),
    lines(
        """
        src/main.c::main CALLS src/cart.c::rounded
        src/main.c::main CALLS include/cart.h::cart_total
        """
    ),
)

SAMPLES = (C,)
