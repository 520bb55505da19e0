"""Stack frames are read from what each language prints, the innermost last, and from any text in linear time."""

from __future__ import annotations

import time

import pytest

from index.retrieval.traces import read_frames

PYTHON = """
Traceback (most recent call last):
  File "shop/main.py", line 3, in run
    x
  File "/env/shop/cart.py", line 12, in Cart.total
ValueError"""
PYTEST = """
tests/test_cart.py:7: in test_total
    assert cart.total() == 1
shop/cart.py:9: TypeError"""
NODE = """
TypeError: lines is not iterable
    at Cart.total (/src/lib/cart.js:12:5)
    at async Object.<anonymous> (file:///src/main.mjs:3:1)
    at new Price (/src/price.ts:1:2)
    at Object.fn [as handler] (C:\\src\\app.js:7:9)
    at /srv/run.js:7:9"""
FIREFOX = "total@https://shop.example/js/cart.js:12:5\nrun@/js/main.js:3:1"
JAVA = """
java.lang.IllegalStateException: no price
\tat org.shop.Cart.total(Cart.java:12)
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1596)
\tat org.shop.Main.lambda$run$0(Main.kt:15)
Caused by: java.lang.NullPointerException
\tat org.shop.price.Price.<init>(Price.java:4)
\t... 3 more"""
GO = """
panic: runtime error: index out of range

goroutine 1 [running]:
example.org/shop/cart.(*Cart).Total(0xc000, 0x1)
\t/home/me/shop/cart/cart.go:12 +0x1d
main.main()
\t/home/me/shop/main.go:3 +0x2f
exit status 2"""
RUST = """
thread 'main' panicked at src/price.rs:12:5:
no price
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:584:5
   1: shop::cart::Cart::total
             at ./src/cart.rs:40:5"""
OLD_RUST = "thread 'main' panicked at 'no price', src/price.rs:12:5"
SANITIZER = """
==9==ERROR: AddressSanitizer: heap-buffer-overflow
    #0 0x4f6 in cart_total(int) /src/cart.c:12:3
    #1 0x4f7 in main /src/main.c:3"""
DEBUGGER = "#0  0x0000 in total (n=1) at cart.c:9\n#1  main () at main.cpp:3"
VALGRIND = "==1==    at 0x4F: total (cart.c:1)\n==1==    by 0x50: main (main.c:2)"
GCC = "src/cart.cpp:3:5: error: expected ';'\nshop: src/price.c:33: rate_of: Assertion `x' failed."
CSHARP = """
   at Shop.Cart.Total(Int32 n) in C:\\src\\Shop\\Cart.cs:line 12
   at Shop.Program.Main(String[] args) in /src/Program.cs:line 3"""
RUBY = """
lib/shop/cart.rb:12:in `total': undefined method (NoMethodError)
\tfrom lib/shop/main.rb:3:in `block in run'
\tfrom bin/shop.rb:4:in 'Shop::Main#start'"""
PHP = """
PHP Fatal error:  Uncaught Error in /src/Cart.php:12
#0 /src/Main.php(3): Shop\\Cart->total()
#1 {main}
  thrown in /src/Cart.php on line 12"""


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (PYTHON, [("shop/main.py", 3, "run"), ("/env/shop/cart.py", 12, "Cart.total")]),
        (PYTEST, [("tests/test_cart.py", 7, "test_total"), ("shop/cart.py", 9, "")]),
        (
            NODE,
            [
                ("/srv/run.js", 7, ""),
                ("C:/src/app.js", 7, "fn"),
                ("/src/price.ts", 1, "Price"),
                ("/src/main.mjs", 3, ""),
                ("/src/lib/cart.js", 12, "Cart.total"),
            ],
        ),
        (FIREFOX, [("/js/main.js", 3, "run"), ("/js/cart.js", 12, "total")]),
        (
            JAVA,
            [
                ("org/shop/Main.kt", 15, "org.shop.Main.run"),
                ("java/util/ArrayList.java", 1596, "java.util.ArrayList.forEach"),
                ("org/shop/Cart.java", 12, "org.shop.Cart.total"),
                ("org/shop/price/Price.java", 4, "org.shop.price.Price"),
            ],
        ),
        (GO, [("/home/me/shop/main.go", 3, "main.main"), ("/home/me/shop/cart/cart.go", 12, "cart.Cart.Total")]),
        (
            RUST,
            [
                ("./src/cart.rs", 40, "shop.cart.Cart.total"),
                ("/rustc/abc/library/std/src/panicking.rs", 584, "rust_begin_unwind"),
                ("src/price.rs", 12, ""),
            ],
        ),
        (OLD_RUST, [("src/price.rs", 12, "")]),
        (SANITIZER, [("/src/main.c", 3, "main"), ("/src/cart.c", 12, "cart_total")]),
        (DEBUGGER, [("main.cpp", 3, "main"), ("cart.c", 9, "total")]),
        (VALGRIND, [("main.c", 2, "main"), ("cart.c", 1, "total")]),
        (GCC, [("src/price.c", 33, "rate_of"), ("src/cart.cpp", 3, "")]),
        (CSHARP, [("/src/Program.cs", 3, "Shop.Program.Main"), ("C:/src/Shop/Cart.cs", 12, "Shop.Cart.Total")]),
        (
            RUBY,
            [
                ("bin/shop.rb", 4, "Shop.Main.start"),
                ("lib/shop/main.rb", 3, "run"),
                ("lib/shop/cart.rb", 12, "total"),
            ],
        ),
        (PHP, [("/src/Main.php", 3, "Shop.Cart.total"), ("/src/Cart.php", 12, "")]),
        ("nothing at all (a.b:3) at 3 o'clock, see http://x.py:80 and 10:30:00", []),
    ],
    ids=["python", "pytest", "node", "firefox", "java", "go", "rust", "old rust", "sanitizer", "debugger", "valgrind",
         "gcc", "c#", "ruby", "php", "none"],
)  # fmt: skip
def test_frames_are_read_outermost_first(text, frames):
    found = read_frames(text)
    assert [(frame.path, frame.line, frame.function) for frame in found] == frames
    assert [frame.number for frame in found] == list(range(1, len(frames) + 1))


def test_a_frame_that_recurs_counts_once_where_it_came_last():
    text = 'File "a.py", line 1, in f\nFile "b.py", line 2, in g\nFile "a.py", line 1, in f\n'
    assert [frame.path for frame in read_frames(text)] == ["b.py", "a.py"]


@pytest.mark.parametrize(
    "piece",
    [
        "at ",
        "(\n",
        "#1 ",
        "a/",
        "0: a ",
        " ",
        ":1:2: ",
        "at a.b.c(",
        "\\",
        "1:\n",
        "x@",
        "a.go:1",
        "at 0x1: ",
        "\n\t",
    ],
)
def test_long_texts_take_linear_time(piece):
    def seconds(length):
        began = time.process_time()
        read_frames(piece * (length // len(piece)))
        return time.process_time() - began

    assert seconds(100_000) < 30 * seconds(10_000) + 0.5
