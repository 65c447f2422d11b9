"""Frozen models, one per kind of content file. A field's name is its YAML key; its description is its documentation.

`validate` turns a document into a model or into problems that name file, line and column. Rules that need more than
one file are in `corpus`. `schema` gives editors the JSON Schema of a kind.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from digest.problems import Problem, did_you_mean, listed, quoted
from digest.source import Document, Keys

LONGEST_LINE = 400  # characters; the longest real title has about 90

_KEBAB = r"[a-z0-9]+(-[a-z0-9]+)*"
_MARKED = re.compile(r"\$[^$]*[\\^_{}=+][^$]*\$|\$[A-Za-z]\$|\]\([^)]|\*\*\S|\[\[")
_NO_REASONS = frozenset({"yes", "no", "true", "false", "none", "null", "~", "-"})
_SCHEME = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+([/?#]\S*)?")


def breach(message: str) -> PydanticCustomError:
    """The error for a value that breaks a rule; `validate` adds the field's name and what was found."""
    return PydanticCustomError("rule", "{rule}", {"rule": message})


def _matching(pattern: str, message: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise breach(message)
        return value

    return AfterValidator(check)


def _date(value: object) -> object:
    if isinstance(value, str):
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, datetime.date):
        return value
    raise breach("must be a date that exists, as YYYY-MM-DD")


def _whole(low: int, high: int) -> BeforeValidator:
    def check(value: object) -> int:
        if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value)):
            number = int(value)
            if low <= number <= high:
                return number
        raise breach(f"must be a whole number from {low} to {high}")

    return BeforeValidator(check)


def _flag(value: object) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise breach("must be true or false")


def _filled(value: str) -> str:
    if not value.strip():
        raise breach("must not be empty")
    return value


def _one_line(value: str) -> str:
    if "\n" in value.strip():
        raise breach("must be on one line")
    return value.strip()


def _short(value: str) -> str:
    if len(value) > LONGEST_LINE:
        raise breach(f"must be at most {LONGEST_LINE} characters")
    return value


def _plain(value: str) -> str:
    if _MARKED.search(value):
        raise breach("must be plain text, shown as it is typed, without formulas, links or emphasis")
    return value


def _reason(value: str) -> str:
    if value.casefold() in _NO_REASONS:
        raise breach("must say why in words, or be left out")
    return value


def is_id(name: str) -> bool:
    """Whether a name can be an id: lower-case words joined by hyphens."""
    return re.fullmatch(_KEBAB, name) is not None


class Markdown:
    """Marks a text as contributor Markdown. `inline`: one run of text, without paragraphs, lists or tables."""

    def __init__(self, *, inline: bool) -> None:
        self.inline = inline


Id = Annotated[
    str,
    _matching(_KEBAB, "must be lower-case words joined by hyphens, like 'neural-scaling'"),
    Field(json_schema_extra={"pattern": f"^{_KEBAB}$"}),
]
MetricName = Annotated[
    str,
    _matching(
        f"{_KEBAB}/{_KEBAB}", "must be a run's id, a slash and a metric's id, like 'nearest-neighbour/alpha-squared-d2'"
    ),
    Field(json_schema_extra={"pattern": f"^{_KEBAB}/{_KEBAB}$"}),
]
Line = Annotated[
    str,
    AfterValidator(_filled),
    AfterValidator(_one_line),
    AfterValidator(_short),
    AfterValidator(_plain),
    Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_LINE}),
]
Reason = Annotated[Line, AfterValidator(_reason)]
Url = Annotated[
    str,
    _matching(_SCHEME.pattern, "must be an http or https address"),
    Field(json_schema_extra={"pattern": "^https?://"}),
]
Date = Annotated[
    datetime.date, BeforeValidator(_date), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})
]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Year = Annotated[int, _whole(1600, 2100), WithJsonSchema({"type": "integer", "minimum": 1600, "maximum": 2100})]
IssueNumber = Annotated[int, _whole(1, 9999), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 9999})]
Arxiv = Annotated[
    str,
    _matching(
        r"[0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7}",
        "must be an arXiv number without version, like 2102.06701",
    ),
    WithJsonSchema({"type": ["string", "number"]}),
]
Doi = Annotated[
    str,
    _matching(r"10\.[0-9]{4,9}/\S+", "must be a DOI, like 10.1073/pnas.2311878121"),
    Field(json_schema_extra={"pattern": r"^10\.\d{4,9}/"}),
]
Setting = Annotated[str, AfterValidator(_filled), WithJsonSchema({"type": ["string", "number"]})]
InlineMarkdown = Annotated[str, AfterValidator(_filled), AfterValidator(_one_line), Markdown(inline=True)]
BlockMarkdown = Annotated[str, AfterValidator(_filled), Markdown(inline=False)]


class Structure(BaseModel):
    """What every mapping of a content file is: its keys are known, its values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Paper(Structure):
    """What an item summarises."""

    id: Id | None = None
    """Short name by which this file's claims cite it, like `bahri-2021`."""
    kind: Literal["paper", "post"]
    """`paper`: peer-reviewed or preprint; `post`: an article on a forum or blog."""
    title: Line
    """Title as printed."""
    authors: Annotated[tuple[Line, ...], Field(min_length=1)]
    """Full names in the printed order."""
    year: Year
    """Year of the version that is summarised."""
    venue: Line | None = None
    """Journal, conference or forum."""
    arxiv: Arxiv | None = None
    """arXiv number without version."""
    doi: Doi | None = None
    """Digital object identifier."""
    url: Url | None = None
    """Address, where there is neither arXiv number nor DOI or where it is the better one."""
    unverified: tuple[Line, ...] = ()
    """Fields of this paper that we could not check."""


class Source(Structure):
    """Where a claim comes from."""

    paper: Id
    """The `id` of one of this item's papers, or `newsletter`."""
    place: Line
    """Section, theorem, equation, table or figure."""


class Check(Structure):
    """What a calculator must give for a claim; the build computes it and fails when it differs."""

    calculator: Id
    """A calculator's id."""
    settings: Mapping[str, Setting] = Field(default_factory=lambda: MappingProxyType({}))
    """Values of its parameters; what is left out stays symbolic."""
    quantity: Id | None = None
    """The id of one of its further outputs, where that and not the result is claimed."""
    equals: Setting
    """The value it must have, like `4/d` or `1/2`."""


class Status(StrEnum):
    """How we know a claim."""

    DERIVED = "derived"
    MEASURED = "measured"
    CITED = "cited"
    UNVERIFIED = "unverified"


class Claim(Structure):
    """One thing that a paper, the newsletter or this page states, and how we know it."""

    id: Id
    """Unique in the file; the claim's address on the page."""
    statement: InlineMarkdown
    """The claim, in one sentence."""
    kind: Literal["theorem", "argument", "measurement", "opinion"]
    """What kind of claim its source makes."""
    source: Source | None = None
    """Who says it, and where."""
    check: Check | None = None
    """A calculator's result that the claim must equal: makes it `derived`."""
    measured: MetricName | None = None
    """A metric of a run in this repository, as `<run>/<metric>`: makes it `measured`."""
    unverified: Reason | None = None
    """Why we could not check it: makes it `unverified`."""

    @property
    def status(self) -> Status | None:
        """How we know it, or None when the claim does not say."""
        if self.unverified:
            return Status.UNVERIFIED
        if self.check:
            return Status.DERIVED
        if self.measured:
            return Status.MEASURED
        return Status.CITED if self.source else None


class Mention(Structure):
    """Another issue of the newsletter that this item refers to."""

    issue: Id
    """The issue's id, like `an-87`."""
    about: Line
    """What it is mentioned for."""


class ReadMore(Structure):
    """Something worth reading next, outside this site."""

    title: Line
    """Its title."""
    url: Url
    """Its address."""
    about: Line | None = None
    """Why one would read it."""


class Note(Structure):
    """Where the newsletter, a paper or this page is loose, and what is right."""

    id: Id
    """Unique in the file; the note's address on the page."""
    kind: Literal["note", "erratum"]
    """`erratum`: the source has slipped; `note`: it is loose, or needs context."""
    about: Literal["newsletter", "paper", "us"]
    """Whose words the note is about."""
    text: BlockMarkdown
    """What is said, why it is loose or wrong, and what is right; fairly."""


class Embed(Structure):
    """A calculator on an item's page, set to what the text has just said."""

    id: Id
    """The calculator's id."""
    settings: Mapping[str, Setting] = Field(default_factory=lambda: MappingProxyType({}))
    """Values its controls start with."""
    caption: InlineMarkdown | None = None
    """What to look at, in one sentence."""


class TableKind(Structure):
    """A kind of row, by which a reader filters the table."""

    id: Id
    """Unique in the table; how its rows name it."""
    title: Line
    """Its name, in the singular."""


class TableRow(Structure):
    """One row of a structured table: one thing, said in one sentence, and who says it."""

    id: Id
    """Unique in the table; the row's address on the page."""
    kind: Id
    """The `id` of one of the table's kinds."""
    statement: InlineMarkdown
    """What the row says, in one sentence."""
    source: Source | None = None
    """Who says it, and where."""
    unverified: Reason | None = None
    """Why we could not check it."""
    answers: tuple[Id, ...] = ()
    """Ids of other rows that this one is an answer to; say in the table's `about` whose reading that is."""


class Table(Structure):
    """A table that readers filter, for what an item lists and no calculator could compute."""

    title: Line
    """Its heading on the page."""
    about: BlockMarkdown | None = None
    """How to read it, before the table."""
    kinds: Annotated[tuple[TableKind, ...], Field(min_length=1)]
    """The kinds of rows, in the order of the filter. Each has at least one row."""
    rows: Annotated[tuple[TableRow, ...], Field(min_length=1)]
    """The rows, in the order in which they are shown."""


class Item(Structure):
    """One item of a newsletter issue."""

    id: Id
    """The file's name without `.yml`. Never reused."""
    title: Line
    """The item's title on this site."""
    papers: Annotated[tuple[Paper, ...], Field(min_length=1)]
    """What the item summarises."""
    summarizer: Line
    """Who summarised it for the newsletter."""
    section: Line
    """The newsletter's section: one of the issue's `sections`."""
    topics: Annotated[tuple[Id, ...], Field(min_length=1)]
    """Ids from topics.yml."""
    takeaway: InlineMarkdown
    """The point, in one sentence."""
    summary: BlockMarkdown
    """The summary, in our own words."""
    opinion: BlockMarkdown | None = None
    """The summarizer's view, in our words and kept apart from the summary."""
    claims: tuple[Claim, ...] = ()
    """What is claimed, and how we know."""
    mentions: tuple[Mention, ...] = ()
    """Other issues of the newsletter that it refers to."""
    read_more: tuple[ReadMore, ...] = ()
    """What to read next."""
    notes: tuple[Note, ...] = ()
    """Notes and errata."""
    table: Table | None = None
    """A structured table, filterable on the page."""
    calculators: tuple[Embed, ...] = ()
    """Calculators shown on the page."""
    runs: tuple[Id, ...] = ()
    """Runs shown on the page."""


class Issue(Structure):
    """One issue of the newsletter, or a stub for one that is only referred to."""

    id: Id
    """The folder's name: `an-` and the number."""
    number: IssueNumber
    """The issue's number."""
    title: Line
    """The issue's title."""
    stub: Flag = False
    """True for an issue that is only referred to."""
    date: Date | None = None
    """Day of publication."""
    url: Url | None = None
    """Where to read the original."""
    authors: tuple[Line, ...] = ()
    """Who edits the newsletter."""
    summary: BlockMarkdown | None = None
    """What the issue is about, in a paragraph."""
    sections: tuple[Line, ...] = ()
    """The newsletter's sections in their order; items name theirs."""
    unverified: tuple[Line, ...] = ()
    """Fields of this file that we could not check."""


class Topic(Structure):
    """One topic of the controlled vocabulary."""

    id: Id
    """The topic's address."""
    title: Line
    """Its name."""
    description: InlineMarkdown
    """What belongs here, in one sentence."""


class Topics(Structure):
    """The topics that items may name."""

    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]
    """In the order in which they are shown."""


class Use(Structure):
    """What somebody means by a term or a letter."""

    who: Line
    """A paper, the newsletter, or this site."""
    meaning: InlineMarkdown
    """What they use it for."""


class Term(Structure):
    """One term or symbol."""

    id: Id
    """The term's address."""
    term: Line
    """The term itself."""
    symbol: Line | None = None
    """Its letter, as LaTeX."""
    definition: BlockMarkdown
    """What it is."""
    uses: tuple[Use, ...] = ()
    """Who uses it for what, where that differs."""
    see: tuple[Id, ...] = ()
    """Ids of related terms."""


class Glossary(Structure):
    """Terms and symbols."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    """In any order; shown sorted."""


Kind = Item | Issue | Topics | Glossary
KINDS: Mapping[str, type[Kind]] = MappingProxyType(
    {"item": Item, "issue": Issue, "topics": Topics, "glossary": Glossary}
)
_K = TypeVar("_K", bound=BaseModel)


def validate(document: Document, kind: type[_K]) -> tuple[_K | None, tuple[Problem, ...], frozenset[Keys]]:
    """The model of a document, a problem for each rule that it breaks, and where those values stand.

    A document with problems still gives a model, in which the broken values are empty, so that the rules between
    files find the other mistakes in the same run. None: the document is no mapping at all. Nothing is said of values
    that are doubtful: they are broken, and a problem already.
    """
    if not isinstance(document.data, dict):
        rule = f"file must be a mapping of keys to values; got {quoted(document.data)}"
        problems = () if () in document.doubtful else (document.problem((), rule),)
        return None, problems, frozenset()
    try:
        model = kind.model_validate(document.data)
    except ValidationError as error:
        errors = error.errors()
    else:
        if not document.doubtful:
            return model, (), frozenset()
        errors = []
    broken = frozenset(details["loc"] for details in errors)
    found = {
        _problem(document, kind, details)
        for details in errors
        if not _consequence(details) and not _known_already(document, details)
    }
    # What a doubtful text asks for can be checked all the same, since none of it is lost.
    asked = {keys for keys in document.doubtful - broken if _is_markdown(kind, keys)}
    model = _partial(kind, document.data, broken | (document.doubtful - asked), ())
    return model, tuple(sorted(found)), broken | document.doubtful


def _known_already(document: Document, details: ErrorDetails) -> bool:
    """Whether an error is about something that reading the file has named."""
    keys: Keys = details["loc"]
    if details["type"] == "missing" and keys[:-1] in document.incomplete:
        return True
    return any(keys[:length] in document.doubtful for length in range(len(keys) + 1))


def _is_markdown(kind: type[BaseModel], keys: Keys) -> bool:
    """Whether Markdown stands at `keys`."""
    field = _field(kind, keys)
    return field is not None and any(isinstance(mark, Markdown) for mark in _metadata(field))


def _is_required(kind: type[BaseModel], keys: Keys) -> bool:
    """Whether the key at the end of `keys` may not be left out."""
    field = _field(kind, keys) if isinstance(keys[-1], str) else None
    return field is not None and field.is_required()


def _field(kind: type[BaseModel], keys: Keys) -> FieldInfo | None:
    """The field at `keys` or of the list there; None where the model has none."""
    field: FieldInfo | None = None
    for key in keys:
        if isinstance(key, str):
            field = kind.model_fields.get(key)
            if field is None:
                return None
            kind = next(_inner(field.annotation), kind)
    return field


def _consequence(details: ErrorDetails) -> bool:
    """Whether an error only follows from others: a list counts as too short when its entries are broken."""
    return details["type"] == "too_short" and bool(details["input"])


_M = TypeVar("_M", bound=BaseModel)


def _partial(kind: type[_M], data: Mapping[str, Any], broken: frozenset[Keys], keys: Keys) -> _M:
    """A model of what is sound in `data`; what is broken or missing is empty: `""`, `()` or its default."""
    values: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        at = (*keys, name)
        raw = data.get(name)
        inner = next(_inner(field.annotation), None)
        if raw is None or (at in broken and not (isinstance(raw, list) and get_origin(field.annotation) is tuple)):
            values[name] = _empty(field)
        elif inner is not None and isinstance(raw, list):
            values[name] = tuple(
                _partial(inner, entry if isinstance(entry, dict) else {}, broken, (*at, index))
                for index, entry in enumerate(raw)
            )
        elif inner is not None and isinstance(raw, dict):
            values[name] = _partial(inner, raw, broken, at)
        elif isinstance(raw, list):
            values[name] = tuple("" if (*at, index) in broken else entry for index, entry in enumerate(raw))
        elif isinstance(raw, dict):
            values[name] = {key: entry for key, entry in raw.items() if (*at, key) not in broken}
        else:
            values[name] = _sound(field, raw)
    return kind.model_construct(**values)


def _empty(field: FieldInfo) -> object:
    if not field.is_required():
        return field.get_default(call_default_factory=True, validated_data={})
    return () if get_origin(field.annotation) is tuple else ""


def _sound(field: FieldInfo, raw: object) -> object:
    """A sound scalar as its type."""
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind).validate_python(raw)


def _problem(document: Document, kind: type[BaseModel], details: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words, at its line and column."""
    keys: Keys = details["loc"]
    found: object = details["input"]
    name = next((key for key in reversed(keys) if isinstance(key, str)), "file")
    subject = f"each entry of {name}" if keys and isinstance(keys[-1], int) else name
    match details["type"]:
        case "missing":
            return Problem(document.mark(keys[:-1]), f"missing key {name!r}")
        case "extra_forbidden":
            known = _fields(kind, keys[:-1])
            hint = did_you_mean(name, known) or f"; known keys: {', '.join(known)}"
            return Problem(document.key_mark(keys), f"unknown key {name!r}{hint}")
        case "rule":
            rule = details["msg"]
        case "literal_error":
            allowed = [word.strip("'") for word in re.findall(r"'[^']*'", details["ctx"]["expected"])]
            rule = f"must be {listed(allowed)}"
            if isinstance(found, str):
                return document.problem(keys, f"{subject} {rule}; got {quoted(found)}{did_you_mean(found, allowed)}")
        case "too_short":
            rule = "must have at least one entry"
            return document.problem(keys, f"{name} {rule}; got an empty list")
        case "string_type":
            rule = "must be text"
        case "tuple_type" | "list_type":
            rule = "must be a list"
        case "model_type" | "model_attributes_type" | "mapping_type" | "dict_type":
            rule = "must be a mapping of keys to values"
        case _:  # pragma: no cover - no field of the models asks for another type
            rule = details["msg"].lower()
    if found is None:
        empty, what = (name, "key") if subject == name else (f"an entry of {name}", "entry")
        advice = "give it one" if _is_required(kind, keys) else f"give it one or remove the {what}"
        return Problem(document.key_mark(keys), f"{empty} has no value; {advice}")
    return document.problem(keys, f"{subject} {rule}; got {quoted(found)}")


def _inner(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `tuple[Claim, ...]` or `Source | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    if get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _inner(argument)


def _fields(kind: type[BaseModel], keys: Keys) -> list[str]:
    """The names of the fields that the mapping at `keys` may have."""
    for key in keys:
        if isinstance(key, str) and key in kind.model_fields:
            kind = next(_inner(kind.model_fields[key].annotation), kind)
    return list(kind.model_fields)


def markdown(model: BaseModel, keys: Keys = ()) -> Iterator[tuple[Keys, str, bool]]:
    """Every Markdown text of a model: where it stands, the text, and whether it is inline."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        yield from _markdown(value, field, (*keys, name))


def _markdown(value: object, field: FieldInfo, keys: Keys) -> Iterator[tuple[Keys, str, bool]]:
    if isinstance(value, str):
        mark = next((m for m in _metadata(field) if isinstance(m, Markdown)), None)
        if mark:
            yield keys, value, mark.inline
    elif isinstance(value, BaseModel):
        yield from markdown(value, keys)
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            if isinstance(entry, BaseModel):
                yield from markdown(entry, (*keys, index))


def _metadata(field: FieldInfo) -> Iterator[object]:
    """A field's metadata, also of `Annotated[...] | None`."""
    yield from field.metadata
    for argument in get_args(field.annotation):
        if get_origin(argument) is Annotated:
            yield from get_args(argument)[1:]


def schema(kind: type[Kind]) -> dict[str, object]:
    """The JSON Schema of a kind of file, for completion and checks while typing."""
    return {"$schema": "http://json-schema.org/draft-07/schema#", **kind.model_json_schema()}
