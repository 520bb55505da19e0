"""C, and what C++ shares with it: includes, functions, structures, type names, enumerations, macros.

Calls through pointers to functions end at the variable or field that holds them.
"""

from __future__ import annotations

import re

from index.content import Content
from index.facts import CALL, ELEMENT
from index.languages.c_macros import masked
from index.languages.c_rules import SPACE, CppRules, CRules, read_include
from index.languages.spec import LanguageSpec, Step, TypeNames

FILE_LEVEL = (
    "translation_unit", "declaration_list", "linkage_specification", "preproc_ifdef", "preproc_if", "preproc_else",
    "preproc_elif",
)  # fmt: skip
"""Nodes whose declarations are those of a file or namespace."""


def pointers(inner: str) -> str:
    """A declarator, bare or behind pointers."""
    once = f"(pointer_declarator declarator: {inner})"
    return f"[{inner} {once} (pointer_declarator declarator: {once})]"


def variables(name: str, *more: str) -> str:
    """A declarator of a variable: bare, a pointer, an array; `more` are other forms of it."""
    array = f"(array_declarator declarator: {name})"
    pointer = f"(pointer_declarator declarator: {name})"
    forms = [name, pointer, f"(pointer_declarator declarator: {pointer})", array]
    return f"[{' '.join((*forms, f'(pointer_declarator declarator: {array})', *more))}]"


NAMED_FUNCTION = "(function_declarator declarator: (identifier) @name)"
DECLARED = variables("(identifier) @name")

SHARED = f"""
(preproc_include path: [(string_literal) (system_lib_string)] @module) @import
(preproc_include) @skip
(preproc_def name: (identifier) @name value: (_)) @definition.constant @global
(preproc_function_def name: (identifier) @name) @definition.function @role.macro @global
(preproc_def name: (identifier) @ignore !value)
(preproc_ifdef name: (identifier) @ignore)
(preproc_defined (identifier) @ignore)

(function_definition (storage_class_specifier) @role.private type: (_) @returns
  declarator: {pointers(NAMED_FUNCTION)} (#eq? @role.private "static")) @definition.function
(function_definition type: (_) @returns declarator: {pointers(NAMED_FUNCTION)}) @definition.function
(struct_specifier name: (type_identifier) @name body: (_) @body) @definition.class
(union_specifier name: (type_identifier) @name body: (_) @body) @definition.class
(enum_specifier name: (type_identifier) @name body: (_) @body) @definition.class
(enum_specifier name: (_) body: (enumerator_list
  (enumerator name: (identifier) @name) @definition.field @made @shared))
(enum_specifier !name body: (enumerator_list (enumerator name: (identifier) @name) @definition.constant))
(type_definition
  type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.class
(type_definition
  type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.class
(type_definition type: (struct_specifier name: (type_identifier) @value body: (_))
  declarator: (type_identifier) @name (#not-eq? @name @value)) @variable
(type_definition type: (struct_specifier name: (type_identifier) @_tag !body)
  declarator: {pointers("(type_identifier) @name")} (#not-eq? @name @_tag)) @definition.class
(type_definition type: [(primitive_type) (sized_type_specifier) (type_identifier) (enum_specifier)]
  declarator: [(type_identifier) @name (pointer_declarator declarator: (type_identifier) @name)]) @definition.class
(type_definition declarator: (function_declarator
  declarator: (parenthesized_declarator (_ declarator: (type_identifier) @name)))) @definition.class
(type_definition type: (struct_specifier name: (type_identifier) @inherits !body))
(type_definition type: (type_identifier) @inherits)
(field_declaration type: (_) @type declarator: {variables("(field_identifier) @name")}) @definition.field
(field_declaration declarator: (function_declarator declarator:
  (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))) @definition.field

(parameter_declaration type: (_) @type declarator: {DECLARED}) @parameter
(parameter_declaration declarator: (function_declarator
  declarator: (parenthesized_declarator (_ declarator: (identifier) @name)))) @parameter
(declaration type: (_) @type declarator: {DECLARED} (#not-match? @variable "^extern")) @variable
(declaration type: (_) @type declarator: (init_declarator declarator: {DECLARED})) @variable
(declaration declarator: [
  (function_declarator declarator: (parenthesized_declarator (_ declarator: (identifier) @name)))
  (init_declarator declarator: (function_declarator
    declarator: (parenthesized_declarator (_ declarator: (identifier) @name))))]) @variable
(return_statement (_) @value) @return
"""


def prototypes(declarator: str) -> str:
    """Functions that are declared at the level of a file."""
    return "\n".join(
        f"({parent} (declaration type: (_) @returns declarator: {declarator}) @definition.function @role.declaration)"
        for parent in FILE_LEVEL
    )


BUILTINS = frozenset(
    """NULL true false bool TRUE FALSE size_t ssize_t ptrdiff_t uint8_t uint16_t uint32_t uint64_t int8_t int16_t
    int32_t int64_t uintptr_t intptr_t off_t time_t pid_t FILE va_list errno stdin stdout stderr EOF printf fprintf
    sprintf snprintf vsnprintf vfprintf puts fputs putchar fputc fgets fgetc getc scanf sscanf malloc calloc realloc
    free memcpy memmove memset memcmp memchr strlen strcmp strncmp strcpy strncpy strcat strncat strchr strrchr strstr
    strdup strtol strtoul strtod strerror strcasecmp strncasecmp isdigit isspace isalpha isalnum isprint isupper
    islower toupper tolower atoi
    atol atof abs exit abort assert fopen fclose fread fwrite fseek ftell fflush perror qsort
    bsearch rand srand time clock getenv va_start va_end va_arg va_copy sizeof offsetof static_assert INT_MAX INT_MIN
    UINT_MAX LONG_MAX SIZE_MAX __FILE__ __LINE__ __func__ defined std""".split()  # noqa: SIM905 - a list of words
)
STEPS = {
    "field_expression": Step("argument", "field"),
    "call_expression": Step("function", mark=CALL),
    "subscript_expression": Step("argument", mark=ELEMENT),
    "pointer_expression": Step("argument"),
    "parenthesized_expression": Step(),
    "type_descriptor": Step("type"),
    "struct_specifier": Step("name"),
    "union_specifier": Step("name"),
}
LITERALS = frozenset({"string_literal", "number_literal", "char_literal", "concatenated_string", "null"})
TYPES = TypeNames(
    plain=frozenset({"void", "int", "char", "long", "short", "float", "double", "unsigned", "signed", "bool", "auto",
                     "size_t", "string", "FILE"}),
    modifiers=(*TypeNames().modifiers, "union", "unsigned", "signed", "register", "constexpr", "inline"),
)  # fmt: skip
TEST_FILES = (
    r"(?:^|[_\-/.])(?:unit)?tests?\.[a-z+]+$|(?:^|/)(?:tests?|unittests?|spec)/"
    r"|(?:^|/)tests?[_-][^/]*\.[a-z+]+$|[a-z](?:Test|Tests|TestCase)\.[a-z+]+$"
)
TEST_STEM = r"(?:tests?[_-])?(.+?)(?:[_-]?(?:unit)?tests?|Tests?)?"

_CPP = re.compile(
    r"^[ \t]*(?:template[ \t]*<|namespace\b|class[ \t]+\w+(?:[ \t]+\w+)*[ \t]*(?:[:{;]|$)|using[ \t]+\w"
    r"|(?:public|private|protected)[ \t]*:|(?:inline[ \t]+|static[ \t]+)?constexpr\b|virtual\b"
    r"|#[ \t]*include[ \t]*<[a-z_]+>)|\bstd::|\boperator[ \t]*[=<+\[(]",
    re.MULTILINE,
)


def dialect_of(content: Content) -> LanguageSpec:
    """A header is C++ if its text shows what C lacks; its name and its neighbours say nothing."""
    from index.languages.cpp import CPP  # C++ builds on this file

    return CPP if _CPP.search(content.text) else C


C = LanguageSpec(
    "c",
    (".c",),
    rules=CRules(),
    query=SHARED + prototypes(pointers(NAMED_FUNCTION)),
    names=frozenset({"identifier", "type_identifier"}),
    steps=STEPS,
    casts={"cast_expression": "type", "compound_literal_expression": "type"},
    literals=LITERALS,
    outer=frozenset({"type_definition"}),
    builtins=BUILTINS,
    types=TYPES,
    test_files=TEST_FILES,
    test_stem=TEST_STEM,
    test_names=r"^test_?|_test$",
    masked=masked,
    namespace=lambda path, package: SPACE,
    read_import=read_include,
)
HEADER = LanguageSpec(
    "c",
    (".h",),
    rules=CppRules(),
    builtins=BUILTINS,
    test_files=TEST_FILES,
    test_stem=TEST_STEM,
    dialect=dialect_of,
)
SPECS = (C, HEADER)
