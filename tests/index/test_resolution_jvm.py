"""Which edges Kotlin and Scala code comes to, alone and together with Java."""

from graph_trees import edge_lines, lines_of_calls


def test_kotlin_extensions_are_found_by_type_import_and_on_types_of_others(tree):
    graph = tree(
        {
            "lib/Order.kt": "package lib\n\nclass Order { fun pay(): Order = this }\n",
            "ext/Ext.kt": """
                package ext

                import lib.Order

                fun Order.ship(): Order = pay()
                fun String.shout(): Order = Order()
                val Order.label: Order get() = this
                """,
            "app/Use.kt": """
                package app

                import ext.shout
                import ext.*
                import lib.Order

                fun use(order: Order, file: java.io.File, n: Int) {
                    order.ship().pay()
                    "text".shout().label.pay()
                    file.ship()
                }
                """,
            "app/Blind.kt": "package app\n\nimport lib.Order\n\nfun blind(order: Order) { order.ship() }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "ext/Ext.kt::Order.ship CALLS lib/Order.kt::Order.pay",
        "app/Use.kt::use CALLS ext/Ext.kt::Order.ship (scoped)",
        "app/Use.kt::use CALLS ext/Ext.kt::String.shout (scoped)",
        "app/Use.kt::use CALLS lib/Order.kt::Order.pay (scoped)",
    }
    assert lines_of_calls(graph, "Order.ship") == [9]
    assert lines_of_calls(graph, "Order.pay") == [6, 9, 10]
    assert "app/Use.kt::use REFERENCES ext/Ext.kt::Order.label (scoped)" in edge_lines(graph, "REFERENCES")


def test_kotlin_objects_companions_lambdas_casts_and_nameless_objects(tree):
    graph = tree(
        {
            "Item.kt": """
                open class Item(val next: Item?) {
                    open fun use() {}
                    companion object {
                        fun of(): Item = Item(null)
                    }
                }

                object Store {
                    val items: List<Item> = emptyList()
                }
                """,
            "Main.kt": """
                fun run(any: Any, maybe: Item?) {
                    val made = Item.of()
                    made.use()
                    maybe?.next!!.use()
                    (any as Item).use()
                    Store.items.forEach { it.use() }
                    Store.items.filter { one -> one.next != null }.first().use()
                    made.also { again -> again.use() }
                    for (each in Store.items) each.use()
                    val nameless = object : Item(made) {
                        override fun use() { super.use() }
                    }
                    any.use()
                }
                """,
        }
    )
    assert lines_of_calls(graph, "Item.use") == [4, 5, 6, 7, 8, 9, 10, 12]
    assert "Main.kt::run.$1.use OVERRIDES Item.kt::Item.use" in edge_lines(graph, "OVERRIDES")
    assert [r.name for r in graph.references() if r.span.start_line == 14] == ["use"]


def test_java_and_kotlin_see_each_other(tree):
    graph = tree(
        {
            "Shape.java": "package shapes;\n\npublic abstract class Shape { public abstract double area(); }\n",
            "Circle.kt": """
                package shapes

                class Circle : Shape() {
                    override fun area(): Double = 1.0
                    companion object {
                        fun unit() = Circle()
                    }
                }
                """,
            "Main.java": "package shapes;\n\nclass Main { void f() { Circle.Companion.unit().area(); } }\n",
            "CircleTest.java": "package shapes;\n\nclass CircleTest { @Test void t() { new Circle().area(); } }\n",
        }
    )
    assert edge_lines(graph, "CALLS", "INHERITS", "OVERRIDES", "TESTS") >= {
        "Circle.kt::Circle INHERITS Shape.java::Shape",
        "Circle.kt::Circle.area OVERRIDES Shape.java::Shape.area",
        "Main.java::Main.f CALLS Circle.kt::Circle.unit (scoped)",
        "Main.java::Main.f CALLS Circle.kt::Circle.area (scoped)",
        "CircleTest.java::CircleTest.t TESTS Circle.kt::Circle.area (scoped)",
        "CircleTest.java TESTS Circle.kt (name_only)",
    }


def test_kotlin_actual_declarations_complete_the_expected_class(tree):
    graph = tree(
        {
            "common/Clock.kt": "package c\n\nexpect class Clock { fun now(): Int }\n",
            "jvm/Clock.kt": "package c\n\nactual class Clock { actual fun now() = 1\n fun zone() = 2 }\n",
            "common/Use.kt": "package c\n\nfun use(clock: Clock) { clock.now(); clock.zone() }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "common/Use.kt::use CALLS common/Clock.kt::Clock.now (scoped)",
        "common/Use.kt::use CALLS jvm/Clock.kt::Clock.zone (scoped)",
    }


def test_qualified_names_lead_through_packages(tree):
    graph = tree(
        {
            "lib/Tools.java": "package org.acme.lib;\n\npublic class Tools { public static void cut() {} }\n",
            "app/Main.java": """
                package org.acme.app;

                class Main {
                    org.acme.lib.Tools tools;
                    void f() { org.acme.lib.Tools.cut(); tools.cut(); org.gone.Tools.cut(); }
                }
                """,
            "app/Use.scala": "package org.acme\npackage app\n\nobject Use { def g() = lib.Tools.cut() }\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "app/Main.java::Main.f CALLS lib/Tools.java::Tools.cut",
        "app/Main.java::Main.f CALLS lib/Tools.java::Tools.cut (scoped)",
        "app/Use.scala::Use.g CALLS lib/Tools.java::Tools.cut",
    }


def test_scala_packages_objects_extensions_and_implicit_classes(tree):
    graph = tree(
        {
            "model/Item.scala": """
                package shop.model

                case class Item(next: Item) { def use(): Unit = () }

                object Item {
                  def default: Item = Item(null)
                  implicit class Rich(val item: Item) { def twice(): Item = item }
                }
                """,
            "model/package.scala": "package shop\n\npackage object model { def helper(): Item = new Item(null) }\n",
            "ext/Syntax.scala": """
                package shop.ext

                import shop.model.Item

                extension (item: Item)
                  def again(n: Int): Item = item
                  def label: String = ""

                enum Color { case Red; def paint(): Unit = () }
                """,
            "app/Main.scala": """
                package shop
                package app

                import model.{Item => I, _}
                import shop.ext._

                class Main(held: I) extends Base with Logging {
                  override def log(): Unit = super.log()

                  def run(any: Any, all: List[I], maybe: Option[I]): Unit = {
                    held.next.use()
                    I.default.use()
                    helper().use()
                    held.again(1).use()
                    Color.Red.paint()
                    val made = I(held)
                    made.use()
                    for (one <- all) one.use()
                    maybe.foreach(one => one.use())
                    any match {
                      case item: I => item.use()
                      case text: String => text.use()
                    }
                    val nameless = new Base { def go() = this.log() }
                  }
                }
                """,
            "app/Base.scala": """
                package shop.app

                class Base { def log(): Unit = () }
                trait Logging { def log(): Unit }
                """,
        }
    )
    assert lines_of_calls(graph, "Item.use") == [12, 13, 14, 15, 18, 19, 20, 22]
    assert edge_lines(graph, "CALLS", "INHERITS", "OVERRIDES", "INSTANTIATES") >= {
        "app/Main.scala::Main INHERITS app/Base.scala::Base",
        "app/Main.scala::Main INHERITS app/Base.scala::Logging",
        "app/Main.scala::Main.log OVERRIDES app/Base.scala::Base.log",
        "app/Main.scala::Main.log CALLS app/Base.scala::Base.log (scoped)",
        "app/Main.scala::Main.run CALLS model/package.scala::helper",
        "app/Main.scala::Main.run CALLS ext/Syntax.scala::Item.again (scoped)",
        "app/Main.scala::Main.run CALLS ext/Syntax.scala::Color.paint (scoped)",
        "app/Main.scala::Main.run INSTANTIATES model/Item.scala::Item",
        "app/Main.scala::Main.run.$1.go CALLS app/Base.scala::Base.log (scoped)",
    }
    assert [r.name for r in graph.references() if r.span.start_line == 23 and r.type == "CALLS"] == ["use"]
