"""Which edges Swift code comes to."""

from graph_trees import edge_lines


def test_swift_extensions_in_other_files_and_modules_add_members_and_bases(tree):
    graph = tree(
        {
            "Sources/Core/Node.swift": """
                public class Node {
                    var next: Node?
                    func walk() { step(); next?.step(); next!.walk() }
                }
                """,
            "Sources/Core/Node+Step.swift": """
                extension Node: Stepping {
                    func step() { self.walk() }
                    static func make() -> Node { Node() }
                }

                protocol Stepping { func step() }
                """,
            "Sources/App/App.swift": """
                import Core

                extension Node { func more() { step() } }

                func run() { Node.make().more(); Core.Node().walk() }
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "Sources/Core/Node.swift::Node.walk CALLS Sources/Core/Node+Step.swift::Node.step",
        "Sources/Core/Node.swift::Node.walk CALLS Sources/Core/Node+Step.swift::Node.step (scoped)",
        "Sources/Core/Node.swift::Node.walk CALLS Sources/Core/Node.swift::Node.walk (scoped)",
        "Sources/Core/Node+Step.swift::Node.step CALLS Sources/Core/Node.swift::Node.walk (scoped)",
        "Sources/App/App.swift::Node.more CALLS Sources/Core/Node+Step.swift::Node.step",
        "Sources/App/App.swift::run CALLS Sources/Core/Node+Step.swift::Node.make",
        "Sources/App/App.swift::run CALLS Sources/App/App.swift::Node.more (scoped)",
        "Sources/App/App.swift::run CALLS Sources/Core/Node.swift::Node.walk (scoped)",
    }


def test_swift_module_that_is_not_imported_is_not_seen(tree):
    files = {
        "Sources/A/A.swift": "func shared() {}\n",
        "Sources/B/B.swift": "func use() { shared() }\n",
    }
    assert edge_lines(tree(files), "CALLS") == set()
    graph = tree({"Sources/B/B.swift": "import A\n\nfunc use() { shared() }\n"})
    assert edge_lines(graph, "CALLS") == {"Sources/B/B.swift::use CALLS Sources/A/A.swift::shared"}


def test_swift_hierarchy_initialisers_overrides_and_bounds(tree):
    graph = tree(
        {
            "Shapes.swift": """
                protocol Shape { func area() -> Double }

                class Base: Shape {
                    init(name: String) {}
                    func area() -> Double { 0 }
                }

                final class Square: Base {
                    init() { super.init(name: "s") }
                    override func area() -> Double { super.area() + Self.unit() }
                    static func unit() -> Double { 1 }
                }

                func all<T: Shape>(_ one: T, two: any Shape) { one.area(); two.area(); Square().area() }
                """
        }
    )
    assert edge_lines(graph, "INHERITS", "OVERRIDES", "INSTANTIATES") == {
        "Shapes.swift::Base INHERITS Shapes.swift::Shape",
        "Shapes.swift::Square INHERITS Shapes.swift::Base",
        "Shapes.swift::Base.area OVERRIDES Shapes.swift::Shape.area",
        "Shapes.swift::Square.area OVERRIDES Shapes.swift::Base.area",
        "Shapes.swift::all INSTANTIATES Shapes.swift::Square",
    }
    assert edge_lines(graph, "CALLS") == {
        "Shapes.swift::Square.init CALLS Shapes.swift::Base.init (scoped)",
        "Shapes.swift::Square.area CALLS Shapes.swift::Base.area (scoped)",
        "Shapes.swift::Square.area CALLS Shapes.swift::Square.unit (scoped)",
        "Shapes.swift::all CALLS Shapes.swift::Shape.area (scoped)",
        "Shapes.swift::all CALLS Shapes.swift::Square.init",
        "Shapes.swift::all CALLS Shapes.swift::Square.area (scoped)",
    }


def test_swift_types_come_from_annotations_values_containers_and_bindings(tree):
    graph = tree(
        {
            "Job.swift": "struct Job { func run() {} }\n",
            "Queue.swift": """
                class Queue {
                    let jobs: [Job] = [], byName: [String: Job] = [:]
                    var last: Job?
                    var current: Job { jobs[0] }

                    func all(extra: inout Job, thing: Any) {
                        for job in jobs { job.run() }
                        jobs.forEach { job in job.run() }
                        if let last = last { last.run() }
                        guard let other = thing as? Job else { return }
                        other.run()
                        current.run()
                        jobs[1].run()
                        extra.run()
                        unknown.run()
                    }
                }
                """,
        }
    )
    calls = graph.edges(target=graph.symbols(qualified_name="Job.run")[0].uid, types=["CALLS"])
    assert sorted(edge.span.start_line for edge in calls if edge.span) == [8, 9, 10, 12, 13, 14, 15]
    assert {r.name for r in graph.references() if r.span.start_line == 16} == {"unknown", "run"}


def test_swift_tests_of_both_frameworks_are_found_and_their_set_up_counts(tree):
    graph = tree(
        {
            "Sources/Shop/Cart.swift": "class Cart { func total() -> Int { 1 } }\n",
            "Tests/ShopTests/CartTests.swift": """
                @testable import Shop

                class CartTests: XCTestCase {
                    var cart: Cart!
                    override func setUp() { cart = Cart() }
                    func testTotal() { XCTAssertEqual(cart.total(), 1) }
                }

                struct Modern {
                    @Test func adds() { #expect(Cart().total() == 1) }
                }
                """,
        }
    )
    assert {s.qualified_name for s in graph.symbols() if s.kind == "test"} == {
        "CartTests.testTotal",
        "Modern.adds",
    }
    assert {
        "Tests/ShopTests/CartTests.swift::CartTests.testTotal TESTS Sources/Shop/Cart.swift::Cart",
        "Tests/ShopTests/CartTests.swift::CartTests.testTotal TESTS Sources/Shop/Cart.swift::Cart.total (scoped)",
        "Tests/ShopTests/CartTests.swift::Modern.adds TESTS Sources/Shop/Cart.swift::Cart.total (scoped)",
    } <= edge_lines(graph, "TESTS")
