"""Which edges Ruby code comes to."""

from graph_trees import edge_lines


def test_ruby_class_opened_in_several_files_is_one_class(tree):
    graph = tree(
        {
            "lib/shop.rb": "module Shop\n  def self.open(x) = Cart.new.pay(x)\nend\n",
            "lib/shop/cart.rb": "module Shop\n  class Cart\n    def total = tax(1)\n  end\nend\n",
            "lib/shop/tax.rb": "class Shop::Cart\n  RATE = 2\n  def tax(n) = n * RATE\n  def pay(n) = total\nend\n",
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES", "REFERENCES") == {
        "lib/shop.rb::Shop.open REFERENCES lib/shop/cart.rb::Shop.Cart",
        "lib/shop.rb::Shop.open INSTANTIATES lib/shop/cart.rb::Shop.Cart",
        "lib/shop.rb::Shop.open CALLS lib/shop/tax.rb::Shop.Cart.pay (scoped)",
        "lib/shop/cart.rb::Shop.Cart.total CALLS lib/shop/tax.rb::Shop.Cart.tax",
        "lib/shop/tax.rb::Shop.Cart.tax REFERENCES lib/shop/tax.rb::Shop.Cart.RATE",
        "lib/shop/tax.rb::Shop.Cart.pay CALLS lib/shop/cart.rb::Shop.Cart.total",
    }


def test_ruby_class_of_another_library_opened_here_offers_what_was_added(tree):
    graph = tree(
        {
            "test/helper.rb": "class Minitest::Test\n  def login = 1\nend\n",
            "test/a_test.rb": "class ATest < Minitest::Test\n  def test_a = login\nend\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "test/a_test.rb::ATest.test_a CALLS test/helper.rb::Minitest.Test.login"
    }


def test_ruby_constants_are_found_by_nesting_and_methods_are_not(tree):
    graph = tree(
        {
            "a.rb": """
                module Outer
                  class Error < StandardError; end

                  def self.shout = 1

                  module Inner
                    class User
                      def run
                        raise Error
                        shout
                      end

                      def other = ::Error.new
                    end
                  end
                end

                class Error; end
                """
        }
    )
    assert edge_lines(graph, "REFERENCES", "CALLS", "INSTANTIATES") == {
        "a.rb::Outer.Inner.User.run REFERENCES a.rb::Outer.Error",
        "a.rb::Outer.Inner.User.other REFERENCES a.rb::Error",
        "a.rb::Outer.Inner.User.other INSTANTIATES a.rb::Error",
    }
    assert ("shout", "CALLS") in {(r.name, r.type) for r in graph.references()}


def test_ruby_super_calls_the_method_of_that_name_and_new_calls_initialize(tree):
    graph = tree(
        {
            "base.rb": "class Base\n  def initialize(x); end\n\n  def run = 1\nend\n",
            "kind.rb": """
                require_relative "base"

                class Kind < Base
                  def initialize(x)
                    super
                  end

                  def run = super() + 1

                  def again = self.class.new(1).run

                  class << self
                    def make = new(3)
                  end
                end

                Other = Class.new(Base) do
                  def run = 3
                end

                Kind.make.again
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES", "INHERITS", "OVERRIDES") == {
        "kind.rb::Kind INHERITS base.rb::Base",
        "kind.rb::Kind.initialize CALLS base.rb::Base.initialize (scoped)",
        "kind.rb::Kind.run CALLS base.rb::Base.run (scoped)",
        "kind.rb::Kind.run OVERRIDES base.rb::Base.run",
        "kind.rb::Kind.again INSTANTIATES kind.rb::Kind (scoped)",
        "kind.rb::Kind.again CALLS kind.rb::Kind.initialize (scoped)",
        "kind.rb::Kind.again CALLS kind.rb::Kind.run (scoped)",
        "kind.rb::Kind.make INSTANTIATES kind.rb::Kind",
        "kind.rb::Kind.make CALLS kind.rb::Kind.initialize",
        "kind.rb::Other INHERITS base.rb::Base",
        "kind.rb::Other.run OVERRIDES base.rb::Base.run",
        "kind.rb::kind CALLS kind.rb::Kind.make",
        "kind.rb::kind CALLS kind.rb::Kind.again (scoped)",
    }


def test_ruby_fields_and_their_readers_share_a_name(tree):
    graph = tree(
        {
            "a.rb": """
                class Engine
                  def start = 1
                end

                class Car
                  attr_accessor :engine, :spare

                  def initialize
                    @engine = Engine.new
                    @lazy ||= Engine.new
                  end

                  def lazy
                    @lazy
                  end

                  def drive
                    @engine.start
                    engine.start
                    lazy.start
                    unknown.start
                  end
                end

                Car.new.engine.start
                """
        }
    )
    starts = graph.edges(target=graph.symbols(qualified_name="Engine.start")[0].uid, types=["CALLS"])
    assert sorted(edge.span.start_line for edge in starts if edge.span) == [19, 20, 21, 26]
    assert {(r.name, r.type) for r in graph.references() if r.span.start_line == 22} == {
        ("unknown", "CALLS"),
        ("start", "CALLS"),
    }
    assert [s.kind for s in graph.symbols(qualified_name="Car.engine")] == ["field"]


def test_ruby_requires_search_the_load_path_and_gone_files_stay_references(tree):
    graph = tree(
        {
            "gems/a/lib/a/x.rb": 'require "a/y"\nrequire "a/gone"\nrequire "json"\n',
            "gems/a/lib/a.rb": 'autoload :X, "a/x"\nrequire_relative "missing"\n',
            "gems/a/lib/a/y.rb": "",
            "gems/a/spec/x_spec.rb": 'require "spec_helper"\nrequire "a"\n',
            "gems/a/spec/spec_helper.rb": "",
        }
    )
    assert edge_lines(graph, "IMPORTS") == {
        "gems/a/lib/a/x.rb IMPORTS gems/a/lib/a/y.rb",
        "gems/a/lib/a.rb IMPORTS gems/a/lib/a/x.rb",
        "gems/a/spec/x_spec.rb IMPORTS gems/a/spec/spec_helper.rb",
        "gems/a/spec/x_spec.rb IMPORTS gems/a/lib/a.rb",
    }
    assert {r.name for r in graph.references() if r.type == "IMPORTS"} == {"a/gone", ".missing"}


def test_rspec_blocks_are_tests_that_use_what_let_names(tree):
    graph = tree(
        {
            "lib/cart.rb": "class Cart\n  def total = 1\nend\n",
            "spec/cart_spec.rb": """
                RSpec.describe Cart do
                  let(:cart) { described_class.new }

                  describe "#total" do
                    it "adds up" do
                      expect(cart.total).to eq 1
                    end
                  end
                end
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "TESTS", "INSTANTIATES") == {
        "spec/cart_spec.rb::Cart.cart INSTANTIATES lib/cart.rb::Cart (scoped)",
        "spec/cart_spec.rb::Cart.#total.adds up CALLS spec/cart_spec.rb::Cart.cart",
        "spec/cart_spec.rb::Cart.#total.adds up CALLS lib/cart.rb::Cart.total (scoped)",
        "spec/cart_spec.rb::Cart.#total.adds up TESTS lib/cart.rb::Cart (scoped)",
        "spec/cart_spec.rb::Cart.#total.adds up TESTS lib/cart.rb::Cart.total (scoped)",
        "spec/cart_spec.rb TESTS lib/cart.rb (name_only)",
    }


def test_ruby_types_in_yard_comments_are_believed(tree):
    graph = tree(
        {
            "a.rb": """
                class Engine
                  def start = 1
                end

                class Car
                  # @param engine [Engine] what drives
                  # @return [Engine]
                  def swap(engine)
                    engine.start
                    swap(engine).start
                  end
                end
                """
        }
    )
    starts = graph.edges(target=graph.symbols(qualified_name="Engine.start")[0].uid, types=["CALLS"])
    assert len({edge.span.start_line for edge in starts if edge.span}) == 2
