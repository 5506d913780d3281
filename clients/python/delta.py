"""Delta packs and their entropy stage: docs/SPEC.md sections 4.4 to 4.7."""
import re

from database import Reader, YARA, common, digest, read_database, write_database
from tuf import require

MASK = 0xFFFFFFFF
TABLE = [int(one) for one in """
    1 2 3 5 8 13 22 36 60 98 162 267 439 720 1179 1921 3108 4971 7812 11955 17625 24743 32768 40793
    47911 53581 57724 60565 62428 63615 64357 64816 65097 65269 65374 65438 65476 65500 65514 65523
    65528 65531 65533 65534 65535 65535""".split()]
RATES = [40960, 25206, 18204, 14247, 11703, 9930, 8623, 7620, 6827, 6183, 5650, 5201, 4819, 4489,
         4201, 4096]
FIELDS = ("kind exemplars exemplarGap plain changes skip removes inserts source gain length edits"
          " editSkip editRemove editInsert").split()
WORD = re.compile(rb"[A-Za-z\x80-\xff]+|[0-9]+|[ \t]+|[\s\S]")
WORD_BYTES = set(re.sub(rb"[^A-Za-z0-9_\x80-\xff]", b"", bytes(range(256))))
LONGEST_RECORD = 16 << 20


def malformed(holds, message):
    require(holds, "PACK_MALFORMED", message)


def squash(x):
    """4.6.2"""
    x = max(-2815, min(2815, x)) + 2816
    return TABLE[x >> 7] * (128 - (x & 127)) + TABLE[(x >> 7) + 1] * (x & 127) + 64 >> 7


def make_stretch():
    x = -2047
    for p in range(4096):
        while x < 2047 and squash(x) < 16 * p + 8:
            x += 1
        yield x


STRETCH = list(make_stretch())


class Coder:
    """4.5: a part, bit by bit."""

    def start(self, part):
        self.part, self.moved, self.low, self.high = part, 0, 0, MASK

    def bit(self, one):
        padded = self.part[self.moved:self.moved + 4].ljust(4, b"\0")
        span = self.high - self.low
        split = self.low + (span >> 16) * one + ((span & 0xFFFF) * one >> 16)
        bit = int(int.from_bytes(padded, "big") <= split)
        self.low, self.high = (self.low, split) if bit else (split + 1, self.high)
        while (self.low ^ self.high) >> 24 == 0:
            self.low, self.high = self.low << 8 & MASK, self.high << 8 & MASK | 255
            self.moved += 1
            malformed(self.moved <= len(self.part), "a part that is too short")
        return bit

    def raw(self, count):
        value = 0
        for _ in range(count):
            value = value * 2 + self.bit(32768)
        return value

    def require_end(self):
        """4.5.3"""
        for count in range(5):
            step = 256 ** (4 - count)
            number = -(-self.low // step) * step
            if number <= self.high:
                end = number.to_bytes(4, "big")[:count]
                return malformed(self.part[self.moved:] == end, "the end of a part")


class Model:
    """4.6: buckets of counters, maps, trusts and weights."""

    def __init__(self, coder, bits):
        self.coder, self.mask = coder, (1 << bits) - 1
        self.buckets, self.maps, self.weights = {}, {}, {}
        self.trust = [65536 - 131072 // (3 * level + 5) for level in range(32)]

    def find(self, context, salt):
        """4.6.3: a bucket is its check, and p and seen by node."""
        h = (context + salt * 0x9E3779B1) * 0x85EBCA6B & MASK
        h = (h ^ h >> 15) * 0x2C1B3C6D & MASK
        h ^= h >> 13
        check, places = h >> 16 | 1, (h & self.mask, h & self.mask ^ 1)
        first, other = (self.buckets.setdefault(one, [0, [2048] * 16, [0] * 16]) for one in places)
        for found in (first, other):
            if found[0] == check:
                return found
        chosen = other if first[0] and (not other[0] or other[2][1] < first[2][1]) else first
        chosen[:] = check, [2048] * 16, [0] * 16
        return chosen

    def nibble(self, contexts, salt, use, count=4, guess=None, level=0, known=None):
        """4.6.1. `guess` is what a match of that level says; 4.7.5: `known` is only learned."""
        buckets, node = [self.find(one & MASK, salt) for one in contexts], 1
        for left in reversed(range(count)):
            right = guess is not None and (guess | 16) >> left + 1 == node
            if known is None:
                bit = self.bit(buckets, node, use, guess >> left & 1 if right else None, level)
            else:
                bit = known >> left & 1
            for _, p, seen in buckets:  # 4.6.4
                rate = RATES[seen[node]]
                p[node] += (4095 - p[node]) * rate >> 16 if bit else -(p[node] * rate >> 16)
                seen[node] = min(15, seen[node] + 1)
            node = node * 2 + bit
        return node - (1 << count)

    def bit(self, buckets, node, use, guess, level):
        """4.6.5 to 4.6.7"""
        counters = [(seen[node], p[node] >> 6) for _, p, seen in buckets]
        keys = [(i, *counter) if counter[0] else None for i, counter in enumerate(counters)]
        maps = [key and self.maps.setdefault(key, 1024 * key[2] + 512) for key in keys]
        signals = [0 if m is None else STRETCH[m >> 4] for m in maps]
        trust = STRETCH[self.trust[level] >> 4]
        signals += [0 if guess is None else trust if guess else -trust, 256]
        group = use, 0 if guess is None else 1 + (level >> 2)
        weights = self.weights.setdefault(group, [19661] * 6 + [13107, 0])
        one = squash(sum(a * b for a, b in zip(signals, weights)) >> 16)
        bit = self.coder.bit(one)
        error = (bit * 65536 - one) * 12
        weights[:] = [w + (signal * error + 131072 >> 18) for w, signal in zip(weights, signals)]
        for key in filter(None, keys):
            self.maps[key] += 65535 - self.maps[key] >> 6 if bit else -(self.maps[key] >> 6)
        if guess is not None:
            t = self.trust[level]
            self.trust[level] += 65535 - t >> 5 if bit == guess else -(t >> 5)
        return bit


class Numbers:
    """4.6.8, 4.6.9"""

    def __init__(self, coder):
        self.model, self.last, self.all = Model(coder, 12), {}, (0, 0)

    def __call__(self, name, beside=0):
        f, (w1, w2) = FIELDS.index(name), self.all
        base, (v1, v2) = (f + 1) * 0x9E3779B1, self.last.get(name, (0, 0))
        contexts = [
            base, (base + v1) * 0x2F0B4C47 + 1, ((base + v1) * 0x2C1B3C6D + v2) * 0x3D4D51CB + 2,
            (base + w1) * 0x6F4F2A35 + 3, ((base + w1) * 0x2C1B3C6D + w2) * 0x297A2D39 + 4,
            (base * 0x1FFF7 + beside) * 0x85EBCA6B + 5]
        value = self.model.nibble(contexts, 1, 2 * f)
        if value == 15:
            e = self.model.nibble(contexts, 2, 2 * f + 1)
            if e == 15:
                e += self.model.nibble(contexts, 3, 2 * f + 1)
            first = min(e, 4)
            u = 1 << first | (self.model.nibble(contexts, 16 + e, 2 * f + 1, first) if e else 0)
            value = (u << e - first | self.model.coder.raw(e - first)) + 14
        self.last[name], self.all = (value, v1), (value, w1)
        return value


class Text:
    """4.7: what came before, the word at hand, and the match and its length."""

    def __init__(self, coder, bits):
        self.model, self.past, self.noted = Model(coder, bits), bytearray(6), {}
        self.word, self.match, self.length = 0, None, 0

    def place(self):
        h = 0
        for byte in reversed(self.past[-6:]):
            h = (h + byte + 1) * 0x2F0B4C47 & MASK
        return (h ^ h >> 15) & 0x3FFFF

    def look(self):
        """4.7.3"""
        here, n, self.match = len(self.past), 0, None
        at = self.noted.get(self.place(), here)
        if 0 < here - at < (1 << 20) - 40:
            while n < min(40, at - 6) and self.past[at - n - 1] == self.past[here - n - 1]:
                n += 1
        if n >= 6:
            self.match, self.length = at, n

    def begin(self, before):
        """4.7.4"""
        self.word = 0
        for byte in before[-16:]:
            self.append(byte)
        self.look()

    def append(self, byte):
        self.past.append(byte)
        self.word = (self.word + byte + 1) * 0x2F0B4C47 & MASK if byte in WORD_BYTES else 0

    def contexts(self):
        c6, c5, c4, c3, c2, c1 = self.past[-6:]
        q = c1 + 256 * c2 + 65536 * c3 + (c4 << 24)
        return [
            (c1 + 1) * 0x2F0B4C47, (q & 0xFFFF) * 0x3D4D51CB + 1, (q & 0xFFFFFF) * 0x6F4F2A35 + 2,
            q * 0x9E3779B1 + 3, (q * 0x2C1B3C6D + c5 + 256 * c6) * 0x297A2D39 + 4,
            self.word * 0x5BD1E995 + (0 if c1 in WORD_BYTES else c1 * 0x1FFF7) + 5]

    def byte(self, known=None):
        """4.7.1: a byte that is read, or one that is known and learned."""
        contexts, n = self.contexts(), self.length
        level = n if n < 16 else min(31, 16 + (min(n, 40) - 16 >> 1))
        guess = (None, None) if self.match is None else divmod(self.past[self.match], 16)
        told = (None, None) if known is None else divmod(known, 16)
        high = self.model.nibble(contexts, 1, 0, 4, guess[0], level, told[0])
        guess_low = guess[1] if high == guess[0] else None
        byte = 16 * high + self.model.nibble(contexts, 16 + high, 0, 4, guess_low, level, told[1])
        if self.match is not None:
            right = self.past[self.match] == byte
            self.match, self.length = (self.match + 1, n + 1) if right else (None, 0)
        self.append(byte)
        if self.match is None:
            self.look()
        self.noted[self.place()] = len(self.past)
        return byte

    def read(self, before, count, plain):
        if plain:
            return bytes(self.model.coder.raw(8) for _ in range(count))
        self.begin(before)
        return bytes(self.byte() for _ in range(count))

    def learn(self, record):
        self.begin(b"")
        for byte in record:
            self.byte(byte)


class Delta:
    """4.4: new sections from old ones; `at` says by kind how far those are passed."""

    def __init__(self, old, model_bits, longest):
        self.coder = Coder()
        self.number, self.text = Numbers(self.coder), Text(self.coder, model_bits)
        self.old, self.new, self.at, self.kind, self.shapes = old, {}, {}, 0, []
        self.longest, self.plain = min(longest, LONGEST_RECORD), False

    def part(self, data):
        self.coder.start(data)
        kind, number = self.number("kind"), self.number
        malformed(self.kind <= kind <= YARA, "kind")
        self.kind, old, new = kind, self.old.get(kind, []), self.new.setdefault(kind, [])
        self.learn_exemplars(old)
        self.plain = number("plain")
        for _ in range(number("changes")):
            at = self.at.get(kind, 0)
            kept, removes = at + number("skip"), number("removes")
            inserts = number("inserts", removes)
            malformed(removes + inserts > 0 and kept + removes <= len(old), "a change")
            new += old[at:kept]
            at = self.at[kind] = kept + removes
            for i in range(inserts):
                before, behind = (new or [b""])[-1], (old[at:] or [b""])[0]
                source = number("source", i)
                malformed(source <= min(removes, 256), "a source")
                if source:
                    record = self.edited(old[kept + source - 1])
                else:
                    record = self.fresh(before, behind)
                rising = (not new or before < record) and (at == len(old) or record < behind)
                malformed(rising or kind == YARA, "order")
                new.append(record)
        self.coder.require_end()

    def learn_exemplars(self, old):
        """4.4.7"""
        places, count = [-1], self.number("exemplars")
        malformed(count <= 8192, "exemplars")
        for _ in range(count):
            places.append(places[-1] + 1 + self.number("exemplarGap"))
            malformed(places[-1] < len(old), "an exemplar")
        records = [old[place] for place in places[1:]]
        malformed(sum(map(len, records)) <= 131_072, "exemplars")
        for record in records:
            self.text.learn(record)

    def fresh(self, before, behind):
        """4.4.5"""
        prefix = b""
        if self.kind != YARA:
            gain = self.number("gain")
            size, source = common(before, behind) + (gain >> 1), behind if gain & 1 else before
            malformed(size <= len(source), "a gain")
            prefix = source[:size]
        length = self.number("length", len(prefix))
        malformed(len(prefix) + length <= self.longest, "a length")
        return prefix + self.text.read(prefix, length, self.plain)

    def edited(self, old):
        """4.4.6"""
        words, at, record, shapes = WORD.findall(old), 0, b"", []
        for i in range(self.number("edits", len(self.shapes))):
            beside, shape = self.shapes[i] if i < len(self.shapes) else 0, i + 1
            edit = [self.number(name, beside) for name in ("editSkip", "editRemove", "editInsert")]
            skip, remove, insert = edit
            malformed((skip or not i) and at + skip + remove <= len(words), "an edit")
            record += b"".join(words[at:at + skip])
            at += skip + remove
            malformed(len(record) + insert <= self.longest, "an edit")
            record += self.text.read(record, insert, self.plain)
            for one in edit:
                shape = shape * 0x2F0B4C47 + one & MASK
            shapes.append(shape)
        self.shapes = shapes[:64]
        return record + b"".join(words[at:])


def apply_delta(pack, base):
    """4.2, 4.4.1 to 4.4.3"""
    reader = Reader(pack, "PACK_MALFORMED")
    malformed(reader.take(3) == b"RMP", "header")
    require(reader.take(2) == b"\x02\x01", "PACK_FORMAT_UNKNOWN")
    sizes, tags = (reader.varint(), reader.varint()), (reader.take(4).hex(), reader.take(4).hex())
    bits = reader.take(1)[0]
    malformed(1 <= bits <= 19, "model bits")
    require((len(base), digest(base)[:8]) == (sizes[0], tags[0]), "PACK_WRONG_BASE")
    delta = Delta(read_database(base), bits, sizes[1])
    while not reader.ended():
        size = reader.varint()
        malformed(size <= 20 << 20, "a part")
        delta.part(reader.take(size))
    for kind, records in delta.old.items():
        delta.new.setdefault(kind, []).extend(records[delta.at.get(kind, 0):])
    result = write_database(delta.new)
    require((len(result), digest(result)[:8]) == (sizes[1], tags[1]), "DATABASE_DIGEST_MISMATCH")
    return result
