"""Reads manifests with PyYAML, by kubectl's rules for plain scalars, doubled keys and merged maps.

Standard input: a JSON list of texts. Standard output: for each the JSON list of its documents.
"""
import json
import math
import re
import sys

import yaml

PLAIN = "!plain"
WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
for yes, no in (("y", "n"), ("yes", "no"), ("true", "false"), ("on", "off")):
    for word, value in ((yes, True), (no, False)):
        WORDS.update({word: value, word.capitalize(): value, word.upper(): value})
INTEGER = re.compile(r"([-+]?)(?:0x([0-9a-f]+)|0o([0-7]+)|0b([01]+)|(0[0-7]*)|([1-9][0-9]*))$", re.I)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    yaml_implicit_resolvers = {None: [(PLAIN, re.compile(""))]}


def number(text):
    digits = re.sub(r"(?<=[0-9])_(?=[0-9])", "", text) if text.startswith(".") else text.replace("_", "")
    found = INTEGER.match(digits)
    if found:
        bases = zip((16, 8, 2, 8, 10), found.groups()[1:])
        size = next(int(part, base) for base, part in bases if part is not None)
        value = -size if found[1] == "-" else size
        if -(2**63) <= value < 2 ** (63 if found[1] else 64):
            return value
    if FLOAT.match(digits) and math.isfinite(float(digits)):
        value = float(digits)
        return int(value) if value.is_integer() else value
    return text


def plain(text):
    if text in WORDS:
        return WORDS[text]
    return number(text) if re.match(r"[-+.0-9]", text) else text


def value_of(node):
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return map_of(node)
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return plain(node.value) if node.tag == PLAIN else node.value


def map_of(node):
    entries = {}
    for key, value in node.value:
        if key.tag == PLAIN and key.value == "<<":
            merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for one in reversed(merged):
                entries.update(map_of(one))
        else:
            name = value_of(key)
            entries[json.dumps(name) if isinstance(name, (bool, int)) else name] = value_of(value)
    return entries


def json_objects(text):
    decoder, objects, at = json.JSONDecoder(), [], 0
    while match := re.compile(r"\s*(?:---[ \t]*\n\s*)?(?=\{)").match(text, at):
        value, at = decoder.raw_decode(text, match.end())
        objects.append(value)
    return objects if text[at:].strip() == "" else None


def documents(text):
    try:
        objects = json_objects(text)
        if objects:
            return objects
    except ValueError:
        pass
    # kubectl puts the newline that the last line lacks.
    whole = text if text.endswith("\n") else text + "\n"
    nodes = yaml.compose_all(whole, Loader=Loader)
    return [value for value in (node and value_of(node) for node in nodes) if value is not None]


json.dump([documents(text) for text in json.load(sys.stdin)], sys.stdout)
