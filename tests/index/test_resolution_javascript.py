"""Which edges JavaScript and TypeScript code comes to."""

from graph_trees import edge_lines


def test_reexports_aliases_defaults_and_stars_lead_to_the_definition(tree):
    graph = tree(
        {
            "lib/one.ts": "export function first() {}\nexport default function second() {}\nfunction third() {}\n"
            "export { third as fourth };\n",
            "lib/index.ts": """
                export * from "./one";
                export { default as main } from "./one.js";
                export * as ns from "./one";
                """,
            "app.ts": """
                import { first, main, ns, fourth as renamed } from "./lib";
                import direct from "./lib/one";
                import * as all from "./lib/index";

                export function use() {
                  first();
                  main();
                  ns.first();
                  renamed();
                  direct();
                  all.main();
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "app.ts::use CALLS lib/one.ts::first",
        "app.ts::use CALLS lib/one.ts::second",
        "app.ts::use CALLS lib/one.ts::third",
    }
    assert graph.imported_files("app.ts") == ["lib/index.ts", "lib/one.ts"]
    assert len(graph.edges(target=graph.symbols(name="second")[0].uid, types=["CALLS"])) == 3
    assert graph.references() == []


def test_tsconfig_paths_base_url_and_extends_lead_imports(tree):
    files = {
        "tsconfig.base.json": '{"compilerOptions": {"baseUrl": "./src", "paths": '
        '{"@lib/*": ["lib/*"], "~": ["root"]}}}',
        "tsconfig.json": '{\n  // comment\n  "extends": "./tsconfig.base.json",\n}',
        "src/lib/tool.ts": "export const work = () => 1;\n",
        "src/root.ts": "export const top = () => 2;\n",
        "src/plain/leaf.ts": "export const grow = () => 3;\n",
        "src/app/main.ts": """
            import { work } from "@lib/tool";
            import { top } from "~";
            import { grow } from "plain/leaf";
            import { absent } from "react";

            export const main = () => work() + top() + grow() + absent();
            """,
    }
    graph = tree(files)
    assert edge_lines(graph, "CALLS") == {
        "src/app/main.ts::main CALLS src/lib/tool.ts::work",
        "src/app/main.ts::main CALLS src/root.ts::top",
        "src/app/main.ts::main CALLS src/plain/leaf.ts::grow",
    }
    assert graph.references() == []
    graph = tree({"tsconfig.base.json": "{}"})
    assert edge_lines(graph, "CALLS") == set()


def test_workspace_packages_are_found_by_their_names(tree):
    graph = tree(
        {
            "packages/core/package.json": '{"name": "@acme/core", "main": "dist/index.js"}',
            "packages/core/src/index.ts": "export * from './thing';\n",
            "packages/core/src/thing.ts": "export class Thing { go() {} }\n",
            "packages/plain/package.json": '{"name": "plain", "main": "./main.js"}',
            "packages/plain/main.js": "exports.run = function () {};\n",
            "packages/app/package.json": '{"name": "app"}',
            "packages/app/index.ts": """
                import { Thing } from "@acme/core";
                import { Thing as Same } from "@acme/core/thing";
                import { run } from "plain";

                new Thing().go();
                new Same();
                run();
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES") == {
        "packages/app/index.ts::packages.app.index INSTANTIATES packages/core/src/thing.ts::Thing",
        "packages/app/index.ts::packages.app.index CALLS packages/core/src/thing.ts::Thing.go (scoped)",
        "packages/app/index.ts::packages.app.index CALLS packages/plain/main.js::run",
    }


def test_commonjs_modules_give_what_they_assign(tree):
    graph = tree(
        {
            "whole.js": "class Whole { go() {} }\nmodule.exports = Whole;\n",
            "parts.js": "function a() {}\nmodule.exports = { a, b: a, c() {}, d: function () {} };\nexports.e = a;\n",
            "use.js": """
                const Whole = require("./whole");
                const parts = require("./parts");
                const { a, b: renamed } = require("./parts");

                function use() {
                  new Whole().go();
                  parts.b();
                  parts.c();
                  parts.d();
                  parts.e();
                  renamed();
                }
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INSTANTIATES") == {
        "use.js::use INSTANTIATES whole.js::Whole",
        "use.js::use CALLS whole.js::Whole.go (scoped)",
        "use.js::use CALLS parts.js::a",
        "use.js::use CALLS parts.js::c",
        "use.js::use CALLS parts.js::d",
    }


def test_this_super_statics_and_getters_resolve_in_classes(tree):
    graph = tree(
        {
            "m.ts": """
                class Base {
                  static make() { return new Base(); }
                  run() { return this.step(); }
                  step() {}
                }
                class Child extends Base {
                  private other = new Base();
                  constructor(readonly helper: Base) { super(); }
                  static build() { return this.make(); }
                  get twin(): Child { return this; }
                  step() { super.step(); this.helper.run(); this.other.run(); }
                  later = () => this.twin.run();
                  each(all: Map<string, Base>) { all.get("x").run(); [1].forEach(() => this.step()); }
                }
                """
        }
    )
    assert edge_lines(graph, "CALLS", "OVERRIDES") == {
        "m.ts::Base.run CALLS m.ts::Base.step (scoped)",
        "m.ts::Child.build CALLS m.ts::Base.make (scoped)",
        "m.ts::Child.step OVERRIDES m.ts::Base.step",
        "m.ts::Child.step CALLS m.ts::Base.step (scoped)",
        "m.ts::Child.step CALLS m.ts::Base.run (scoped)",
        "m.ts::Child.later CALLS m.ts::Base.run (scoped)",
        "m.ts::Child.each CALLS m.ts::Base.run (scoped)",
        "m.ts::Child.each CALLS m.ts::Child.step (scoped)",
    }


def test_local_names_hide_those_of_the_module(tree):
    graph = tree(
        {
            "m.js": """
                function run() {}
                const value = 1;

                function hidden(run) {
                  run();
                  const value = 2;
                  return [1].map((value) => value);
                }
                function nested() {
                  function run() {}
                  run();
                }
                function plain() { return run(value); }
                """
        }
    )
    assert edge_lines(graph, "CALLS", "REFERENCES") == {
        "m.js::nested CALLS m.js::nested.run",
        "m.js::plain CALLS m.js::run",
        "m.js::plain REFERENCES m.js::value",
    }


def test_javascript_and_typescript_import_each_other(tree):
    graph = tree(
        {
            "a.ts": "export class A { go(): void {} }\n",
            "b.jsx": "import { A } from './a';\nexport const b = () => new A();\n",
            "c.tsx": "import { b } from './b';\nexport function c() { b().go(); }\n",
            "d.mjs": "import { c } from './c.js';\nc();\n",
        }
    )
    assert edge_lines(graph, "CALLS") == {
        "c.tsx::c CALLS b.jsx::b",
        "c.tsx::c CALLS a.ts::A.go (scoped)",
        "d.mjs::d CALLS c.tsx::c",
    }
