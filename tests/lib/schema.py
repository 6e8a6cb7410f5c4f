"""JSON Schema, as much of it as the API's document uses."""
import re

TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None)}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def problems(value, schema, document, at=""):
    """What is wrong with `value`, as a list of texts. Members that the schema does not name are wrong, too."""
    if "$ref" in schema:
        return problems(value, resolve(schema["$ref"], document), document, at)
    if "anyOf" in schema:
        each = [problems(value, option, document, at) for option in schema["anyOf"]]
        return [] if [] in each else each[0]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, TYPES[name]) and (name == "boolean") == isinstance(value, bool) for name in types):
        return [f"{at}: {value!r} is no {types}"]
    if isinstance(value, str) and schema.get("format") == "date-time" and not DATE_TIME.fullmatch(value):
        return [f"{at}: {value!r} is no time"]
    if isinstance(value, list):
        return [text for i, item in enumerate(value) for text in problems(item, schema.get("items", {}), document, f"{at}/{i}")]
    return _object_problems(value, schema, document, at) if isinstance(value, dict) else []


def resolve(reference, document):
    for name in reference.removeprefix("#/").split("/"):
        document = document[name]
    return document


def _object_problems(value, schema, document, at):
    properties, found = schema.get("properties"), []
    if properties is None:
        further = schema.get("additionalProperties", {})
        return [text for name, item in value.items() for text in problems(item, further, document, f"{at}/{name}")]
    found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, item in value.items():
        if name in properties:
            found += problems(item, properties[name], document, f"{at}/{name}")
        else:
            found.append(f"{at}: {name} is not in the document")
    return found
