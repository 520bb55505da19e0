"""Which edges Java code comes to."""

from graph_trees import edge_lines, lines_of_calls


def test_java_imports_find_classes_nested_classes_static_members_and_packages(tree):
    graph = tree(
        {
            "lib/Tools.java": """
                package org.acme.lib;

                public class Tools {
                    public static void cut() {}
                    public static void glue() {}
                    public static class Knife { void sharpen() {} }
                }
                """,
            "far/Saw.java": "package org.acme.far;\n\npublic class Saw { public void saw() {} }\n",
            "app/Main.java": """
                package org.acme.app;

                import org.acme.lib.Tools;
                import org.acme.lib.Tools.Knife;
                import static org.acme.lib.Tools.*;
                import org.acme.far.*;
                import org.acme.lib.Gone;
                import java.util.List;

                class Main {
                    void run(Knife knife, Saw saw, Tools.Knife other, List<Gone> gone) {
                        Tools.cut();
                        glue();
                        knife.sharpen();
                        other.sharpen();
                        saw.saw();
                        gone.get(0).vanish();
                    }
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "app/Main.java IMPORTS lib/Tools.java",
        "app/Main.java IMPORTS lib/Tools.java::Tools",
        "app/Main.java IMPORTS lib/Tools.java::Tools.Knife",
        "app/Main.java IMPORTS far/Saw.java",
        "app/Main.java::Main.run CALLS lib/Tools.java::Tools.cut",
        "app/Main.java::Main.run CALLS lib/Tools.java::Tools.glue",
        "app/Main.java::Main.run CALLS lib/Tools.java::Tools.Knife.sharpen (scoped)",
        "app/Main.java::Main.run CALLS far/Saw.java::Saw.saw (scoped)",
    }
    assert lines_of_calls(graph, "Tools.cut") == [13]
    assert lines_of_calls(graph, "Tools.Knife.sharpen") == [15, 16]
    assert [r.name for r in graph.references() if r.type == "IMPORTS"] == ["Gone"]


def test_java_imported_class_wins_over_its_package_and_that_over_imported_packages(tree):
    graph = tree(
        {
            "a/Node.java": "package a;\n\npublic class Node { public static void go() {} }\n",
            "b/Node.java": "package b;\n\npublic class Node { public static void go() {} }\n",
            "b/One.java": "package b;\n\nimport a.Node;\n\nclass One { void f() { Node.go(); } }\n",
            "b/Two.java": "package b;\n\nimport a.*;\n\nclass Two { void f() { Node.go(); } }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "b/One.java::One.f CALLS a/Node.java::Node.go",
        "b/Two.java::Two.f CALLS b/Node.java::Node.go",
    }


def test_java_fields_methods_and_local_names_may_be_called_alike(tree):
    graph = tree(
        {
            "Shelf.java": """
                class Shelf {
                    private Book book;

                    Book book() { return book; }

                    void use() {
                        Book book = book();
                        book.open();
                        this.book.open();
                        book().open();
                    }
                }

                class Book { void open() {} }
                """
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "Shelf.java::Shelf.use CALLS Shelf.java::Shelf.book",
        "Shelf.java::Shelf.use CALLS Shelf.java::Book.open (scoped)",
    }
    assert lines_of_calls(graph, "Book.open") == [9, 10, 11]
    assert edge_lines(graph, "REFERENCES") >= {"Shelf.java::Shelf.book REFERENCES Shelf.java::Book"}


def test_java_nested_and_nameless_classes_see_what_is_around_them(tree):
    graph = tree(
        {
            "Base.java": """
                class Base {
                    interface Visitor { void visit(); }
                    static class Entry { Entry next; void link() {} }
                    void help() {}
                }
                """,
            "Tree.java": """
                class Tree extends Base {
                    class Leaf extends Entry {
                        Entry sibling;
                        void link() { super.link(); help(); Tree.this.help(); sibling.next.link(); }
                    }

                    Visitor visitor() {
                        return new Visitor() {
                            @Override public void visit() { again(); this.again(); help(); }
                            private void again() {}
                        };
                    }

                    Runnable later() { return () -> help(); }
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "OVERRIDES", "INHERITS", "INSTANTIATES") == {
        "Tree.java::Tree INHERITS Base.java::Base",
        "Tree.java::Tree.Leaf INHERITS Base.java::Base.Entry",
        "Tree.java::Tree.Leaf.link OVERRIDES Base.java::Base.Entry.link",
        "Tree.java::Tree.Leaf.link CALLS Base.java::Base.Entry.link (scoped)",
        "Tree.java::Tree.Leaf.link CALLS Base.java::Base.help",
        "Tree.java::Tree.Leaf.link CALLS Base.java::Base.help (scoped)",
        "Tree.java::Tree.visitor INSTANTIATES Base.java::Base.Visitor",
        "Tree.java::Tree.visitor.$1.visit OVERRIDES Base.java::Base.Visitor.visit",
        "Tree.java::Tree.visitor.$1.visit CALLS Tree.java::Tree.visitor.$1.again",
        "Tree.java::Tree.visitor.$1.visit CALLS Tree.java::Tree.visitor.$1.again (scoped)",
        "Tree.java::Tree.visitor.$1.visit CALLS Base.java::Base.help",
        "Tree.java::Tree.later CALLS Base.java::Base.help",
    }


def test_java_types_come_from_declarations_var_generics_casts_patterns_and_lambdas(tree):
    graph = tree(
        {
            "Item.java": "class Item { Item next() { return this; } void use() {} static Item of() { return X; } }\n",
            "Pair.java": "record Pair(Item left, Item right) { void both() { left.use(); right().use(); } }\n",
            "Box.java": "class Box<T extends Item> { T held; void f() { held.use(); } }\n",
            "Kind.java": "enum Kind { ONE, TWO { int size() { return 2; } }; int size() { return 1; } }\n",
            "Main.java": """
                import java.util.*;

                class Main {
                    Map<String, List<Item>> byName;

                    void run(Item[] array, Object any, Optional<Item> maybe, Pair pair) {
                        var made = Item.of();
                        made.use();
                        for (var each : byName.get("x")) each.use();
                        for (Item each : array) each.use();
                        array[0].next().use();
                        ((Item) any).use();
                        if (any instanceof Item found && found != null) found.use();
                        maybe.get().use();
                        maybe.ifPresent(one -> one.use());
                        byName.get("x").stream().filter(it -> it != null).forEach(each -> each.use());
                        pair.left().use();
                        try (Item closing = Item.of()) { closing.use(); }
                        any.use();
                        Kind.ONE.size();
                    }
                }
                """,
        }
    )
    calls = graph.edges(target=graph.symbols(qualified_name="Item.use")[0].uid, types=["CALLS"])
    assert sorted((e.span.path, e.span.start_line) for e in calls if e.span) == [
        ("Box.java", 1),
        *(("Main.java", line) for line in (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)),
        ("Pair.java", 1),
        ("Pair.java", 1),
    ]
    assert [r.name for r in graph.references() if r.span.start_line == 20] == ["use"]
    assert "Main.java::Main.run CALLS Kind.java::Kind.size (scoped)" in edge_lines(graph, "CALLS")


def test_java_overloads_are_symbols_of_their_own(tree):
    graph = tree({"A.java": "class A {\n    void f(int n) {}\n    void f(String s) { f(1); }\n}\n"})
    assert [(s.ordinal, s.signature) for s in graph.symbols(qualified_name="A.f")] == [
        (0, "void f(int n)"),
        (1, "void f(String s)"),
    ]


def test_java_class_that_moves_to_another_package_is_followed(tree):
    files = {
        "A.java": "package a;\n\npublic class A { public void go() {} }\n",
        "B.java": "package b;\n\nimport c.A;\n\nclass B { void f(A a) { a.go(); } }\n",
    }
    assert edge_lines(tree(files), "CALLS") == set()
    graph = tree({"A.java": files["A.java"].replace("package a", "package c")})
    assert edge_lines(graph, "CALLS") == {"B.java::B.f CALLS A.java::A.go (scoped)"}
