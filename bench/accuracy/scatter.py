# SPDX-License-Identifier: BSL-1.0
"""Scatter plots of predicted against measured values, as small SVG files."""
import math
from html import escape

# Okabe and Ito: colours that most readers tell apart; and two more
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#a6a000", "#7a4fbf", "#8c564b")
LEFT, TOP, SIDE = 78, 44, 460
HEIGHT = TOP + SIDE + 62


def ticks(low, high):
    """1, 2 and 5 times the powers of ten inside; powers of ten alone where they would crowd."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) <= 3.5 else (1,)
    return [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p * (1 + 1e-9) and s * 10.0**p <= high * (1 + 1e-9)]


def number(value):
    """A tick as people write it: 0.002, 5, 20,000."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def scatter(title, across, up, groups):
    """Both axes logarithmic with one range, the diagonal, and dashes where the prediction is 20 % off.
    across, up: labels of the axes with their unit; groups: {name: [(measured, predicted), ...]} in the order of the legend. A group without
    points keeps its colour and is not listed, so that one name has one colour in several plots."""
    labels = {name: f"{name} ({len(group):,})" for name, group in groups.items() if group}
    width = LEFT + SIDE + 50 + max([70, *(round(6.9 * len(t)) for t in labels.values())])
    points = [p for group in groups.values() for p in group if p[0] > 0 and p[1] > 0]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">',
           f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>',
           f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
           f'<text x="{LEFT + SIDE / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>',
           f'<text transform="translate(18 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>']
    if not points:
        out.append(f'<text x="{LEFT + SIDE / 2}" y="{TOP + SIDE / 2}" text-anchor="middle">no rows</text>')
        return "\n".join(out) + "\n</svg>\n"
    low = min(min(p) for p in points) / 1.15
    high = max(max(p) for p in points) * 1.15
    scale = SIDE / math.log(high / low)
    x = lambda v: LEFT + math.log(v / low) * scale
    y = lambda v: TOP + SIDE - math.log(v / low) * scale
    out.append(f'<clipPath id="c"><rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/></clipPath>')
    grid = "".join(f"M{x(t):.1f} {TOP}v{SIDE}M{LEFT} {y(t):.1f}h{SIDE}" for t in ticks(low, high))
    out.append(f'<path d="{grid}" stroke="#e4e4e4"/>')
    for t in ticks(low, high):
        out.append(f'<text x="{x(t):.1f}" y="{TOP + SIDE + 17}" text-anchor="middle" font-size="11">{number(t)}</text>')
        out.append(f'<text x="{LEFT - 6}" y="{y(t) + 4:.1f}" text-anchor="end" font-size="11">{number(t)}</text>')
    line = lambda factor: f"M{x(low):.1f} {y(low * factor):.1f}L{x(high):.1f} {y(high * factor):.1f}"
    out.append(f'<g clip-path="url(#c)" fill="none" stroke="#555"><path d="{line(1)}"/><path d="{line(1.2)}{line(0.8)}" stroke-dasharray="5 4" stroke="#888"/></g>')
    # one path per group: a dot is a line of length zero with round ends
    at = TOP + 8
    for i, (name, group) in enumerate(groups.items()):
        if not group:
            continue
        dots = "".join(sorted({f"M{x(m):.1f} {y(p):.1f}h0" for m, p in group if m > 0 and p > 0}))
        colour = COLOURS[i % len(COLOURS)]
        out.append(f'<path d="{dots}" stroke="{colour}" stroke-width="4.4" stroke-linecap="round" stroke-opacity=".55" fill="none"><title>{escape(name)}</title></path>')
        out.append(f'<circle cx="{LEFT + SIDE + 20}" cy="{at}" r="5" fill="{colour}"/><text x="{LEFT + SIDE + 31}" y="{at + 4}">{escape(labels[name])}</text>')
        at += 19
    at += 10
    out.append(f'<path d="M{LEFT + SIDE + 12} {at}h16" stroke="#555"/><text x="{LEFT + SIDE + 33}" y="{at + 4}">equal</text>')
    out.append(f'<path d="M{LEFT + SIDE + 12} {at + 19}h16" stroke="#888" stroke-dasharray="5 4"/><text x="{LEFT + SIDE + 33}" y="{at + 23}">± 20 %</text>')
    out.append(f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>')
    return "\n".join(out) + "\n</svg>\n"
