"""Delta packs and their entropy stage: docs/SPEC.md sections 4.4 to 4.7."""
import re

from database import Reader, YARA, common, digest, read_database, write_database
from tuf import require

MASK = 0xFFFFFFFF
TABLE = [int(one) for one in """1 2 3 5 8 13 22 36 60 98 162 267 439 720 1179 1921 3108 4971 7812 11955 17625 24743 32768 40793 47911
 53581 57724 60565 62428 63615 64357 64816 65097 65269 65374 65438 65476 65500 65514 65523 65528 65531 65533 65534 65535""".split()]
RATES = [40960, 25206, 18204, 14247, 11703, 9930, 8623, 7620, 6827, 6183, 5650, 5201, 4819, 4489, 4201, 4096]
FIELDS = ["kind", "exemplars", "exemplarGap", "plain", "changes", "skip", "removes", "inserts", "source", "gain", "length",
          "edits", "editSkip", "editRemove", "editInsert"]
WORD = re.compile(rb"[A-Za-z\x80-\xff]+|[0-9]+|[ \t]+|[\s\S]")


def squash(x):
    place, d = x + 2816 >> 7, x + 2816 & 127
    return TABLE[place] * (128 - d) + TABLE[min(place + 1, 44)] * d + 64 >> 7


SQUASH = [squash(x) for x in range(-2815, 2816)]


def make_stretch():
    out, x = [], -2047
    for p in range(4096):
        while x < 2047 and SQUASH[x + 2815] < 16 * p + 8:
            x += 1
        out.append(x)
    return out


STRETCH = make_stretch()


def malformed(holds, message):
    require(holds, "PACK_MALFORMED", message)


class Bits:
    """4.5: a part, bit by bit."""

    def __init__(self, part):
        self.part, self.moved, self.low, self.high = part, 0, 0, MASK
        self.value = int.from_bytes(part[:4].ljust(4, b"\0"), "big")

    def bit(self, one):
        r = self.high - self.low
        split = self.low + (r >> 16) * one + ((r & 0xFFFF) * one >> 16)
        bit = int(self.value <= split)
        if bit:
            self.high = split
        else:
            self.low = split + 1
        while (self.low ^ self.high) < 1 << 24:
            self.low, self.high = self.low << 8 & MASK, self.high << 8 & MASK | 255
            following = self.part[self.moved + 4] if self.moved + 4 < len(self.part) else 0
            self.value, self.moved = self.value << 8 & MASK | following, self.moved + 1
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
            step = 1 << 8 * (4 - count)
            number = -(-self.low // step) * step
            if number <= self.high:
                malformed(self.part[self.moved:] == number.to_bytes(5, "big")[1:1 + count], "the end of a part")
                return


class Model:
    """4.6: buckets of counters, maps, trusts and weights."""

    def __init__(self, bits):
        self.mask, self.buckets, self.maps, self.weights = (1 << bits) - 1, {}, {}, {}
        self.trust = [0] + [65536 - 131072 // (3 * level + 5) for level in range(1, 32)]

    def bucket(self, place):
        if place not in self.buckets:
            self.buckets[place] = [0, [2048] * 16, [0] * 16]  # check, p and seen by node
        return self.buckets[place]

    def find(self, contexts, salt):
        return [self.find_one(context, salt) for context in contexts]

    def find_one(self, context, salt):
        h = (context + salt * 0x9E3779B1) * 0x85EBCA6B & MASK
        h = (h ^ h >> 15) * 0x2C1B3C6D & MASK
        h ^= h >> 13
        check, first, other = h >> 16 | 1, self.bucket(h & self.mask), self.bucket(h & self.mask ^ 1)
        for found in (first, other):
            if found[0] == check:
                return found
        chosen = other if first[0] and (not other[0] or other[2][1] < first[2][1]) else first
        chosen[:] = [check, [2048] * 16, [0] * 16]
        return chosen

    def learn_bit(self, buckets, node, bit):
        for _, p, seen in buckets:
            rate = RATES[seen[node]]
            p[node] += (4095 - p[node]) * rate >> 16 if bit else -(p[node] * rate >> 16)
            seen[node] = min(15, seen[node] + 1)

    def bit(self, bits, buckets, node, use, guess, level):
        """`guess` is what the match says, None for nothing."""
        signals, used = [], []
        for i, (_, p, seen) in enumerate(buckets):
            key = (i, seen[node], p[node] >> 6)
            if seen[node]:
                used.append(key)
                signals.append(STRETCH[self.maps.setdefault(key, 1024 * key[2] + 512) >> 4])
            else:
                signals.append(0)
        trust = 0 if guess is None else STRETCH[self.trust[level] >> 4]
        signals += [trust if guess else -trust, 256]
        weights = self.weights.setdefault((use, 0 if guess is None else 1 + (level >> 2)), [19661] * 6 + [13107, 0])
        x = sum(a * b for a, b in zip(signals, weights)) >> 16
        one = SQUASH[max(-2815, min(2815, x)) + 2815]
        bit = bits.bit(one)
        error = (bit * 65536 - one) * 12
        for i, signal in enumerate(signals):
            weights[i] += signal * error + 131072 >> 18
        for key in used:
            m = self.maps[key]
            self.maps[key] = m + (65535 - m >> 6) if bit else m - (m >> 6)
        if guess is not None:
            t = self.trust[level]
            self.trust[level] = t + (65535 - t >> 5) if bit == guess else t - (t >> 5)
        self.learn_bit(buckets, node, bit)
        return bit

    def nibble(self, bits, contexts, salt, use, count=4, guessed=None, level=0):
        buckets, node = self.find(contexts, salt), 1
        for i in range(count):
            right = guessed is not None and (guessed | 16) >> 4 - i == node
            node = node * 2 + self.bit(bits, buckets, node, use, guessed >> 3 - i & 1 if right else None, level)
        return node - (1 << count)


class Numbers:
    """4.6.8, 4.6.9"""

    def __init__(self):
        self.model, self.last, self.all = Model(12), {}, (0, 0)

    def read(self, bits, name, beside=0):
        f = FIELDS.index(name)
        base, (v1, v2), (w1, w2) = (f + 1) * 0x9E3779B1 & MASK, self.last.get(f, (0, 0)), self.all
        contexts = [base, (base + v1) * 0x2F0B4C47 + 1, ((base + v1) * 0x2C1B3C6D + v2) * 0x3D4D51CB + 2,
                    (base + w1) * 0x6F4F2A35 + 3, ((base + w1) * 0x2C1B3C6D + w2) * 0x297A2D39 + 4,
                    (base * 0x1FFF7 + beside) * 0x85EBCA6B + 5]
        contexts = [one & MASK for one in contexts]
        value = self.model.nibble(bits, contexts, 1, 2 * f)
        if value == 15:
            e = self.model.nibble(bits, contexts, 2, 2 * f + 1)
            if e == 15:
                e += self.model.nibble(bits, contexts, 3, 2 * f + 1)
            u = 1
            if e:
                u = 1 << min(e, 4) | self.model.nibble(bits, contexts, 16 + e, 2 * f + 1, min(e, 4))
                u = u << max(0, e - 4) | bits.raw(max(0, e - 4))
            value = u + 14
        self.last[f], self.all = (value, v1), (value, w1)
        return value


class Text:
    """4.7"""

    def __init__(self, bits):
        self.model, self.past, self.noted, self.w, self.match, self.length = Model(bits), bytearray(6), {}, 0, None, 0

    def place(self):
        h = 0
        for c in reversed(self.past[-6:]):
            h = (h + c + 1) * 0x2F0B4C47 & MASK
        return (h ^ h >> 15) & 0x3FFFF

    def look(self):
        here, at = len(self.past), self.noted.get(self.place())
        self.match = None
        if at is None or at == here or here - at >= (1 << 20) - 40:
            return
        n = 0
        while n < 40 and at - n > 6 and self.past[at - n - 1] == self.past[here - n - 1]:
            n += 1
        if n >= 6:
            self.match, self.length = at, n

    def begin(self, before):
        self.w = 0
        for byte in before[-16:]:
            self.note(byte)
        self.look()

    def note(self, byte):
        self.past.append(byte)
        self.w = (self.w + byte + 1) * 0x2F0B4C47 & MASK if is_word(byte) else 0

    def contexts(self):
        c6, c5, c4, c3, c2, c1 = self.past[-6:]
        q = c1 + 256 * c2 + 65536 * c3 + (c4 << 24)
        found = [(c1 + 1) * 0x2F0B4C47, (q & 0xFFFF) * 0x3D4D51CB + 1, (q & 0xFFFFFF) * 0x6F4F2A35 + 2, q * 0x9E3779B1 + 3,
                 (q * 0x2C1B3C6D + c5 + 256 * c6) * 0x297A2D39 + 4,
                 self.w * 0x5BD1E995 + (0 if is_word(c1) else c1 * 0x1FFF7) + 5]
        return [one & MASK for one in found]

    def passed(self, byte):
        if self.match is not None:
            self.match, self.length = (self.match + 1, self.length + 1) if self.past[self.match] == byte else (None, 0)
        self.note(byte)
        if self.match is None:
            self.look()
        self.noted[self.place()] = len(self.past)

    def byte(self, bits):
        contexts, n = self.contexts(), self.length
        level = n if n < 16 else min(31, 16 + (min(n, 40) - 16 >> 1))
        guess = None if self.match is None else self.past[self.match]
        high = self.model.nibble(bits, contexts, 1, 0, 4, None if guess is None else guess >> 4, level)
        low_guess = guess & 15 if guess is not None and guess >> 4 == high else None
        byte = high << 4 | self.model.nibble(bits, contexts, 16 + high, 0, 4, low_guess, level)
        self.passed(byte)
        return byte

    def read(self, bits, before, count, plain):
        if plain:
            return bytes(bits.raw(8) for _ in range(count))
        self.begin(before)
        return bytes(self.byte(bits) for _ in range(count))

    def learn(self, record):
        self.begin(b"")
        for byte in record:
            contexts = self.contexts()
            for salt, nibble in ((1, byte >> 4), (16 + (byte >> 4), byte & 15)):
                buckets, node = self.model.find(contexts, salt), 1
                for i in range(4):
                    bit = nibble >> 3 - i & 1
                    self.model.learn_bit(buckets, node, bit)
                    node = node * 2 + bit
            self.passed(byte)


def is_word(c):
    return c >= 0x80 or c == 0x5F or chr(c).isalnum()


class Delta:
    def __init__(self, old, model_bits, most):
        self.old, self.most, self.new, self.at = old, most, {}, {}
        self.numbers, self.text, self.shapes, self.kind = Numbers(), Text(model_bits), [], 0

    def part(self, data):
        bits = Bits(data)
        number = lambda name, beside=0: self.numbers.read(bits, name, beside)  # noqa: E731
        kind = number("kind")
        malformed(self.kind <= kind <= YARA, "kind")
        self.kind = kind
        old, new = self.old.get(kind, []), self.new.setdefault(kind, [])
        count, place, learned = number("exemplars"), -1, []
        malformed(count <= 8192, "exemplars")
        for _ in range(count):
            place += 1 + number("exemplarGap")
            malformed(place < len(old), "an exemplar")
            learned.append(old[place])
        malformed(sum(map(len, learned)) <= 131_072, "exemplars")
        for record in learned:
            self.text.learn(record)
        plain = number("plain") != 0
        for _ in range(number("changes")):
            at = self.at.get(kind, 0)
            kept = at + number("skip")
            removes = number("removes")
            inserts = number("inserts", removes)
            malformed(removes + inserts > 0 and kept + removes <= len(old), "a change")
            new += old[at:kept]
            at = self.at[kind] = kept + removes
            behind = old[at] if at < len(old) else b""
            for i in range(inserts):
                before = new[-1] if new else b""
                source = number("source", i)
                malformed(source <= min(removes, 256), "a source")
                record = (self.edited(bits, number, old[kept + source - 1], plain) if source
                          else self.fresh(bits, number, before, behind, kind, plain))
                malformed(kind == YARA or (not new or before < record) and (at == len(old) or record < behind), "order")
                new.append(record)
        bits.require_end()

    def fresh(self, bits, number, before, behind, kind, plain):
        prefix = b""
        if kind != YARA:
            gain, source = number("gain"), before
            if gain & 1:
                source = behind
            size = common(before, behind) + (gain >> 1)
            malformed(size <= len(source), "a gain")
            prefix = source[:size]
        length = number("length", len(prefix))
        malformed(len(prefix) + length <= min(self.most, 1 << 24), "a length")
        return prefix + self.text.read(bits, prefix, length, plain)

    def edited(self, bits, number, old, plain):
        words, at, record, shapes = WORD.findall(old), 0, b"", []
        for i in range(number("edits", len(self.shapes))):
            shape = self.shapes[i] if i < len(self.shapes) else 0
            skip, remove, insert = (number(name, shape) for name in ("editSkip", "editRemove", "editInsert"))
            malformed((skip or not i) and at + skip + remove <= len(words), "an edit")
            record += b"".join(words[at:at + skip])
            at += skip + remove
            malformed(len(record) + insert <= min(self.most, 1 << 24), "an edit")
            record += self.text.read(bits, record, insert, plain)
            h = i + 1
            for one in (skip, remove, insert):
                h = h * 0x2F0B4C47 + one & MASK
            shapes.append(h)
        self.shapes = shapes[:64]
        return record + b"".join(words[at:])


def apply_delta(pack, base):
    reader = Reader(pack, "PACK_MALFORMED")
    malformed(reader.take(3) == b"RMP", "header")
    require(reader.take(2) == b"\x02\x01", "PACK_FORMAT_UNKNOWN")
    sizes, tags, bits = (reader.varint(), reader.varint()), (reader.take(4), reader.take(4)), reader.take(1)[0]
    malformed(1 <= bits <= 19, "model bits")
    require(len(base) == sizes[0] and bytes.fromhex(digest(base))[:4] == tags[0], "PACK_WRONG_BASE")
    old = read_database(base)
    delta = Delta(old, bits, sizes[1])
    while not reader.ended():
        size = reader.varint()
        malformed(size <= 20 << 20, "a part")
        delta.part(reader.take(size))
    for kind, records in old.items():
        delta.new.setdefault(kind, []).extend(records[delta.at.get(kind, 0):])
    result = write_database(delta.new)
    require(len(result) == sizes[1] and bytes.fromhex(digest(result))[:4] == tags[1], "DATABASE_DIGEST_MISMATCH")
    return result
