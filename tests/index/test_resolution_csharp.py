"""Which edges C# code comes to."""

from graph_trees import edge_lines, lines_of_calls


def test_csharp_namespaces_around_a_file_are_seen_and_usings_may_be_relative(tree):
    graph = tree(
        {
            "a/Root.cs": "namespace App; class Root { public static void Go() {} }\n",
            "a/Data.cs": "namespace App.Data; class Store { public static void Open() {} }\n",
            "a/Alien.cs": "namespace Other; class Thing { public static void Go() {} }\n",
            "a/Free.cs": "class Free { public static void Go() {} }\n",
            "a/Web.cs": """
                namespace App.Web.Pages
                {
                    using Data;
                    using Short = Other.Thing;

                    class Page
                    {
                        void Show() { Root.Go(); Store.Open(); Short.Go(); Free.Go(); Thing.Go(); }
                    }
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "a/Web.cs IMPORTS a/Data.cs",
        "a/Web.cs IMPORTS a/Alien.cs",
        "a/Web.cs IMPORTS a/Alien.cs::Thing",
        "a/Web.cs::Page.Show CALLS a/Root.cs::Root.Go",
        "a/Web.cs::Page.Show CALLS a/Data.cs::Store.Open",
        "a/Web.cs::Page.Show CALLS a/Alien.cs::Thing.Go",
        "a/Web.cs::Page.Show CALLS a/Free.cs::Free.Go",
    }
    assert "Thing" in {reference.name for reference in graph.references()}


def test_csharp_extension_methods_are_found_by_type_and_on_types_of_others(tree):
    graph = tree(
        {
            "Ext.cs": """
                namespace Lib.Extras;

                public static class Extensions
                {
                    public static Order Ship(this Order order) { return order; }
                    public static int Doubled(this int number) => number;
                    public static void AddShop(this IServiceCollection services) { }
                }
                """,
            "Order.cs": "namespace Lib; public class Order { public Order Pay() { return this; } }\n",
            "Use.cs": """
                using Lib;
                using Lib.Extras;

                class Use
                {
                    void Run(Order order, IServiceCollection services, string text)
                    {
                        order.Pay().Ship().Pay();
                        3.Doubled();
                        services.AddShop();
                        text.Ship();
                    }
                }
                """,
            "Blind.cs": "using Lib;\n\nclass Blind { void Run(Order order) { order.Ship(); } }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "Use.cs::Use.Run CALLS Order.cs::Order.Pay (scoped)",
        "Use.cs::Use.Run CALLS Ext.cs::Extensions.Ship (scoped)",
        "Use.cs::Use.Run CALLS Ext.cs::Extensions.Doubled (scoped)",
        "Use.cs::Use.Run CALLS Ext.cs::Extensions.AddShop (scoped)",
    }
    assert lines_of_calls(graph, "Extensions.Ship") == [9]
    assert [r.name for r in graph.references() if r.span.path == "Blind.cs" and r.type == "CALLS"] == ["Ship"]


def test_csharp_parts_of_a_class_share_members_and_bases(tree):
    graph = tree(
        {
            "One.cs": "namespace N; partial class Form { Model model; void Draw() { Paint(); Close(); } }\n",
            "Two.cs": "namespace N; partial class Form : Window { void Paint() { model.Save(); this.Draw(); } }\n",
            "Window.cs": "namespace N; class Window { protected void Close() {} }\n",
            "Model.cs": "namespace N; class Model { public void Save() {} }\n",
        }
    )
    assert edge_lines(graph, "CALLS", "INHERITS") == {
        "One.cs::Form.Draw CALLS Two.cs::Form.Paint",
        "One.cs::Form.Draw CALLS Window.cs::Window.Close",
        "Two.cs::Form INHERITS Window.cs::Window",
        "Two.cs::Form.Paint CALLS Model.cs::Model.Save (scoped)",
        "Two.cs::Form.Paint CALLS One.cs::Form.Draw (scoped)",
    }


def test_csharp_types_come_from_declarations_properties_patterns_and_lambdas(tree):
    graph = tree(
        {
            "Item.cs": """
                class Item
                {
                    public static Item Default { get { return new Item(); } }
                    public Item Next { get; set; }
                    public Item Again => Next;
                    public void Use() { }
                }
                """,
            "Main.cs": """
                class Main<T> where T : Item
                {
                    T held;
                    Dictionary<string, List<Item>> byName;

                    async Task Run(Item[] array, object any, Item? maybe, Task<Item> later)
                    {
                        held.Use();
                        Item.Default.Use();
                        array[0].Next.Again.Use();
                        ((Item) any).Use();
                        (any as Item).Use();
                        if (any is Item found && found != null) found.Use();
                        maybe?.Next?.Use();
                        (await later).Use();
                        foreach (var each in byName["x"]) each.Use();
                        byName["x"].Where(one => one != null).ForEach(one => one.Use());
                        switch (any) { case Item match: match.Use(); break; }
                        using var made = new Item { Next = maybe };
                        made.Use();
                        void Local(Item given) { given!.Use(); }
                        any.Use();
                    }
                }
                """,
        }
    )
    assert lines_of_calls(graph, "Item.Use") == [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22]
    assert [r.name for r in graph.references() if r.span.start_line == 23] == ["Use"]


def test_csharp_tests_of_three_runners_are_tests(tree):
    graph = tree(
        {
            "Math.cs": "class Calc { public int Add() { return 1; } }\n",
            "CalcTests.cs": """
                public class CalcTests
                {
                    Calc calc;

                    [SetUp] public void SetUp() { calc = new Calc(); }
                    [Theory, InlineData(1)] public void X(int n) { calc.Add(); }
                    [Test] public void N() { calc.Add(); }
                    [TestMethod] public async Task M() { calc.Add(); }
                    public void Plain() { calc.Add(); }
                }
                """,
        }
    )
    assert {s.name for s in graph.symbols() if s.kind == "test"} == {"X", "N", "M"}
    assert "CalcTests.cs::CalcTests.N TESTS Math.cs::Calc" in edge_lines(graph, "TESTS")
