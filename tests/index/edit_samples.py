"""Small sources of every language with a grammar, for the tests of edits."""

PYTHON = '''\
import os


# Says so.
@decorated
def run(a):
    """Doc."""
    return a  # last
    # inner


class Ship:
    """Doc."""

    def sail(self):
        return 1

    @property
    def speed(self):
        return 2


LIMIT = 1
OTHER = 2  # why
'''
RUST = """\
/// Old.
#[derive(Debug)]
pub struct Ship { a: i32 }

impl Ship {
    /// Sails.
    #[inline]
    pub fn sail(&self) -> i32 { 1 }

    fn stop(&self) {}
}

enum Wind {
    North,
    South
}
"""
JAVA = """\
package p;

/** Old. */
@Entity(1)
public class Ship {

\t@Override
\tpublic int sail(int a) {
\t\treturn 1;
\t}

\tint speed = 1;
}
"""
GO = """\
package p

// Run does.
func Run() {}

type Ship struct {
\tA int
}

// Sail is.
func (s *Ship) Sail(a int) int {
\treturn 1
}

const (
\tX = 1
\tY = 2
)
"""
TYPESCRIPT = """\
/** Old. */
@Entity()
export class Ship {
  x = 1;

  @Log()
  sail(): void {}
}

export const run = async () => {
  return 1;
};

export interface Port { q(): void; r: number }
"""
CPP = """\
namespace n {

/// Old.
template <typename T>
class Ship : public Base {
 public:
  void sail() const { }

  int x;
};

}  // n

template <class T>
void Ship<T>::stop(int a)
{
    h();
}
"""
RUBY = """\
module Sea
  class Ship
    # Sails.
    def sail(a)
      1
    end

    def self.build; end
  end
end
"""
PHP = """\
<?php

class Ship
{
    /** Old. */
    #[Pure]
    public function sail($a)
    {
        return 1;
    }

    private $x = 1;
}
"""
CSHARP = """\
namespace Sea
{
    /// <summary>Old.</summary>
    [Obsolete]
    public class Ship : Base
    {
        [Pure]
        public int Sail(int a)
        {
            return 1;
        }

        public int Speed { get; set; }
    }
}
"""
KOTLIN = """\
/** Old. */
@Entity
class Ship(val x: Int) : Base() {
    fun sail(a: Int): Int {
        return 1
    }

    val y = 1
}

fun run() = 1
"""
JSON = '{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}\n'

FILES = [
    ("a.py", PYTHON), ("a.rs", RUST), ("A.java", JAVA), ("a.go", GO), ("a.ts", TYPESCRIPT), ("a.cc", CPP),
    ("a.rb", RUBY), ("a.php", PHP), ("a.cs", CSHARP), ("a.kt", KOTLIN), ("a.json", JSON),
    ("a.yaml", "a:\n  b: 1\n  c:\n    - x\nd: 2\n"),
    ("a.toml", "# t\n[a.b]\nx = 1\n\n[[c]]\ny = 2\n"),
    ("a.css", "/* d */\n.a, .b {\n  color: red;\n}\n\n.c { d: e }\n"),
    ("a.html", '<main>\n  <div id="x">\n    <p>hi</p>\n  </div>\n  <p id="y">yo</p>\n</main>\n'),
    ("a.sql", "-- d\nCREATE TABLE t (\n  id INT,\n  name TEXT\n);\n\nCREATE VIEW v AS SELECT 1;\n"),
    ("a.sh", "# d\nrun() {\n  echo hi\n}\n\nfunction stop {\n  :\n}\n"),
    ("a.lua", "-- d\nlocal function f()\n  return 1\nend\n\nfunction M.g(a)\n  return 1\nend\n"),
    ("a.c", "/* d */\nstatic int *f(int a)\n{\n    return 0;\n}\n\nstruct S { int x; };\n"),
    ("a.js", "/** d */\nexport default class A {\n  f() {}\n}\n\nconst h = () => 1;\n"),
    ("a.tsx", "export const A = () => {\n  return <p>hi</p>;\n};\n\nfunction B() {}\n"),
    ("a.scala", "/** d */\nclass C(x: Int) {\n  def f(a: Int): Int = {\n    1\n  }\n}\n\nobject O\n"),
    ("a.swift", "/// d\nclass C {\n    func f() -> Int {\n        return 1\n    }\n\n    init() {}\n}\n"),
]  # fmt: skip
