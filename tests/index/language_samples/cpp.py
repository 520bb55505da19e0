"""The C++ sample."""

from language_samples import Sample, lines

CPP = Sample(
    "cpp",
    {
        "include/shop/shape.h": """
            #pragma once
            #include <memory>
            #include <vector>

            namespace shop {

            // Anything with an area.
            class Shape {
             public:
              virtual ~Shape() = default;
              virtual int area() const = 0;
              int twice() const { return 2 * area(); }
            };

            enum class Unit { Metre, Foot };

            template <typename T>
            T largest(const std::vector<T>& all);

            }  // namespace shop
            """,
        "include/shop/square.h": """
            #pragma once
            #include "shop/shape.h"

            namespace shop {

            class SHOP_API Square : public Shape {
             public:
              explicit Square(int side);
              int area() const override;
              static std::unique_ptr<Square> make(int side);

             private:
              int side_;
              std::vector<std::unique_ptr<Square>> parts_;
            };

            int total(const std::vector<Square>& all);

            }  // namespace shop
            """,
        "src/square.cc": """
            #include "shop/square.h"

            namespace shop {

            namespace {
            int checked(int side) { return side; }
            }  // namespace

            Square::Square(int side) : side_(checked(side)) {}

            int Square::area() const {
              int sum = side_ * this->side_;
              for (const auto& part : parts_) sum += part->twice();
              return sum;
            }

            std::unique_ptr<Square> Square::make(int side) { return std::make_unique<Square>(side); }

            }  // namespace shop

            int shop::total(const std::vector<Square>& all) { return all[0].area(); }
            """,
        "test/square_test.cc": """
            #include "shop/square.h"

            using shop::Square;

            TEST(SquareTest, HasArea) {
              Square square(1);
              auto other = Square::make(2);
              EXPECT_EQ(square.area(), other->area());
              shop::total({});
            }
            """,
    },
    lines(
        """
        include/shop/shape.h::shop.Shape class
        include/shop/shape.h::shop.Shape.~Shape method
        include/shop/shape.h::shop.Shape.area method
        include/shop/shape.h::shop.Shape.twice method
        include/shop/shape.h::shop.Unit class
        include/shop/shape.h::shop.Unit.Metre field
        include/shop/shape.h::shop.Unit.Foot field
        include/shop/shape.h::shop.largest function
        include/shop/square.h::shop.Square class
        include/shop/square.h::shop.Square.Square method
        include/shop/square.h::shop.Square.area method
        include/shop/square.h::shop.Square.make method
        include/shop/square.h::shop.Square.side_ field
        include/shop/square.h::shop.Square.parts_ field
        include/shop/square.h::shop.total function
        src/square.cc::shop.checked function
        src/square.cc::shop.Square.Square method
        src/square.cc::shop.Square.area method
        src/square.cc::shop.Square.make method
        src/square.cc::shop.total function
        test/square_test.cc::HasArea test
        """
    ),
    lines(
        """
        include/shop/square.h IMPORTS include/shop/shape.h
        src/square.cc IMPORTS include/shop/square.h
        include/shop/square.h::shop.Square INHERITS include/shop/shape.h::shop.Shape
        include/shop/square.h::shop.Square.area OVERRIDES include/shop/shape.h::shop.Shape.area
        include/shop/shape.h::shop.Shape.twice CALLS include/shop/shape.h::shop.Shape.area
        src/square.cc::shop.Square.Square CALLS src/square.cc::shop.checked
        src/square.cc::shop.Square.area REFERENCES include/shop/square.h::shop.Square.side_ (scoped)
        src/square.cc::shop.Square.area CALLS include/shop/shape.h::shop.Shape.twice (scoped)
        src/square.cc::shop.total CALLS src/square.cc::shop.Square.area (scoped)
        test/square_test.cc::HasArea INSTANTIATES include/shop/square.h::shop.Square
        test/square_test.cc::HasArea CALLS src/square.cc::shop.Square.Square
        test/square_test.cc::HasArea CALLS src/square.cc::shop.Square.make
        test/square_test.cc::HasArea CALLS src/square.cc::shop.Square.area (scoped)
        test/square_test.cc::HasArea CALLS src/square.cc::shop.total
        test/square_test.cc::HasArea TESTS src/square.cc::shop.Square.area (scoped)
        test/square_test.cc TESTS src/square.cc (name_only)
        """
    ),
    ("shop.Shape", "Anything with an area."),
    ("src/square.cc", "int kept() { return 1; }\n\nint broken(int { return\n"),
)

SAMPLES = (CPP,)
