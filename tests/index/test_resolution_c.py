"""Which edges C and C++ code comes to."""

import pytest
from graph_trees import edge_lines


def test_c_call_goes_to_the_definition_or_else_to_the_declaration(tree):
    graph = tree(
        {
            "inc/log.h": "void log_line(const char *s);\nvoid log_gone(void);\n",
            "src/log.c": '#include "log.h"\n\nvoid log_line(const char *s) { }\n',
            "src/main.c": '#include <log.h>\n\nint main(void) { log_line("x"); log_gone(); missing(); }\n',
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "src/log.c IMPORTS inc/log.h",
        "src/main.c IMPORTS inc/log.h",
        "src/main.c::main CALLS src/log.c::log_line",
        "src/main.c::main CALLS inc/log.h::log_gone",
    }
    assert [r.name for r in graph.references()] == ["missing"]
    graph = tree({"src/log.c": "\n"})
    assert "src/main.c::main CALLS inc/log.h::log_line" in edge_lines(graph, "CALLS")


def test_c_static_function_stays_in_its_file_and_includes_decide_between_namesakes(tree):
    graph = tree(
        {
            "a/util.h": "int fold(int n);\n",
            "a/util.c": """
                #include "util.h"

                static int help(int n) { return n; }

                int fold(int n) { return help(n); }
                """,
            "b/util.h": "int fold(int n);\n",
            "b/util.c": '#include "util.h"\n\nint fold(int n) { return n; }\n',
            "a/use.c": '#include "util.h"\n\nint one(void) { return fold(1) + help(2); }\n',
            "b/use.c": '#include "util.h"\n\nint two(void) { return fold(1); }\n',
            "b/linked.c": "int only(void) { return 1; }\n\nint three(void) { return once(); }\n",
            "a/once.c": "int once(void) { return 1; }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "a/util.c::fold CALLS a/util.c::help",
        "a/use.c::one CALLS a/util.c::fold",
        "b/use.c::two CALLS b/util.c::fold",
        "b/linked.c::three CALLS a/once.c::once",
    }
    assert [r.name for r in graph.references()] == ["help"]


def test_c_types_of_locals_parameters_and_fields_lead_to_fields(tree):
    graph = tree(
        {
            "tree.h": """
                typedef struct node node_t;
                struct leaf { int size; };
                struct node { node_t *left; struct leaf leaf[2]; void (*visit)(node_t *); };
                #define LIMIT 3
                enum { SMALL, BIG };
                """,
            "walk.c": """
                #include "tree.h"

                static node_t root;

                int walk(struct node *node, void *data) {
                    node->visit(node);
                    struct leaf *first = &node->left->leaf[0];
                    root.left = (node_t *)data;
                    return first->size + ((struct leaf *)data)->size + LIMIT + BIG;
                }
                """,
        }
    )
    sizes = graph.edges(target=graph.symbols(qualified_name="leaf.size")[0].uid, types=["REFERENCES"])
    assert len(sizes) == 2
    assert edge_lines(graph, "CALLS") == {"walk.c::walk CALLS tree.h::node.visit (scoped)"}
    assert {
        "walk.c::walk REFERENCES tree.h::node.left (scoped)",
        "walk.c::walk REFERENCES tree.h::LIMIT",
        "walk.c::walk REFERENCES tree.h::BIG",
        "walk.c::walk REFERENCES walk.c::root",
    } <= edge_lines(graph, "REFERENCES")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("struct point { int x; };\nint area(struct point *class);\n", "c"),
        ('/* a class of things */\n#ifdef __cplusplus\nextern "C" {\n#endif\nvoid f(void);\n', "c"),
        ("class Point {\n public:\n  int x;\n};\n", "cpp"),
        ("namespace a { int f(); }\n", "cpp"),
        ("template <typename T> T f(T t);\n", "cpp"),
        ("#include <vector>\n", "cpp"),
    ],
)
def test_header_is_of_the_language_that_its_own_text_shows(tree, text, language):
    graph = tree({"x.h": text, "main.cpp": "int main() {}\n", "other.c": "int o(void) { return 1; }\n"})
    assert {symbol.language for symbol in graph.symbols(path="x.h")} == {language}


def test_cpp_methods_outside_their_class_are_its_members_in_every_file(tree):
    graph = tree(
        {
            "a.h": """
                namespace n {
                class A {
                 public:
                  A();
                  int f(int x);
                  int g() { return f(1); }
                 private:
                  class Inner { void deep(); };
                  int count_;
                };
                int free();
                }
                """,
            "a.cpp": """
                #include "a.h"
                using namespace n;
                n::A::A() { count_ = f(2); }
                int A::f(int x) { return this->g() + free(); }
                int n::free() { return 1; }
                void n::A::Inner::deep() {}
                """,
            "use.cpp": """
                #include "a.h"
                int use(n::A& a, n::A* b) {
                  n::A made;
                  auto other = new n::A();
                  return a.f(1) + b->g() + made.f(1) + other->f(2) + n::free();
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES") == {
        "a.h::n.A.g CALLS a.cpp::A.f",
        "a.cpp::n.A.A CALLS a.cpp::A.f",
        "a.cpp::A.f CALLS a.h::n.A.g (scoped)",
        "a.cpp::A.f CALLS a.cpp::n.free",
        "use.cpp::use INSTANTIATES a.h::n.A",
        "use.cpp::use CALLS a.cpp::n.A.A",
        "use.cpp::use CALLS a.cpp::A.f (scoped)",
        "use.cpp::use CALLS a.h::n.A.g (scoped)",
        "use.cpp::use CALLS a.cpp::n.free",
    }


def test_cpp_namespaces_are_open_and_using_brings_their_names(tree):
    graph = tree(
        {
            "one.h": "namespace lib::text { int fold(); }\n",
            "two.h": "namespace lib { namespace text { int trim(); }\nint top(); }\n",
            "use.cc": """
                #include "one.h"
                #include "two.h"
                using lib::text::fold;
                using namespace lib;
                int a() { return fold() + lib::text::trim() + top() + text::trim(); }
                namespace lib::text { int c() { return fold() + trim() + top() + ::a(); } }
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "use.cc::a CALLS one.h::lib.text.fold",
        "use.cc::a CALLS two.h::lib.text.trim",
        "use.cc::a CALLS two.h::lib.top",
        "use.cc::lib.text.c CALLS one.h::lib.text.fold",
        "use.cc::lib.text.c CALLS two.h::lib.text.trim",
        "use.cc::lib.text.c CALLS two.h::lib.top",
        "use.cc::lib.text.c CALLS use.cc::a",
    }


def test_cpp_bases_overrides_templates_and_wrappers(tree):
    graph = tree(
        {
            "base.hpp": """
                template <typename T> class Base { public: virtual void run(T t); void keep(); };
                struct Job : public Base<int> { void run(int t) override; void own() { keep(); } };
                """,
            "use.cpp": """
                #include "base.hpp"
                struct Pool {
                  std::vector<std::unique_ptr<Job>> jobs;
                  std::map<int, Job*> by_id;
                  Job& first() { return *jobs[0]; }
                  void all() {
                    for (auto& job : jobs) job->run(1);
                    for (const Job* other : others()) other->own();
                    auto made = std::make_unique<Job>();
                    made->keep();
                    by_id[3]->run(2);
                    first().run(3);
                    auto each = [](Job& job) { job.own(); };
                    if (auto* cast = dynamic_cast<Job*>(thing)) cast->own();
                  }
                };
                """,
        }
    )
    assert edge_lines(graph, "INHERITS", "OVERRIDES") == {
        "base.hpp::Job INHERITS base.hpp::Base",
        "base.hpp::Job.run OVERRIDES base.hpp::Base.run",
    }
    calls = {
        name: sorted(
            edge.span.start_line
            for edge in graph.edges(target=graph.symbols(qualified_name=name)[0].uid, types=["CALLS"])
            if edge.span and edge.span.path == "use.cpp"
        )
        for name in ("Job.run", "Job.own", "Base.keep")
    }
    assert calls == {"Job.run": [8, 12, 13], "Job.own": [9, 14, 15], "Base.keep": [11]}


def test_cpp_test_macros_declare_tests(tree):
    graph = tree(
        {
            "cart.h": "class Cart { public: int total() { return 1; } };\n",
            "cart_test.cpp": """
                #include "cart.h"
                class CartTest : public ::testing::Test { protected: Cart cart_; };
                TEST_F(CartTest, Sums) { EXPECT_EQ(cart_.total(), 1); }
                TEST(Free, Adds) { Cart cart; cart.total(); }
                TEST_CASE("cart sums", "[cart]") { Cart cart; cart.total(); }
                """,
        }
    )
    tests = {symbol.qualified_name for symbol in graph.symbols() if symbol.kind == "test"}
    assert tests == {"CartTest.Sums", "Adds", "cart sums"}
    assert {
        "cart_test.cpp::CartTest.Sums TESTS cart.h::Cart.total (scoped)",
        "cart_test.cpp::Adds TESTS cart.h::Cart.total (scoped)",
        "cart_test.cpp::cart sums TESTS cart.h::Cart.total (scoped)",
    } <= edge_lines(graph, "TESTS")


def test_c_macros_that_stand_where_code_has_none_hide_nothing(tree):
    graph = tree(
        {
            "api.h": """
                #define LIB_EXPORT

                namespace lib {
                class LIB_EXPORT Widget {
                  int count GUARDED_BY(mutex_);
                  void lock() EXCLUSIVE_LOCK(mutex_);
                };
                LIB_EXPORT Widget* make(int n);
                }
                """
        }
    )
    assert {s.qualified_name for s in graph.symbols()} >= {
        "lib.Widget",
        "lib.Widget.count",
        "lib.Widget.lock",
        "lib.make",
    }
    assert not any(record.has_errors for record in graph.files())
