"""The TypeScript and TSX samples."""

from language_samples import Sample, lines

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

SAMPLES = (
    TYPESCRIPT,
    TSX,
)
