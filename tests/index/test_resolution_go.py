"""Which edges Go code comes to."""

from graph_trees import edge_lines


def test_go_module_path_leads_imports_to_folders_of_any_depth(tree):
    graph = tree(
        {
            "go.mod": "module example.com/app // the root\n",
            "tools/go.mod": "module example.com/app/tools/v2\n",
            "tools/lint/lint.go": "package lint\n\nfunc Run() {}\n",
            "internal/text/text.go": "package text\n\nfunc Fold() {}\n",
            "main.go": """
                package main

                import (
                    "fmt"
                    lint2 "example.com/app/tools/v2/lint"
                    "example.com/app/internal/text"
                    "example.com/app/gone"
                )

                func main() {
                    lint2.Run()
                    text.Fold()
                    fmt.Println(gone.Thing())
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "main.go IMPORTS tools/lint/lint.go",
        "main.go IMPORTS internal/text/text.go",
        "main.go::main CALLS tools/lint/lint.go::Run",
        "main.go::main CALLS internal/text/text.go::Fold",
    }
    assert [r.name for r in graph.references() if r.type == "IMPORTS"] == ["example.com/app/gone"]


def test_go_module_path_that_changes_is_followed(tree):
    files = {
        "go.mod": "module example.com/old\n",
        "a/a.go": "package a\n\nfunc F() {}\n",
        "main.go": 'package main\n\nimport "example.com/new/a"\n\nfunc main() { a.F() }\n',
    }
    assert edge_lines(tree(files), "CALLS") == set()
    graph = tree({"go.mod": "module example.com/new\n"})
    assert edge_lines(graph, "CALLS") == {"main.go::main CALLS a/a.go::F"}


def test_go_methods_in_other_files_belong_to_their_type(tree):
    graph = tree(
        {
            "type.go": "package p\n\ntype Tree[K any] struct{ root *Node }\n\ntype Node struct{ left *Node }\n",
            "walk.go": """
                package p

                func (t *Tree[K]) Walk() { t.root.visit(); t.size() }

                func (n *Node) visit() { n.left.visit() }
                """,
            "size.go": "package p\n\nfunc (t *Tree[K]) size() int { return 0 }\n",
            "use.go": "package p\n\nfunc use(t Tree[int]) { t.Walk() }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "walk.go::Tree.Walk CALLS walk.go::Node.visit (scoped)",
        "walk.go::Tree.Walk CALLS size.go::Tree.size (scoped)",
        "walk.go::Node.visit CALLS walk.go::Node.visit (scoped)",
        "use.go::use CALLS walk.go::Tree.Walk (scoped)",
    }


def test_go_types_come_from_results_literals_assertions_and_ranges(tree):
    graph = tree(
        {
            "go.mod": "module m\n",
            "db/db.go": """
                package db

                type Conn struct{ next *Conn }

                func Open() (*Conn, error) { return &Conn{}, nil }

                func (c *Conn) Close() {}

                var Shared = Conn{}
                """,
            "main.go": """
                package main

                import "m/db"

                type pool map[string]*db.Conn

                func main() {
                    conn, err := db.Open()
                    defer conn.Close()
                    _ = err
                    byName := map[string]*db.Conn{}
                    for _, c := range byName {
                        c.Close()
                    }
                }

                func each(any interface{}, all []db.Conn, ch chan *db.Conn) {
                    all[0].Close()
                    any.(*db.Conn).Close()
                    db.Shared.Close()
                    func(inner *db.Conn) { inner.Close() }(nil)
                    unknown.Close()
                }
                """,
        }
    )
    calls = graph.edges(target=graph.symbols(qualified_name="Conn.Close")[0].uid, types=["CALLS"])
    assert sorted(edge.span.start_line for edge in calls if edge.span) == [10, 14, 19, 20, 21, 22]
    assert {(r.name, r.type) for r in graph.references() if r.span.start_line == 23} == {
        ("unknown", "REFERENCES"),
        ("Close", "CALLS"),
    }


def test_go_test_package_beside_the_code_is_another_package(tree):
    graph = tree(
        {
            "go.mod": "module m\n",
            "a/a.go": "package a\n\nfunc help() {}\n\nfunc Do() { help() }\n",
            "a/a_test.go": "package a\n\nfunc TestIn(t *T) { help() }\n",
            "a/out_test.go": """
                package a_test

                import "m/a"

                func help() {}

                func TestOut(t *T) { help(); a.Do() }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "TESTS") == {
        "a/a.go::Do CALLS a/a.go::help",
        "a/a_test.go::TestIn CALLS a/a.go::help",
        "a/a_test.go::TestIn TESTS a/a.go::help",
        "a/a_test.go TESTS a/a.go (name_only)",
        "a/out_test.go::TestOut CALLS a/out_test.go::help",
        "a/out_test.go::TestOut CALLS a/a.go::Do",
        "a/out_test.go::TestOut TESTS a/a.go::Do",
    }
