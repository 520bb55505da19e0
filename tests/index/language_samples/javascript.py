"""The JavaScript sample."""

from language_samples import Sample, lines

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

SAMPLES = (JAVASCRIPT,)
