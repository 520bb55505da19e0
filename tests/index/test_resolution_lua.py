"""Which edges Lua and Bash code comes to."""

from graph_trees import edge_lines


def test_lua_requires_lead_to_what_a_file_returns(tree):
    graph = tree(
        {
            "lua/app/util.lua": "local M = {}\nfunction M.join() end\nM.late = function() M.join() end\nreturn M\n",
            "lua/app/init.lua": "local function one() end\nreturn { one = one, two = function() one() end }\n",
            "lua/main.lua": """
                local util = require "app.util"
                local app = require("app")
                local gone = require("app.gone")

                local function run()
                  util.join()
                  util.late()
                  app.one()
                  app.two()
                  gone.thing()
                end
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS") == {
        "lua/app/util.lua::M.late CALLS lua/app/util.lua::M.join",
        "lua/app/init.lua::two CALLS lua/app/init.lua::one",
        "lua/main.lua IMPORTS lua/app/util.lua",
        "lua/main.lua IMPORTS lua/app/util.lua::M",
        "lua/main.lua IMPORTS lua/app/init.lua",
        "lua/main.lua::run CALLS lua/app/util.lua::M.join",
        "lua/main.lua::run CALLS lua/app/util.lua::M.late",
        "lua/main.lua::run CALLS lua/app/init.lua::one",
        "lua/main.lua::run CALLS lua/app/init.lua::two",
    }


def test_lua_objects_find_methods_of_their_tables_and_bases(tree):
    graph = tree(
        {
            "base.lua": "local Base = Object:extend()\nfunction Base:draw() self:size() end\n"
            "function Base:size() end\nreturn Base\n",
            "kind.lua": """
                local Base = require("base")
                local Kind = Base:extend()
                local mt = { __index = Kind }

                function Kind.new()
                  return setmetatable({}, mt)
                end

                function Kind:size()
                  self:draw()
                end

                Kind.new():draw()
                unknown:draw()
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "INHERITS", "OVERRIDES") == {
        "base.lua::Base.draw CALLS base.lua::Base.size (scoped)",
        "kind.lua::Kind INHERITS base.lua::Base",
        "kind.lua::mt INHERITS kind.lua::Kind",
        "kind.lua::Kind.size OVERRIDES base.lua::Base.size",
        "kind.lua::Kind.size CALLS base.lua::Base.draw (scoped)",
        "kind.lua::kind CALLS kind.lua::Kind.new",
        "kind.lua::kind CALLS base.lua::Base.draw (scoped)",
    }
    assert {r.name for r in graph.references() if r.span.start_line == 15} == {"unknown", "draw"}


def test_bash_scripts_call_what_they_source_and_no_other_programs(tree):
    graph = tree(
        {
            "lib/a.sh": "say() { printf x; }\nNAME=1\n",
            "b.sh": """
                HERE=$(dirname "$0")
                . "$HERE/lib/a.sh"
                run() {
                  local NAME2=3
                  say "$NAME" | grep "$NAME2" > "$(say)"
                  ./run.sh; python3.11 -c x; "$tool" y
                }
                ls && run
                """,
        }
    )
    assert edge_lines(graph, "CALLS", "IMPORTS", "REFERENCES") == {
        "b.sh IMPORTS lib/a.sh",
        "b.sh::run CALLS lib/a.sh::say",
        "b.sh::run REFERENCES lib/a.sh::NAME",
        "b.sh::b CALLS b.sh::run",
        "b.sh::b REFERENCES b.sh::HERE",
    }
    assert graph.references() == []
