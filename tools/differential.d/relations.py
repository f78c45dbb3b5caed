"""Cases of tools/differential whose query is made of expressions, set operations, subqueries or arrays."""
from expressions import Expressions


class Relations:
    """Mixed into Case: self.tables has one table to begin with."""

    def of_columns(self, table):
        """For Expressions: numbers of a table are small, as are texts."""
        size = {"i": 50, "b": 10**12, "d": 100, "f": 1000, "s": 5}
        return [("ts", "p", 0, (0, 0))] + [(name, kind, size.get(kind, 0), (12, 2)) for name, kind in table.columns]

    def make_expr(self, rng):
        """Expressions as columns and as the condition."""
        table = self.retyped(rng, self.tables[0])
        made = Expressions(rng, self.of_columns(table))
        columns = [made.result(rng.randint(1, 4))[0] for _ in range(rng.randint(1, 4))]
        self.columns = ["ts"] + [f"x{i}" for i in range(len(columns))]
        condition = made.make("t", rng.randint(1, 4)) if rng.random() < 0.6 else None
        for side in ("ours", "theirs"):
            shown = ", ".join(["ts"] + [f"{getattr(one, side)} AS x{i}" for i, one in enumerate(columns)])
            where = f" WHERE {getattr(condition, side)}" if condition else ""
            setattr(self, side, f"SELECT {shown} FROM t{where}")
        self.skips_empty, self.in_batch = False, True

    @staticmethod
    def retyped(rng, table):
        """A table with a column of most types, which the other kinds have no use for."""
        table.columns = [("k0", rng.choice("isbt")), ("v0", "i"), ("v1", "s")]
        table.columns += [(f"v{i + 2}", kind) for i, kind in enumerate(rng.sample("ibdfte", rng.randint(1, 5)))]
        table.rows = [(ts, [table.value(rng, *column) for column in table.columns]) for ts, _ in table.rows]
        table.arrival = sorted(table.rows, key=lambda row: row[0] + rng.uniform(0, table.disorder))
        return table

    def add_like(self, rng, rows_max):
        """A table `u` with the columns of `t`."""
        left = self.tables[0]
        right = type(left)(rng, "u", 0, left.disorder)
        right.columns, right.null_share = left.columns, rng.choice([0, left.null_share])
        right.rows = [(i * 700, [right.value(rng, *column) for column in right.columns]) for i in range(rng.randint(1, rows_max))]
        right.arrival = right.rows
        self.tables.append(right)
        return right

    # --- set operations ---

    def make_setop(self, rng):
        self.add_like(rng, 30)
        table = self.tables[0]
        columns = rng.sample(table.columns, rng.randint(1, min(3, len(table.columns))))
        self.columns = [f"c{i}" for i in range(len(columns))]
        self.ours = self.theirs = self.set_tree(rng, columns, rng.randint(1, 3))
        self.skips_empty, self.in_batch = False, True

    def set_tree(self, rng, columns, depth):
        if depth == 0:
            return self.set_branch(rng, columns)
        parts = [self.set_tree(rng, columns, rng.randint(0, depth - 1)) for _ in range(2)]
        op = rng.choice(["UNION", "INTERSECT", "EXCEPT"]) + rng.choice(["", " ALL"])
        tree = f"({parts[0]}) {op} ({parts[1]})"
        if rng.random() < 0.2:
            names = ", ".join(f"c{i}" for i in range(len(columns)))
            tree = f"SELECT {names} FROM ({tree}) AS q({names}) WHERE c0 IS NOT NULL"
        return tree

    @staticmethod
    def set_branch(rng, columns):
        """Rows of a table; one of them may come out of a grouping, which takes its results back."""
        table = rng.choice("tu")
        names = [name for name, _ in columns]
        last, kind = columns[-1]
        aliased = [f"{name} AS c{i}" for i, name in enumerate(names)]
        where = rng.choice(["", "", f" WHERE {rng.choice(names)} IS NOT NULL"])
        if len(names) > 1 and kind != "t" and rng.random() < 0.4:
            call = rng.choice([f"MAX({last})", f"MIN({last})"])
            shown = ", ".join(aliased[:-1] + [f"{call} AS c{len(names) - 1}"])
            return f"SELECT {shown} FROM {table}{where} GROUP BY {', '.join(names[:-1])}"
        distinct = rng.choice(["", "", "DISTINCT "])
        return f"SELECT {distinct}{', '.join(aliased)} FROM {table}{where}"

    # --- subqueries ---

    def make_subquery(self, rng):
        self.add_like(rng, 20)
        table = self.tables[0]
        outer, columns = rng.choice([("t", table.columns), self.grouped(rng, "t", table.columns)])
        conditions = [self.condition(rng, columns, table.columns) for _ in range(rng.choice([1, 1, 2]))]
        text = f" {rng.choice(['AND', 'AND', 'OR'])} ".join(conditions)
        shown = [name for name, _ in columns]
        self.columns = list(shown)
        numbers = [name for name, kind in table.columns if kind in "ibds"]
        if numbers and rng.random() < 0.4:
            self.columns.append("best")
            shown.append(f"(SELECT {rng.choice(['MAX', 'MIN'])}({rng.choice(numbers)}) FROM u) AS best")
        self.ours = self.theirs = f"SELECT {', '.join(shown)} FROM {outer} WHERE {text}"
        self.skips_empty, self.in_batch = False, True

    @staticmethod
    def grouped(rng, name, columns):
        """Groups of a table, which come and go."""
        (key, key_kind), (value, value_kind) = rng.choice(columns[:1]), rng.choice(columns[1:])
        if value_kind == "t":
            return f"(SELECT {key}, {value} FROM {name} GROUP BY {key}, {value}) AS g", [(key, key_kind), (value, value_kind)]
        call = rng.choice(["MAX", "MIN"])
        having = rng.choice(["", "", " HAVING COUNT(*) < 3"])
        return (f"(SELECT {key}, {call}({value}) AS {value} FROM {name} GROUP BY {key}{having}) AS g",
                [(key, key_kind), (value, value_kind)])

    def condition(self, rng, columns, inner_columns):
        """A condition on `columns` that has a subquery over u."""
        inner, inner_columns = rng.choice([("u", inner_columns), self.grouped(rng, "u", inner_columns)])
        name, kind = rng.choice(columns)
        where = rng.choice(["", "", f" WHERE {rng.choice(inner_columns)[0]} IS NOT NULL"])
        alike = [n for n, k in inner_columns if k == kind]
        choice = rng.random()
        if choice < 0.2 or not alike:
            limits = [n for n, k in inner_columns if k in "ib"]
            where = f" WHERE {rng.choice(limits)} > {rng.randint(-20, 40)}" if limits else where
            return f"{rng.choice(['', 'NOT '])}EXISTS (SELECT * FROM {inner}{where})"
        subquery = f"(SELECT {rng.choice(alike)} FROM {inner}{where})"
        if choice < 0.75 or kind == "t":
            return f"{name} {rng.choice(['IN', 'IN', 'NOT IN'])} {subquery}"
        if choice < 0.85:
            return f"{name} {rng.choice(['= ANY', '< ANY', '>= ALL', '<> ALL', '> ALL'])} {subquery}"
        call = rng.choice(["MAX", "MIN"])
        return f"{name} {rng.choice(['<', '<=', '=', '<>'])} (SELECT {call}({rng.choice(alike)}) FROM {inner}{where})"

    # --- arrays ---

    def make_unnest(self, rng):
        """Rows of an array that is made of a row's columns."""
        table = self.tables[0]
        kind = rng.choice([k for _, k in table.columns])
        names = [name for name, k in table.columns if k == kind]
        array = f"ARRAY[{', '.join(rng.choice(names) for _ in range(rng.randint(1, 4)))}]"
        if rng.random() < 0.3:
            array = f"CASE WHEN {names[0]} IS NULL THEN NULL ELSE {array} END"
        shown = ["ts"] + [name for name, _ in table.columns]
        numbered = rng.random() < 0.5
        alias = f"UNNEST({array}){' WITH ORDINALITY' if numbered else ''} AS a(x{', n' if numbered else ''})"
        joined = rng.choice([f", {alias}", f" CROSS JOIN {alias}", f" LEFT JOIN {alias} ON TRUE"])
        where = rng.choice(["", " WHERE x IS NOT NULL", f" WHERE x IS DISTINCT FROM {names[0]}"])
        if rng.random() < 0.4:
            self.columns = ["x", "n"]
            self.ours = self.theirs = f"SELECT x, COUNT(*) AS n FROM t{joined}{where} GROUP BY x"
        else:
            self.columns = shown + ["x"] + (["n"] if numbered else [])
            self.ours = self.theirs = f"SELECT {', '.join(self.columns)} FROM t{joined}{where}"
        self.skips_empty, self.in_batch = False, True
