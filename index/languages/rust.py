"""Rust: crates and modules, `use` trees, types with their `impl` blocks, traits, enumerations, macros, unit tests.

A generic parameter stands for its first bound. What a closure's parameter holds is known where an iterator of a known
type calls it. Types that only the compiler's inference knows stay unknown; so do names that macros make.
"""

from __future__ import annotations

from index.facts import CALL, ELEMENT
from index.languages.rust_modules import RustRules
from index.languages.rust_use import read_use
from index.languages.spec import LanguageSpec, Step, TypeNames

QUERY = """
(use_declaration argument: (_) @module) @import
(mod_item name: (identifier) @module !body) @import
(extern_crate_declaration name: (identifier) @module) @import
(use_declaration) @skip
(attribute_item) @skip
(inner_attribute_item) @skip
(macro_invocation (token_tree) @tokens)
(macro_definition (macro_rule) @skip)

(mod_item name: (identifier) @name body: (_) @body) @definition.module
(struct_item name: (type_identifier) @name body: (field_declaration_list)? @body) @definition.class
(union_item name: (type_identifier) @name body: (_) @body) @definition.class
(enum_item name: (type_identifier) @name body: (_) @body) @definition.class
(trait_item name: (type_identifier) @name body: (_) @body) @definition.interface
(trait_item bounds: (trait_bounds [(type_identifier) (scoped_type_identifier) (generic_type)] @inherits))
(source_file (type_item name: (type_identifier) @name) @definition.class)
(mod_item body: (declaration_list (type_item name: (type_identifier) @name) @definition.class))
(source_file (type_item type: [(type_identifier) (scoped_type_identifier) (generic_type)] @inherits))
(impl_item body: (declaration_list
  (type_item name: (type_identifier) @name type: [(type_identifier) (scoped_type_identifier)] @value) @parameter))
(impl_item trait: [(type_identifier) (scoped_type_identifier) (generic_type)]? @inherits)

(impl_item type: [
  (type_identifier) @owner
  (scoped_type_identifier name: (_) @owner)
  (generic_type type: (type_identifier) @owner)
  (generic_type type: (scoped_type_identifier name: (_) @owner))
  (reference_type type: (type_identifier) @owner)
  (reference_type type: (generic_type type: (type_identifier) @owner))
  (primitive_type) @owner
  (dynamic_type trait: (type_identifier) @owner)
]) @part

((attribute_item (attribute . (_) @test)) . [(attribute_item) (line_comment)]* .
  (function_item name: (identifier) @name return_type: (_)? @returns) @definition.function
  (#match? @test "^(([a-z_0-9]+::)*test|rstest|test_case|quickcheck|bench)$"))
(function_item name: (identifier) @name return_type: (_)? @returns) @definition.function
(function_signature_item name: (identifier) @name return_type: (_)? @returns) @definition.function
(macro_definition name: (identifier) @name) @definition.function @role.macro
(closure_expression) @scope

(field_declaration name: (field_identifier) @name type: (_) @type) @definition.field
(enum_variant name: (identifier) @name body: (_) @maker) @definition.field
(enum_variant name: (identifier) @name) @definition.field @made
(const_item name: (identifier) @name type: (_) @type) @variable
(static_item name: (identifier) @name type: (_) @type) @variable

(type_parameter name: (type_identifier) @name bounds: (trait_bounds
  . [(type_identifier) (scoped_type_identifier) (generic_type)] @value)) @parameter
(type_parameter name: (type_identifier) @name) @parameter
(where_predicate left: (type_identifier) @name bounds: (trait_bounds
  . [(type_identifier) (scoped_type_identifier) (generic_type)] @value)) @parameter
(parameter pattern: (identifier) @name type: (_) @type) @parameter
(parameter pattern: (mut_pattern (identifier) @name) type: (_) @type) @parameter
(let_declaration pattern: (identifier) @name type: (_) @type) @variable
(let_declaration pattern: (identifier) @name value: (_)? @value) @variable
(let_declaration pattern: (mut_pattern (identifier) @name) value: (_)? @value) @variable
(let_declaration pattern: (tuple_struct_pattern . type: (identifier) @_wrapper . (identifier) @name) value: (_) @value
  (#any-of? @_wrapper "Some" "Ok")) @variable
(let_condition pattern: (tuple_struct_pattern . type: (identifier) @_wrapper . (identifier) @name) value: (_) @value
  (#any-of? @_wrapper "Some" "Ok")) @variable
(match_expression value: (_) @value body: (match_block (match_arm pattern: (match_pattern
  (tuple_struct_pattern . type: (identifier) @_wrapper . (identifier) @name))))
  (#any-of? @_wrapper "Some" "Ok")) @variable
(tuple_struct_pattern type: (_) (identifier) @name) @parameter
(tuple_pattern (identifier) @name) @parameter
(slice_pattern (identifier) @name) @parameter
(struct_pattern (field_pattern name: (shorthand_field_identifier) @name)) @parameter
(struct_pattern (field_pattern pattern: (identifier) @name)) @parameter
(ref_pattern (identifier) @name) @parameter
(mut_pattern (identifier) @name) @parameter
(captured_pattern . (identifier) @name) @parameter
(reference_pattern (identifier) @name) @parameter
(for_expression pattern: (identifier) @name value: (_) @value) @element
(for_expression pattern: (reference_pattern (identifier) @name) value: (_) @value) @element
(call_expression function: (field_expression value: (_) @value)
  arguments: (arguments (closure_expression parameters: (closure_parameters . (identifier) @name .) @element)))
(closure_parameters (identifier) @name) @parameter
(return_expression (_) @value) @return
(lifetime) @ignore
(label) @ignore
"""

_BUILTINS = frozenset(
    """Some None Ok Err Box Vec String Option Result drop println print eprintln eprint format vec panic assert
    assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne write writeln todo unimplemented unreachable
    matches dbg env option_env concat stringify include_str include_bytes include line column file cfg
    compile_error thread_local bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 std core
    alloc Copy Send Sync Sized Drop Fn FnMut FnOnce ToOwned Clone PartialEq PartialOrd Eq Ord AsRef AsMut Into From
    Default Iterator Extend IntoIterator DoubleEndedIterator ExactSizeIterator ToString TryFrom TryInto
    FromIterator Unpin _""".split()  # noqa: SIM905 - a list of words
)
_TYPES = TypeNames()

SPECS = (
    LanguageSpec(
        "rust",
        (".rs",),
        rules=RustRules(),
        query=QUERY,
        names=frozenset({"identifier", "type_identifier", "self", "super", "crate"}),
        steps={
            "field_expression": Step("value", "field"),
            "scoped_identifier": Step("path", "name"),
            "scoped_type_identifier": Step("path", "name"),
            "call_expression": Step("function", mark=CALL),
            "macro_invocation": Step("macro", mark=CALL),
            "struct_expression": Step("name", mark=CALL),
            "index_expression": Step(mark=ELEMENT),
            "generic_function": Step("function"),
            "generic_type": Step("type"),
            "generic_type_with_turbofish": Step("type"),
            "bracketed_type": Step(),
            "qualified_type": Step("type"),
            "try_expression": Step(),
            "await_expression": Step(),
            "reference_expression": Step("value"),
            "unary_expression": Step(),
            "parenthesized_expression": Step(),
        },
        casts={"type_cast_expression": "type"},
        literals=frozenset(
            {"string_literal", "raw_string_literal", "integer_literal", "float_literal", "char_literal",
             "boolean_literal"}
        ),
        comments=frozenset({"line_comment", "block_comment"}),
        between=frozenset({"attribute_item"}),
        receiver="self",
        open_modules=True,
        builtins=_BUILTINS,
        types=TypeNames(
            wrappers=_TYPES.wrappers | {"Result", "OnceCell", "OnceLock", "LazyLock", "MutexGuard", "NonNull"},
            containers=_TYPES.containers | {"BinaryHeap", "SmallVec", "IndexSet", "Peekable"},
            plain=frozenset({"str", "String", "bool", "char", "u8", "u32", "u64", "usize", "i32", "i64", "f64"}),
            mappings=_TYPES.mappings | {"IndexMap", "FxHashMap"},
        ),
        test_files=r"(?:^|/)tests?\.rs$|_tests?\.rs$|(?:^|/)benches/",
        test_stem=r"(?:test_)?(.+?)(?:_tests?)?",
        namespace=lambda path, package: "rust",
        read_import=read_use,
    ),
)  # fmt: skip
