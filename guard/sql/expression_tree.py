"""The answers that the parsed tree of an expression gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from guard.expression import Among, Cast, Expression, Range
from guard.operations import Type
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.sqlglot_check import DIALECTS, name_of, parse
from guard.sql.tokens import FILLER, HOLE, Token, split
from guard.sql.types import read_type
from guard.sql.volatility import KEYWORDS, Volatility, volatility_of


def read_tree(source: SqlText, tokens: list[Token]) -> Expression | None:
    """Return what the expression says, None where sqlglot cannot read it."""
    try:
        tree = parse(source, tokens, exp.Condition)
    except SqlError:
        return None
    if tree is None:
        return None
    reader = _Reader(source, tokens[0].start)
    functions = dict.fromkeys(reader.functions(tree))
    calls = {name: volatility_of(name, source.dialect) for name in functions}
    columns = reader.columns(tree)
    unknown = None in calls.values() or reader.has_unknown_piece(tree)
    volatile = True if "volatile" in calls.values() else None if unknown else False
    varies = columns or tree.find(exp.Query) or "stable" in calls.values() or volatile
    return Expression(
        sql="",
        columns=columns,
        is_constant=False if varies else None if unknown else True,
        is_volatile=volatile,
        unknown_functions=tuple(name for name, volatility in calls.items() if volatility is None),
        is_null=_is_null(tree),
        always_true=reader.always_true(tree),
        true_but_for_null=reader.true_but_for_null(tree),
        among=reader.among(tree),
        not_null=tuple(sorted(reader.tested(tree, is_null=False))),
        nulls=tuple(sorted(reader.tested(tree, is_null=True))),
        cast=reader.cast(tree),
        values=reader.values(tree),
        ranges=reader.ranges(tree),
        outside=reader.outside(tree),
    )


def _plain(node: exp.Expr) -> exp.Expr:
    """Return what parentheses hold; `IS DISTINCT FROM NULL` as the `IS NOT NULL` that it is."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.NullSafeEQ | exp.NullSafeNEQ):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(_uncast(other), exp.Null):
                negate = isinstance(node, exp.NullSafeNEQ)
                return exp.Is(this=one.copy(), expression=exp.Null(), negate=negate)
    return node


def _uncast(node: exp.Expr) -> exp.Expr:
    """Return what parentheses and casts hold."""
    while isinstance(node, (exp.Paren, exp.Cast)):
        node = node.this
    return node


def _is_null(tree: exp.Expr) -> bool | None:
    bare = _uncast(tree)
    if isinstance(bare, exp.Null):
        return True
    return False if _literal(tree) is not None or isinstance(bare, exp.Array) else None


def _literal(node: exp.Expr) -> str | None:
    """Return the value of a literal as text, casts aside; None for anything else."""
    node = _uncast(node)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.this}"
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    return str(node.this) if isinstance(node, exp.Literal) else None


_OPPOSITE: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}


def _is_null_test(node: exp.Expr) -> bool:
    """Return whether it is true or false, also where what it looks at is NULL."""
    node = _plain(node)
    return isinstance(node, exp.Is) or (isinstance(node, exp.Not) and _is_null_test(node.this))


def _is_ordered(node: exp.LT | exp.LTE | exp.GT | exp.GTE) -> bool:
    """Return whether two numbers are compared that stand in this order: `1 < 2`."""
    try:
        one, other = float(_literal(node.left) or ""), float(_literal(node.right) or "")
    except ValueError:
        return False
    return one < other if isinstance(node, exp.LT | exp.LTE) else one > other


class _Reader:
    """Asks the tree, in the words of the text that it was made of."""

    def __init__(self, source: SqlText, start: int) -> None:
        self.source = source
        self.start = start

    # Names and functions

    def columns(self, tree: exp.Expr) -> tuple[str, ...]:
        found = {
            name_of(column.this, self.source): None
            for column in tree.find_all(exp.Column)
            if isinstance(column.this, exp.Identifier)
            and not _is_unknown(column)
            and not self._keyword(column)
        }
        return tuple(found)

    def has_unknown_piece(self, tree: exp.Expr) -> bool:
        return any(_is_unknown(column) for column in tree.find_all(exp.Column))

    def functions(self, tree: exp.Expr) -> Iterator[str]:
        """Yield the name of each function that is called."""
        for column in tree.find_all(exp.Column):
            if keyword := self._keyword(column):
                yield keyword
        for call in tree.find_all(exp.Func):
            if name := self._function(call):
                yield name

    def volatilities(self, tree: exp.Expr) -> Iterator[Volatility | None]:
        """Yield the class of each function that is called."""
        return (volatility_of(name, self.source.dialect) for name in self.functions(tree))

    def _keyword(self, column: exp.Column) -> str | None:
        """Return the function that a bare word calls, `USER`."""
        word = column.name.lower()
        bare = len(column.parts) == 1 and not column.this.args.get("quoted")
        known = bare and word in KEYWORDS and volatility_of(word, self.source.dialect)
        return word if known else None

    def _function(self, call: exp.Func) -> str | None:
        """Return the name of a function as it was written; None for an operator."""
        if "start" in call.meta:
            first = self.start + call.meta["start"]
            name = self.source.text[first : self.start + call.meta["end"] + 1]
            schema = call.parent.this if isinstance(call.parent, exp.Dot) else None
            if schema is not None and schema.name.lower() != "pg_catalog":
                return f"{schema.name}.{name}".lower()
            return name.lower()
        keyword = call.sql_name().lower()
        return keyword if keyword in KEYWORDS or isinstance(call, exp.Anonymous) else None

    # Conditions

    def always_true(self, node: exp.Expr) -> bool:
        node = _plain(node)
        match node:
            case exp.Or():
                either = any(self.always_true(side) for side in (node.left, node.right))
                return either or (self._are_opposite(node) and _is_null_test(node.left))
            case exp.Exists(this=exp.Select() as query):
                return not any(query.args.get(part) for part in ("from_", "from", "where", "limit"))
            case exp.And():
                return all(self.always_true(side) for side in (node.left, node.right))
            case exp.Not():
                inner = _plain(node.this)
                if isinstance(inner, exp.Not):
                    return self.always_true(inner.this)
                return (_literal(inner) or "").lower() in ("false", "0", "f")
            case exp.In() | exp.Between():
                return self._holds_itself(node)
            case exp.Is(expression=exp.Boolean(this=True)) if not node.args.get("negate"):
                return self.always_true(node.this)
            case exp.Is():
                negated = bool(node.args.get("negate"))
                return (
                    negated and _is_null(node.this) is False and _is_null(node.expression) is True
                )
            case exp.Like() | exp.ILike() if not isinstance(_plain(node.expression), exp.Any):
                return _literal(node.expression) in ("%", "%%")
            case exp.LTE() | exp.GTE():
                return self._is_same(node.left, node.right) or _is_ordered(node)
            case exp.EQ() | exp.NullSafeEQ():
                return self._is_same(node.left, node.right)
            case exp.NEQ():
                return self._differ(node.left, node.right)
            case exp.LT() | exp.GT():
                return _is_ordered(node)
        return (_literal(node) or "").lower() in ("true", "1", "t")

    def _holds_itself(self, node: exp.In | exp.Between) -> bool:
        """Return whether what is looked for is in the list or range as it stands."""
        if isinstance(node, exp.In):
            return any(self._is_same(node.this, each) for each in node.expressions)
        ends = ((node.args["low"], node.this), (node.this, node.args["high"]))
        return all(self.always_true(exp.LTE(this=a, expression=b)) for a, b in ends)

    def true_but_for_null(self, node: exp.Expr) -> tuple[str, ...] | None:
        """Return the columns of which one is NULL wherever the condition is not true."""
        node = _plain(node)
        if self.always_true(node):
            return ()
        match node:
            case exp.Or() if self._are_opposite(node):
                return tuple(dict.fromkeys(self.columns(node)))
            case exp.And():
                both = [self.true_but_for_null(side) for side in (node.left, node.right)]
                known = [columns for columns in both if columns is not None]
                return tuple(dict.fromkeys(sum(known, ()))) if len(known) == 2 else None
            case exp.Not():
                inner = _plain(node.this)
                if isinstance(inner, exp.Is) and not inner.args.get("negate"):
                    return self._tested_column(inner)
            case exp.Is() if node.args.get("negate"):
                return self._tested_column(node)
        return None

    def _tested_column(self, node: exp.Is) -> tuple[str, ...] | None:
        column = _plain(node.this)
        if isinstance(column, exp.Column) and isinstance(_plain(node.expression), exp.Null):
            return (name_of(column.this, self.source),)
        return None

    def among(self, tree: exp.Expr) -> Among | None:
        """Return the rows that the condition takes by a query of their own column alone."""
        node = _plain(tree)
        query = node.args.get("query") if isinstance(node, exp.In) else None
        if isinstance(node, exp.EQ) and isinstance(node.right, exp.Any):
            query = node.right.this
        column = self._column(node.this) if query is not None else None
        limited = False
        while column is not None and (select := _select_of(query)) is not None:
            limited = limited or select.args.get("limit") is not None
            source = select.args.get("from_")
            [taken] = select.expressions if len(select.expressions) == 1 else [exp.Null()]
            if source is None or self._column(taken.unalias()) != column:
                return None
            if isinstance(source.this, exp.Table):
                said = {part for part, value in source.this.args.items() if value}
                table, schema = source.this.name, source.this.db or None
                whole = said <= {"this", "db", "alias"}  # no TABLESAMPLE, no PARTITION
                return Among(column, table, schema, limited) if whole else None
            query = source.this
        return None

    def _is_same(self, left: exp.Expr, right: exp.Expr) -> bool:
        settled = all(volatility == "immutable" for volatility in self.volatilities(left))
        return settled and left == right and not self.has_unknown_piece(left)

    def _are_opposite(self, node: exp.Or) -> bool:
        """Return whether one side is true where the other is false: `a > 0 OR a <= 0`."""
        left, right = _plain(node.left), _plain(node.right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, exp.Not) and self._is_same(_plain(one.this), other):
                return True
        if isinstance(left, exp.Is) and isinstance(right, exp.Is):
            negated = [bool(side.args.get("negate")) for side in (left, right)]
            opposite = negated[0] != negated[1]
        else:
            opposite = _OPPOSITE.get(type(left)) is type(right)
        return (
            opposite
            and isinstance(left, exp.Binary)
            and isinstance(right, exp.Binary)
            and self._is_same(left.left, right.left)
            and self._is_same(left.right, right.right)
        )

    def _differ(self, left: exp.Expr, right: exp.Expr) -> bool:
        one, other = _literal(left), _literal(right)
        return one is not None and other is not None and one != other

    def tested(self, node: exp.Expr, *, is_null: bool, negated: bool = False) -> set[str]:
        """Return the columns that are surely (not) NULL where the condition is not false."""
        node = _plain(node)
        match node:
            case exp.Not():
                return self.tested(node.this, is_null=is_null, negated=not negated)
            case exp.And() | exp.Or():
                left = self.tested(node.left, is_null=is_null, negated=negated)
                right = self.tested(node.right, is_null=is_null, negated=negated)
                return left | right if isinstance(node, exp.And) is not negated else left & right
            case exp.Is() if isinstance(_plain(node.expression), exp.Null):
                column = _plain(node.this)
                says_null = bool(node.args.get("negate")) is negated
                if says_null is is_null and isinstance(column, exp.Column):
                    return {name_of(column.this, self.source)}
        return set()

    # Casts and lists of values

    def cast(self, tree: exp.Expr) -> Cast | None:
        node = _plain(tree)
        if not isinstance(node, exp.Cast):
            return None
        column, written = _plain(node.this), node.to.sql(DIALECTS[self.source.dialect])
        kind = _type(written, self.source.dialect)
        if not isinstance(column, exp.Column) or kind is None:
            return None
        return Cast(name_of(column.this, self.source), kind)

    def values(self, node: exp.Expr) -> dict[str, tuple[str, ...]]:
        """Return the values that the condition lists for columns."""
        node = _plain(node)
        match node:
            case exp.And():
                left, right = self.values(node.left), self.values(node.right)
                return left | {
                    name: tuple(v for v in left.get(name, values) if v in values)
                    for name, values in right.items()
                }
            case exp.Or():
                return self._either(node.left, node.right)
            case exp.In():
                return self._listed(node.this, node.expressions)
            case exp.EQ() if isinstance(node.right, exp.Any):
                array = _uncast(node.right.this)
                return self._listed(
                    node.left, array.expressions if isinstance(array, exp.Array) else ()
                )
            case exp.EQ():
                return self._listed(node.left, [node.right])
        return {}

    def _either(self, left: exp.Expr, right: exp.Expr) -> dict[str, tuple[str, ...]]:
        """Return what both sides list; NULL passes a CHECK anyway, so that IS NULL adds nothing."""
        for side, other in ((left, right), (right, left)):
            test = _plain(side)
            if isinstance(test, exp.Is) and isinstance(test.expression, exp.Null):
                column, listed = self._column(test.this), self.values(other)
                return {name: values for name, values in listed.items() if name == column}
        ours, theirs = self.values(left), self.values(right)
        return {
            name: tuple(dict.fromkeys(ours[name] + theirs[name])) for name in ours if name in theirs
        }

    def _listed(self, subject: exp.Expr, items: Iterable[exp.Expr]) -> dict[str, tuple[str, ...]]:
        column, values = self._column(subject), [_literal(item) for item in items]
        known = [value for value in values if value is not None and "{" not in value]
        return {column: tuple(known)} if column and known and len(known) == len(values) else {}

    # Ranges

    def ranges(self, tree: exp.Expr) -> dict[str, Range]:
        """Return the range in which the condition holds each column that it compares."""
        found: dict[str, Range] = {}
        for part in _joined(tree, exp.And):
            if compared := self._compared(part):
                column, new = compared
                found[column] = _both(found.get(column, Range()), new)
        return found

    def outside(self, tree: exp.Expr) -> dict[str, Range]:
        """Return a range for each column of which the condition lets no value in."""
        found: dict[str, Range] = {}
        for part in _joined(tree, exp.And):
            sides = [self._compared(side) for side in _joined(part, exp.Or)]
            if isinstance(part, exp.Not):
                inner = [self._compared(p) for p in _joined(part.this, exp.And)]
                if all(inner) and len({pair[0] for pair in inner if pair}) == 1:
                    found |= self.ranges(part.this)
            elif len(sides) == 2 and sides[0] and sides[1] and sides[0][0] == sides[1][0]:
                below, above = sorted((s[1] for s in sides if s), key=lambda r: r.high is None)
                if below.low is None and above.high is None:
                    found[sides[0][0]] = Range(
                        low=below.high,
                        with_low=not below.with_high,
                        high=above.low,
                        with_high=not above.with_low,
                    )
        return found

    def _compared(self, node: exp.Expr) -> tuple[str, Range] | None:
        """Return the column that a comparison with a literal is about, and its values."""
        match node:
            case exp.Between():
                low, high = _literal(node.args["low"]), _literal(node.args["high"])
                limits = Range(low=low, high=high, with_high=True) if low and high else None
            case exp.GT() | exp.GTE():
                limits = _limits(node.left, node.right, equal=isinstance(node, exp.GTE))
            case exp.LT() | exp.LTE():
                limits = _limits(node.right, node.left, equal=isinstance(node, exp.LTE))
            case _:
                return None
        operands = (node.this, node.args.get("expression"))
        columns = [c for o in operands if o is not None and (c := self._column(o))]
        return (columns[0], limits) if limits and len(columns) == 1 else None

    def _column(self, node: exp.Expr) -> str | None:
        bare = _uncast(node)
        return name_of(bare.this, self.source) if isinstance(bare, exp.Column) else None


_CHOOSES = {
    *("where", "joins", "laterals", "group", "having", "qualify", "distinct", "offset", "with_")
}


def _select_of(query: exp.Expr | None) -> exp.Select | None:
    """Return the query in parentheses or `ARRAY(...)`, None where it chooses among its rows."""
    while isinstance(query, exp.Subquery | exp.Paren | exp.Array):
        query = query.expressions[0] if isinstance(query, exp.Array) else query.this
    chooses = isinstance(query, exp.Select) and any(query.args.get(part) for part in _CHOOSES)
    return query if isinstance(query, exp.Select) and not chooses else None


def _joined(node: exp.Expr, by: type[exp.Connector]) -> Iterator[exp.Expr]:
    """Yield what AND, or OR, joins."""
    node = _plain(node)
    if isinstance(node, by):
        yield from _joined(node.left, by)
        yield from _joined(node.right, by)
    else:
        yield node


def _limits(greater: exp.Expr, less: exp.Expr, *, equal: bool) -> Range | None:
    """Return the values of the column on one side, given a literal on the other."""
    low, high = _literal(less), _literal(greater)
    if (low is None) is (high is None):
        return None
    return Range(low=low, with_low=equal) if high is None else Range(high=high, with_high=equal)


def _both(one: Range, other: Range) -> Range:
    """Return the ends of the two, of which each end is given once."""
    low, high = (one if one.low else other), (one if one.high else other)
    return Range(low=low.low, with_low=low.with_low, high=high.high, with_high=high.with_high)


def _is_unknown(column: exp.Column) -> bool:
    """Whether it stands in for a parameter, or for a piece that is not known."""
    return column.name[:1] == FILLER or HOLE.match(column.name) is not None


def _type(written: str, dialect: str) -> Type | None:
    source = SqlText(written, dialect, (), known=True)
    c = Cursor(source, next(split(written, dialect)))
    try:
        return read_type(c)[0]
    except SqlError:
        return None
