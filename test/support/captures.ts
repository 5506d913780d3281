/** Captures of network traffic, made by hand: classic pcap (draft-ietf-opsawg-pcap) with one Ethernet frame of IPv4 and UDP. */

/** From 192.168.1.2:4000 to 8.8.8.8:5000. */
export function udpCapture(payload: string): Uint8Array {
  const data = Buffer.from(payload, "latin1");
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(4000, 0);
  udp.writeUInt16BE(5000, 2);
  udp.writeUInt16BE(8 + data.length, 4);
  const ip = Buffer.from("4500000000010000401100" + "00c0a8010208080808", "hex");
  ip.writeUInt16BE(20 + 8 + data.length, 2);
  const ethernet = Buffer.from(`${"00".repeat(12)}0800`, "hex");
  const packet = Buffer.concat([ethernet, ip, udp, data]);
  const file = Buffer.alloc(24);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(1, 20);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(1_700_000_000, 0);
  record.writeUInt32LE(packet.length, 8);
  record.writeUInt32LE(packet.length, 12);
  return Buffer.concat([file, record, packet]);
}
