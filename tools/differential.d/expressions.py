"""Random scalar expressions that mean the same in Flink's dialect and in PostgreSQL's, each written in both.

An Expr knows how large it may get, so that no case overflows: an error would be right in both, and would compare
nothing.  Kinds: i INT, b BIGINT, d DECIMAL, f DOUBLE, s text, t BOOLEAN, p TIMESTAMP(3), e DATE."""
from collections import namedtuple

# size: |number| at most, or bytes of a text; digits: of a DECIMAL, all of them and those behind the point.
Expr = namedtuple("Expr", "ours theirs size digits", defaults=(0, (0, 0)))

INT_MAX, BIGINT_MAX, TEXT_MAX = 2**31 - 1, 2**63 - 1, 200
FLINK = {"i": "INT", "b": "BIGINT", "d": "DECIMAL(38, 6)", "f": "DOUBLE", "s": "STRING", "t": "BOOLEAN", "p": "TIMESTAMP(3)", "e": "DATE"}
POSTGRES = {**FLINK, "d": "NUMERIC(38, 6)", "f": "DOUBLE PRECISION", "s": "TEXT"}
NUMBERS = "ibdf"


def both(text, *parts, **more):
    return Expr(text.format(*(p.ours for p in parts)), text.format(*(p.theirs for p in parts)), **more)


class Expressions:
    def __init__(self, rng, columns):
        """columns: (name, kind, size, digits)."""
        self.rng = rng
        self.columns = columns

    def make(self, kind, depth):
        if depth <= 0 or self.rng.random() < 0.15:
            return self.leaf(kind)
        return getattr(self, {"i": "integer", "b": "integer", "d": "decimal", "f": "double", "s": "text", "t": "boolean",
                              "p": "time", "e": "date"}[kind])(kind, depth - 1)

    def any_kind(self, kinds="ibdfstpe"):
        return self.rng.choice(kinds)

    # --- leaves ---

    def leaf(self, kind):
        columns = [c for c in self.columns if c[1] == kind]
        if columns and self.rng.random() < 0.7:
            name, _, size, digits = self.rng.choice(columns)
            return Expr(name, name, size, digits)
        if self.rng.random() < 0.1:
            return Expr(f"CAST(NULL AS {FLINK[kind]})", f"CAST(NULL AS {POSTGRES[kind]})", 0, (1, 0))
        return self.literal(kind)

    def literal(self, kind):
        rng = self.rng
        if kind == "i":
            value = rng.choice([0, 1, 2, 3, 7, 10, 100, -1, -5])
            return Expr(f"{value}", f"({value})", abs(value))
        if kind == "b":
            value = rng.choice([0, 1, 10**12, -3 * 10**10])
            return Expr(f"CAST({value} AS BIGINT)", f"CAST({value} AS BIGINT)", abs(value))
        if kind == "d":
            value, digits = rng.choice([("0.0", (2, 1)), ("1.5", (2, 1)), ("-0.25", (3, 2)), ("10.00", (4, 2)), ("99.999", (5, 3))])
            return Expr(value, f"({value})", abs(float(value)), digits)
        if kind == "f":
            value = rng.choice(["0", "1", "0.5", "-2.25", "0.1", "1000000"])
            return both(f"CAST({value} AS {{}})", Expr("DOUBLE", "DOUBLE PRECISION"), size=abs(float(value)))
        if kind == "s":
            value = rng.choice(["", "a", "x", " x ", "yy", "abc", "ü", "q''x", "a%b", "10"])
            return Expr(f"'{value}'", f"'{value}'::TEXT", len(value.replace("''", "'").encode()))
        if kind == "t":
            value = rng.choice(["TRUE", "FALSE"])
            return Expr(value, value)
        if kind == "p":
            value = rng.choice(["2024-01-01 00:00:10", "2024-02-29 23:59:59.999", "1969-12-31 23:59:59.5", "2023-12-31 12:30:00.25"])
            return Expr(f"CAST('{value}' AS TIMESTAMP(3))", f"TIMESTAMP(3) '{value}'")
        value = rng.choice(["2024-01-01", "2024-02-29", "1969-12-31", "2023-06-15"])
        return Expr(f"DATE '{value}'", f"DATE '{value}'")

    # --- what every kind has ---

    def general(self, kind, depth):
        """CASE, COALESCE, NULLIF and the like."""
        rng = self.rng
        choice = rng.randint(0, 5)
        if choice == 0:
            condition, one = self.make("t", depth), self.make(kind, depth)
            if rng.random() < 0.3:
                return self.joined("CASE WHEN {0} THEN {1} END", [condition], [one])
            return self.joined("CASE WHEN {0} THEN {1} ELSE {2} END", [condition], [one, self.make(kind, depth)])
        if choice == 1:
            conditions = [self.make("t", depth), self.make("t", depth)]
            return self.joined("CASE WHEN {0} THEN {2} WHEN {1} THEN {3} ELSE {4} END", conditions,
                               [self.make(kind, depth) for _ in range(3)])
        if choice == 2:
            values = [self.make(kind, depth) for _ in range(rng.randint(2, 3))]
            return self.joined("COALESCE(" + ", ".join(f"{{{i}}}" for i in range(len(values))) + ")", [], values)
        if choice == 3:
            values = [self.make(kind, depth), self.make(kind, depth)]
            made = self.joined("NULLIF({0}, {1})", [], values)
            return made._replace(digits=values[0].digits, size=values[0].size)
        if choice == 4:
            subject = self.make(self.any_kind("ibst"), depth)
            other = self.rng.choice("is")
            subject, other = self.make(other, depth), self.make(other, 0)
            return self.joined("CASE {0} WHEN {1} THEN {2} ELSE {3} END", [subject, other], [self.make(kind, depth), self.make(kind, depth)])
        if kind in "t":
            return self.make(kind, depth)
        # PostgreSQL's leave NULLs out.
        values = [self.make(kind, depth), self.make(kind, depth)]
        name = rng.choice(["GREATEST", "LEAST"])
        made = self.joined(name + "({0}, {1})", [], values)
        nulls = " OR ".join(f"({v.theirs}) IS NULL" for v in values)
        return made._replace(theirs=f"CASE WHEN {nulls} THEN NULL ELSE {made.theirs} END")

    @staticmethod
    def joined(text, conditions, values):
        whole = max(v.digits[0] - v.digits[1] for v in values)
        scale = max(v.digits[1] for v in values)
        return both(text, *conditions, *values, size=max(v.size for v in values), digits=(min(38, whole + scale), scale))

    # --- numbers ---

    def integer(self, kind, depth):
        rng = self.rng
        limit = INT_MAX if kind == "i" else BIGINT_MAX
        choice = rng.randint(0, 12)
        if choice <= 3:
            left, right = self.make(kind, depth), self.make(self.rng.choice("ib") if kind == "b" else "i", depth)
            op = rng.choice("+-*")
            size = left.size * right.size if op == "*" else left.size + right.size
            return both(f"({{}} {op} {{}})", left, right, size=size) if size <= limit else left
        if choice <= 5:
            left, right = self.make(kind, depth), self.make(kind, depth)
            op = rng.choice(["({} / {})", "MOD({}, {})", "({} % {})"])
            if rng.random() < 0.5:
                return both(op, left, both("NULLIF({}, 0)", right), size=left.size)
            # Only rows that pass the condition may be divided.
            return both("CASE WHEN {} <> 0 THEN " + op.replace("{}", "{}", 1) + " ELSE 0 END", right, left, right, size=left.size)
        if choice == 6:
            one = self.make(kind, depth)
            return rng.choice([both("ABS({})", one, size=one.size), both("(- {})", one, size=one.size), both("SIGN({})", one, size=1)._replace(
                theirs=f"CAST(SIGN({one.theirs}) AS {POSTGRES[kind]})")])
        if choice == 7 and kind == "i":
            return self.of_text(depth)
        if choice == 8 and kind == "b":
            return self.of_time(depth)
        if choice == 9:
            one = self.make(rng.choice("df"), depth)
            if one.size < limit // 2:
                return Expr(f"CAST({one.ours} AS {FLINK[kind]})", f"CAST(TRUNC({one.theirs}) AS {POSTGRES[kind]})", one.size)
        if choice == 10:
            one = self.make("b" if kind == "i" else "i", depth)
            if one.size <= limit:
                return both(f"CAST({{}} AS {FLINK[kind]})", one, size=one.size)
        if choice == 11:
            one = self.make(kind, depth)
            return both(f"CAST(CAST({{}} AS {{}}) AS {FLINK[kind]})", one, Expr("STRING", "TEXT"), size=one.size)
        return self.general(kind, depth)

    def of_text(self, depth):
        one = self.make("s", depth)
        other = self.make("s", 0)
        return self.rng.choice([both("CHAR_LENGTH({})", one, size=one.size), both("POSITION({} IN {})", other, one, size=one.size + 1),
                                both("OCTET_LENGTH({})", one, size=one.size)])

    def of_time(self, depth):
        rng = self.rng
        if rng.random() < 0.5:
            one = self.make("p", depth)
            unit, theirs = rng.choice([("HOUR", "{}"), ("MINUTE", "{}"), ("SECOND", "FLOOR({})"), ("YEAR", "{}"), ("QUARTER", "{}"),
                                       ("DAY", "{}"), ("WEEK", "{}")])
        else:
            one = self.make("e", depth)
            unit, theirs = rng.choice([("YEAR", "{}"), ("MONTH", "{}"), ("DAY", "{}"), ("DOY", "{}"), ("DOW", "{} + 1"), ("QUARTER", "{}"),
                                       ("WEEK", "{}")])
        pg = theirs.format(f"EXTRACT({unit} FROM {one.theirs})")
        return Expr(f"EXTRACT({unit} FROM {one.ours})", f"CAST({pg} AS BIGINT)", 9999)

    def decimal(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 8)
        left = self.make("d", depth)
        (precision, scale), whole = left.digits, left.digits[0] - left.digits[1]
        if choice <= 1:
            right = self.make("d", depth)
            more_scale = max(scale, right.digits[1])
            digits = max(whole, right.digits[0] - right.digits[1]) + more_scale + 1
            if digits <= 30:
                return both(f"({{}} {rng.choice('+-')} {{}})", left, right, size=left.size + right.size, digits=(digits, more_scale))
            return left
        if choice <= 3:
            right = self.make("d", depth)
            digits = precision + right.digits[0] + 1
            if digits <= 30:
                return both("({} * {})", left, right, size=left.size * right.size, digits=(digits, scale + right.digits[1]))
            return left
        if choice == 4:
            places = rng.randint(0, 3)
            digits = (min(38, whole + 1 + min(places, scale)), min(places, scale))
            return both(f"ROUND({{}}, {places})", left, size=left.size + 1, digits=digits)
        if choice == 5:
            name = rng.choice(["ABS", "FLOOR", "CEIL"])
            digits = left.digits if name == "ABS" else (min(38, whole + 1), 0)
            return both(name + "({})", left, size=left.size + 1, digits=digits)
        if choice == 6:
            one = self.make(rng.choice("ib"), depth)
            return both("CAST({} AS {})", one, Expr("DECIMAL(24, 2)", "NUMERIC(24, 2)"), size=one.size, digits=(24, 2))
        if choice == 7:
            to = (min(30, whole + 3), min(2, scale))
            return both(f"CAST({{}} AS {{}}({to[0]}, {to[1]}))", left, Expr("DECIMAL", "NUMERIC"), size=left.size + 1, digits=to)
        made = self.general(kind, depth)
        return made if made.digits[0] <= 30 else left

    def double(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 6)
        left = self.make("f", depth)
        if choice <= 2:
            right = self.make("f", depth)
            op = rng.choice("+-*")
            size = left.size * right.size if op == "*" else left.size + right.size
            return both(f"({{}} {op} {{}})", left, right, size=size) if size < 1e30 else left
        if choice == 3:
            return both("({} / NULLIF({}, CAST(0 AS {})))", left, self.make("f", 0), Expr("DOUBLE", "DOUBLE PRECISION"), size=left.size * 10)
        if choice == 4:
            name = rng.choice(["ABS", "FLOOR", "CEIL", "SIGN"])
            return both(name + "({})", left, size=left.size + 1)
        if choice == 5:
            one = self.make(rng.choice("ibd"), depth)
            return both("CAST({} AS {})", one, Expr("DOUBLE", "DOUBLE PRECISION"), size=one.size)
        return self.general(kind, depth)

    # --- texts ---

    def text(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 12)
        one = self.make("s", depth)
        if one.size > TEXT_MAX:
            return self.leaf("s")
        if choice <= 1:
            other = self.make("s", depth)
            return both("({} || {})", one, other, size=one.size + other.size)
        if choice == 2:
            name = rng.choice(["UPPER", "LOWER", "REVERSE", "LTRIM", "RTRIM", "TRIM"])
            return both(name + "({})", one, size=one.size)
        if choice == 3:
            start, count = rng.randint(1, 4), rng.randint(0, 4)
            return rng.choice([both(f"SUBSTRING({{}} FROM {start})", one, size=one.size),
                               both(f"SUBSTRING({{}} FROM {start} FOR {count})", one, size=one.size)])
        if choice == 4:
            return both(f"{rng.choice(['LEFT', 'RIGHT'])}({{}}, {rng.randint(0, 4)})", one, size=one.size)
        if choice == 5:
            return both(f"REPLACE({{}}, '{rng.choice(['x', 'ab', 'ü', ' '])}', {{}})", one, self.make("s", 0), size=one.size * 8)
        if choice == 6:
            return both(f"REPEAT({{}}, {rng.randint(0, 3)})", one, size=one.size * 3)
        if choice == 7:
            return both(f"{rng.choice(['LPAD', 'RPAD'])}({{}}, {rng.randint(0, 6)}, '{rng.choice(['.', 'ab', 'ü'])}')", one, size=12)
        if choice == 8:  # REPLACE of nothing and OVERLAY behind the end are Java's in Flink: not here
            return both("REPLACE({}, NULLIF({}, ''), 'z')", one, self.make("s", 0), size=one.size)
        if choice == 9:
            return both("TRANSLATE({}, 'xaü', 'yb')", one, size=one.size)
        if choice == 10:
            return self.to_text(depth)
        if choice == 11:
            return rng.choice([both("MD5({})", one, size=32), both("CONCAT_WS(',', {}, {})", one, self.make("s", 0), size=one.size + 9),
                               both(f"TRIM({rng.choice(['BOTH', 'LEADING', 'TRAILING'])} 'x' FROM {{}})", one, size=one.size)])
        return self.general(kind, depth)

    def to_text(self, depth):
        kind = self.any_kind("ibtpe")
        one = self.make(kind, depth)
        ours = f"CAST({one.ours} AS STRING)"
        if kind in "ib":
            return Expr(ours, f"CAST({one.theirs} AS TEXT)", 20)
        if kind == "t":
            return Expr(ours, f"UPPER(CAST({one.theirs} AS TEXT))", 5)
        if kind == "e":
            return Expr(ours, f"TO_CHAR({one.theirs}, 'YYYY-MM-DD')", 10)
        if self.rng.random() < 0.5:
            return Expr(f"DATE_FORMAT({one.ours}, 'yyyy/MM/dd HH-mm:ss.SSS')", f"TO_CHAR({one.theirs}, 'YYYY/MM/DD HH24-MI:SS.MS')", 23)
        return Expr(ours, f"TO_CHAR({one.theirs}, 'YYYY-MM-DD HH24:MI:SS.MS')", 23)

    # --- conditions ---

    def boolean(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 10)
        if choice <= 3:
            of = self.any_kind("iibdfsspet")
            op = rng.choice(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
            # Numbers of two types meet in one that holds both; with a DOUBLE they would round.
            other = rng.choice("ibd") if of in "ibd" else of
            return both(f"({{}} {op} {{}})", self.make(of, depth), self.make(other, depth))
        if choice <= 5:
            return both(f"({{}} {rng.choice(['AND', 'OR'])} {{}})", self.make("t", depth), self.make("t", depth))
        if choice == 6:
            return both(rng.choice(["(NOT {})", "({} IS TRUE)", "({} IS NOT TRUE)", "({} IS FALSE)", "({} IS UNKNOWN)"]), self.make("t", depth))
        if choice == 7:
            return both(f"({{}} IS {rng.choice(['', 'NOT '])}NULL)", self.make(self.any_kind(), depth))
        if choice == 8:
            of = self.any_kind("ibdspe")
            parts = [self.make(of, depth), self.make(of, 0), self.make(of, 0)]
            return both("({} " + rng.choice(["BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC"]) + " {} AND {})", *parts)
        if choice == 9:
            of = self.any_kind("ibsped")
            items = [self.make(of, 0) for _ in range(rng.randint(1, 5))]
            listed = ", ".join(["{}"] * len(items))
            return both("({} " + rng.choice(["IN", "NOT IN"]) + f" ({listed}))", self.make(of, depth), *items)
        if rng.random() < 0.7:
            pattern = rng.choice(["%x%", "a%", "%", "", "_", "y_", "%a_c%", "x", "%ü", "a\\%%"])
            escape = " ESCAPE '\\'" if "\\" in pattern else ""
            return both(f"({{}} {rng.choice(['', 'NOT '])}LIKE '{pattern}'{escape})", self.make("s", depth))
        return self.general(kind, depth)

    # --- times ---

    def time(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 5)
        one = self.make("p", depth)
        if choice <= 1:
            unit, count = rng.choice([("SECOND", "1.5"), ("MINUTE", "90"), ("HOUR", "5"), ("DAY", "31"), ("MONTH", "1"), ("YEAR", "1")])
            return both(f"({{}} {rng.choice('+-')} INTERVAL '{count}' {unit})", one)
        if choice == 2:
            unit = rng.choice(["SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "QUARTER", "YEAR"])
            return Expr(f"FLOOR({one.ours} TO {unit})", f"CAST(DATE_TRUNC('{unit}', {one.theirs}) AS TIMESTAMP(3))")
        if choice == 3:
            return both("CAST({} AS TIMESTAMP(3))", self.make("e", depth))
        return self.general(kind, depth)

    def date(self, kind, depth):
        rng = self.rng
        choice = rng.randint(0, 4)
        one = self.make("e", depth)
        if choice <= 1:
            unit, count = rng.choice([("DAY", 1), ("DAY", 45), ("MONTH", 1), ("MONTH", 13), ("YEAR", 1)])
            return both(f"CAST(({{}} {rng.choice('+-')} INTERVAL '{count}' {unit}) AS DATE)", one)
        if choice == 2:
            return both("CAST({} AS DATE)", self.make("p", depth))
        return self.general(kind, depth)

    def result(self, depth):
        """A column of the result; a DECIMAL gets one scale in both."""
        kind = self.any_kind()
        one = self.make(kind, depth)
        if kind == "d":
            return both("CAST({} AS {})", one, Expr(FLINK["d"], POSTGRES["d"])), kind
        return (both("CAST({} AS {})", one, Expr("STRING", "TEXT")) if kind == "s" else one), kind
