"""The database file and full packs: docs/SPEC.md sections 3.1 to 3.6 and 4.1 to 4.3."""
import hashlib
import lzma
import re
import struct

import zstandard

from tuf import Refused, refusing, require

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
    return hashlib.sha256(data[:5] + data[directory_start(data):]).hexdigest()


def directory_start(data):
    fits = len(data) >= 13 and data[:5] == b"RMDB\x02" and data[-4:] == b"RMDB"
    require(fits, "DATABASE_MALFORMED", "frame of the file")
    size = int.from_bytes(data[-8:-4], "little")
    require(size <= min(1024, len(data) - 13), "DATABASE_MALFORMED", "directory")
    return len(data) - 8 - size


def read_database(data):
    """Every record by kind. 3.3.2: they have one encoding, which `data` must be."""
    directory = Reader(data[directory_start(data):-8], "DATABASE_MALFORMED")
    at, sections = 5, {}
    for _ in range(directory.varint()):
        kind, _ = directory.varint(), directory.take(1)
        _, _, blocks, index, ids = (directory.varint() for _ in range(5))
        directory.take(32)
        body, record, records = Reader(data[at:at + blocks], "DATABASE_MALFORMED"), b"", []
        while not body.ended():
            record = record[:body.varint()] + body.take(body.varint())
            records.append(record)
        sections[kind], at = records, at + blocks + index + ids
    require(write_database(sections) == data, "DATABASE_DIGEST_MISMATCH", "another encoding")
    return sections


def write_database(sections):
    """3.2"""
    body, directory = [b"RMDB\x02"], [varint(sum(map(bool, sections.values())))]
    for kind, records in sorted(sections.items()):
        require(kind <= YARA, "DATABASE_MALFORMED", "kind")
        if records:
            blocks, tables, sizes = write_section(kind, records)
            directory += [varint(kind), bytes([kind == YARA]), *map(varint, sizes)]
            directory.append(hashlib.sha256(tables).digest())
            body += [blocks, tables]
    end = b"".join(directory)
    return b"".join(body) + end + struct.pack("<I", len(end)) + b"RMDB"


def write_section(kind, records):
    """3.4 to 3.6: the blocks, index and id table, and the five numbers of the directory."""
    sorted_kind, blocks, index, key, rules = kind != YARA, b"", b"", b"", 0
    rising = all(a < b for a, b in zip(records, records[1:]))
    require(rising or not sorted_kind, "DATABASE_MALFORMED", "order")
    for block in cut_blocks(records):
        coded = b"".join(map(front_coded, [b"", *block], block))
        named = sum(sorted_kind or record[:1] == b"\x01" for record in block)
        index += varint(len(coded)) + varint(len(block)) + varint(named)
        if sorted_kind:
            index, key = index + front_coded(key, block[0][:64]), block[0][:64]
        index += hashlib.sha256(coded).digest()
        blocks, rules = blocks + coded, rules + named
    ids, before = b"", b""
    for name, number in [] if sorted_kind else sorted(yara_names(records)):
        ids, before = ids + front_coded(before, name) + varint(number), name
    return blocks, index + ids, [len(records), rules, len(blocks), len(index), len(ids)]


def yara_names(records):
    for number, record in enumerate(records):
        if record[:1] == b"\x01":
            found = re.match(rb"\x01(?:global )?(?:private )?rule (\w+)", record)
            require(found, "DATABASE_MALFORMED", "a rule without a name")
            yield found[1], number


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
    code, parts = "PACK_MALFORMED", []
    while pack:
        require(pack[:8] == b"\xfd7zXZ\x00\x00\x01", code, "an xz stream with a CRC-32")
        require(not parts or len(parts[-1]) == STREAM_BYTES, code, "streams of 8 MiB")
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=32 << 20)
        with refusing("CODEC_FAILED", lzma.LZMAError):
            parts.append(decoder.decompress(pack, max_length=STREAM_BYTES))
            if not decoder.eof:  # the end of a stream that is as long as it may be
                require(decoder.decompress(b"", max_length=1) == b"", code, "streams of 8 MiB")
        require(decoder.eof and parts[-1], code, "a stream")
        pack = decoder.unused_data
    return b"".join(parts)


def unpack_zstd(pack):
    """4.2, 4.3: skippable header, frames of 256 KiB, seek table."""
    code, reader, parts = "PACK_MALFORMED", Reader(pack, "PACK_MALFORMED"), []
    magic, size = struct.unpack("<II", reader.take(8))
    require(magic == 0x184D2A5D and size <= 65_536, code, "header")
    header = Reader(reader.take(size), code)
    require(header.take(3) == b"RMP", code, "header")
    require(header.take(2) == b"\x01\x00", "PACK_FORMAT_UNKNOWN")
    length, wanted = header.varint(), header.take(32)
    frames = int.from_bytes(pack[-9:-5], "little")
    table = pack[len(pack) - 9 - 8 * frames:-9]
    head = struct.pack("<II", 0x184D2A5E, 9 + 8 * frames)
    foot = struct.pack("<IBI", frames, 0, 0x8F92EAB1)
    require(header.ended() and 8 * frames + 17 <= len(pack), code, "seek table")
    require(pack.endswith(head + table + foot), code, "seek table")
    for compressed, content in struct.iter_unpack("<II", table):
        frame = reader.take(compressed)
        require(not parts or len(parts[-1]) == 262_144, code, "frames of 256 KiB")
        require(0 < content <= 262_144 and len(frame) > 5, code, "a frame")
        require(frame[:4] == b"\x28\xb5\x2f\xfd" and not frame[4] & 0x1F, code, "a descriptor")
        require(zstandard.frame_content_size(frame) == content, code, "a frame's size")
        with refusing("CODEC_FAILED", zstandard.ZstdError):
            parts.append(zstandard.ZstdDecompressor().decompress(frame, max_output_size=content))
        require(len(parts[-1]) == content, "CODEC_FAILED", "a frame")
    database = b"".join(parts)
    require(reader.at == len(pack) - 17 - 8 * frames and len(database) == length, code, "frames")
    require(digest(database) == wanted.hex(), "DATABASE_DIGEST_MISMATCH")
    return database


def apply_full(pack):
    """4.2: its first bytes say how a full pack is compressed."""
    database = unpack_xz(pack) if pack[:6] == b"\xfd7zXZ\x00" else unpack_zstd(pack)
    try:
        read_database(database)
    except Refused as cause:
        raise Refused("DATABASE_DIGEST_MISMATCH", str(cause)) from cause
    return database
