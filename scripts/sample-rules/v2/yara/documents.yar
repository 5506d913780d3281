rule Sample_Document_Remote_Template : document sample {
    meta:
        description = "Word document that pulls its template from elsewhere"
        author = "Rulemint sample rules"
    strings:
        $relationship = "attachedTemplate" ascii
        $target = /Target="(https?|file):\/\/[^"]{4,120}\.(dot|dotm|dotx)"/ ascii
    condition:
        filesize < 8MB and all of them
}

rule Sample_Document_Packed_Macro : document sample {
    meta:
        description = "Macro storage whose source was thrown away"
        author = "Rulemint sample rules"
    strings:
        $storage = { D0 CF 11 E0 A1 B1 1A E1 }
        $project = "_VBA_PROJECT" wide
        $stomped = { 00 41 74 74 72 69 62 75 74 00 65 20 56 42 5F }
    condition:
        $storage at 0 and $project and not $stomped
}

rule Sample_Canary_Yara {
    meta:
        description = "Matches only the canary file: proof that the engine really loaded this set"
    strings:
        $canary = "RULEMINT-CANARY-YARA-7f3c1b" ascii fullword
    condition:
        $canary at 0
}
