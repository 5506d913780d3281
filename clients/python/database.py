"""The database file and full packs: docs/SPEC.md sections 3.1 to 3.6 and 4.1 to 4.3."""
import hashlib
import lzma
import re
import struct

import zstandard

from tuf import Refused, require

STREAM_BYTES = 8 * 1024 * 1024
YARA = 4  # the one kind whose section is a sequence


class Reader:
    """Bytes from front to back; what does not fit is refused with `code`."""

    def __init__(self, data, code):
        self.data, self.at, self.code = data, 0, code

    def take(self, count):
        require(self.at + count <= len(self.data), self.code, "too short")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            require(value < 2**53, self.code, "varint")
            if byte < 128:
                require(byte or shift == 7, self.code, "varint that could be shorter")
                return value

    def front_coded(self, before):
        shared, rest = self.varint(), self.varint()
        require(shared <= len(before), self.code, "front coding")
        text = before[:shared] + self.take(rest)
        require(common(before, text) == shared, self.code, "front coding")
        return text

    def ended(self):
        return self.at == len(self.data)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def common(a, b):
    most = min(len(a), len(b))
    return next((i for i in range(most) if a[i] != b[i]), most)


def front_coded(before, text):
    shared = common(before, text)
    return varint(shared) + varint(len(text) - shared) + text[shared:]


def digest(data):
    """3.3.1: the root of the tree of digests."""
    start = directory_start(data)
    return hashlib.sha256(data[:5] + data[start:]).hexdigest()


def directory_start(data):
    fits = len(data) >= 13 and data[:5] == b"RMDB\x02" and data[-4:] == b"RMDB"
    require(fits, "DATABASE_MALFORMED", "frame of the file")
    size = struct.unpack("<I", data[-8:-4])[0]
    require(size <= 1024 and size <= len(data) - 13, "DATABASE_MALFORMED", "directory")
    return len(data) - 8 - size


def read_database(data):
    """Every record by kind, every table and block compared with its digest (3.3.3)."""
    start, code = directory_start(data), "DATABASE_MALFORMED"
    directory = Reader(data[start:-8], code)
    at, last, sections = 5, -1, {}
    for _ in range(directory.varint()):
        kind, order = directory.varint(), directory.take(1)[0]
        require(last < kind <= YARA and order == (kind == YARA), code, "kind")
        last = kind
        records, rules, blocks, index, ids = (directory.varint() for _ in range(5))
        require(at + blocks + index + ids <= start, code, "a section")
        tables = data[at + blocks:at + blocks + index + ids]
        require(hashlib.sha256(tables).digest() == directory.take(32), "DATABASE_DIGEST_MISMATCH", "tables")
        sections[kind] = read_blocks(data[at:at + blocks], Reader(tables[:index], code), kind)
        require(len(sections[kind]) == records >= rules, code, "records")
        at += blocks + index + ids
    require(at == start and directory.ended(), code, "a gap")
    return sections


def read_blocks(data, index, kind):
    found, at, key, code = [], 0, b"", "DATABASE_MALFORMED"
    while not index.ended():
        size, count, _rules = index.varint(), index.varint(), index.varint()
        if kind != YARA:
            key = index.front_coded(key)
        block = Reader(data[at:at + size], code)
        require(hashlib.sha256(block.data).digest() == index.take(32), "DATABASE_DIGEST_MISMATCH", "a block")
        before, at = b"", at + size
        for _ in range(count):
            before = block.front_coded(before)
            found.append(before)
        require(block.ended(), code, "a block")
    require(at == len(data), code, "blocks")
    require(kind == YARA or all(a < b for a, b in zip(found, found[1:])), code, "order")
    return found


def write_database(sections):
    """3.3.2: the one encoding of these records."""
    body, directory = [b"RMDB\x02"], [varint(sum(1 for records in sections.values() if records))]
    for kind, records in sorted(sections.items()):
        if not records:
            continue
        blocks, index, key = [], b"", b""
        for block in cut_blocks(records):
            before, coded = b"", b""
            for record in block:
                coded, before = coded + front_coded(before, record), record
            rules = sum(is_rule(kind, record) for record in block)
            index += varint(len(coded)) + varint(len(block)) + varint(rules)
            if kind != YARA:
                index, key = index + front_coded(key, block[0][:64]), block[0][:64]
            index += hashlib.sha256(coded).digest()
            blocks.append(coded)
        ids, before = b"", b""
        named = [(rule_name(record), n) for n, record in enumerate(records) if is_rule(kind, record)] if kind == YARA else []
        for name, number in sorted(named):
            ids, before = ids + front_coded(before, name) + varint(number), name
        sizes = [len(records), sum(is_rule(kind, one) for one in records), sum(map(len, blocks)), len(index), len(ids)]
        directory += [varint(kind), bytes([kind == YARA]), *map(varint, sizes), hashlib.sha256(index + ids).digest()]
        body += [*blocks, index, ids]
    directory = b"".join(directory)
    return b"".join(body) + directory + struct.pack("<I", len(directory)) + b"RMDB"


def is_rule(kind, record):
    return kind != YARA or record[:1] == b"\x01"


def rule_name(record):
    found = re.match(rb"\x01(?:global )?(?:private )?rule (\w+)", record)
    require(found, "DATABASE_MALFORMED", "a rule without a name")
    return found[1]


def cut_blocks(records):
    """3.4: boundaries follow from the records beside them."""
    block, total = [], 0
    for record in records:
        weight = len(record) + 2
        if block and total + weight > 65_536:
            yield block
            block, total = [], 0
        block.append(record)
        total += weight
        h = 0x811C9DC5
        for byte in record:
            h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
        h = (h ^ h >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
        if h ^ h >> 13 < weight * 131_072:
            yield block
            block, total = [], 0
    if block:
        yield block


def unpack_xz(pack):
    """4.1, 4.3: xz streams of one block, 8 MiB of the database in each but the last."""
    rest, parts = pack, []
    while rest:
        require(rest[:8] == b"\xfd7zXZ\x00\x00\x01", "PACK_MALFORMED", "an xz stream with a CRC-32")
        require(not parts or len(parts[-1]) == STREAM_BYTES, "PACK_MALFORMED", "streams of 8 MiB")
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=32 << 20)
        try:
            parts.append(decoder.decompress(rest, max_length=STREAM_BYTES))
            if not decoder.eof:  # the end of a stream that is as long as it may be
                require(decoder.decompress(b"", max_length=1) == b"", "PACK_MALFORMED", "streams of 8 MiB")
        except lzma.LZMAError as cause:
            raise Refused("CODEC_FAILED", str(cause)) from cause
        require(decoder.eof and parts[-1], "PACK_MALFORMED", "a stream")
        rest = decoder.unused_data
    return b"".join(parts)


def unpack_zstd(pack):
    """4.2, 4.3: skippable header, frames of 256 KiB, seek table."""
    code, n = "PACK_MALFORMED", len(pack)
    require(n >= 17 and pack[-4:] == struct.pack("<I", 0x8F92EAB1) and pack[-5] == 0, code, "seek table")
    frames = struct.unpack("<I", pack[-9:-5])[0]
    end = n - 17 - 8 * frames
    require(end > 0 and pack[end:end + 8] == struct.pack("<II", 0x184D2A5E, 9 + 8 * frames), code, "seek table")
    reader = Reader(pack[:end], code)
    magic, size = struct.unpack("<II", reader.take(8))
    require(magic == 0x184D2A5D and size <= 65_536, code, "header")
    header = Reader(reader.take(size), code)
    require(header.take(3) == b"RMP", code, "header")
    require(header.take(2) == b"\x01\x00", "PACK_FORMAT_UNKNOWN")
    length, wanted, parts = header.varint(), header.take(32), []
    require(header.ended(), code, "header")
    for compressed, content in struct.iter_unpack("<II", pack[end + 8:-9]):
        frame = reader.take(compressed)
        last = len(parts) == frames - 1
        require((content == 262_144 or last and 0 < content < 262_144) and len(frame) > 5, code, "a frame")
        require(frame[:4] == b"\x28\xb5\x2f\xfd" and not frame[4] & 0x1F, code, "a frame's descriptor")
        require(zstandard.frame_content_size(frame) == content, code, "a frame's size")
        try:
            parts.append(zstandard.ZstdDecompressor().decompress(frame, max_output_size=content))
        except zstandard.ZstdError as cause:
            raise Refused("CODEC_FAILED", str(cause)) from cause
        require(len(parts[-1]) == content, "CODEC_FAILED", "a frame")
    database = b"".join(parts)
    require(reader.ended() and len(database) == length, code, "frames")
    require(digest(database) == wanted.hex(), "DATABASE_DIGEST_MISMATCH")
    return database


def apply_full(pack):
    """4.2: its first bytes say how a full pack is compressed."""
    database = unpack_xz(pack) if pack[:6] == b"\xfd7zXZ\x00" else unpack_zstd(pack)
    try:
        read_database(database)
    except Refused as cause:
        require(cause.code != "DATABASE_MALFORMED", "DATABASE_DIGEST_MISMATCH", str(cause))
        raise
    return database
