"""One small project per language, with what the graph must know of it. A new language joins the contract here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """`files` hold at least two files of the language, one of them a test."""

    language: str
    files: dict[str, str]
    symbols: frozenset[str]
    """`path::qualified name kind` of all symbols but modules."""
    edges: frozenset[str]
    """Lines of `edge_lines` that must be there: a call, an import, a base, a construction, a test."""
    documented: tuple[str, str]
    """(qualified name, its whole docstring)."""
    broken: tuple[str, str]
    """(path, content that does not parse but defines `kept` before the fault)."""
    never: frozenset[str] = frozenset()
    """Lines that must not be there."""


def lines(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.strip().splitlines())


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

JAVASCRIPT = Sample(
    "javascript",
    {
        "src/shape.js": """
            /** Anything with an area. */
            export class Shape {
              area() { return 0; }
            }
            export const UNIT = 1;
            """,
        "src/square.js": """
            import { Shape, UNIT } from "./shape";

            export default class Square extends Shape {
              constructor(side) { super(); this.side = side; }
              area() { return this.side * UNIT; }
            }
            export const unit = () => new Square(1);
            """,
        "src/total.js": """
            const { unit } = require("./square");
            const Square = require("./square").default;

            function total() { return unit().area(); }
            module.exports = { total, sum: total };
            """,
        "src/square.test.js": """
            import Square, { unit } from "./square.js";
            import { sum } from "./total";

            describe("Square", () => {
              it("has an area", () => { expect(unit().area()).toBe(1); });
              it("sums", () => { sum(); });
            });
            """,
    },
    lines(
        """
        src/shape.js::Shape class
        src/shape.js::Shape.area method
        src/shape.js::UNIT constant
        src/square.js::Square class
        src/square.js::Square.constructor method
        src/square.js::Square.side field
        src/square.js::Square.area method
        src/square.js::unit function
        src/total.js::Square constant
        src/total.js::total function
        src/square.test.js::Square test
        src/square.test.js::Square.has an area test
        src/square.test.js::Square.sums test
        """
    ),
    lines(
        """
        src/square.js IMPORTS src/shape.js
        src/square.js IMPORTS src/shape.js::Shape
        src/square.js::Square INHERITS src/shape.js::Shape
        src/square.js::Square.area OVERRIDES src/shape.js::Shape.area
        src/square.js::Square.area REFERENCES src/square.js::Square.side (scoped)
        src/square.js::unit INSTANTIATES src/square.js::Square
        src/square.js::unit CALLS src/square.js::Square.constructor
        src/total.js IMPORTS src/square.js::unit
        src/total.js::total CALLS src/square.js::Square.area (scoped)
        src/square.test.js::Square.has an area CALLS src/square.js::unit
        src/square.test.js::Square.sums CALLS src/total.js::total
        src/square.test.js::Square.has an area TESTS src/square.js::Square.area (scoped)
        src/square.test.js TESTS src/square.js (name_only)
        """
    ),
    ("Shape", "Anything with an area."),
    ("src/shape.js", "export function kept() {}\n\nexport class Broken {\n  area( { return\n"),
)

TYPESCRIPT = Sample(
    "typescript",
    {
        "src/shape.ts": """
            /**
             * Anything with an area.
             */
            export interface Sized { size(): number }
            export abstract class Shape<T> implements Sized {
              constructor(protected readonly side: T) {}
              abstract area(): number;
              size() { return this.area(); }
            }
            export enum Unit { Metre, Foot = 2 }
            """,
        "src/square.ts": """
            import { Shape, type Sized } from "./shape";

            export class Square extends Shape<number> {
              area(): number { return this.side; }
            }
            export async function make(other?: Sized): Promise<Square> {
              other?.size();
              return new Square(1);
            }
            """,
        "src/square.spec.ts": """
            import { make } from "./square";

            test("area", async () => { (await make()).area(); });
            """,
    },
    lines(
        """
        src/shape.ts::Sized interface
        src/shape.ts::Sized.size method
        src/shape.ts::Shape class
        src/shape.ts::Shape.constructor method
        src/shape.ts::Shape.side field
        src/shape.ts::Shape.area method
        src/shape.ts::Shape.size method
        src/shape.ts::Unit class
        src/shape.ts::Unit.Metre field
        src/shape.ts::Unit.Foot field
        src/square.ts::Square class
        src/square.ts::Square.area method
        src/square.ts::make function
        src/square.spec.ts::area test
        """
    ),
    lines(
        """
        src/square.ts IMPORTS src/shape.ts
        src/shape.ts::Shape INHERITS src/shape.ts::Sized
        src/shape.ts::Shape.size OVERRIDES src/shape.ts::Sized.size
        src/shape.ts::Shape.size CALLS src/shape.ts::Shape.area (scoped)
        src/square.ts::Square INHERITS src/shape.ts::Shape
        src/square.ts::Square.area OVERRIDES src/shape.ts::Shape.area
        src/square.ts::Square.area REFERENCES src/shape.ts::Shape.side (scoped)
        src/square.ts::make CALLS src/shape.ts::Sized.size (scoped)
        src/square.ts::make INSTANTIATES src/square.ts::Square
        src/square.spec.ts::area CALLS src/square.ts::Square.area (scoped)
        src/square.spec.ts::area TESTS src/square.ts::make
        src/square.spec.ts TESTS src/square.ts (name_only)
        """
    ),
    ("Sized", "Anything with an area."),
    ("src/shape.ts", "export function kept(): void {}\n\nexport class Broken {\n  area(: number { return\n"),
)

TSX = Sample(
    "tsx",
    {
        "src/Button.tsx": """
            type Props = { label: string };

            // A button.
            export const Button = ({ label }: Props) => <button>{label}</button>;
            export default function Link(props: Props) { return <a>{props.label}</a>; }
            """,
        "src/App.tsx": """
            import Link, { Button } from "./Button";

            export class App extends React.Component<Props> {
              render() { return <Link label="x"><Button label={this.title()} /></Link>; }
              title() { return "t"; }
            }
            export const make = () => new App();
            """,
        "src/App.test.tsx": """
            import { make } from "./App";

            it("renders", () => { make().render(); });
            """,
    },
    lines(
        """
        src/Button.tsx::Props interface
        src/Button.tsx::Props.label field
        src/Button.tsx::Button function
        src/Button.tsx::Link function
        src/App.tsx::App class
        src/App.tsx::App.render method
        src/App.tsx::App.title method
        src/App.tsx::make function
        src/App.test.tsx::renders test
        """
    ),
    lines(
        """
        src/App.tsx IMPORTS src/Button.tsx::Link
        src/App.tsx::App.render REFERENCES src/Button.tsx::Button
        src/App.tsx::App.render REFERENCES src/Button.tsx::Link
        src/App.tsx::App.render CALLS src/App.tsx::App.title (scoped)
        src/App.tsx::make INSTANTIATES src/App.tsx::App
        src/App.test.tsx::renders CALLS src/App.tsx::make
        src/App.test.tsx::renders TESTS src/App.tsx::App.render (scoped)
        """
    ),
    ("Button", "A button."),
    (
        "src/Button.tsx",
        "export function kept() { return <a/>; }\n\nexport class Broken {\n  area( { return <\n",
    ),
)

SAMPLES = (GO, JAVASCRIPT, TSX, TYPESCRIPT)
