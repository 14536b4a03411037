"""Just enough of JSON Schema draft 7 to try what `causeway schema map` prints. A word it does not know is an error: a
schema must not pass because nobody looked."""

import re

KNOWN = {"$schema", "$ref", "title", "description", "type", "enum", "const", "required", "properties", "patternProperties",
         "additionalProperties", "items", "anyOf", "allOf", "if", "then", "else", "definitions"}
TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool, "null": type(None)}


def problems(schema, value, root=None, place=""):
    """What is wrong with the value, a line each."""
    root = root or schema
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"the schema uses {unknown}")
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return problems(target, value, root, place)
    found = []
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, TYPES[kind]) for kind in kinds):
            return [f"{place}: not {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum'][:5]}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{place}: is not {schema['const']!r}")
    if isinstance(value, dict):
        found += [f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            schemas = [schema["properties"][name]] if name in schema.get("properties", {}) else []
            schemas += [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
            rest = schema.get("additionalProperties", True)
            if not schemas and rest is False:
                found.append(f"{place}.{name}: unknown")
            elif not schemas and isinstance(rest, dict):
                schemas = [rest]
            for one in schemas:
                found += problems(one, inner, root, f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            found += problems(schema["items"], item, root, f"{place}[{i}]")
    if "anyOf" in schema:
        tried = [problems(one, value, root, place) for one in schema["anyOf"]]
        if all(tried):
            found += min(tried, key=len)
    for one in schema.get("allOf", []):
        found += problems(one, value, root, place)
    if "if" in schema:
        branch = "else" if problems(schema["if"], value, root, place) else "then"
        if branch in schema:
            found += problems(schema[branch], value, root, place)
    return found
