"""Tables of figures for the scripts of bench/.

  report.py rows TITLE FIGURES [RESULTS]     rows on the standard input, one per line: NAME|UNIT|FIGURE|PEER|KIND|BETTER|MUST|EXCELLENT[|SCALE]
  report.py document RESULTS FILE COMMIT     all rows of RESULTS as one table, and as JSON in FILE; with $BENCH_BUSY, the share of the processors that
                                             others used before, and $BENCH_FAILED, the scripts that failed

FIGURES holds lines FIGURE WHO VALUE; a value is the median of its lines. PEER is - where there is none. KIND is what MUST and EXCELLENT are compared with:
ratio (ours / peer), ours, or added (ours - peer). BETTER is > or <; MUST and EXCELLENT are - where nothing is demanded. SCALE multiplies values.
RESULTS collects the rows of several scripts, a JSON object per line.
"""
import collections
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys


def read_figures(path):
    figures = collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            figure, who, value = line.split()
            figures[figure, who].append(float(value))
    return figures


def verdict(value, better, must, excellent):
    if must is None:
        return ""
    reaches = (lambda bound: value >= bound) if better == ">" else (lambda bound: value <= bound)
    return "excellent" if reaches(excellent) else "met" if reaches(must) else "MISSED"


def row_of(title, line, figures):
    name, unit, figure, peer, kind, better, must, excellent, *scale = line.rstrip("\n").split("|")
    factor = float(scale[0]) if scale else 1.0
    ours = [value * factor for value in figures[figure, "ours"]]
    theirs = [value * factor for value in figures[figure, peer]] if peer != "-" else []
    if not ours or (peer != "-" and not theirs):
        sys.exit(f"nothing was measured for {figure}")
    our_median = statistics.median(ours)
    their_median = statistics.median(theirs) if theirs else None
    ratio = our_median / their_median if their_median else None
    judged = {"ratio": ratio, "ours": our_median, "added": our_median - their_median if theirs else None}[kind]
    bound = lambda text: None if text == "-" else float(text)
    return {
        "bench": title, "what": name, "unit": unit, "ours": our_median, "peer": their_median, "peerName": None if peer == "-" else peer, "ratio": ratio,
        "judged": kind, "value": judged, "better": better, "must": bound(must), "excellent": bound(excellent),
        "verdict": verdict(judged, better, bound(must), bound(excellent)), "rounds": {"ours": ours, "peer": theirs},
    }


def text_of(number):
    if number is None:
        return ""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.1f}" if abs(number) >= 100 else f"{number:.2f}" if abs(number) >= 1 else f"{number:.3f}"


def bounds_of(row, which):
    if row[which] is None:
        return ""
    sign = "≥" if row["better"] == ">" else "≤"
    times = {"ratio": " x", "ours": "", "added": " more"}[row["judged"]]
    return f"{sign} {row[which]:g}{times}"


def print_table(rows):
    head = ["what", "unit", "ours", "peer", "", "ratio", "must", "excellent", "verdict"]
    lines = [[row["what"], row["unit"], text_of(row["ours"]), text_of(row["peer"]), row["peerName"] or "", text_of(row["ratio"]),
              bounds_of(row, "must"), bounds_of(row, "excellent"), row["verdict"]] for row in rows]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    right = {2, 3, 5}
    for line in [head, *lines]:
        print("  ".join(cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(line)).rstrip())


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory = int(info.readline().split()[1])
    return {
        "host": platform.node(), "processor": model, "cores": len(os.sched_getaffinity(0)), "memoryMiB": memory // 1024, "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""), "dotnet": first_line("dotnet", "--version"), "openssh": first_line("ssh", "-V"),
    }


def rows(title, figures_path, results=""):
    figures = read_figures(figures_path)
    found = [row_of(title, line, figures) for line in sys.stdin if line.strip()]
    print(f"\n{title}; medians of {max(len(row['rounds']['ours']) for row in found)}")
    print_table(found)
    if results:
        with open(results, "a", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in found)


def document(results, path, commit):
    with open(results, encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    print_table([{**row, "what": f"{row['bench']}: {row['what']}"} for row in found])
    with open(path, "w", encoding="utf-8") as out:
        json.dump({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "commit": commit, "machine": machine(),
            "busyBefore": float(os.environ["BENCH_BUSY"]), "failed": os.environ["BENCH_FAILED"].split(), "rows": found,
        }, out, indent=1, ensure_ascii=False)
        out.write("\n")
    counts = collections.Counter(row["verdict"] for row in found if row["verdict"])
    print("\n" + ", ".join(f"{counts[name]} {name}" for name in ("excellent", "met", "MISSED")))


def main():
    commands = {"rows": rows, "document": document}
    if len(sys.argv) < 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])


main()
