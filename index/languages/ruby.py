"""Ruby: one global scope whose classes and modules any file may open again; constants are found by nesting.

`include`, `extend` and `prepend` count as bases, fields and their accessors share a name. What `method_missing`,
`send` and other macros than `attr_*`, `alias_method` and `define_method` bring is not known. A class method and a
method of one name in one class are told apart by their symbols, not by their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname, normpath
from typing import Any

from index.facts import CALL, ELEMENT
from index.infer import Found, Inference
from index.languages.doc_types import yard_types
from index.languages.rules import NamespaceRules
from index.languages.spec import Import, LanguageSpec, Step
from index.world import Module, World

_ROOTS = ("lib", "", "spec", "test", "app")
"""Folders of a project that `require` looks into."""

QUERY = """
(module name: (constant) @name) @definition.module
(module name: (scope_resolution scope: (_) @owner name: (constant) @name)) @definition.module
(class name: (constant) @name) @definition.class
(class name: (scope_resolution scope: (_) @owner name: (constant) @name)) @definition.class
(class superclass: (superclass (_) @inherits))
(assignment left: (constant) @name
  right: (call receiver: (constant) @_class method: (identifier) @_new block: (_)? @inner)
  (#any-of? @_class "Struct" "Class" "Module" "Data") (#any-of? @_new "new" "define")) @definition.class
(assignment left: (constant)
  right: (call receiver: (constant) @_class method: (identifier) @_new
    arguments: (argument_list . [(constant) (scope_resolution)] @inherits))
  (#eq? @_class "Class") (#eq? @_new "new"))
(assignment left: (constant)
  right: (call receiver: (constant) @_class method: (identifier) @_new
    arguments: (argument_list (simple_symbol) @name @definition.field))
  (#any-of? @_class "Struct" "Data") (#any-of? @_new "new" "define"))
(call !receiver method: (identifier) @_include arguments: (argument_list [(constant) (scope_resolution)] @inherits)
  (#any-of? @_include "include" "extend" "prepend"))

(singleton_class value: (self) @static body: (body_statement (method name: (_) @name) @definition.method))
(singleton_class value: (self) @static
  body: (body_statement (call arguments: (argument_list (method name: (_) @name) @definition.method))))
(singleton_method object: (self) @static name: (_) @name) @definition.method
(singleton_method object: (constant) @owner @static name: (_) @name) @definition.method
(method name: (_) @name) @definition.method
(call !receiver method: (identifier) @_define arguments: (argument_list . (simple_symbol) @name) block: (_) @inner
  (#any-of? @_define "define_method" "define_singleton_method")) @definition.method
(call !receiver method: (identifier) @_alias arguments: (argument_list . (simple_symbol) @name)
  (#eq? @_alias "alias_method")) @definition.method
(alias name: (identifier) @name alias: (_) @ignore) @definition.method
(alias alias: (identifier) @ignore)
(call !receiver method: (identifier) @_attr arguments: (argument_list (simple_symbol) @name @definition.field)
  (#any-of? @_attr "attr_accessor" "attr_reader" "attr_writer" "attr"))

(call !receiver method: (identifier) @_let arguments: (argument_list . (simple_symbol) @name) block: (_) @inner
  (#any-of? @_let "let" "let!" "subject" "subject!")) @definition.function
(call !receiver !arguments method: (identifier) @name block: (_) @inner
  (#any-of? @name "subject" "subject!")) @definition.function
(call method: (identifier) @_runner arguments: (argument_list . (_) @name) block: (_) @inner
  (#any-of? @_runner "describe" "context" "feature" "it" "specify" "example" "scenario" "test" "should"
   "fdescribe" "fcontext" "fit" "xdescribe" "xcontext" "xit" "its")) @definition.test
(call method: (identifier) @name arguments: (argument_list . [(constant) (scope_resolution)] @value)
  block: (_) @as.described_class
  (#any-of? @name "describe" "context")) @parameter

(block) @scope
(do_block) @scope
(lambda) @scope
(method_parameters (identifier) @name @parameter)
(block_parameters (identifier) @name @parameter)
(lambda_parameters (identifier) @name @parameter)
(destructured_parameter (identifier) @name @parameter)
(optional_parameter name: (identifier) @name value: (_) @value) @parameter
(keyword_parameter name: (identifier) @name value: (_)? @value) @parameter
(splat_parameter name: (identifier) @name) @parameter
(hash_splat_parameter name: (identifier) @name) @parameter
(block_parameter name: (identifier) @name) @parameter
(rescue exceptions: (exceptions . (_) @type) variable: (exception_variable (identifier) @name)) @parameter
(rescue variable: (exception_variable (identifier) @name)) @parameter
(for pattern: (identifier) @name value: (in (_) @value)) @element

(assignment left: (constant) @name right: (_) @value) @definition.constant
(assignment left: (identifier) @name @local right: (_) @value) @variable
(operator_assignment left: (identifier) @name @local right: (_) @value) @variable
(assignment left: [(instance_variable) (class_variable)] @name right: (_) @value) @field
(operator_assignment left: [(instance_variable) (class_variable)] @name right: (_) @value) @field
(left_assignment_list (identifier) @name @local @variable)
(return (argument_list . (_) @value)) @return
(method body: (body_statement (_) @value @return .))
(method body: (_) @value @return)
(singleton_method body: (body_statement (_) @value @return .))
(singleton_method body: (_) @value @return)
(block_body (_) @value @return .)

(call !receiver method: (identifier) @_require arguments: (argument_list . (string (string_content) @module))
  (#any-of? @_require "require" "load")) @import
(call !receiver method: (identifier) @relative arguments: (argument_list . (string (string_content) @module))
  (#eq? @relative "require_relative")) @import
(call method: (identifier) @_autoload arguments: (argument_list . (_) . (string (string_content) @module))
  (#eq? @_autoload "autoload")) @import
(setter (identifier) @ignore)
(singleton_method object: (_) @ignore)
(singleton_class value: (_) @ignore)
(class name: (scope_resolution) @ignore)
(module name: (scope_resolution) @ignore)
"""

_BUILTINS = frozenset(
    """self super nil true false puts p pp print raise require require_relative load lambda proc loop private public
    protected module_function private_class_method private_constant public_class_method attr_accessor attr_reader
    attr_writer attr include extend prepend using refine alias_method define_method undef_method remove_method
    block_given? binding catch throw autoload at_exit abort exit sleep rand srand caller caller_locations warn
    __method__ __dir__ __FILE__ __LINE__ freeze frozen? instance_variable_get instance_variable_set
    instance_variable_defined? send public_send __send__ respond_to? is_a? kind_of? instance_of? nil? dup clone tap
    class method object_id singleton_class class_eval instance_eval module_eval instance_exec class_exec const_get
    const_set const_defined? sprintf Integer Float Array String Hash Symbol Object BasicObject Module Class Kernel
    Comparable Enumerable Enumerator Numeric Rational Complex Range Regexp Proc Method Struct Data Set Time Date
    DateTime IO File Dir FileUtils Pathname Thread Mutex Queue Fiber Process Signal Random Math GC ObjectSpace
    Marshal JSON YAML CSV URI Logger StringIO Tempfile Timeout SecureRandom Digest Base64 OpenSSL Net Socket
    Forwardable Singleton Observable Delegator SimpleDelegator OpenStruct BigDecimal ENV ARGV STDIN STDOUT STDERR
    DATA RUBY_VERSION RUBY_ENGINE RUBY_PLATFORM NilClass TrueClass FalseClass Exception StandardError RuntimeError
    ArgumentError TypeError NameError NoMethodError NotImplementedError KeyError IndexError RangeError StopIteration
    IOError EOFError SystemCallError SystemExit ScriptError LoadError SyntaxError SecurityError FrozenError
    ZeroDivisionError FloatDomainError RegexpError ThreadError Interrupt SignalException Errno Encoding MatchData
    Ractor Minitest RSpec Test describe context it specify let subject before after around expect allow assert
    assert_equal refute assert_nil assert_raises assert_match assert_includes refute_nil eq be raise_error receive
    double instance_double is_expected have_attributes shared_examples it_behaves_like include_examples""".split()  # noqa: SIM905 - a list of words
)


class RubyRules(NamespaceRules):
    constructors = ("initialize",)
    makers = frozenset({"new"})
    class_attributes = frozenset({"class"})
    set_up_methods = ("setup", "before_setup")
    implicit_receiver = True
    methods_apart = True
    calls_give_value = True
    names_call = True
    super_calls_namesake = True
    open_classes = True

    def reaches_out(self, name: str) -> bool:
        """Constants are seen from the classes inside, methods are not."""
        return name[:1].isupper()

    def find_module(self, world: World, importer: str, level: int, module: str) -> Module | None:
        """A file by its path from the one that requires it, or below a folder of the load path."""
        name = module.removesuffix(".rb") + ".rb"
        folder = dirname(importer)
        if level:
            path = normpath(f"{folder}/{name}" if folder else name)
            return Module(path, path) if world.has_file(path) else None
        while True:
            for root in _ROOTS:
                path = "/".join(part for part in (folder, root, name) if part)
                if world.has_file(path):
                    return Module(path, path)
            if not folder:
                return None
            folder = dirname(folder)

    def is_inside(self, world: World, importer: str, module: str) -> bool:
        """Whether what is required lies below a library of this project."""
        first, _, rest = module.partition("/")
        return bool(rest) and self.find_module(world, importer, 0, first) is not None

    def fall_through(self, infer: Inference, path: str, name: str, depth: int) -> Found | None:
        """A constant of any file; a method only where no two files define one of that name at their top."""
        if name.startswith("::"):
            return self.in_namespace(infer, infer.world.namespace(path), name[2:], depth)
        if not self.reaches_out(name) and len(infer.world.providers(infer.world.namespace(path), name)) != 1:
            return None
        return super().fall_through(infer, path, name, depth)


def _read_import(captures: dict[str, Any], text: Callable[[Any], str], path: str) -> list[Import]:
    node = captures["module"]
    return [Import(1 if "relative" in captures else 0, text(node), "", "", node)]


SPECS = (
    LanguageSpec(
        "ruby",
        (".rb", ".rake", ".gemspec", ".ru"),
        file_names=("Rakefile", "Gemfile", "Guardfile", "Capfile", "Vagrantfile"),
        rules=RubyRules(),
        query=QUERY,
        names=frozenset({"identifier", "constant", "self", "super", "instance_variable", "class_variable"}),
        own_fields=frozenset({"instance_variable", "class_variable"}),
        steps={
            "call": Step("receiver", "method", CALL),
            "scope_resolution": Step("scope", "name"),
            "element_reference": Step("object", mark=ELEMENT),
            "parenthesized_statements": Step(),
            "assignment": Step("right"),
            "operator_assignment": Step("right"),
        },
        choices=frozenset({"binary"}),
        literals=frozenset(
            """string integer float simple_symbol array hash string_array symbol_array regex nil true false
            heredoc_beginning subshell delimited_symbol range chained_string""".split()  # noqa: SIM905 - a list of words
        ),
        outer=frozenset({"argument_list", "call"}),
        absolute="::",
        receiver="self",
        parent="super",
        builtins=_BUILTINS,
        doc_types=yard_types,
        test_files=r"_(?:spec|test)\.rb$|(?:^|/)(?:spec|test|features)/|(?:^|/)test_[^/]*\.rb$",
        test_stem=r"(.+)_(?:spec|test)|(?:test|spec)_(.+)",
        test_names=r"^test_",
        namespace=lambda path, package: "ruby",
        read_import=_read_import,
    ),
)
