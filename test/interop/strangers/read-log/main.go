// A log of ours, read by the Go team's own checksum-database code (golang.org/x/mod/sumdb): nothing here is a line of Rulemint.
//
//	read-log log DIR VKEY                         the signature, every tile up to the root, every entry against its leaf
//	read-log proof PROOF ENTRY VKEY               a tlog-proof
//	read-log growth BEFORE AFTER HASHES VKEY      a consistency proof, a hash in base64 a line
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("usage")
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(args[len(args)-1]))
	if err != nil {
		return err
	}
	switch {
	case args[0] == "log" && len(args) == 3:
		return readLog(args[1], verifier)
	case args[0] == "proof" && len(args) == 4:
		return checkProof(args[1], args[2], verifier)
	case args[0] == "growth" && len(args) == 5:
		return checkGrowth(args[1], args[2], args[3], verifier)
	}
	return errors.New("usage")
}

func openCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// The files of C2SP tlog-tiles, which are those of the checksum database without the height in their names.
type folder string

func (dir folder) Height() int { return 8 }

func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(dir), name))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func readLog(dir string, verifier note.Verifier) error {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, verifier)
	if err != nil {
		return err
	}
	// It refuses every tile that does not lead to the root.
	reader := tlog.TileHashReader(tree, folder(dir))
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles make another root")
	}
	for first := int64(0); first < tree.N; first += 256 {
		if err := checkBundle(dir, first, tree.N, reader); err != nil {
			return err
		}
	}
	if tree.N > 1 {
		if err := proveOne(tree, reader); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries, root %v\n", tree.N, root)
	return nil
}

// Every entry of a bundle hashes to its leaf, and there is nothing else in it.
func checkBundle(dir string, first, size int64, reader tlog.HashReader) error {
	tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
	if size-first < 256 {
		tile.W = int(size - first)
	}
	name := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	bundle, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	var indexes []int64
	for i := 0; i < tile.W; i++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i := 0; i < tile.W; i++ {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return fmt.Errorf("%s is too short", name)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		if tlog.RecordHash(bundle[2:end]) != hashes[i] {
			return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
		}
		bundle = bundle[end:]
	}
	if len(bundle) > 0 {
		return fmt.Errorf("%s is too long", name)
	}
	return nil
}

// Proofs that it makes itself from our tiles hold.
func proveOne(tree tlog.Tree, reader tlog.HashReader) error {
	half := tree.N / 2
	leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, half)})
	if err != nil {
		return err
	}
	record, err := tlog.ProveRecord(tree.N, half, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(record, tree.N, tree.Hash, half, leaf[0]); err != nil {
		return err
	}
	before, err := tlog.TreeHash(half, reader)
	if err != nil {
		return err
	}
	growth, err := tlog.ProveTree(tree.N, half, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(growth, tree.N, tree.Hash, half, before)
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		bytes, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bytes) != tlog.HashSize {
			return nil, fmt.Errorf("not a hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], bytes)
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func checkProof(proofFile, entryFile string, verifier note.Verifier) error {
	proof, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(proof), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[2:])
	if err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(parts[1]), verifier)
	if err != nil {
		return err
	}
	if index < 0 || index >= tree.N {
		return errors.New("the index is outside the tree")
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func checkGrowth(beforeFile, afterFile, hashesFile string, verifier note.Verifier) error {
	var trees []tlog.Tree
	for _, name := range []string{beforeFile, afterFile} {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := openCheckpoint(text, verifier)
		if err != nil {
			return err
		}
		trees = append(trees, tree)
	}
	text, err := os.ReadFile(hashesFile)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(strings.Fields(string(text)))
	if err != nil {
		return err
	}
	return tlog.CheckTree(hashes, trees[1].N, trees[1].Hash, trees[0].N, trees[0].Hash)
}
