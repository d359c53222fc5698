#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes golden rows of packed activations, and golden products with decoded weights (pip install numpy).

Writes activations.jsonl and products.jsonl to the folder of this file; README.md describes them. Every operation is
exact in rational numbers, and then rounded to f32 once, to nearest even; results that are below the normal numbers
after that rounding are flushed to zero, and so are such operands.

usage: make_activations.py
"""

import json
import pathlib
from fractions import Fraction

import numpy

HERE = pathlib.Path(__file__).resolve().parent
GROUP = 32
F = numpy.float32


def bits(value):
    return int(numpy.array([value], F).view(numpy.uint32)[0])


def from_bits(value):
    return numpy.array([value], numpy.uint32).view(F)[0]


def is_negative(value):
    return bits(value) >> 31 == 1


def exact(value):
    """The operand as the processor sees it: subnormal numbers are zero."""
    return Fraction(0) if bits(value) & 0x7F800000 == 0 else Fraction(float(value))


def nearest_even(value):
    floor = value.numerator // value.denominator
    rest = value - floor
    return floor + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and floor % 2 == 1))


def round32(value, zero_is_negative=False):
    if value == 0:
        return F(-0.0) if zero_is_negative else F(0.0)
    magnitude = abs(value)
    exponent = 0
    while magnitude >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while magnitude < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - 23)
    rounded = nearest_even(magnitude / unit) * unit
    if rounded < Fraction(2) ** -126:
        rounded = Fraction(0)
    assert rounded < Fraction(2) ** 128
    return F(-float(rounded)) if value < 0 else F(float(rounded))


def multiply(a, b):
    return round32(exact(a) * exact(b), is_negative(a) != is_negative(b))


def divide(a, b):
    return round32(exact(a) / exact(b), is_negative(a) != is_negative(b))


def fma(a, b, c):
    product, product_is_negative = exact(a) * exact(b), is_negative(a) != is_negative(b)
    both_negative = product == 0 and exact(c) == 0 and product_is_negative and is_negative(c)
    return round32(product + exact(c), both_negative)


def power_above(value):
    """The smallest power of two that is not below a value; zero of zero."""
    power = Fraction(0) if value == 0 else Fraction(1)
    while value != 0 and power / 2 >= value:
        power /= 2
    while power < value:
        power *= 2
    return power


def groups(x):
    padded = numpy.concatenate([x, numpy.zeros(-len(x) % GROUP, F)])
    return padded.reshape(-1, GROUP)


def largest(group):
    """The largest magnitude of a group, zero if it is below 2^-100."""
    magnitude = max(abs(exact(value)) for value in group)
    return Fraction(0) if magnitude < Fraction(2) ** -100 else magnitude


def code(value):
    return max(-127, min(127, nearest_even(value)))


INVERSE = divide(F(1), F(127))


def a8(x):
    scales, codes = [], []
    for group in groups(x):
        scale = multiply(F(float(largest(group))), INVERSE)
        scales.append(scale)
        inverse = divide(F(1), scale) if scale != 0 else F(0)
        codes.append([code(exact(multiply(value, inverse))) for value in group])
    return scales, codes


def a8p(x):
    tops = [exact(multiply(F(float(largest(group))), INVERSE)) for group in groups(x)]
    base = max(power_above(max(tops)) / 2**24, Fraction(2) ** -126)
    exponents, codes = [], []
    for group, top in zip(groups(x), tops):
        scale = max(power_above(top), base)
        exponents.append(int(scale / base).bit_length() - 1)
        codes.append([code(exact(value) / scale) if top != 0 else 0 for value in group])
    return base, exponents, codes


def bf16(value):
    raw = bits(value)
    if raw & 0x7FFFFFFF > 0x7F800000:
        return raw >> 16 | 0x40
    if raw & 0x7F800000 == 0:
        return raw >> 16 & 0x8000
    return (raw + 0x7FFF + (raw >> 16 & 1)) >> 16


def product(x, group, codes, scales, minimums, has_powers):
    """One output: runs of at most 32 columns in order, which lie in one group of the weight."""
    codes = numpy.concatenate([codes, numpy.zeros(-len(codes) % GROUP, int)])
    run = min(group, GROUP)
    base, exponents, packed = a8p(x) if has_powers else (None, None, a8(x)[1])
    activation_scales = None if has_powers else a8(x)[0]
    y = F(0)
    for first in range(0, len(codes), run):
        if first >= len(x):
            break  # nothing but padding
        of_activation, of_weight = first // GROUP, first // group
        q = numpy.array(packed[of_activation][first % GROUP:first % GROUP + run])
        total, count = F(int(q @ codes[first:first + run])), F(int(q.sum()))
        if has_powers:
            e = exponents[of_activation]
            total = from_bits((bits(total) + (e << 23)) & 0xFFFFFFFF)
            y = fma(total, scales[of_weight], y)
            count = F(float(exact(count) * 2**e))
        else:
            y = fma(total, multiply(scales[of_weight], activation_scales[of_activation]), y)
            count = multiply(count, activation_scales[of_activation])
        if minimums is not None:
            y = fma(F(-minimums[of_weight]), count, y)
    return multiply(y, F(float(base))) if has_powers else y


def bf16_product(x, weights):
    """Pairs of columns, the odd one first; a last column alone has a zero beside it."""
    widen = lambda value: from_bits(int(value) << 16)
    x = [bf16(value) for value in x] + [0] * (len(x) % 2)
    weights = list(weights) + [0] * (len(weights) % 2)
    y = F(0)
    for k in range(0, len(x), 2):
        y = fma(widen(x[k + 1]), widen(weights[k + 1]), y)
        y = fma(widen(x[k]), widen(weights[k]), y)
    return y


def f32_product(x, weights):
    y = F(0)
    for value, weight in zip(x, weights):
        y = fma(value, weight, y)
    return y


def row_cases():
    random = numpy.random.Generator(numpy.random.PCG64(11))
    normal = lambda size, scale=1.0: random.normal(0, scale, size).astype(F)
    limit = F(2.0**-100)
    for size in (1, 2, 31, 32, 33, 64, 70, 100, 300):
        yield f"normal values, {size} columns", normal(size)
    for scale in (1e-40, 1e-38, 1e-36, 1e-31, 1e-29, 1e-20, 1e-3, 1e3, 1e20, 1e37):
        yield f"normal values times {scale}", normal(64, scale)
    yield "zeros", numpy.zeros(64, F)
    yield "zeros of both signs", numpy.where(numpy.arange(40) % 2 == 0, F(0), F(-0.0))
    yield "below 2^-100", numpy.nextafter(numpy.full(40, limit, F), F(0))
    yield "exactly 2^-100", numpy.full(40, -limit, F)
    yield "above 2^-100", numpy.nextafter(numpy.full(40, limit, F), F(1))
    yield "one group below 2^-100", numpy.concatenate([normal(32, 2.0**-104), normal(32, 2.0**-90)]).astype(F)
    yield "a group below 2^-100 beside ones", numpy.concatenate([normal(32, 2.0**-110), normal(32)]).astype(F)
    yield "subnormal numbers", (numpy.arange(1, 65) * 2.0**-149).astype(F)
    yield "the largest subnormal number", numpy.full(32, from_bits(0x007FFFFF), F)
    yield "the smallest normal number", numpy.full(32, F(2.0**-126), F)
    yield "subnormal numbers beside ones", numpy.concatenate([numpy.full(31, F(2.0**-140)), [F(1)]]).astype(F)
    yield "ties", numpy.concatenate([[127], numpy.arange(31) - 15.5, [-127], numpy.arange(31) + 0.5]).astype(F)
    yield "ties at large codes", numpy.concatenate([[127], numpy.arange(31) * 4.0 - 126.5]).astype(F)
    for power in (-90, -7, 0, 3, 100):
        edge = F(127 * 2.0**power)
        for name, top in (("below", numpy.nextafter(edge, F(0))), ("at", edge),
                          ("above", numpy.nextafter(edge, F(numpy.inf)))):
            yield f"{name} 127 times 2^{power}", numpy.where(numpy.arange(32) % 2 == 0, top, -top).astype(F)
    yield "the largest number", numpy.where(numpy.arange(40) % 3 == 0, F(3.4028235e38), F(-3.4028235e38))
    yield "exponents 0 to 24 and beyond", (normal(32 * 30) * numpy.repeat(2.0**-numpy.arange(30.0), 32)).astype(F)
    yield "one outlier", numpy.concatenate([normal(50), [F(1e4)], normal(13)]).astype(F)
    yield "ties of bf16", from_bits_of([0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0xBF808000, 0x7F7F8000])
    for name, value in (("infinity", F(numpy.inf)), ("minus infinity", F(-numpy.inf)), ("NaN", from_bits(0x7FC00000)),
                        ("a NaN with sign and payload", from_bits(0xFF812345))):
        for at in (0, 69):
            x = normal(70)
            x[at] = value
            yield f"{name} in column {at}", x


def from_bits_of(values):
    return numpy.array(values, numpy.uint32).view(F)


def hexadecimal(values, kind=F):
    return numpy.array(values, kind).astype(numpy.dtype(kind).newbyteorder("<")).tobytes().hex()


def packed_row(name, x):
    line = {"name": name, "x": hexadecimal(x), "bf16": hexadecimal([bf16(value) for value in x], numpy.uint16)}
    if numpy.isfinite(x).all():
        scales, codes = a8(x)
        line["a8"] = {"scales": hexadecimal(scales), "codes": hexadecimal(codes, numpy.int8)}
        base, exponents, codes = a8p(x)
        line["a8p"] = {"base": hexadecimal([float(base)]), "exponents": exponents,
                       "codes": hexadecimal(codes, numpy.int8)}
    return line


# Lowest and highest code, columns of a group, whether there are minimums.
WEIGHTS = ((-128, 127, 32, False), (-128, 127, 64, False), (-128, 127, 16, False), (0, 255, 32, True),
           (-255, 255, 128, False), (-8, 7, 32, False), (0, 15, 32, True), (0, 31, 32, True), (-16, 15, 32, False),
           (-4, 3, 16, False), (-32, 31, 16, False), (-127, 113, 32, False), (0, 15, 128, True), (0, 3, 16, True))


def code_products():
    random = numpy.random.Generator(numpy.random.PCG64(12))

    def line(name, x, group, codes, scales, minimums):
        result = {"name": name, "x": hexadecimal(x), "group": group, "codes": hexadecimal(codes, numpy.int16),
                  "scales": hexadecimal(scales), "minimums": hexadecimal(minimums if minimums is not None else [])}
        for encoding, has_powers in (("a8", False), ("a8p", True)):
            result[encoding] = hexadecimal([product(x, group, codes, scales, minimums, has_powers)])
        return result

    for low, high, group, has_minimums in WEIGHTS:
        for columns, scale in ((32, 1.0), (70, 1.0), (300, 1.0), (100, 2.0**-95), (64, 2.0**-104), (96, 1e20)):
            x = (random.normal(0, scale, columns) * numpy.repeat(
                2.0**-random.integers(0, 12, -(-columns // 32)), 32)[:columns]).astype(F)
            count = -(-columns // group)
            halves = lambda: random.normal(0, 0.01, count).astype(numpy.float16).astype(F)
            yield line(f"codes from {low} to {high}, groups of {group}, {columns} columns times {scale}", x, group,
                       random.integers(low, high + 1, columns), halves(), halves() if has_minimums else None)
    ones = numpy.ones(64, F)
    signs = numpy.where(numpy.arange(64) % 2 == 0, F(1), F(-1))
    half = lambda *values: numpy.array(values, F)
    yield line("all at the ends", ones, 32, numpy.full(64, -128), half(1, 1), None)
    yield line("all at the other ends", -ones, 32, numpy.full(64, -128), half(-1, 1), None)
    yield line("sums of zero with an exponent", signs, 32, numpy.full(64, 7), half(2, -3), half(1, 1))
    yield line("a row of zeros", 0 * ones, 32, numpy.full(64, 7), half(2, -3), half(1, 1))
    yield line("scales that are flushed", (ones * 2.0**-100).astype(F), 32, numpy.full(64, 1),
               half(2.0**-24, 2.0**-24), None)
    yield line("a sum that cancels to a subnormal number", numpy.concatenate([ones[:32], ones[:32]]), 32,
               numpy.concatenate([numpy.full(32, 1), numpy.full(32, -1)]), half(2.0**-24, 2.0**-24 * (1 + 2.0**-10)),
               None)


def float_products():
    random = numpy.random.Generator(numpy.random.PCG64(13))
    for columns, scale in ((1, 1.0), (2, 1.0), (33, 1.0), (64, 1.0), (70, 2.0**-60), (70, 2.0**-64), (40, 2.0**-130)):
        for shrink in (1.0, 2.0**-63):
            x = random.normal(0, scale, columns).astype(F)
            w = random.normal(0, shrink, columns).astype(F)
            halves = [bf16(value) for value in w]
            yield {"name": f"{columns} columns, {scale} times {shrink}", "x": hexadecimal(x), "weights": hexadecimal(w),
                   "bf16_weights": hexadecimal(halves, numpy.uint16), "f32": hexadecimal([f32_product(x, w)]),
                   "bf16": hexadecimal([bf16_product(x, halves)])}


def write(name, lines):
    with open(HERE / name, "w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")


def main():
    with numpy.errstate(over="ignore"):
        write("activations.jsonl", [packed_row(name, x) for name, x in row_cases()])
        write("products.jsonl", [*code_products(), *float_products()])


if __name__ == "__main__":
    main()
