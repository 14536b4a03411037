#!/usr/bin/env python3
"""Every command and flag that --help knows stands in the completion of each shell, in the manual page and in docs/CLI.md;
the shells really offer them, the manual page is set without a warning, and docs/CLI.md and docs/CONFIG.md are what the
program prints. docs/MAPS.md tells of every word of the map language."""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, text=None):
    return subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, timeout=60)


def help_of(binary, words):
    """(subcommands, flags) as --help prints them: read off the text, not off the table the others are made from."""
    text = run(binary, *words, "--help").stdout
    subcommands, flags, section = [], set(), ""
    for line in text.splitlines():
        if re.match(r"^\S.*:$", line):
            section = line.rstrip(":")
        name = re.match(r"^  (\S+)", line)
        if not name:
            continue
        if section == "Subcommands":
            subcommands.append(name[1])
        elif name[1].startswith("-"):
            flags |= set(re.findall(r"(?<![\w-])-{1,2}[a-z][a-z0-9-]*", line.split("   ")[0]))
    return subcommands, flags


def tree(binary, words=()):
    subcommands, flags = help_of(binary, words)
    found = {words: (subcommands, flags)}
    for name in subcommands:
        found.update(tree(binary, words + (name,)))
    return found


def bash_offers(script, words):
    """What bash would offer after these words."""
    typed = " ".join(f'"{word}"' for word in ["causeway", *words, ""])
    return set(run("bash", "-c", f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words) + 1}; _causeway; "
                                 'printf "%s\\n" "${COMPREPLY[@]}"').stdout.split())


def fish_offers(script, words, begun):
    typed = " ".join(["causeway", *words, begun])
    return {line.split("\t")[0] for line in run("fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'").stdout.splitlines()}


def zsh_offers(script, words):
    """zsh shows its offers to a person only: here _describe and compadd tell what they are given."""
    typed = " ".join(f'"{word}"' for word in ["causeway", *words, ""])
    program = f"""compdef() {{ }}; _message() {{ }}; _files() {{ }}
_describe() {{ print -l -- ${{${{(P)2}}%%:*}} }}; compadd() {{ shift; print -l -- $@ }}
source {script}; words=({typed}); CURRENT={len(words) + 2}; _causeway"""
    return set(run("zsh", "-f", "-c", program).stdout.split())


def words_of_maps():
    """Every word of the map language, as the sources list them."""
    sources = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "adapters" / "map").glob("*.cpp")}
    lists = re.findall(r"(?:kSections|kResourceWords|kWords|kPolicies|kOnError|kKeys)\b[^=;]*= \{(.*?)\};", "".join(sources.values()), re.S)
    words = {word for one in lists for word in re.findall(r'"([a-z_]+)"', one)}
    words |= set(re.findall(r'Reader\{"(\w+)"', sources["convert.cpp"]))
    words |= {code for text in sources.values() for code in re.findall(r'"(E02\d\d)"', text)}
    return words


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "build/dev/causeway"))
    binary = parser.parse_args().binary
    faults = []

    def demand(condition, what):
        if not condition:
            faults.append(what)

    everything = tree(binary)
    demand(len(everything) > 25, f"--help was not understood: {len(everything)} commands")
    man, markdown = run(binary, "man").stdout, run(binary, "man", "--markdown").stdout
    with tempfile.TemporaryDirectory() as folder:
        scripts = {}
        for shell in ("bash", "zsh", "fish"):
            scripts[shell] = pathlib.Path(folder) / f"causeway.{shell}"
            scripts[shell].write_text(run(binary, "completion", shell).stdout, encoding="utf-8")
            demand(run(shell, "--no-execute" if shell == "fish" else "-n", scripts[shell]).returncode == 0, f"{shell} does not read its script")
        for words, (subcommands, flags) in everything.items():
            name = " ".join(("causeway",) + words)
            wanted = set(subcommands) | flags
            missing = {"bash": wanted - bash_offers(scripts["bash"], words), "zsh": wanted - zsh_offers(scripts["zsh"], words),
                       "fish": wanted - fish_offers(scripts["fish"], words, "") - fish_offers(scripts["fish"], words, "-") -
                       fish_offers(scripts["fish"], words, "--")}
            for shell, what in missing.items():
                demand(not what, f"{name}: {shell} does not offer {sorted(what)}")
            if not words:
                continue
            section = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", markdown, re.M | re.S)
            printed = re.search(rf"^\.SS {re.escape(name).replace('-', '.*-')}\n(.*?)(?=^\.S|\Z)", man, re.M | re.S)
            demand(printed, f"{name} is not in the manual page")
            demand(section or subcommands, f"{name} is not in docs/CLI.md")
            for flag in flags - {"--help", "-h"} if not subcommands else ():
                demand(section and flag in section[1], f"{name} {flag} is not in docs/CLI.md")
                demand(printed and flag.replace("-", "\\-") in printed[1], f"{name} {flag} is not in the manual page")
        values = bash_offers(scripts["bash"], ["msg", "ls", "--state"])
        demand(values == {"accepted", "held", "refused", "released", "discarded"}, f"bash offers {values} after --state")
    set_page = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=man, capture_output=True, text=True)
    demand(set_page.returncode == 0 and not set_page.stderr, f"groff: {set_page.stderr[:500]}")
    for file, made, how in (("docs/CLI.md", markdown, "causeway man --markdown"),
                            ("docs/CONFIG.md", run(binary, "check", "--print-reference").stdout, "causeway check --print-reference")):
        demand((ROOT / file).read_text(encoding="utf-8") == made, f"{file} is not what `{how}` prints: {how} > {file}")
    maps, words = (ROOT / "docs" / "MAPS.md").read_text(encoding="utf-8"), words_of_maps()
    demand(len(words) > 80, f"the words of the map language were not found: {len(words)}")
    unknown = [word for word in sorted(words) if not re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`|\b{word}\b(?=.* \|)", maps)]
    demand(not unknown, f"docs/MAPS.md does not tell of {unknown}")
    for fault in faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    print(f"reference: {len(everything)} commands, {sum(len(f) for _, f in everything.values())} flags in --help; "
          f"bash, zsh, fish, man page and docs/CLI.md compared; {len(words)} words of the map language; {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if not all(shutil.which(tool) for tool in ("bash", "zsh", "fish", "groff")):
        sys.exit("needs bash, zsh, fish and groff: ./dev setup installs them")
    sys.exit(main())
