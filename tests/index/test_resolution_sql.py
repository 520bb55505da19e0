"""What SQL scripts come to."""

from graph_trees import edge_lines

from index.types import SymbolKind

FILES = {
    "schema.sql": """
        -- Who works here.
        CREATE TABLE IF NOT EXISTS public.users (
          id SERIAL PRIMARY KEY,
          team_id INT REFERENCES Teams(id)
        );

        CREATE TABLE teams (id INT);

        CREATE INDEX by_team ON users (team_id);
        """,
    "views.sql": """
        CREATE VIEW active AS
        WITH recent AS (SELECT * FROM users)
        SELECT u.id FROM recent u JOIN TEAMS AS t ON t.id = u.team_id;

        CREATE FUNCTION total(a INT) RETURNS INT AS $$ SELECT 1 FROM active $$ LANGUAGE sql;

        CREATE TRIGGER watch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION total();
        """,
    "queries.sql": """
        INSERT INTO "Users" (id) VALUES (1);
        SELECT total(count(1)) FROM gone;
        UPDATE users SET id = 2;
        """,
}


def test_tables_columns_views_functions_and_triggers_are_symbols(tree):
    graph = tree(FILES)
    found = {
        f"{s.path}::{s.qualified_name} {s.kind}" for s in graph.symbols() if s.kind is not SymbolKind.MODULE
    }
    assert found == {
        "schema.sql::users class",
        "schema.sql::users.id field",
        "schema.sql::users.team_id field",
        "schema.sql::teams class",
        "schema.sql::teams.id field",
        "views.sql::active class",
        "views.sql::total function",
        "views.sql::watch function",
    }
    users = graph.symbols(qualified_name="users")[0]
    assert (users.docstring, users.signature) == (
        "Who works here.",
        "CREATE TABLE IF NOT EXISTS public.users",
    )


def test_queries_refer_to_tables_whatever_the_case_of_their_names(tree):
    graph = tree(FILES)
    assert edge_lines(graph, "REFERENCES", "CALLS") == {
        "schema.sql::users REFERENCES schema.sql::teams",
        "schema.sql::schema REFERENCES schema.sql::users",
        "views.sql::active REFERENCES schema.sql::users",
        "views.sql::active REFERENCES schema.sql::teams",
        "views.sql::total REFERENCES views.sql::active",
        "views.sql::watch REFERENCES schema.sql::users",
        "views.sql::watch CALLS views.sql::total",
        "queries.sql::queries REFERENCES schema.sql::users",
        "queries.sql::queries CALLS views.sql::total",
    }
    assert [r.name for r in graph.references()] == ["gone"]


def test_script_that_does_not_parse_keeps_what_does(tree):
    graph = tree(
        {"a.sql": "CREATE TABLE kept (id INT);\n\nCREATE TABEL (((;\n", "b.sql": "", "c.sql": "'((\n"}
    )
    assert [s.path for s in graph.symbols(name="kept")] == ["a.sql"]
