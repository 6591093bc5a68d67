"""Klarna's types in pydantic, and so as response models and bodies in FastAPI. pydantic calls this; it is not required.

A value is taken as it is; plain values are converted as strictly as JSON is. Both are written as Klarna writes them:
under Klarna's names, without what is absent. The JSON schema names the fields and their types, each optional one as
such.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

import msgspec
from attrs import fields

from klarna_om.types.fields import non_null_type, wire_name

if TYPE_CHECKING:
    from pydantic_core.core_schema import CoreSchema


def core_schema_of(cls: type, required: tuple[str, ...]) -> "CoreSchema":
    """How pydantic reads and writes a type. `required` is what a document must have."""
    from pydantic_core import core_schema

    def read(value: object) -> object:
        return value if isinstance(value, cls) else _convert(cls, value, required)

    return core_schema.no_info_plain_validator_function(
        read,
        ref=_ref(cls),
        serialization=core_schema.plain_serializer_function_ser_schema(_to_plain),
    )


def fields_schema_of(cls: Any, required: tuple[str, ...] = (), *, is_nested: bool = False) -> "CoreSchema":
    """The fields of a type, from which pydantic makes the JSON schema."""
    from pydantic_core import core_schema

    members = {
        wire_name(field.name): core_schema.typed_dict_field(
            _schema_of(non_null_type(field.type)), required=field.name in required
        )
        for field in fields(cls)
    }
    return core_schema.typed_dict_schema(members, ref=_ref(cls) if is_nested else None)


def _convert(cls: type, value: object, required: tuple[str, ...]) -> object:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected an object of {cls.__name__}")  # noqa: TRY004  the kind that pydantic reports
    document = cast("Mapping[str, object]", value)
    missing = [name for name in required if document.get(wire_name(name)) is None]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    try:
        return cast("object", msgspec.convert(document, cls))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _to_plain(value: object) -> Any:
    return msgspec.to_builtins(value, enc_hook=str.__str__)


def _schema_of(kind: Any) -> "CoreSchema":
    from pydantic_core import core_schema

    if get_origin(kind) is tuple:
        return core_schema.list_schema(_schema_of(get_args(kind)[0]))
    plain = get_args(kind)[0] if get_args(kind) else kind
    if issubclass(plain, msgspec.Struct):
        return fields_schema_of(plain, is_nested=True)
    schema: CoreSchema = getattr(core_schema, f"{plain.__name__}_schema")()  # of str, int, bool, datetime, date
    return schema


def _ref(cls: type) -> str:
    """Its name among pydantic's definitions."""
    return f"{cls.__module__}.{cls.__qualname__}:klarna_om"
