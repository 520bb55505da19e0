"""Which edges PHP code comes to."""

from graph_trees import edge_lines


def test_php_names_go_by_use_by_namespace_and_by_their_whole_path(tree):
    graph = tree(
        {
            "a.php": "<?php\nnamespace App\\Model;\nclass User { public static function make(): self {} }\n",
            "b.php": "<?php\nnamespace App\\Mail;\nfunction send() {}\nconst LIMIT = 1;\nclass Box {}\n",
            "c.php": """
                <?php
                namespace App;

                use App\\Model\\{User, User as Person};
                use App\\Mail;
                use function App\\Mail\\send as post;
                use const App\\Mail\\LIMIT;

                function one() { User::make(); Person::make(); post(LIMIT); }
                function two() { Model\\User::make(); Mail\\send(); \\App\\Mail\\send(); new \\App\\Mail\\Box; }
                function three() { helper(); \\helper(); new \\Exception("x"); }
                class Exception {}
                """,
            "d.php": "<?php\nfunction helper() {}\n",
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES") == {
        "c.php::one CALLS a.php::User.make",
        "c.php::one CALLS b.php::send",
        "c.php::two CALLS a.php::User.make",
        "c.php::two CALLS b.php::send",
        "c.php::two INSTANTIATES b.php::Box",
        "c.php::three CALLS d.php::helper",
    }
    assert "c.php IMPORTS b.php::LIMIT" in edge_lines(graph, "IMPORTS")


def test_php_types_of_properties_parameters_and_results_lead_calls(tree):
    graph = tree(
        {
            "a.php": """
                <?php
                class Engine { public function start(): static { return $this; } public static Engine $shared; }
                class Car
                {
                    private Engine $typed;
                    private $assigned;

                    public function __construct(private readonly ?Engine $promoted)
                    {
                        $this->assigned = new Engine();
                    }

                    public function engine(): Engine|null { return $this->typed; }

                    public function go(Engine $given, $unknown)
                    {
                        $this->typed->start();
                        $this->assigned->start();
                        $this->promoted?->start();
                        $this->engine()->start()->start();
                        $given->start();
                        Engine::$shared->start();
                        $closure = function () use ($given) { $given->start(); };
                        $arrow = fn(Engine $e) => $e->start();
                        $made = $unknown ?? new Engine();
                        $made->start();
                        $unknown->start();
                    }
                }
                """
        }
    )
    starts = graph.edges(target=graph.symbols(qualified_name="Engine.start")[0].uid, types=["CALLS"])
    lines = sorted(edge.span.start_line - 17 for edge in starts if edge.span)
    assert lines == [1, 2, 3, 4, 4, 5, 6, 7, 8, 10]
    assert {r.name for r in graph.references() if r.type == "CALLS"} == {"start"}


def test_php_types_in_doc_comments_stand_in_for_those_that_are_not_written(tree):
    graph = tree(
        {
            "a.php": """
                <?php
                class Engine { public function start() {} }
                class Car
                {
                    /** @var Engine */
                    private $engine;
                    /** @var Engine[] */
                    private array $spares;

                    /**
                     * Drives.
                     *
                     * @param int $far
                     * @param Engine|null $other the other one
                     * @return Engine
                     */
                    public function go($far, $other)
                    {
                        $this->engine->start();
                        foreach ($this->spares as $spare) { $spare->start(); }
                        $other->start();
                        $this->go(1, null)->start();
                    }
                }
                """
        }
    )
    starts = graph.edges(target=graph.symbols(qualified_name="Engine.start")[0].uid, types=["CALLS"])
    assert sorted(edge.span.start_line - 19 for edge in starts if edge.span) == [1, 2, 3, 4]


def test_php_parent_self_static_and_traits_find_the_hierarchy(tree):
    graph = tree(
        {
            "base.php": """
                <?php
                namespace Lib;
                abstract class Base
                {
                    public function __construct() {}
                    public function run() { static::make(); self::make(); }
                    public static function make() {}
                }
                trait Logs { public function log() { $this->run(); } }
                """,
            "kind.php": """
                <?php
                namespace App;
                use Lib\\{Base, Logs};
                class Kind extends Base
                {
                    use Logs;
                    public function __construct() { parent::__construct(); }
                    public function run() { parent::run(); $this->log(); $x = new static(); $x->log(); }
                }
                $quick = new class extends Base { public function run() { $this->make(); } };
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES", "INHERITS", "OVERRIDES") == {
        "base.php::Base.run CALLS base.php::Base.make (scoped)",
        "kind.php::Kind INHERITS base.php::Base",
        "kind.php::Kind INHERITS base.php::Logs",
        "kind.php::Kind.__construct CALLS base.php::Base.__construct (scoped)",
        "kind.php::Kind.run CALLS base.php::Base.run (scoped)",
        "kind.php::Kind.run CALLS base.php::Logs.log (scoped)",
        "kind.php::Kind.run INSTANTIATES kind.php::Kind",
        "kind.php::Kind.run CALLS kind.php::Kind.__construct",
        "kind.php::Kind.run OVERRIDES base.php::Base.run",
        "kind.php::$1.run CALLS base.php::Base.make (scoped)",
        "kind.php::$1.run OVERRIDES base.php::Base.run",
    }


def test_php_names_that_composer_places_in_the_tree_stay_references_when_gone(tree):
    graph = tree(
        {
            "composer.json": '{"autoload-dev": {"psr-4": {"App\\\\Tests\\\\": "tests/"}}}',
            "a.php": "<?php\nuse App\\Tests\\Gone;\nuse Vendor\\Thing;\nrequire __DIR__ . '/lib/b.php';\n"
            "include 'missing.php';\n",
            "lib/b.php": "<?php\n",
        }
    )
    assert edge_lines(graph, "IMPORTS") == {"a.php IMPORTS lib/b.php"}
    assert {r.name for r in graph.references() if r.type == "IMPORTS"} == {"App\\Tests", ".missing.php"}


def test_phpunit_and_pest_tests_are_found(tree):
    graph = tree(
        {
            "src/Sum.php": "<?php\nfunction sum() {}\n",
            "tests/SumTest.php": """
                <?php
                class SumTest
                {
                    #[Test]
                    public function adds() { sum(); }
                }
                it('adds too', function () { sum(); });
                """,
        }
    )
    assert edge_lines(graph, "TESTS") == {
        "tests/SumTest.php::SumTest.adds TESTS src/Sum.php::sum",
        "tests/SumTest.php::adds too TESTS src/Sum.php::sum",
        "tests/SumTest.php TESTS src/Sum.php (name_only)",
    }
