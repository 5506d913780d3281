// Loaders that the demo pretends to know.
import "pe"
import "math"

private rule is_portable_executable {
    condition:
        uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550
}

rule Sample_Loader_Larch : loader sample {
    meta:
        description = "Larch loader, unpacking stub"
        author = "Rulemint sample rules"
        score = 70
    strings:
        $stub = { 60 E8 ?? ?? ?? ?? 5D 81 ED [4-8] ( B8 | BB ) 00 10 40 00 }
        $name = "larch::unpack" ascii wide
        $url = /https?:\/\/[a-z0-9]{8,16}\.example\/gate\.php/ nocase
    condition:
        is_portable_executable and 2 of them
}

rule Sample_Loader_Rowan : loader sample {
    meta:
        description = "Rowan loader, high entropy overlay behind a small stub"
        author = "Rulemint sample rules"
        score = 60
    strings:
        $a = "rowan.config" fullword
        $b = "\\\\.\\pipe\\rowan-" wide
        $c = "Global\\{7b1d" ascii
    condition:
        is_portable_executable and any of ($a, $b, $c) and
        math.entropy(filesize - 4096, 4096) >= 7.2 and pe.number_of_sections < 5
}
