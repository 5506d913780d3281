"""The database file, and the packs that it comes from: docs/SPEC.md sections 3.1 to 3.6 and 4."""
import io
import lzma
import math
import re
from bisect import bisect_left
from collections import defaultdict
from functools import reduce
from itertools import accumulate, pairwise
from operator import lt, mul
from os.path import commonprefix

import zstandard

from trust import refusing, require, sha256

YARA, MASK, HASH = 4, 0xFFFFFFFF, 0x2F0B4C47  # the one kind whose section is a sequence; what hashes are made with
TABLE = [round(65536 / (1 + math.exp(-x / 2))) for x in range(-22, 23)] + [65535]  # that of 4.6.2
SQUASH = [TABLE[x >> 7] * (128 - x % 128) + TABLE[(x >> 7) + 1] * (x % 128) + 64 >> 7 for x in range(1, 5632)]
STRETCH = [bisect_left(SQUASH, 16 * p + 8, 768, 4862) - 2815 for p in range(4096)]  # odds are 2815 less than places
RATES = [max(4096, round(65536 / (seen + 1.6))) for seen in range(16)]  # those of 4.6.4
FIELDS = ("kind exemplars exemplarGap plain changes skip removes inserts source gain length edits editSkip editRemove"
          " editInsert").split()
WORD, RULE = rb"[A-Za-z\x80-\xff]+|[0-9]+|[ \t]+|[\s\S]", rb"\x01(?:global )?(?:private )?rule (\w+)"
WORD_BYTES = {*re.sub(rb"[^A-Za-z0-9_\x80-\xff]", b"", bytes(range(256)))}


def read_varint(stream):
    byte = stream.read(1)[0]
    return byte if byte < 128 else byte - 128 + 128 * read_varint(stream)


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def front_coded(before, text):
    shared = len(commonprefix([before, text]))
    return varint(shared) + varint(len(text) - shared) + text[shared:]


def mix(h):
    h = (h ^ h >> 15) * 0x2C1B3C6D & MASK
    return h ^ h >> 13


def digest(data):
    """3.3.1: the root of a tree of digests."""
    return sha256(data[:5], data[-8 - int.from_bytes(data[-8:-4], "little"):]).hex()


def read_database(data):
    """3.2: the records by kind. They have one encoding (3.3.2): writing it anew proves every digest in it."""
    blocks, sections = io.BytesIO(data[5:]), {}
    directory = io.BytesIO(data[-8 - int.from_bytes(data[-8:-4], "little"):])
    with refusing("DATABASE_MALFORMED"):
        for _ in range(read_varint(directory)):
            kind, _, count, _, _, index, ids = [read_varint(directory) for _ in range(7)]
            records = sections[kind] = []
            for _ in range(count):
                records.append(b"".join(records[-1:])[:read_varint(blocks)] + blocks.read(read_varint(blocks)))
            blocks.seek(index + ids, io.SEEK_CUR)
            directory.seek(32, io.SEEK_CUR)
    require(write_database(sections) == data, "DATABASE_DIGEST_MISMATCH", "another encoding")
    return sections


def write_database(sections):
    """3.2, 3.5, 3.6"""
    sections = {kind: records for kind, records in sorted(sections.items()) if records}
    body, directory = bytearray(b"RMDB\2"), varint(len(sections))
    for kind, records in sections.items():
        blocks, index, rules, sequence = bytearray(), b"", 0, kind == YARA
        require(sequence or all(map(lt, records, records[1:])), "DATABASE_MALFORMED", "order")
        for before, block in pairwise([[b""], *cut_blocks(records)]):
            coded = b"".join(map(front_coded, [b"", *block], block))
            named = sum(not sequence or record[:1] == b"\1" for record in block)
            key = b"" if sequence else front_coded(before[0][:64], block[0][:64])
            index += varint(len(coded)) + varint(len(block)) + varint(named) + key + sha256(coded)
            blocks += coded
            rules += named
        found = ((re.match(RULE, record), number) for number, record in enumerate(records) if sequence)
        names = [(b"", 0), *sorted((rule[1], number) for rule, number in found if rule)]
        ids = b"".join(front_coded(one, name) + varint(number) for (one, _), (name, number) in pairwise(names))
        facts = kind, sequence, len(records), rules, len(blocks), len(index), len(ids)
        directory += b"".join(map(varint, facts)) + sha256(index, ids)
        body += blocks + index + ids
    return bytes(body) + directory + len(directory).to_bytes(4, "little") + b"RMDB"


def cut_blocks(records):
    """3.4: boundaries follow from the records beside them."""
    starts, total = [], 65_536
    for place, record in enumerate(records):
        weight = len(record) + 2
        if total + weight > 65_536:
            starts.append(place)
            total = 0
        last = mix(reduce(lambda h, byte: (h ^ byte) * 0x01000193 & MASK, record, 0x811C9DC5)) < weight * 131_072
        total = 65_536 if last else total + weight
    return [records[start:end] for start, end in pairwise([*starts, len(records)])]


def apply_full(pack, size):
    """4.3: streams of xz, or frames of zstd; never more than a byte beyond the size."""
    with refusing("CODEC_FAILED", lzma.LZMAError, zstandard.ZstdError):
        zstd = zstandard.ZstdDecompressor().stream_reader(pack, read_across_frames=True)
        database = (lzma.open(io.BytesIO(pack)) if pack[:6] == b"\xfd7zXZ\0" else zstd).read(size + 1)
    read_database(database)
    return database


class Model:
    """4.6: buckets of a check, and of p and how often it was seen by node; maps, trusts, and weights by set."""

    def __init__(self, bits, coder):
        self.coder, self.mask, self.maps, self.weights = coder, (1 << bits) - 1, {}, {}
        self.buckets = defaultdict(lambda: [0, [2048] * 16, [0] * 16])
        self.trust = [65536 - 131072 // (3 * level + 5) for level in range(32)]

    def find(self, context, salt):
        """4.6.3"""
        h = mix((context + salt * 0x9E3779B1) * 0x85EBCA6B & MASK)
        check, first, other = h >> 16 | 1, self.buckets[h & self.mask], self.buckets[h & self.mask ^ 1]
        if check not in (first[0], other[0]):
            chosen = other if first[0] and (not other[0] or other[2][1] < first[2][1]) else first
            chosen[:] = check, [2048] * 16, [0] * 16
        return first if first[0] == check else other

    def nibble(self, contexts, salt, use, count=4, guess=0, level=0, known=0):
        """4.6.1. Behind a leading 1, `guess` is what a match of that level says, `known` what is learned (4.7.5)."""
        buckets, node = [self.find(context, salt) for context in contexts], 1
        for left in reversed(range(count)):
            guessed = (guess >> left & 1) * 2 - 1 if guess >> left + 1 == node else 0
            bit = known >> left & 1 if known else self.bit(buckets, node, use, guessed, level)
            for _, p, seen in buckets:  # 4.6.4
                rate = RATES[seen[node]]
                p[node] += (4095 - p[node]) * rate >> 16 if bit else -(p[node] * rate >> 16)
                seen[node] = min(15, seen[node] + 1)
            node = node * 2 + bit
        return node - (1 << count)

    def bit(self, buckets, node, use, guessed, level):
        """4.6.5 to 4.6.7. What is guessed is 1 for 1, -1 for 0, 0 for nothing."""
        keys = [(i, seen[node], p[node] >> 6) for i, (_, p, seen) in enumerate(buckets)]
        signals = [STRETCH[self.maps.setdefault(key, 1024 * key[2] + 512) >> 4] if key[1] else 0 for key in keys]
        signals += [guessed * STRETCH[self.trust[level] >> 4], 256]
        weights = self.weights.setdefault((use, guessed and 1 + (level >> 2)), [19661] * 6 + [13107, 0])
        one = SQUASH[max(0, min(5630, (sum(map(mul, signals, weights)) >> 16) + 2815))]
        bit = self.coder.bit(one)
        error = (bit * 65536 - one) * 12
        weights[:] = [weight + (signal * error + 131072 >> 18) for weight, signal in zip(weights, signals)]
        for key in keys:
            if key[1]:
                self.maps[key] += 65535 - self.maps[key] >> 6 if bit else -(self.maps[key] >> 6)
        if guessed:
            self.trust[level] += 65535 - self.trust[level] >> 5 if bit * 2 - 1 == guessed else -(self.trust[level] >> 5)
        return bit


class Decoder:
    """4.5 to 4.7: bits, numbers and text of the parts of a delta."""

    def __init__(self, bits):
        self.numbers, self.bytes, self.last = Model(12, self), Model(bits, self), defaultdict(lambda: (0, 0))
        self.past, self.noted, self.word, self.match, self.length, self.shapes = bytearray(6), {}, 0, 0, 0, []

    def start(self, part):
        self.rest, self.low, self.high, self.plain = bytearray(part + bytes(4))[::-1], 0, MASK, False
        self.value = reduce(lambda value, _: value << 8 | self.rest.pop(), range(4), 0)

    def bit(self, one):
        split = self.low + ((self.high - self.low) * one >> 16)
        bit = int(self.value <= split)
        self.low, self.high = (self.low, split) if bit else (split + 1, self.high)
        while (self.low ^ self.high) >> 24 == 0:
            self.low, self.high = self.low << 8 & MASK, self.high << 8 & MASK | 255
            self.value = self.value << 8 & MASK | self.rest.pop()
        return bit

    def raw(self, count):
        return reduce(lambda value, _: value * 2 + self.bit(32768), range(count), 0)

    def number(self, name, beside=0):
        """4.6.8, 4.6.9"""
        f, nibble, (v1, v2), (w1, w2) = FIELDS.index(name), self.numbers.nibble, self.last[name], self.last["all"]
        base = (f + 1) * 0x9E3779B1
        contexts = [base, (base + v1) * HASH + 1, ((base + v1) * 0x2C1B3C6D + v2) * 0x3D4D51CB + 2,
                    (base + w1) * 0x6F4F2A35 + 3, ((base + w1) * 0x2C1B3C6D + w2) * 0x297A2D39 + 4,
                    (base * 0x1FFF7 + beside) * 0x85EBCA6B + 5]
        value = nibble(contexts, 1, 2 * f)
        if value == 15:
            e = nibble(contexts, 2, 2 * f + 1)
            e += nibble(contexts, 3, 2 * f + 1) if e == 15 else 0
            high = min(e, 4)
            u = 1 << high | (nibble(contexts, 16 + e, 2 * f + 1, high) if e else 0)
            value = (u << e - high | self.raw(e - high)) + 14
        self.last[name], self.last["all"] = (value, v1), (value, w1)
        return value

    def push(self, text, noting):
        """4.7.2, 4.7.3: text becomes bytes before; a match is looked for if there is none; the place may be noted."""
        for byte in text:
            self.past.append(byte)
            self.word = (self.word + byte + 1) * HASH & MASK if byte in WORD_BYTES else 0
        h = reduce(lambda h, byte: (h + byte + 1) * HASH & MASK, reversed(self.past[-6:]), 0)
        here, place, n = len(self.past), (h ^ h >> 15) & 0x3FFFF, 0
        at = self.noted.get(place, here)
        if not self.match and 0 < here - at < (1 << 20) - 40:
            while n < min(40, at - 6) and self.past[at - n - 1] == self.past[here - n - 1]:
                n += 1
            self.match, self.length = (at, n) if n >= 6 else (0, 0)
        if noting:
            self.noted[place] = here

    def byte(self, known):
        """4.7.1: one that is read, or (4.7.5) one that is known, behind a leading 1, and learned."""
        c6, c5, c4, c3, c2, c1 = self.past[-6:]
        q = c1 + 256 * c2 + 65536 * c3 + (c4 << 24)
        contexts = [(c1 + 1) * HASH, (q & 0xFFFF) * 0x3D4D51CB + 1, (q & 0xFFFFFF) * 0x6F4F2A35 + 2,
                    q * 0x9E3779B1 + 3, (q * 0x2C1B3C6D + c5 + 256 * c6) * 0x297A2D39 + 4,
                    self.word * 0x5BD1E995 + (0 if c1 in WORD_BYTES else c1 * 0x1FFF7) + 5]
        level = self.length if self.length < 16 else min(31, 16 + (min(self.length, 40) - 16 >> 1))
        guess = 256 | self.past[self.match] if self.match else 0
        byte = guess - 256
        if guess != known or self.length < 12:
            high = 16 | self.bytes.nibble(contexts, 1, 0, 4, guess >> 4, level, known >> 4)
            low = 16 | guess & 15 if guess >> 4 == high else 0
            byte = 16 * high - 256 + self.bytes.nibble(contexts, high, 0, 4, low, level, known and 16 | known & 15)
        self.match, self.length = (self.match + 1, self.length + 1) if guess == 256 | byte else (0, 0)
        self.push([byte], True)
        return byte

    def text(self, before, symbols):
        """4.7.4: of symbols, begun with what stands before them. A symbol is 0, to be read, or what `byte` learns."""
        self.word = self.match = 0
        self.push(before[-16:], False)
        return bytes(self.raw(8) if self.plain else self.byte(symbol) for symbol in symbols)

    def fresh(self, kind, before, behind):
        """4.4.5"""
        gain = self.number("gain") if kind != YARA else 0
        shared = len(commonprefix([before, behind])) + (gain >> 1) if kind != YARA else 0
        prefix = (behind if gain & 1 else before)[:shared]
        return prefix + self.text(prefix, bytes(self.number("length", shared)))

    def edited(self, old):
        """4.4.6"""
        words, at, record, before, self.shapes = re.findall(WORD, old), 0, b"", self.shapes, []
        for i in range(self.number("edits", len(before))):
            edit = skip, remove, insert = [self.number(name, [*before[i:], 0][0]) for name in FIELDS[-3:]]
            record += b"".join(words[at:at + skip])
            record += self.text(record, bytes(insert))
            at += skip + remove
            self.shapes += [reduce(lambda shape, one: shape * HASH + one & MASK, edit, i + 1)] * (i < 64)
        return record + b"".join(words[at:])


def apply_delta(pack, base):
    """4.2, 4.4"""
    stream, old, new, passed = io.BytesIO(pack), read_database(base), defaultdict(list), defaultdict(int)
    require(stream.read(5) == b"RMP\2\1", "PACK_FORMAT_UNKNOWN")
    with refusing("PACK_MALFORMED"):
        size, _, tag, bits = read_varint(stream), read_varint(stream), stream.read(8)[:4], stream.read(1)[0]
        require(1 <= bits <= 19, "PACK_MALFORMED", "model bits")
        require((size, tag.hex()) == (len(base), digest(base)[:8]), "PACK_WRONG_BASE")
        number = (decoder := Decoder(bits)).number
        while stream.tell() < len(pack):
            decoder.start(stream.read(read_varint(stream)))
            kind = number("kind")
            before, after = old.setdefault(kind, []), new[kind]
            for place in accumulate([number("exemplarGap") + 1 for _ in range(number("exemplars"))]):  # 4.4.7
                decoder.text(b"", [256 | byte for byte in before[place - 1]])
            decoder.plain = number("plain")
            for _ in range(number("changes")):
                kept, removes = passed[kind] + number("skip"), number("removes")
                inserts, end = number("inserts", removes), kept + removes
                after += before[passed[kind]:kept]
                for i in range(inserts):
                    source, neighbours = number("source", i), (b"".join(after[-1:]), b"".join(before[end:end + 1]))
                    record = decoder.edited(before[kept + source - 1]) if source else decoder.fresh(kind, *neighbours)
                    after.append(record)
                passed[kind] = end
    for kind, records in old.items():
        new[kind] += records[passed[kind]:]
    return write_database(new)
