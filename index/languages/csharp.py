"""C#: namespaces, `using` in its forms, partial classes, extension methods, properties, records, attributes of tests.

`global using` counts for its own file only; of nested `namespace` blocks the outermost names the file's namespace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.facts import CALL, ELEMENT
from index.languages.extensions import ExtensionRules
from index.languages.spec import REST, Import, LanguageSpec, Step, TypeNames

_NAMED = "[(identifier) (generic_name) (qualified_name)]"
_TESTS = """"Fact" "Theory" "Test" "TestCase" "TestCaseSource" "TestMethod" "DataTestMethod" "SkippableFact"
  "Benchmark" """

QUERY = f"""
(file_scoped_namespace_declaration name: (_) @package)
(compilation_unit (namespace_declaration name: (_) @package))
(namespace_declaration name: (_) @ignore)
(using_directive name: (identifier)? @alias [(identifier) (qualified_name) (generic_name)] @module .) @import

(class_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(delegate_declaration name: (identifier) @name) @definition.interface
(base_list {_NAMED} @inherits)
(base_list (primary_constructor_base_type type: (_) @inherits))
(type_parameter name: (identifier) @name) @parameter
(type_parameter_constraints_clause . (identifier) @name . (type_parameter_constraint type: (_) @value)) @parameter

(method_declaration (attribute_list (attribute name: (identifier) @test)) returns: (_) @returns
  name: (identifier) @name (#any-of? @test {_TESTS})) @definition.method
(method_declaration returns: (_) @returns name: (identifier) @name
  parameters: (parameter_list . (parameter (modifier) @_this type: (_) @extends))
  (#eq? @_this "this")) @definition.method
(method_declaration (modifier "static" @static) returns: (_) @returns name: (identifier) @name) @definition.method
(method_declaration returns: (_) @returns name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.method
(local_function_statement type: (_) @returns name: (identifier) @name) @definition.function
(property_declaration type: (_) @returns name: (identifier) @name
  value: (arrow_expression_clause) @property) @definition.method
(property_declaration type: (_) @returns name: (identifier) @name
  accessors: (accessor_list (accessor_declaration body: (_))) @property) @definition.method
(lambda_expression) @scope
(anonymous_method_expression) @scope
(indexer_declaration) @scope
(operator_declaration) @scope
(conversion_operator_declaration) @scope
(destructor_declaration) @scope
(destructor_declaration name: (_) @ignore)

(property_declaration type: (_) @type name: (identifier) @name) @definition.field
(field_declaration (modifier "const") (variable_declaration type: (_) @type
  (variable_declarator name: (identifier) @name) @definition.constant))
(field_declaration (variable_declaration type: (_) @type
  (variable_declarator name: (identifier) @name) @definition.field))
(event_field_declaration (variable_declaration type: (_) @type
  (variable_declarator name: (identifier) @name) @definition.field))
(enum_declaration name: (identifier) @type
  body: (enum_member_declaration_list (enum_member_declaration name: (identifier) @name) @definition.constant))
(record_declaration (parameter_list (parameter type: (_) @type name: (identifier) @name) @definition.field))

(invocation_expression function: (member_access_expression expression: (_) @value)
  arguments: (argument_list . (argument (lambda_expression parameters: (implicit_parameter) @name @element))))
(foreach_statement type: (implicit_type) left: (identifier) @name right: (_) @value) @element
(foreach_statement type: (_) @type left: (identifier) @name) @element
(parameter type: (_) @type name: (identifier) @name) @parameter
(parameter name: (identifier) @name) @parameter
(parameter_list type: (_) @type name: (identifier) @name) @parameter
(implicit_parameter) @name @parameter
(catch_declaration type: (_) @type name: (identifier) @name) @parameter
(declaration_pattern type: (_) @type name: (identifier) @name) @parameter
(declaration_expression type: (_) @type name: (identifier) @name) @parameter
(tuple_pattern name: (identifier) @name @parameter)
(variable_declaration type: (_) @type (variable_declarator name: (identifier) @name . (_)? @value) @variable)
(return_statement (_) @value) @return
(method_declaration body: (arrow_expression_clause (_) @value)) @return
(local_function_statement body: (arrow_expression_clause (_) @value)) @return

(initializer_expression (assignment_expression left: (identifier) @ignore))
(argument name: (identifier) @ignore)
(labeled_statement . (identifier) @ignore)
(goto_statement (identifier) @ignore)
"""

_BUILTINS = frozenset(
    """this base var dynamic nameof value Object String Boolean Int32 Int64 Int16 Byte Char Double Single Decimal
    DateTime DateTimeOffset TimeSpan Guid Uri Version Type Enum Array Math Convert Console Environment Exception
    ArgumentException ArgumentNullException ArgumentOutOfRangeException InvalidOperationException
    NotImplementedException NotSupportedException NullReferenceException FormatException OperationCanceledException
    ObjectDisposedException IDisposable IAsyncDisposable IComparable IEquatable IFormattable Nullable Lazy Tuple
    ValueTuple Func Action Predicate EventArgs EventHandler Attribute Activator GC Random Task ValueTask
    CancellationToken CancellationTokenSource List Dictionary HashSet Queue Stack LinkedList SortedDictionary
    IEnumerable IEnumerator ICollection IList IDictionary ISet IReadOnlyList IReadOnlyCollection IReadOnlyDictionary
    KeyValuePair IQueryable Enumerable StringBuilder Regex Stream MemoryStream File Path Directory Expression
    CultureInfo Encoding Interlocked Monitor Thread Assembly MethodInfo PropertyInfo MemberInfo Fact Theory InlineData
    MemberData ClassData Test TestCase TestFixture TestMethod TestClass DataTestMethod DataRow SetUp TearDown Assert
    Obsolete Serializable Flags Conditional DebuggerDisplay CallerMemberName NotNull MaybeNull
    _""".split()  # noqa: SIM905 - a list of words
)
_TYPES = TypeNames(
    containers=TypeNames().containers
    | {"IReadOnlyList", "ISet", "IQueryable", "IOrderedEnumerable", "ConcurrentBag", "ConcurrentQueue", "IEnumerator",
       "ObservableCollection", "ImmutableArray", "ImmutableList", "IImmutableList", "ReadOnlyCollection", "Span",
       "ReadOnlySpan", "IAsyncEnumerable", "Collection", "Memory", "SortedSet", "Stack"},
    mappings=TypeNames().mappings | {"SortedDictionary", "ImmutableDictionary", "Func", "KeyValuePair"},
    plain=TypeNames().plain | {"var", "dynamic", "decimal", "uint", "ulong", "ushort", "sbyte", "nint", "Type"},
    modifiers=(*TypeNames().modifiers, "scoped", "this", "global"),
)  # fmt: skip


class CSharpRules(ExtensionRules):
    overloads = True
    family = "csharp"
    prefix = "cs:"
    sees_outwards = True
    element_methods = frozenset(
        {"First", "FirstOrDefault", "Single", "SingleOrDefault", "Last", "LastOrDefault", "ElementAt", "Dequeue",
         "ElementAtOrDefault", "Pop", "Peek", "Find", "FindLast", "GetValueOrDefault", "MinBy", "MaxBy", "Invoke",
         "FirstAsync", "FirstOrDefaultAsync", "SingleAsync", "SingleOrDefaultAsync", "Aggregate", "GetOrAdd"}
    )  # fmt: skip
    container_methods = frozenset(
        {"Where", "OrderBy", "OrderByDescending", "ThenBy", "ThenByDescending", "Skip", "Take", "ToList", "ToArray",
         "Distinct", "DistinctBy", "Reverse", "Concat", "Union", "Intersect", "Except", "AsEnumerable", "AsQueryable",
         "ToHashSet", "FindAll", "Append", "Prepend", "SkipWhile", "TakeWhile", "ToListAsync", "AsReadOnly",
         "DefaultIfEmpty", "Include", "AsNoTracking", "ToImmutableArray", "ToImmutableList"}
    )  # fmt: skip
    set_up_methods = ("SetUp", "Setup", "Initialize", "TestInitialize", "")


def _namespace(path: str, package: str) -> str:
    return CSharpRules.prefix + "".join(package.split())


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    dotted = "".join(text(node).split()).partition("<")[0].replace("global::", "")
    if "alias" not in captures:
        return [Import(0, dotted, "*", "", node)]
    namespace, _, name = dotted.rpartition(".")
    return [Import(0, namespace, name, text(captures["alias"]), node)]


SPECS = (
    LanguageSpec(
        "csharp",
        (".cs",),
        rules=CSharpRules(),
        query=QUERY,
        names=frozenset({"identifier", "this", "base"}),
        steps={
            "invocation_expression": Step("function", mark=CALL),
            "member_access_expression": Step("expression", "name"),
            "conditional_access_expression": Step("condition", REST),
            "object_creation_expression": Step("type", mark=CALL),
            "element_access_expression": Step("expression", mark=ELEMENT),
            "qualified_name": Step("qualifier", "name"),
            "generic_name": Step(),
            "nullable_type": Step(),
            "array_type": Step("type"),
            "postfix_unary_expression": Step(),
            "parenthesized_expression": Step(),
            "await_expression": Step(),
        },
        choices=frozenset({"conditional_expression", "binary_expression"}),
        casts={"cast_expression": "type", "as_expression": "right"},
        literals=frozenset(
            {"string_literal", "verbatim_string_literal", "raw_string_literal", "interpolated_string_expression",
             "character_literal", "integer_literal", "real_literal", "boolean_literal", "null_literal"}
        ),
        outer=frozenset({"field_declaration", "event_field_declaration", "variable_declaration"}),
        receiver="this",
        parent="base",
        builtins=_BUILTINS,
        types=_TYPES,
        test_files=r"(?:^|/)[\w.]*[._]?(?:Unit|Integration|Functional)?Tests?(?:\.[\w.]+)?/|\w+(?:Tests?|Specs?)\.cs$",
        test_stem=r"(.+?)(?:Tests?|Specs?|Tester)",
        namespace=_namespace,
        read_import=_read_import,
    ),
)  # fmt: skip
