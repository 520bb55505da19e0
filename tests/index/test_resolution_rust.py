"""Which edges Rust code comes to."""

from graph_trees import edge_lines


def test_rust_use_trees_follow_modules_aliases_globs_and_reexports(tree):
    graph = tree(
        {
            "Cargo.toml": '[package]\nname = "app"\n',
            "src/lib.rs": "pub mod api;\nmod store;\npub use store::{open as start, *};\n",
            "src/api/mod.rs": """
                mod inner;
                use self::inner::deep;
                use super::store::{self, Kind::{self, *}};
                use crate::{api::inner as below, missing};

                pub fn run() {
                    deep();
                    store::open();
                    below::deep();
                    crate::start();
                    super::close();
                    Big();
                    Kind::Small;
                    std::mem::drop(1);
                }
                """,
            "src/api/inner.rs": "use super::super::store;\n\npub fn deep() { store::close() }\n",
            "src/store.rs": "pub fn open() {}\n\npub fn close() {}\n\npub enum Kind { Small, Big(u8) }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "src/api/mod.rs::run CALLS src/api/inner.rs::deep",
        "src/api/mod.rs::run CALLS src/store.rs::open",
        "src/api/mod.rs::run CALLS src/store.rs::close",
        "src/api/inner.rs::deep CALLS src/store.rs::close",
    }
    assert edge_lines(graph, "INSTANTIATES") == {"src/api/mod.rs::run INSTANTIATES src/store.rs::Kind.Big"}
    assert "src/lib.rs IMPORTS src/store.rs::open" in edge_lines(graph, "IMPORTS")
    assert [(r.name, r.type) for r in graph.references()] == [("missing", "IMPORTS")]


def test_rust_crates_of_a_workspace_see_each_other_by_name(tree):
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
        "crates/core/Cargo.toml": '[package]\nname = "app-core"\n',
        "crates/core/src/lib.rs": "pub mod text;\n",
        "crates/core/src/text.rs": "pub fn fold() {}\n",
        "crates/cli/Cargo.toml": '[package]\nname = "cli"\n[lib]\npath = "source/top.rs"\n',
        "crates/cli/source/top.rs": "pub fn main() { app_core::text::fold() }\n",
        "crates/cli/examples/go.rs": "use cli as c;\n\nfn main() { c::main() }\n",
    }
    graph = tree(files)
    assert edge_lines(graph, "CALLS") == {
        "crates/cli/source/top.rs::main CALLS crates/core/src/text.rs::fold",
        "crates/cli/examples/go.rs::main CALLS crates/cli/source/top.rs::main",
    }
    graph = tree({"crates/core/Cargo.toml": '[package]\nname = "other"\n'})
    assert edge_lines(graph, "CALLS") == {
        "crates/cli/examples/go.rs::main CALLS crates/cli/source/top.rs::main"
    }


def test_rust_methods_stand_in_any_impl_of_their_own_type_only(tree):
    graph = tree(
        {
            "src/lib.rs": "mod a;\nmod b;\nmod extra;\n",
            "src/a.rs": "pub struct Node;\n\npub fn a(n: &Node) { n.walk(); n.clone().walk() }\n",
            "src/b.rs": "pub struct Node;\n\npub fn b(n: Node) { n.walk() }\n",
            "src/extra.rs": """
                use crate::a::Node;

                impl Node {
                    pub fn walk(&self) { self.step(); Self::new(); self::new(); }
                    fn step(&self) {}
                    fn new() -> Self { Node }
                }

                fn new() {}
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "src/a.rs::a CALLS src/extra.rs::Node.walk (scoped)",
        "src/extra.rs::Node.walk CALLS src/extra.rs::Node.step (scoped)",
        "src/extra.rs::Node.walk CALLS src/extra.rs::Node.new (scoped)",
    }
    assert [r.name for r in graph.references() if r.type == "CALLS"] == ["walk"]


def test_rust_traits_are_bases_and_bounds_stand_for_parameters(tree):
    graph = tree(
        {
            "src/lib.rs": """
                pub trait Named { fn name(&self) -> String; }

                pub trait Shape: Named {
                    fn area(&self) -> f64;
                    fn double(&self) -> f64 { self.area() * 2.0 }
                }

                struct Square { side: Side }
                struct Side(f64);

                impl Side { fn get(&self) -> f64 { 1.0 } }

                impl Named for Square { fn name(&self) -> String { "s".into() } }

                impl Shape for Square { fn area(&self) -> f64 { self.side.get() } }

                fn all<T: Shape + Clone, U>(one: &T, two: U, three: Box<dyn Shape>, four: impl Named) where U: Named {
                    one.area();
                    two.name();
                    three.double();
                    four.name();
                    Square { side: Side(1.0) }.double();
                }
                """
        }
    )
    assert edge_lines(graph, "INHERITS", "OVERRIDES") == {
        "src/lib.rs::Shape INHERITS src/lib.rs::Named",
        "src/lib.rs::Square INHERITS src/lib.rs::Named",
        "src/lib.rs::Square INHERITS src/lib.rs::Shape",
        "src/lib.rs::Square.name OVERRIDES src/lib.rs::Named.name",
        "src/lib.rs::Square.area OVERRIDES src/lib.rs::Shape.area",
    }
    assert edge_lines(graph, "CALLS") == {
        "src/lib.rs::Shape.double CALLS src/lib.rs::Shape.area (scoped)",
        "src/lib.rs::Square.area CALLS src/lib.rs::Side.get (scoped)",
        "src/lib.rs::all CALLS src/lib.rs::Shape.area (scoped)",
        "src/lib.rs::all CALLS src/lib.rs::Shape.double (scoped)",
        "src/lib.rs::all CALLS src/lib.rs::Named.name (scoped)",
    }


def test_rust_values_are_seen_through_results_iterators_closures_and_patterns(tree):
    graph = tree(
        {
            "src/lib.rs": """
                struct Job;

                impl Job { fn run(&self) {} }

                struct Queue { jobs: Vec<Job>, last: Option<Job> }

                impl Queue {
                    fn open() -> Result<Queue, Error> { Ok(Queue { jobs: vec![], last: None }) }

                    fn all(&self) -> Result<(), Error> {
                        self.jobs.iter().for_each(|job| job.run());
                        for job in self.jobs.iter().rev() { job.run() }
                        if let Some(last) = &self.last { last.run() }
                        match self.jobs.first() { Some(first) => first.run(), None => {} }
                        self.last.as_ref().unwrap().run();
                        let other = Queue::open()?;
                        other.jobs[0].run();
                        unknown.run();
                        Ok(())
                    }
                }
                """
        }
    )
    calls = graph.edges(target=graph.symbols(qualified_name="Job.run")[0].uid, types=["CALLS"])
    assert sorted(edge.span.start_line for edge in calls if edge.span) == [12, 13, 14, 15, 16, 18]
    assert {r.name for r in graph.references() if r.span.start_line == 19} == {"unknown", "run"}


def test_rust_macros_are_called_and_hold_calls(tree):
    graph = tree(
        {
            "src/lib.rs": "#[macro_use]\nmod macros;\nmod used;\n",
            "src/macros.rs": "macro_rules! check {\n    ($x:expr) => { $x };\n}\n",
            "src/used.rs": """
                fn value() -> u8 { 1 }

                struct Cart;

                impl Cart { fn total(&self) -> u8 { 1 } }

                fn main() {
                    check!(value());
                    println!("{}", Cart {}.total() + vec![value()][0]);
                    check!(|cart: Cart| cart.total());
                }
                """,
        }
    )
    calls = [(e.span.start_line, e.span.start_column) for e in graph.edges(types=["CALLS"]) if e.span]
    assert edge_lines(graph, "CALLS") == {
        "src/used.rs::main CALLS src/macros.rs::check",
        "src/used.rs::main CALLS src/used.rs::value",
        "src/used.rs::main CALLS src/used.rs::Cart.total (scoped)",
    }
    assert len(calls) == 6


def test_rust_inline_modules_have_names_of_their_own(tree):
    graph = tree(
        {
            "src/lib.rs": """
                fn help() {}

                mod outer {
                    pub fn help() {}

                    pub mod inner {
                        pub fn help() {}

                        pub fn run() { help(); super::help(); super::super::help(); crate::outer::help() }
                    }
                }

                use outer::inner::{run, help as aid};

                fn main() { run(); aid(); help(); outer::help() }
                """
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "src/lib.rs::outer.inner.run CALLS src/lib.rs::outer.inner.help",
        "src/lib.rs::outer.inner.run CALLS src/lib.rs::outer.help",
        "src/lib.rs::outer.inner.run CALLS src/lib.rs::help",
        "src/lib.rs::main CALLS src/lib.rs::outer.inner.run",
        "src/lib.rs::main CALLS src/lib.rs::outer.inner.help",
        "src/lib.rs::main CALLS src/lib.rs::help",
        "src/lib.rs::main CALLS src/lib.rs::outer.help",
    }


def test_rust_modules_with_given_paths_and_names_shared_with_functions(tree):
    graph = tree(
        {
            "src/main.rs": """
                #[path = "odd/place.rs"]
                mod placed;
                mod parse;

                fn parse() {}

                fn main() { placed::go(); parse(); parse::Parser::new() }
                """,
            "src/odd/place.rs": "pub fn go() {}\n",
            "src/parse.rs": "pub struct Parser;\n\nimpl Parser { pub fn new() {} }\n",
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "src/main.rs IMPORTS src/odd/place.rs",
        "src/main.rs IMPORTS src/parse.rs",
        "src/main.rs::main CALLS src/odd/place.rs::go",
        "src/main.rs::main CALLS src/main.rs::parse",
        "src/main.rs::main CALLS src/parse.rs::Parser.new",
    }
