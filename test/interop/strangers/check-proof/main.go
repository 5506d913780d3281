// A tlog-proof of ours under a tlog-policy of ours, judged by torchwood (filippo.io/torchwood): check-proof POLICY PROOF ENTRY
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var files [][]byte
	for _, name := range os.Args[1:] {
		bytes, err := os.ReadFile(name)
		refuse(err)
		files = append(files, bytes)
	}
	if len(files) != 3 {
		refuse(fmt.Errorf("usage: check-proof POLICY PROOF ENTRY"))
	}
	policy, err := torchwood.ParsePolicy(files[0])
	refuse(err)
	refuse(torchwood.VerifyProof(policy, tlog.RecordHash(files[2]), files[1]))
	fmt.Println("proven")
}

func refuse(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
