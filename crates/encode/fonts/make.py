"""Makes the fonts of the PDF from what the package registries carry.

    apt-get install fonts-noto-cjk  # NotoSansCJK-Regular.ttc, OFL 1.1
    npm pack inter-ui && tar xzf inter-ui-*.tgz   # package/web/*.woff2, OFL 1.1
    pip install fonttools brotli
    python make.py /usr/share/fonts/opentype/noto package

Chinese: the 6763 characters of GB 2312 with its punctuation, and what names have beside them; bold only those that the program
itself writes, which is what its headings are made of.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
# The face of Simplified Chinese in the collection.
SIMPLIFIED = 2
# In names, and not in GB 2312.
NAMES = "喆镕堃珺玥赟翀旻昇祎禛妤媗婳昉晞暄曈朤栩椋榕歆沄泠浠淏湉滢溁煜熠燚玘玙珮珞珩琎琤瑀瑄璟瓅畇皓睿祺稞筱芃苒茗荟莜菡蒴蓥蔺薏虓谞赪跹逯邨郗鄢鋆銮锘锜闫雒靓韫頔飏骁鹮麒黉龑"
# Latin, Greek, Cyrillic; punctuation, superscripts, currency, letterlike, arrows, operators, boxes, shapes.
LATIN = [(0x20, 0x24F), (0x2B0, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF)]
SIGNS = [(0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20BF), (0x2100, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF)]


def gb2312() -> set[int]:
    """Every character of GB 2312: rows 1 to 9 are signs and letters, 16 to 87 Chinese characters."""
    found = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([row, cell]).decode("gb2312")))
            except (UnicodeDecodeError, TypeError):
                continue
    return found


def of_the_program() -> set[int]:
    """Every Chinese character and sign in the words of the report."""
    texts = "".join(path.read_text("utf-8") for path in sorted((HERE.parent / "src").rglob("*.rs")))
    return {ord(c) for c in texts if 0x3000 <= ord(c) <= 0x9FFF or 0xFF00 <= ord(c) <= 0xFFEF}


def cut(font: TTFont, characters: set[int], features: list[str], path: Path) -> None:
    """Writes `font` with these characters only; `.notdef` keeps its box, which stands for what is missing."""
    options = subset.Options()
    options.layout_features = features
    options.notdef_outline = True
    options.hinting = False
    options.desubroutinize = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    options.drop_tables += ["vhea", "vmtx", "VORG", "DSIG", "STAT"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.flavor = None
    font.save(path)
    print(path.name, path.stat().st_size, len(font.getBestCmap()))


def main() -> None:
    noto, inter = Path(sys.argv[1]), Path(sys.argv[2])
    latin = {c for first, last in LATIN + SIGNS for c in range(first, last + 1)}
    for weight in ("Regular", "SemiBold"):
        font = TTFont(inter / "web" / f"Inter-{weight}.woff2")
        cut(font, latin, ["kern", "tnum", "ccmp", "mark", "mkmk", "locl"], HERE / f"Inter-{weight}.ttf")
    chinese = (gb2312() | {ord(c) for c in NAMES} | set(range(0x3000, 0x3020))) - {c for c in latin if c < 0x2000}
    for weight, characters in (("Regular", chinese), ("Bold", of_the_program())):
        font = TTFont(noto / f"NotoSansCJK-{weight}.ttc", fontNumber=SIMPLIFIED)
        cut(font, characters, ["ccmp", "locl"], HERE / f"NotoSansSC-{weight}.otf")


if __name__ == "__main__":
    main()
